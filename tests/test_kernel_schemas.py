"""The Python that the front end sends to a kernel: it tells schemas, no values, and leaves nothing behind."""

from __future__ import annotations

import json
import re
from ast import literal_eval
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from package_source import ROOT

SOURCE = ROOT / "labextension" / "src" / "schemasCode.ts"
pytestmark = pytest.mark.skipif(not SOURCE.exists(), reason="the sources of the front end are not here")

SETUP = """
import numpy as np
SECRET = "hunter2-secret"
numbers = [1, 2, 3]
table = np.zeros((3, 4), dtype="float32")
def load(path: str, password="hunter2-secret") -> dict: ...
class Model:
    shape = property(lambda self: 1 / 0)
    def __init__(self, depth=3): ...
    def __getattr__(self, name): raise SystemError("touched")
broken = Model()
größe = 1.5
lambda_ = lambda first, *rest: first
_hidden = 1
"""


def expression() -> str:
    """Return the expression as the front end composes it."""
    text = SOURCE.read_text(encoding="utf-8")
    (code,) = re.findall(r"String\.raw`(.*?)`;", text, flags=re.DOTALL)
    before, after = re.findall(r'^  "(.*?)"(?: \+|;)$', text, flags=re.MULTILINE)
    return str(before + json.dumps(code) + after)


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel()
    client.execute_interactive(SETUP, timeout=30)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def read(kernel: BlockingKernelClient) -> dict[str, dict[str, Any]]:
    message = kernel.execute("", silent=True, store_history=False, user_expressions={"schemas": expression()})
    while (reply := kernel.get_shell_msg(timeout=30))["parent_header"]["msg_id"] != message:
        pass
    shown = reply["content"]["user_expressions"]["schemas"]
    assert shown["status"] == "ok", shown
    schemas = json.loads(bytes.fromhex(literal_eval(shown["data"]["text/plain"])))
    return {schema.pop("name"): schema for schema in schemas}


def value(kernel: BlockingKernelClient, code: str) -> str:
    """Return the `repr` of an expression in the kernel; it takes a number of the history."""
    found: list[str] = []

    def keep(message: dict[str, Any]) -> None:
        if message["msg_type"] == "execute_result":
            found.append(message["content"]["data"]["text/plain"])

    kernel.execute_interactive(code, timeout=30, output_hook=keep)
    return found[0]


def test_schemas_name_types_shapes_and_signatures(kernel: BlockingKernelClient) -> None:
    schemas = read(kernel)
    assert schemas["numbers"] == {"type": "list", "shape": [3]}
    assert schemas["table"] == {"type": "ndarray", "shape": [3, 4], "dtype": "float32"}
    assert schemas["load"] == {"type": "function", "signature": "(path: str, password=...) -> dict"}
    assert schemas["lambda_"]["signature"] == "(first, *rest)"
    assert schemas["größe"] == {"type": "float"}
    assert schemas["Model"] == {"type": "type", "signature": "(depth=...)"}


def test_an_object_of_the_user_is_named_and_not_touched(kernel: BlockingKernelClient) -> None:
    assert read(kernel)["broken"] == {"type": "Model"}


def test_no_value_is_told(kernel: BlockingKernelClient) -> None:
    assert "hunter2" not in json.dumps(read(kernel))


def test_modules_hidden_names_and_those_of_ipython_are_left_out(kernel: BlockingKernelClient) -> None:
    assert not {"np", "_hidden", "In", "Out", "get_ipython", "exit"} & set(read(kernel))


def test_nothing_is_left_in_the_namespace_or_the_history(kernel: BlockingKernelClient) -> None:
    before = literal_eval(value(kernel, "sorted(globals()), len(In)"))
    read(kernel)
    after = literal_eval(value(kernel, "sorted(globals()), len(In)"))
    added = {name for name in set(after[0]) - set(before[0]) if not re.fullmatch(r"_i*\d*", name)}
    assert not added
    assert after[1] == before[1] + 1
    assert value(kernel, "In[-2]") == repr("sorted(globals()), len(In)")


def test_data_frames_tell_their_columns(kernel: BlockingKernelClient) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    kernel.execute_interactive("import pandas as pd; df = pd.DataFrame({'region': ['a'], 'total': [1.5]})", timeout=60)
    schema = read(kernel)["df"]
    assert schema["shape"] == [1, 2]
    assert [name for name, _ in schema["columns"]] == ["region", "total"]
    assert schema["columns"][1][1] == "float64"


def test_a_thousand_variables_are_read_up_to_the_bound(kernel: BlockingKernelClient) -> None:
    kernel.execute_interactive("globals().update({f'v{i}': i for i in range(5000)})", timeout=30)
    schemas = read(kernel)
    assert "v4999" in schemas
    assert len(schemas) <= 200
