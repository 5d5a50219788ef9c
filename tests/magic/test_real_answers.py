"""Real weights behind the magic: the language of an answer is that of its question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from magic_kernel import LOAD, ROOT, Kernel, shown, words
from real_models import DEFAULT, installed
from sse_server import SseServer

from llama_assist.connect_local import LocalServer

pytestmark = pytest.mark.weights
TEXT = "北京今天下了一整天的雨，许多道路被水淹没，公共汽车停运，学校提前放学，市民被要求留在家里。" * 3
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def real_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    installed(DEFAULT)
    folder: Path = tmp_path_factory.mktemp("real")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        patch.setenv("JUPYTER_CONFIG_DIR", str(folder / "config"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("PYTHONPATH", str(ROOT))
        local = LocalServer(print)
        try:
            client = local.client()
            patch.setenv("LLAMA_ASSIST_URL", client.url)
            patch.setenv("LLAMA_ASSIST_KEY", client._token)
            kernel = Kernel(SseServer())
            with kernel.client.setup_kernel():
                kernel.run(LOAD)
                kernel.run("def total(rows):\n    return sum(amount for _, amount in rows)")
                kernel.run(f"chinese = {TEXT!r}")
                yield kernel
        finally:
            local.stop()


@pytest.mark.parametrize(
    ("source", "is_chinese"),
    [
        ("%%llama --no-context --max-tokens 40\n什么是 Python 的列表？", True),
        ("%%llama --no-context --max-tokens 40\nWhat is a list in Python?", False),
        ("%%llama explain total --max-tokens 60\n请简单说明。", True),
        ("%%llama explain total --max-tokens 60\nVery shortly, please.", False),
        ("%%llama --max-tokens 60\n函数 `total` 做什么？", True),
        ("%%llama chat --new --max-tokens 40\n请问 Python 的元组是什么？", True),
        ("%%llama chat --new --max-tokens 40\nWhat is a tuple in Python?", False),
        ("%llama summarize chinese --max-tokens 60", True),
        ("%%llama --max-tokens 60\nWhat does the function `total` do?", False),
    ],
)
def test_the_answer_has_the_language_of_the_question(real_kernel: Kernel, source: str, is_chinese: bool) -> None:
    answer = words(shown(real_kernel.run(source)))
    assert answer.strip()
    share = len(CHINESE.findall(answer)) / len(answer)
    assert (share > 0.2) is is_chinese, answer
