"""An operation as a spec writes it: its word and the arguments that are not the defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from specc.ops.base import Op

SIZES: Final = ("kernel", "stride", "dilation", "scale", "size", "shape")
"""Arguments whose numbers are written 3x3."""
FIRST: Final = ("stride",)
"""Arguments that stand before the others with a name."""


def call(op: Op) -> str:
    """`conv 64, 3x3, stride=2`."""
    arguments = ", ".join(arguments_of(op))
    return f"{op.word} {arguments}" if arguments else op.word


def closes(op: Op) -> bool:
    """Whether the operation can be the last argument of another."""
    return op.is_activation


def closing(op: Op) -> str:
    """An activation as the last argument of another operation: `leaky_relu(0.1)`."""
    arguments = ", ".join(arguments_of(op))
    return f"{op.word}({arguments})" if arguments else op.word


def arguments_of(op: Op) -> Iterator[str]:
    """The arguments in the order in which they are written: positional ones first, defaults left out."""
    given = {name: value for name, value in op if name not in op.context and value != _default(op, name)}
    leading, before = True, False
    others = {*op.operands, *(replaced for replaced in op.instead.values() if replaced not in given)}
    for name in op.positional:
        if name in others:
            continue
        leading = leading and name in given and not (name == "axis" and isinstance(given[name], int) and before)
        if leading:
            yield value_text(name, given.pop(name))
            before = True
    for name, value in sorted(given.items(), key=lambda item: item[0] not in FIRST):
        yield f"{name}={value_text(name, value)}"


def _default(op: Op, name: str) -> Any:
    return type(op).model_fields[name].default  # where there is none, something that equals no value


def value_text(name: str, value: Any) -> str:
    """A value of the argument `name`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction) and 1000 % value.denominator == 0:
        value = float(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, tuple):
        return _tuple(name, value)
    return str(value)


def _tuple(name: str, value: tuple[Any, ...]) -> str:
    if name in SIZES and all(isinstance(item, int) and item > 0 for item in value):
        return "x".join(map(str, value))
    if len(value) == 1 and not isinstance(value[0], tuple) and name not in ("parts", "order"):
        return value_text(name, value[0])
    items = ", ".join(value_text("", item) for item in value)
    return f"[{items}]" if name in ("weight", "bias", "parts", "sizes") or len(value) == 1 else f"({items})"


def number(value: float) -> str:
    """The shortest decimal that is `value`: `1e-5`, `0.1`, `2`."""
    text = repr(value).removesuffix(".0")
    return re.sub(r"e([+-])0*(\d+)$", lambda match: f"e{match[1].removeprefix('+')}{match[2]}", text)
