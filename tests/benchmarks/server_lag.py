"""Event-loop lag and memory of a real server while several answers are generated.

usage: python tests/benchmarks/server_lag.py [--streams N] [--seconds S]
The lag is seen from outside: the time of `GET status`, asked every 20 ms on a kept connection, and from inside:
how late a timer of 5 ms fires in the server's own loop.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from llama_assist.client import Client

EXTENSION = """
import asyncio, json, os, time

def _jupyter_server_extension_points():
    return [{"module": "lag_probe"}]

async def probe():
    loop, lags = asyncio.get_running_loop(), []
    while True:
        before = loop.time()
        await asyncio.sleep(0.005)
        lags.append(loop.time() - before - 0.005)
        if len(lags) % 200 == 0:
            with open(os.environ["LAG_FILE"], "w") as file:
                json.dump(lags[-4000:], file)

def _load_jupyter_server_extension(server_app):
    server_app.lag_probe = asyncio.get_event_loop().create_task(probe())
"""


def percentile(values: list[float], share: float) -> float:
    """Return a percentile in milliseconds."""
    return 1e3 * sorted(values)[min(len(values) - 1, int(share * len(values)))]


def start_server(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server of its own folder and key; return it and its URL."""
    (folder / "lag_probe.py").write_text(EXTENSION)
    enabled = {"ServerApp": {"jpserver_extensions": {"lag_probe": True}}}
    (folder / "jupyter_server_config.json").write_text(json.dumps(enabled))
    port = 18000 + os.getpid() % 1000
    environment = {
        **os.environ,
        "JUPYTER_TOKEN": "measure",
        "JUPYTER_CONFIG_DIR": str(folder),
        "LAG_FILE": str(folder / "lags.json"),
        "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-m", "llama_assist", "serve", f"--ServerApp.port={port}", "--ServerApp.allow_root=True"]
    process = subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.DEVNULL)
    return process, f"http://127.0.0.1:{port}/llama-assist"


def wait_for(client: Client) -> None:
    """Wait until the server answers."""
    for _ in range(100):
        try:
            client.status()
        except Exception:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


def stream(url: str, until: float) -> None:
    """Generate until the time is over."""
    client = Client(url, "measure")
    while time.monotonic() < until:
        body = {"messages": [{"role": "user", "content": "Write a long story about a lighthouse."}], "max_tokens": 64}
        for _ in client.chat(body):
            pass


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process, url = start_server(folder)
        client = Client(url, "measure")
        wait_for(client)
        for _ in client.chat({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4}):
            pass
        until = time.monotonic() + arguments.seconds
        threads = [threading.Thread(target=stream, args=(url, until)) for _ in range(arguments.streams)]
        for thread in threads:
            thread.start()
        outside = []
        while time.monotonic() < until:
            started = time.monotonic()
            status = client.status()
            outside.append(time.monotonic() - started)
            time.sleep(0.02)
        inside = json.loads((folder / "lags.json").read_text())
        memory = psutil.Process(process.pid).memory_info().rss
        for thread in threads:
            thread.join()
        process.terminate()
        process.wait()
    print(f"{arguments.streams} streams, {len(inside)} timers, {len(outside)} status requests")
    for title, values in (("loop lag", inside), ("GET status", outside)):
        median = 1e3 * statistics.median(values)
        print(f"{title}: median {median:.1f} ms, p99 {percentile(values, 0.99):.1f} ms, max {1e3 * max(values):.1f} ms")
    print(f"server memory {memory / 2**20:.0f} MiB, worker memory {status['memory_bytes'] / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
