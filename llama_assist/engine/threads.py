"""How many threads the engine may use now: those cores that nobody else holds."""

from __future__ import annotations

import os
import time

import psutil
import torch

INTERVAL = 0.1  # seconds between two looks
SMOOTHING = 0.5  # weight of the newest look


class ThreadGovernor:
    """Gives up a thread while another process, such as the user's kernel, keeps a core busy.

    Two threads on one free core wait for each other at every layer: with all cores claimed, a single busy
    process made decoding an order of magnitude slower, while one thread fewer costs its share only.
    """

    def __init__(self, num_threads: int = 0) -> None:
        self.num_threads = num_threads or available_cores()
        self._current = self.num_threads
        self._others = 0.0
        self._sample = self._look()
        torch.set_num_threads(self.num_threads)

    def restart(self) -> None:
        """Begin a new look after idle time: what others did meanwhile says nothing about now."""
        self._sample = self._look()

    def update(self) -> None:
        """Set torch's threads by what other processes used since the last look; cheap between intervals."""
        if time.monotonic() - self._sample[0] < INTERVAL:
            return
        before, self._sample = self._sample, self._look()
        elapsed, busy, own = (after - earlier for after, earlier in zip(self._sample, before, strict=True))
        others = max(0.0, (busy - own) / elapsed)
        self._others += SMOOTHING * (others - self._others)
        wanted = min(self.num_threads, max(1, available_cores() - int(self._others + 0.5)))
        if wanted != self._current:
            torch.set_num_threads(wanted)
            self._current = wanted

    def _look(self) -> tuple[float, float, float]:
        """Return the time, the busy seconds of our cores, and this process's own, since some point."""
        now = time.monotonic()
        cores = _affinity()
        times = [times for core, times in enumerate(psutil.cpu_times(percpu=True)) if core in cores]
        idle = sum(core.idle + getattr(core, "iowait", 0.0) for core in times)
        busy = sum(sum(core[:8]) for core in times) - idle
        return now, busy, time.process_time()


def _affinity() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


def available_cores() -> int:
    """Return the cores that this process may run on."""
    return len(_affinity())
