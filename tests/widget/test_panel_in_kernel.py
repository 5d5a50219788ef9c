"""The panel in a real kernel: what a front end sends arrives, and answers come while cells run and while none does."""

from __future__ import annotations

from typing import Any

import pytest
from jupyter_core.utils import run_sync
from magic_kernel import Kernel, kernel, server
from panel_shell import tasks, until
from sse_server import Script, answer, delta

__all__ = ["kernel", "server"]

OPEN = "from llama_assist import AssistPanel\npanel = AssistPanel()\npanel"
# What a cell waits for may come only from other threads.
WAIT = """
import time
end = time.monotonic() + 30
while not (panel.state.turns and {}):
    assert time.monotonic() < end
    time.sleep(0.01)
"""


def text(kernel: Kernel, expression: str) -> str:
    [output] = kernel.run(f"print({expression})")
    return str(output.text).strip()


@pytest.fixture
def opened(kernel: Kernel) -> Kernel:
    kernel.run("total = 3")
    [output] = kernel.run(OPEN)
    assert "application/vnd.jupyter.widget-view+json" in output.data
    return kernel


def send(kernel: Kernel, widget: str, content: dict[str, Any]) -> None:
    """Do what a front end does when the user acts on a widget of the panel."""
    model = text(kernel, f"panel.{widget}.model_id")
    client = kernel.client.kc
    assert client is not None
    client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": model, "data": content}))


def click(kernel: Kernel, widget: str) -> None:
    send(kernel, widget, {"method": "custom", "content": {"event": "click"}})


def test_answers_come_while_no_cell_runs(opened: Kernel) -> None:
    send(opened, "_box", {"method": "update", "state": {"value": "Where is total?"}, "buffer_paths": []})
    click(opened, "_ask")
    until(lambda: tasks(opened.server), "the question is out")
    assert tasks(opened.server)[-1]["question"] == "Where is total?"
    until(lambda: text(opened, "[turn.is_done for turn in panel.state.turns]") == "[True]", "the answer is there")
    assert text(opened, "panel.state.turns[-1].text") == "Hello *world* <b>!</b>"


def test_the_kernel_runs_cells_while_an_answer_streams_and_answers_come_while_a_cell_runs(opened: Kernel) -> None:
    opened.server.script = Script([delta("Half")], hang=True)
    opened.run("panel.ask('Why?')")
    opened.run(WAIT.format("panel.state.turns[-1].text == 'Half'"))
    assert text(opened, "1 + 1, panel.state.is_busy") == "2 True"
    click(opened, "_stop")
    until(lambda: text(opened, "panel.state.is_busy") == "False", "the answer ends")
    assert opened.server.closed.wait(10)


def test_a_failing_cell_is_fixed_and_the_fix_waits_for_the_next_cell(opened: Kernel) -> None:
    opened.fail("total / 0")
    opened.run("panel.state.choice = len(In) - 2")
    opened.server.script = Script(answer("```python\ntotal / 1\n```\n"))
    click(opened, "_tasks[1]")
    until(lambda: tasks(opened.server), "the task is out")
    assert tasks(opened.server)[-1]["error"]["name"] == "ZeroDivisionError"
    until(lambda: text(opened, "panel.state.turns[-1].code") == "total / 1", "the fix is there")
    opened.run("panel._actions.insert(panel.state.turns[-1])")
    assert opened.offered == ["total / 1"]


def test_threads_end_with_the_panel(kernel: Kernel) -> None:
    kernel.run("import threading\nbefore = set(threading.enumerate())")
    kernel.run(OPEN)
    kernel.server.script = Script([delta("Half")], hang=True)
    kernel.run("panel.ask('Why?')")
    kernel.run(WAIT.format("panel.state.turns[-1].text == 'Half'"))
    assert int(text(kernel, "len(set(threading.enumerate()) - before)")) > 0
    kernel.run("panel.close()")
    assert text(kernel, "set(threading.enumerate()) - before") == "set()"
    assert kernel.server.closed.wait(10)


def test_the_kernel_ends_at_once_while_an_answer_streams(opened: Kernel) -> None:
    opened.server.script = Script([delta("Half")], hang=True)
    opened.run("panel.ask('Why?')")
    opened.run(WAIT.format("panel.state.turns[-1].text == 'Half'"))
    manager = opened.client.km
    assert manager is not None
    run_sync(manager.shutdown_kernel)(now=False)
    assert opened.server.closed.wait(10)
