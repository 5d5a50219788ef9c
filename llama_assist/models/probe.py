"""Tokenizers and chat templates of strangers, tried in a process of their own that may neither hang nor grow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from llama_assist.checkpoint.bounded_json import MAX_TOKENIZER_BYTES
from llama_assist.checkpoint.vocabulary import Vocabulary
from llama_assist.errors import ModelError

_WALL_SECONDS = 30
_LIMITS = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (4, 4))
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
except (ImportError, OSError, ValueError):  # not every platform has such limits
    pass
"""

_TOKENIZER_PROBE = """
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
for text in ("def f(x):\\n    return x  # \u00e9 \u6f22\\n", "a" * 4000 + "!", " " * 4000 + "x", "(" * 4000):
    tokenizer.encode(text)
"""

_TEMPLATE_PROBE = """
from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError
class Refused(Exception):
    pass
def refuse(message):
    raise Refused
environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
environment.globals.update(raise_exception=refuse, strftime_now=str)
messages = [{"role": role, "content": "x"} for role in ("user", "assistant", "user")]
length = 0
try:
    template = environment.from_string(sys.stdin.read())
    for piece in template.generate(messages=messages, add_generation_prompt=True, bos_token="", eos_token=""):
        length += len(piece)
        if length > 65536:
            sys.exit("it writes without end")
except SecurityError as error:
    sys.exit(f"it reaches out of its sandbox ({error})")
except (Refused, TemplateError, TypeError, ValueError):  # of no danger; the chat that needs it will say so
    pass
"""


def probe_tokenizer(folder: Path) -> None:
    """Load and use the tokenizer of `folder`; `ModelError` with reason `no-tokenizer` or `bad-tokenizer`."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelError(
            f"{folder} has no tokenizer.json. A model with another tokenizer file must be saved once "
            "by `AutoTokenizer.from_pretrained(...).save_pretrained(...)`.",
            "no-tokenizer",
        )
    if path.stat().st_size > MAX_TOKENIZER_BYTES:
        raise ModelError(f"{path} is longer than {MAX_TOKENIZER_BYTES >> 20} MiB.", "bad-tokenizer")
    complaint = _complaint(_TOKENIZER_PROBE, [str(path)], "")
    if complaint:
        raise ModelError(f"{path} cannot be used: {complaint}", "bad-tokenizer")


def probe_template(folder: Path, name: str) -> None:
    """Render the chat template of `folder` once; `ModelError` with reason `bad-template` if it is dangerous."""
    template = Vocabulary(folder, name).chat_template
    complaint = _complaint(_TEMPLATE_PROBE, [], template) if template else ""
    if complaint:
        raise ModelError(f"The chat template of {name} cannot be used: {complaint}", "bad-template")


def _complaint(code: str, arguments: list[str], text: str) -> str:
    """Run `code` with `text` on its standard input; return why it failed, or nothing."""
    command = [sys.executable, "-I", "-X", "utf8", "-c", _LIMITS + code, *arguments]
    try:
        done = subprocess.run(
            command, input=text.encode("utf-8", "replace"), capture_output=True, timeout=_WALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"it needs more than {_WALL_SECONDS} s."
    if done.returncode < 0:
        return f"it needs too much time or memory (signal {-done.returncode})."
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return (lines[-1] if lines else f"exit code {done.returncode}") if done.returncode else ""
