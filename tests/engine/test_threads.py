"""The engine gives up threads while somebody else needs the cores, and takes them back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import torch

from llama_assist.engine import threads
from llama_assist.engine.threads import ThreadGovernor, available_cores


class Machine:
    """A clock and cores that tests turn by hand."""

    def __init__(self) -> None:
        self.now = self.busy = self.own = 0.0

    def pass_time(self, seconds: float, *, others: float, own: float) -> None:
        """`others` and `own` are the cores that are kept busy meanwhile."""
        self.now += seconds
        self.busy += seconds * (others + own)
        self.own += seconds * own


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine()
    monkeypatch.setattr(time, "monotonic", lambda: machine.now)
    monkeypatch.setattr(threads, "available_cores", lambda: 4)
    monkeypatch.setattr(ThreadGovernor, "_look", lambda self: (machine.now, machine.busy, machine.own))
    before = torch.get_num_threads()
    yield machine
    torch.set_num_threads(before)


def watch(governor: ThreadGovernor, machine: Machine, others: float, own: float) -> int:
    for _ in range(20):
        machine.pass_time(0.2, others=others, own=own)
        governor.update()
    return torch.get_num_threads()


def test_all_cores_are_used_while_nobody_else_needs_them(machine: Machine) -> None:
    assert watch(ThreadGovernor(), machine, others=0.1, own=3.9) == 4


def test_a_busy_process_gets_a_core_and_gives_it_back(machine: Machine) -> None:
    governor = ThreadGovernor()
    assert watch(governor, machine, others=1.0, own=3.0) == 3
    assert watch(governor, machine, others=0.0, own=3.0) == 4


def test_one_thread_always_stays(machine: Machine) -> None:
    assert watch(ThreadGovernor(), machine, others=6.0, own=0.5) == 1


def test_never_more_threads_than_configured(machine: Machine) -> None:
    assert watch(ThreadGovernor(2), machine, others=0.0, own=2.0) == 2


def test_a_short_burst_changes_nothing(machine: Machine) -> None:
    governor = ThreadGovernor()
    watch(governor, machine, others=0.0, own=4.0)
    machine.pass_time(0.05, others=3.0, own=1.0)
    governor.update()
    assert torch.get_num_threads() == 4


def test_the_real_counters_can_be_read() -> None:
    before = torch.get_num_threads()
    governor = ThreadGovernor(1)
    now, busy, own = governor._look()
    assert now > 0
    assert busy > 0
    assert own > 0
    assert available_cores() >= 1
    torch.set_num_threads(before)


def test_what_others_did_while_the_engine_was_idle_costs_no_thread(machine: Machine) -> None:
    governor = ThreadGovernor()
    machine.pass_time(30, others=4.0, own=0.0)
    governor.restart()
    machine.pass_time(0.2, others=0.0, own=4.0)
    governor.update()
    assert torch.get_num_threads() == 4
