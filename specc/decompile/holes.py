"""What may differ between the places of a block: numbers, windows, strides, and activations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from specc.ops import BY_WORD

Kind: TypeAlias = Literal["number", "kernel", "stride", "act"]
KINDS: Final[tuple[Kind, ...]] = ("number", "kernel", "stride", "act")
"""In the order in which a block declares them."""
Values: TypeAlias = tuple[int | str, ...]

_ACTIVATIONS: Final = "relu|relu6|silu|hardswish|gelu|mish|elu|selu|tanh|sigmoid|hardsigmoid"
_HOLE: Final = re.compile(
    r"(?<![\w.\-])(?P<kernel>\d+)x(?P=kernel)(?![\w.])(?P<stride>, stride=\d+(?![\w.]))?"
    r"|(?<![\w.\-])(?P<number>\d+)(?![\w.]| ?\*)"
    rf"|(?<=[,;] )(?P<act>{_ACTIVATIONS})(?=;|$)"
)
_WINDOWED: Final = frozenset(word for word, op in BY_WORD.items() if "kernel" in op.model_fields)
_MOVING: Final = ("conv", "depthwise", "separable", "deconv")
"""Operations whose stride is 1 where none is written."""
_NUMBERS: Final = {"dense": "units", "repeat": "count", "split": "parts", "pad": "padding", "crop": "margin"}
"""What the numbers of statements are called that are not of channels."""


@dataclass(frozen=True)
class Hole:
    """A place in the text of a line, and what stands there."""

    start: int
    end: int
    kind: Kind
    value: int | str


@dataclass(frozen=True)
class Column:
    """What stands in the same hole at each place."""

    kind: Kind
    values: Values

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1

    def told_by(self, other: Column) -> str | None:
        """How `other`, called `{}`, says this: itself, a multiple of it, or half a window."""
        if self == other:
            return "{}"
        pairs = [(a, b) for a, b in zip(self.values, other.values, strict=True) if isinstance(a, int)]
        numbers = [(a, b) for a, b in pairs if isinstance(b, int)]
        if self.kind != "number" or len(numbers) < len(self.values) or any(b == 0 for _, b in numbers):
            return None
        if other.kind == "kernel" and all(a == b // 2 and b > 1 for a, b in numbers):
            return "{} // 2"
        factor = numbers[0][0] // numbers[0][1]
        same = other.kind == "number" and factor and all(a == factor * b for a, b in numbers)
        return f"{factor} * {{}}" if same else None

    @property
    def usual(self) -> int | str | None:
        """What needs not be said at a call."""
        if self.kind == "number":
            return None
        return 1 if self.kind == "stride" and 1 in self.values else Counter(self.values).most_common(1)[0][0]


def holes(text: str) -> Iterator[Hole]:
    """The holes in a line, in their order."""
    for found in _HOLE.finditer(text):
        if found["number"]:
            yield Hole(found.start(), found.end(), "number", int(found["number"]))
        elif found["act"]:
            yield Hole(found.start(), found.end(), "act", found["act"])
        else:
            yield from _window(text, found)


def _window(text: str, found: re.Match[str]) -> Iterator[Hole]:
    word = re.split(r"[;{] |: ", text[: found.start()])[-1].split(" ")[0]
    if word not in _WINDOWED:
        return
    stride = found["stride"] or ""
    end = found.end() - len(stride)
    yield Hole(found.start(), end, "kernel", int(found["kernel"]))
    if stride or word in _MOVING:
        yield Hole(end, found.end(), "stride", int(stride.partition("=")[2] or 1))


def emptied(text: str) -> str:
    """`text` with the kinds of holes in their place."""
    return filled(text, [f"#{hole.kind}" for hole in holes(text)])


def filled(text: str, fillings: Sequence[str]) -> str:
    """`text` with `fillings` in its holes."""
    parts, last = [], 0
    for hole, filling in zip(holes(text), fillings, strict=True):
        parts += [text[last : hole.start], filling]
        last = hole.end
    return "".join([*parts, text[last:]])


def filling(text: str, hole: Hole, column: Column, parameters: Mapping[Column, str]) -> str:
    """What stands in a hole of the line `text` in a block."""
    if not column.differs:
        return text[hole.start : hole.end]
    told = (pattern.format(name) for other, name in parameters.items() if (pattern := column.told_by(other)))
    said = next(told)
    if hole.kind == "stride":
        return f", stride={said}"
    return f"act={said}" if hole.kind == "act" and text[: hole.start].endswith(", ") else said


def varying(columns: Sequence[Column]) -> list[Column]:
    """The columns that become parameters: those that differ between places and that no other tells."""
    differing = list(dict.fromkeys(column for column in columns if column.differs))
    windows = [column for column in differing if column.kind == "kernel"]
    free = [c for c in differing if c in windows or not any(c.told_by(window) for window in windows)]
    return [c for c in free if not any(c.told_by(other) for other in free if other != c)]


def called(text: str, hole: Hole) -> str:
    """What a parameter for a hole of the line `text` is called."""
    if hole.kind != "number":
        return hole.kind
    before = text[: hole.start]
    if keyword := re.search(r"(\w+)=[\[(]?[\d, ]*$", before):
        return keyword[1]
    word = re.search(r"(\w+) [^;{]*$", before)
    return _NUMBERS.get(word[1] if word else "", "channels")
