"""Which brace was forgotten: the indentation of a file tells what its author took to be closed."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"""#[^\n]*|"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*'|[{}]""")


def indentation(text: str, offset: int) -> int:
    """How far the line of `offset` is indented, in characters."""
    line = text[text.rfind("\n", 0, offset) + 1 :].partition("\n")[0]
    return len(line) - len(line.lstrip())


def unclosed_brace(text: str, end: int) -> int | None:
    """The `{` before `end` that a `}` closes whose line is less indented, and which most likely is another's."""
    opened: list[int] = []
    for match in _TOKEN.finditer(text, 0, end):
        if match[0] == "{":
            opened.append(match.start())
        elif match[0] == "}" and opened:
            begins = opened.pop()
            alone = not text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
            if alone and indentation(text, match.start()) < indentation(text, begins):
                return begins
    return None
