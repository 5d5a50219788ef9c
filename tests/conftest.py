"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

import os

# As the backend starts its worker: with another process on a core, threads that spin would make torch crawl.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

pytest_plugins = ["pytest_jupyter.jupyter_server", "tiny_model"]
