"""Arguments that are all there and stand otherwise elsewhere: the value that an operation works on before them, lists
without brackets, arguments by their first letter; imported where something is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from specc.elaborate.surplus import text
from specc.syntax import ast

LETTERS: Final = {"s": "stride", "k": "kernel", "p": "pad", "d": "dilation", "g": "groups"}
"""Arguments of windows by what papers write for them."""
_ABBREVIATED: Final = re.compile(r"([skpdg])_?(\d+)")
_NAMED_PAIR: Final = re.compile(r"\b(stride|pad|dilation|kernel|size|scale)\s*=\s*([\w.]+)\s*,\s*$")
_LOOKED_AT: Final = 100
_SOME: Final = "64"
"""What is shown for channels that are left out."""


def value_first(word: str, arguments: Sequence[ast.Argument]) -> str:
    """`conv image, 8, 3x3`, which works on the first of its arguments."""
    first, *others = [text(argument.value) for argument in arguments]
    return f"what an operation works on stands behind `from=`: `{word} {', '.join([*others, f'from={first}'])}`"


def in_brackets(word: str, fields: Mapping[str, ast.Expr], holds: Callable[[str], bool]) -> str | None:
    """`conv(image, 8, 3x3)`, whose first item is a value as `holds` tells."""
    only = next(iter(fields.values()), None)
    if len(fields) != 1 or not isinstance(only, ast.List) or len(only.items) < 2:
        return None
    first, *others = only.items
    if not (isinstance(first, ast.Name) and holds(first.id)):
        return None
    items = [*map(text, others), f"from={first.id}"]
    return f"arguments stand without brackets, and what it works on behind `from=`: `{word} {', '.join(items)}`"


def incomplete(word: str, fields: Mapping[str, ast.Expr], operands: Mapping[str, ast.Expr]) -> str | None:
    """`clip 6`, `conv 3x3x64` and `unpool 2x2`."""
    least, where = fields.get("min"), operands.get("where")
    if word == "clip" and isinstance(least, ast.Number) and least.value > 0:
        return f"`clip` takes the least and the largest value: `clip 0, {text(least)}`"
    if isinstance(fields.get("channels"), ast.Size):
        return _joined_channels(word, fields["channels"])
    if word == "unpool" and isinstance(where, ast.Number | ast.Size | ast.List):
        return f"the positions of the pool come first: `unpool w, {text(where)}` behind `y, w: maxpool {text(where)}`"
    return None


def _joined_channels(word: str, written: ast.Expr) -> str | None:
    """`conv 3x3`, `3x3x64`, `64x3x3` and the shapes of whole kernels, `3x3x3x64` and `64x3x3x3`."""
    assert isinstance(written, ast.Size)
    parts = [str(part) for part in written.parts]
    first = len(parts) > 2 and parts[0] == parts[1]
    window = parts[:2] if first or len(parts) < 3 else parts[-2:]
    channels = _SOME if len(parts) < 3 else parts[-1] if first else parts[0]
    if window[0] != window[1]:
        return None
    return f"the channels stand before the window: `{word} {channels}, {'x'.join(window)}`"


def abbreviation(word: str) -> str | None:
    """`s2`."""
    written = _ABBREVIATED.fullmatch(word)
    return written and f"{LETTERS[written[1]]}={written[2]}"


def abbreviated(word: str, arguments: Sequence[ast.Argument]) -> tuple[ast.Argument, str] | None:
    """`conv 8, 3x3, s2, p1`."""
    names = [a.value.id if isinstance(a.value, ast.Name) else "" for a in arguments]
    written = [abbreviation(name) for name in names]
    first = next((argument for argument, found in zip(arguments, written, strict=True) if found), None)
    if first is None:
        return None
    parts = [found or text(argument.value) for argument, found in zip(arguments, written, strict=True)]
    return first, f"arguments behind the window have names: `{word} {', '.join(parts)}`"


def unbracketed_pair(surplus: ast.Argument) -> tuple[ast.Argument, str] | None:
    """`stride=2, 1`."""
    place = surplus.span
    named = _NAMED_PAIR.search(place.source.text[max(place.start - _LOOKED_AT, 0) : place.start])
    if named is None or not isinstance(surplus.value, ast.Number):
        return None
    return surplus, f"a list stands in brackets: `{named[1]}=({named[2]}, {text(surplus.value)})`"


def divided(argument: str, written: ast.Expr | None) -> str | None:
    """`3x3/2`, as a paper writes a window with a stride."""
    if argument != "kernel" or not isinstance(written, ast.Binary) or written.operator not in ("/", "//"):
        return None
    if not (isinstance(written.left, ast.Size | ast.Number) and isinstance(written.right, ast.Number)):
        return None
    return f"a stride is an argument of its own: `{text(written.left)}, stride={text(written.right)}`"
