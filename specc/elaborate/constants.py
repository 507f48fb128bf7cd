"""Numbers among the operands of a merge: `mul 0.17`, `sub 1, gate`, `div [58.4, 57.1, 57.4]`."""

from __future__ import annotations

from typing import TypeAlias

from specc.dims import Sym
from specc.elaborate.report import Reporter
from specc.elaborate.values import Value, describe
from specc.ops.fields import LARGEST_REAL
from specc.source import Span

Constant: TypeAlias = float | tuple[float, ...]


def is_number(value: Value) -> bool:
    """Whether `value` is a number or an open size, which would be one."""
    return isinstance(value, int | float | Sym) and not isinstance(value, bool)


def is_constant(value: Value) -> bool:
    """Whether `value` is a number, or a list of numbers: one for each channel."""
    return is_number(value) or (isinstance(value, tuple) and bool(value) and all(map(is_number, value)))


def constant(value: Value, word: str, span: Span, report: Reporter) -> Constant:
    """A constant operand of the operation `word`.  Raises `Failed` after E0407 for an open size, E0305 for a number
    that float32 does not reach."""
    items = value if isinstance(value, tuple) else (value,)
    for item in items:
        if isinstance(item, Sym):
            raise report.error(
                "E0407", span, f"`{word}` needs a known number here, not {describe(item)}",
                help="give the input a number for this size",
            )  # fmt: skip
        if abs(item) > LARGEST_REAL:
            raise report.error("E0305", span, f"{describe(item)} is larger than any float32 number")
    numbers = tuple(map(float, items))
    return numbers if isinstance(value, tuple) else numbers[0]
