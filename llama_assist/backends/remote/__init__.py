"""The engine of another process or machine: any OpenAI-compatible server, or a `llama-assist serve`."""

from llama_assist.backends.remote.backend import RemoteBackend
from llama_assist.backends.remote.endpoint import Endpoint, read_endpoint

__all__ = ["Endpoint", "RemoteBackend", "read_endpoint"]
