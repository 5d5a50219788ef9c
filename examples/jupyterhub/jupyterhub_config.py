"""JupyterHub with one engine for everybody: each person's server gets a key of its own and sends its prompts there."""

import os
from pathlib import Path

from llama_assist.server.keys import add_key

c = get_config()  # noqa: F821 - given by JupyterHub

# Where the engine answers, and the file of keys that it reads. On another machine this is its https address, and the
# file a share that the hub may write and the engine may read.
ENGINE = os.environ.get("ENGINE_URL", "http://127.0.0.1:9999/llama-assist/v1")
KEYS = Path(os.environ.get("ENGINE_KEYS", "engine-keys.txt")).absolute()


def give_key(spawner):
    """Make a new key for the person whose server starts; the one of the last start is gone with it."""
    spawner.environment["LLAMA_ASSIST_BACKEND_KEY"] = add_key(KEYS, spawner.user.name)


c.Spawner.pre_spawn_hook = give_key
c.Spawner.args = [
    f"--Assist.backend_url={ENGINE}",
    # With several models at the engine: which one completes, and which one chats.
    # "--Assist.model=Qwen/Qwen2.5-Coder-7B",
    # "--Assist.chat_model=Qwen/Qwen2.5-Coder-7B-Instruct",
]

# How people sign in and where their servers run is the hub's own matter, and as it is in your hub.
# To try this file on one machine, JUPYTERHUB_TRY=1 lets every name in, from this machine only.
if os.environ.get("JUPYTERHUB_TRY"):
    c.JupyterHub.bind_url = "http://127.0.0.1:8000"
    c.JupyterHub.authenticator_class = "dummy"
    c.Authenticator.allow_all = True
    c.JupyterHub.spawner_class = "simple"
