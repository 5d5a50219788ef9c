"""The Jupyter server extension: HTTP in OpenAI's shapes under `/llama-assist`, no torch in this process."""
