"""Broken code of any length: characters at random, pieces of code cut and pasted, code with random edits."""

from __future__ import annotations

import random

CODE = '''%matplotlib inline
import numpy as np
from a.b import (c, d as e)

@decorated(1)
def load(path: str, *args, limit=3, **rest) -> "Table":
    """Read a table."""
    rows = [row.strip() for row in open(path) if row and not row.startswith("#")]
    try:
        return {key: value for key, value in rows} if limit else lambda x: x[1:]
    except (OSError, ValueError) as error:
        raise RuntimeError(f"no {path!r}: {error:>10}") from error

class Point(Base, metaclass=Meta):
    x: float = 0
    async def move(self, by):
        async with lock as held:
            await self.go(by, key=\'it\\\'s\', text="""long
text""")

df["größe"] = df.a.rolling(3).mean()[::2]
!ls -l "$HOME"
files = !ls
df.head?
%time x = y if z else w
with open("漢字🎉") as f: f.read()
'''
ALPHABET = "abc xyz_09.,:=+-*/%()[]{}'\"\n\t\\#@!?é漢🎉\ud800\x00"
KINDS = ("characters", "cut", "pasted", "edited")
WEIGHTS = (2, 2, 3, 3)
NESTS = ("(", "[", "{", "if x:\n", "f('", "lambda:", "not ", "'''", "x=", "%time ", "!", "?", "%%sql\n", "def f(", "@")
DEEP = (*NESTS, "a[", "[x for x in ", "a.b(", "(\n", "{'a':")

_EDITS_FOR = 500  # characters that get one to eight edits


def broken_text(chooser: random.Random, kind: str, length: int) -> str:
    """Return about `length` characters of broken code of one of the `KINDS`."""
    code = CODE * (2 + length // len(CODE))
    start = chooser.randrange(len(CODE))
    if kind == "characters":
        return "".join(chooser.choices(ALPHABET, k=length))
    if kind == "cut":
        return code[start : start + length]
    if kind == "pasted":
        starts = chooser.choices(range(len(CODE)), k=1 + length // 40)
        return "".join(CODE[at : at + chooser.randint(1, 80)] for at in starts)
    letters = list(code[start : start + length])
    for _ in range(chooser.randint(1, 8) * (1 + length // _EDITS_FOR)):
        at = chooser.randrange(len(letters))
        letters[at] = chooser.choice(("", letters[at] + chooser.choice(ALPHABET), chooser.choice(ALPHABET)))
    return "".join(letters)


def any_broken_text(chooser: random.Random, length: int) -> str:
    """Return broken code of a kind drawn by chance."""
    return broken_text(chooser, chooser.choices(KINDS, WEIGHTS)[0], length)
