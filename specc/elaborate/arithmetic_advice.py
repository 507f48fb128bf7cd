"""What helps where arithmetic has no result, or one that is not whole; imported where something is wrong."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

from specc.dims import Sym
from specc.elaborate.values import LayerValue, Value, show
from specc.source import Span
from specc.syntax import ast

NEAREST_EXACT: Final = "PyTorch's `nearest-exact` is `nearest, coordinates=half_pixel, rounding=half_up`"
_OPERATIONS: Final = {"+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow"}
"""What merges values that a sign cannot join."""
_ROUNDING: Final = 1e-6
"""What is nearer to a whole number was meant to be it."""
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?")
_UNREADABLE: Final = re.compile("[#'\"\n]")


def broken_item(written: ast.Expr, value: Value) -> tuple[ast.Expr, float] | None:
    """The first number that is not whole among what was written for an argument of whole numbers."""
    if isinstance(value, float):
        return None if value.is_integer() else (written, value)
    if not (isinstance(written, ast.List) and isinstance(value, tuple) and len(written.items) == len(value)):
        return None
    found = (broken_item(item, part) for item, part in zip(written.items, value, strict=True))
    return next((item for item in found if item is not None), None)


def arithmetic(written: ast.Expr, value: float) -> str:
    """`192 / 5 = 38.4`; nothing for a number that is written out."""
    whole = None if isinstance(written, ast.Number) else with_brackets(written.span)
    return "" if whole is None else f"{whole.text} = {show(value)}"


def rounding(written: ast.Expr, value: float) -> str | None:
    """How a quotient gets whole, or what else comes to `value`."""
    if not isinstance(written, ast.Binary):
        return None
    whole = with_brackets(written.span)
    if whole is None:
        return None
    if written.operator != "/":
        rounded = f"`round({whole.text})` is the nearest whole number"
        if abs(value - round(value)) < _ROUNDING:
            return f"{rounded}, {round(value)}: fractions such as 0.1 are not exact in a computer"
        return f"{rounded}, `round_to({whole.text}, 8)` the nearest multiple of 8"
    sign = whole.source.text.index("/", written.left.span.end) - whole.start
    return f"`{whole.text[:sign]}/{whole.text[sign:]}` rounds down, `round({whole.text})` to the nearest"


OPEN: Final = (
    "open sizes are not known while the network is built, with `--size` neither: give the input numbers, such as "
    "`input image 3x224x224`, or parameters of the model"
)


def comparison(written: ast.Expr, value: Value) -> str | None:
    """How a number is made a condition."""
    whole = with_brackets(written.span)
    if isinstance(written, ast.Number) or isinstance(value, bool) or not isinstance(value, int | float) or not whole:
        return None
    return f"compare it with a number: `{whole.text} != 0`"


def quoted_number(written: ast.Binary, left: Value, right: Value) -> str | None:
    """How a comparison of a number with a text that holds one is written."""
    for text, value, other in ((written.left, left, right), (written.right, right, left)):
        number = isinstance(other, int | float | Sym) and not isinstance(other, bool)
        if isinstance(text, ast.Text) and number and _NUMBER.fullmatch(value.strip()):
            return f"a number stands without quotes: `{value.strip()}`"
    return None


def operands(written: ast.Binary, left: Value, right: Value) -> str | None:
    """What is meant by a sign between two things that it cannot join."""
    if written.operator in _OPERATIONS and any(isinstance(side, LayerValue) for side in (left, right)):
        parts = [with_brackets(side.span) for side in (written.left, written.right)]
        names = ", ".join("..." if part is None else part.text for part in parts)
        help = f"values of layers meet in operations: `{_OPERATIONS[written.operator]} {names}`"
        layer = parts[0] if isinstance(left, LayerValue) else parts[1]
        numbers = any(isinstance(side, int | float) for side in (left, right))
        return f"{help}; its channels are `{layer.text}.channels`" if numbers and layer is not None else help
    if any(isinstance(side, Sym) for side in (left, right)) and written.operator not in ("+", "-", "and", "or"):
        return OPEN
    return NEAREST_EXACT if (left, written.operator, right) == ("nearest", "-", "exact") else None


def operand(written: ast.Unary, value: Value) -> str | None:
    """What is meant by a sign before the value of a layer."""
    part = with_brackets(written.operand.span)
    if written.operator != "-" or not isinstance(value, LayerValue) or part is None:
        return None
    return f"the negative of a value is `neg from={part.text}`; with another one it is `sub other, {part.text}`"


def with_brackets(span: Span) -> Span | None:
    """The place of an expression with all brackets of its first and last part, which its own span leaves out; `None`
    for one that is no single line of names and numbers."""
    source, start, end = span.source, span.start, span.end
    if _UNREADABLE.search(source.text, start, end):
        return None
    depths = [0, *accumulate((sign == "(") - (sign == ")") for sign in source.text[start:end])]
    for _ in range(-min(depths)):
        start = source.text.rindex("(", 0, start)
    for _ in range(depths[-1] - min(depths)):
        end = source.text.index(")", end) + 1
    return None if _UNREADABLE.search(source.text, start, end) else Span(source, start, end)
