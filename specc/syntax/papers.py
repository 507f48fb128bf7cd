"""Rows of a paper's table of architecture, `3x3 conv, 64` and `[3x3, 64] x 3`, and the lines that say so here."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from specc.syntax.stuck import Stuck

_ROW: Final = re.compile(
    r"(?P<window>\d+x\d+)\s*,?\s*(?P<kind>conv(?:olution)?|(?:max|avg|average|mean)[ -]?pool(?:ing)?)?\s*,?"
    r"\s*(?P<channels>\d+)?\s*,?\s*(?:(?:stride\s*=?|/)\s*(?P<stride>\d+))?\s*(?=[#;}\n]|->|$)",
    re.IGNORECASE,
)
_STACK: Final = re.compile(r"\[(?P<rows>[^\[\]{}#]+)\]\s*[x*]\s*(?P<times>\d+)\s*(?=[#;}\n]|$)")
_BETWEEN: Final = re.compile(r"\s*;\s*|\s*,\s*(?=\d+x\d+)")


def _row(stuck: Stuck) -> str | None:
    """`7x7, 64, stride 2`."""
    return None if stuck.token.kind != "SIZE" or "INPUT" not in stuck.accepted else _told(_line(stuck.rest))


def _stack(stuck: Stuck) -> str | None:
    """`[1x1, 64; 3x3, 64] x 3`."""
    written = _STACK.match(stuck.rest)
    if stuck.token.kind != "LSQB" or "INPUT" not in stuck.accepted or written is None:
        return None
    lines = [_line(row) for row in _BETWEEN.split(written["rows"].strip())]
    if None in lines:
        return None
    return _told(f"repeat {written['times']} {{ {'; '.join(line or '' for line in lines)} }}")


def _told(line: str | None) -> str | None:
    return line and f"an operation stands before its arguments: `{line}`"


def _line(row: str) -> str | None:
    """A convolution needs its channels, a pool has none."""
    written = _ROW.match(row)
    if written is None:
        return None
    stride = f", stride={written['stride']}" if written["stride"] else ""
    kind = (written["kind"] or "conv").lower()
    if kind.startswith("conv"):
        return written["channels"] and f"conv {written['channels']}, {written['window']}{stride}"
    pool = "maxpool" if kind.startswith("max") else "avgpool"
    return None if written["channels"] else f"{pool} {written['window']}{stride}"


PAPERS: tuple[Callable[[Stuck], str | None], ...] = (_row, _stack)
