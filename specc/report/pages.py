"""Markdown pages for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from specc.textwidth import wrap

WIDEST: Final = 100
"""Lines longer than this are hard to read."""
_ITEM: Final = re.compile(r"(?:- |\d+\. )")


def wrapped(page: str, width: int) -> str:
    """`page` with its prose in lines of at most `width` cells, or `WIDEST`; code, headings and tables as they are."""
    lines: list[str] = []
    paragraph: list[str] = []
    in_code = False
    for line in [*page.splitlines(), ""]:
        is_code = in_code or line.startswith("```")
        if is_code or not line or line.startswith(("#", "|")) or _ITEM.match(line):
            lines.extend(_filled(paragraph, min(width, WIDEST)))
            paragraph = []
        if is_code or not line or line.startswith(("#", "|")):
            lines.append(line)
        else:
            paragraph.append(line.strip())
        in_code ^= line.startswith("```")
    return "\n".join(lines)


def _filled(paragraph: list[str], width: int) -> Iterator[str]:
    """A paragraph, or an item of a list with its further lines below its text."""
    text = " ".join(paragraph)
    item = _ITEM.match(text)
    indent = item.end() if item else 0
    for index, line in enumerate(wrap(text[indent:], width - indent)) if text else ():
        yield (text[:indent] if index == 0 else " " * indent) + line
