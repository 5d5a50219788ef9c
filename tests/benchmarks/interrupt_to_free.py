"""How long after an interrupt of the kernel the engine is free again: real kernel, real server, real weights.

usage: python tests/benchmarks/interrupt_to_free.py [--trials N]
Each trial asks for a long answer, waits until it streams (every fourth: until the prompt is being read), sends SIGINT
to the kernel as the stop button does, and asks `GET status` without pause until no request runs or waits.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from llama_assist.client import Client
from llama_assist.connect_local import LocalServer

ROOT = Path(__file__).resolve().parents[2]
STORY = (
    "%%llama --no-context --max-tokens 1000 --seed {seed}\nWrite a very long story about a lighthouse, number {seed}."
)
LONG = (
    "%%llama --no-context --max-tokens 1000\nGo on with this.\n"
    + "The lighthouse stood on a rock number {seed}. " * 250
)


class Trials:
    """Interrupts answers and measures, in seconds."""

    def __init__(self, server: Client, kernel: NotebookClient) -> None:
        self.server = server
        self.kernel = kernel
        self.free: list[float] = []
        self.ended: list[float] = []

    def run(self, number: int, chance: random.Random) -> None:
        """Do one trial."""
        is_long = number % 4 == 3
        cell = nbformat.v4.new_code_cell((LONG if is_long else STORY).format(seed=number))
        self.kernel.nb.cells = [cell]
        thread = threading.Thread(target=self._interrupt, args=(cell, is_long, chance.uniform(0, 0.3)))
        thread.start()
        try:
            self.kernel.execute_cell(cell, 0)
            raise SystemExit("the answer ended before the interrupt")
        except CellExecutionError:
            self.ended[-1] = time.perf_counter() - self.ended[-1]
        thread.join()
        shown = "".join(output.get("data", {}).get("text/plain", "") for output in cell.outputs)
        assert "Interrupted: the answer is incomplete" in shown, cell.outputs

    def _interrupt(self, cell: nbformat.NotebookNode, is_long: bool, pause: float) -> None:
        while not self.server.status()["running"]:
            time.sleep(0.005)
        while not is_long and len(str(cell.outputs)) < 300:
            time.sleep(0.01)
        time.sleep(pause)
        started = time.perf_counter()
        self.ended.append(started)
        self.kernel.km.provisioner.process.send_signal(2)
        while (status := self.server.status())["running"] or status["queue"]:
            pass
        self.free.append(time.perf_counter() - started)


def report(title: str, values: list[float]) -> None:
    """Print the distribution in milliseconds."""
    ordered = sorted(1e3 * value for value in values)
    p99 = ordered[math.ceil(0.99 * len(ordered)) - 1]
    print(f"{title}: median {statistics.median(ordered):.0f} ms, p99 {p99:.0f} ms, max {ordered[-1]:.0f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"IPYTHONDIR": folder, "PYTHONPATH": str(ROOT)}
        local = LocalServer(print)
        try:
            client = local.client()
            os.environ |= {"LLAMA_ASSIST_URL": client.url, "LLAMA_ASSIST_KEY": client._token}
            client.load()
            kernel = NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3", timeout=300)
            kernel.km = kernel.create_kernel_manager()
            trials = Trials(client, kernel)
            with kernel.setup_kernel():
                kernel.nb.cells = [nbformat.v4.new_code_cell("%load_ext llama_assist")]
                kernel.execute_cell(kernel.nb.cells[0], 0)
                chance = random.Random(0)
                for number in range(arguments.trials):
                    trials.run(number, chance)
        finally:
            local.stop()
    report(f"{arguments.trials} interrupts: until the engine is free", trials.free)
    report("until the cell has ended", trials.ended)


if __name__ == "__main__":
    main()
