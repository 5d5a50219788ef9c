"""The engine of a hub: `llama-assist serve --config=engine_config.py`, on the machine with the GPU."""

import os

c = get_config()  # noqa: F821 - given by Jupyter Server

c.ServerApp.ip = os.environ.get("ENGINE_IP", "127.0.0.1")  # 0.0.0.0 on a machine of its own, behind TLS
c.ServerApp.port = 9999
c.ServerApp.port_retries = 0
# c.ServerApp.certfile, c.ServerApp.keyfile = "/etc/ssl/engine.pem", "/etc/ssl/engine.key"

# People come with keys from a file. They may ask the model; kernels, files and settings are closed to them.
c.ServerApp.identity_provider_class = "llama_assist.server.keys.KeyFileIdentity"
c.ServerApp.authorizer_class = "llama_assist.server.keys.KeyFileAuthorizer"
c.KeyFileIdentity.keys_file = os.environ.get("ENGINE_KEYS", "engine-keys.txt")

c.Assist.preload = True
c.Assist.num_slots = 32  # conversations and documents of all people that stay in the cache
c.Assist.max_queue = 64  # requests of all people that may wait; then 429
c.Assist.max_user_queue = 4  # requests of one person that may wait; then 429
