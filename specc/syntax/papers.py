"""Rows of a paper's table of architecture, `3x3 conv, 64`, `conv3x3, 64` and `[3x3, 64] x 3`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from specc.diagnostics.papers import joined_here, row_here
from specc.syntax.stuck import Stuck

_STACK: Final = re.compile(r"\[(?P<rows>[^\[\]{}#]+)\]\s*[x*]\s*(?P<times>\d+)\s*(?=[#;}\n]|$)")
_BETWEEN: Final = re.compile(r"\s*;\s*|\s*,\s*(?=\d+x\d+|conv)")
_STATEMENT: Final = re.compile(r"(?:^|[;{])\s*(?:\w+\s*:\s*)?(?P<word>[A-Za-z_]\w*)\s*,?[^;{:]*$")


def _row(stuck: Stuck) -> str | None:
    """`7x7, 64, stride 2`."""
    begins = stuck.token.kind == "SIZE" and "INPUT" in stuck.accepted
    return _told(row_here(stuck.rest)) if begins or _is_labelled(stuck) else None


def _is_labelled(stuck: Stuck) -> bool:
    """Whether a size stands where a label asks for its operation."""
    return stuck.token.kind == "SIZE" and stuck.previous is not None and stuck.previous.kind == "COLON"


def _joined(stuck: Stuck) -> str | None:
    """`conv3x3, 64`; where a block is called so, or for `conv, 64, 3x3`, the comma alone is too much."""
    written = _STATEMENT.search(stuck.near)
    if written is None or stuck.previous is None:
        return None
    row = stuck.near[written.start("word") :] + stuck.rest
    word = written["word"]
    here = None if re.search(rf"\bblock\s+{word}\b", stuck.source.text) else joined_here(row)
    if here is None and stuck.token.kind in ("NUMBER", "SIZE") and re.fullmatch(rf"{word}\s*,\s*", _upto(row, stuck)):
        rest = re.match(r"[^;}#]*[^;}#\s]", stuck.rest)
        return f"no comma stands behind an operation: `{word} {rest[0] if rest else stuck.token.value}`"
    return _told(here)


def _upto(row: str, stuck: Stuck) -> str:
    return row[: len(row) - len(stuck.rest)]


def _stack(stuck: Stuck) -> str | None:
    """`[1x1, 64; 3x3, 64] x 3`."""
    written = _STACK.match(stuck.rest)
    if stuck.token.kind != "LSQB" or "INPUT" not in stuck.accepted or written is None:
        return None
    lines = [row_here(row) or joined_here(row) for row in _BETWEEN.split(written["rows"].strip())]
    if None in lines:
        return None
    return _told(f"repeat {written['times']} {{ {'; '.join(line or '' for line in lines)} }}")


def _told(line: str | None) -> str | None:
    return line and f"an operation stands before its arguments: `{line}`"


PAPERS: tuple[Callable[[Stuck], str | None], ...] = (_row, _stack, _joined)
