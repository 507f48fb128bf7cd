"""A model being written, with its author's own reckoning of shapes and parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.property.sharing import Shared

ACTIVATIONS = (
    "relu", "relu6", "leaky_relu(0.1)", "elu(0.5)", "selu", "celu(0.7)", "gelu", "silu", "mish",
    "softplus", "softsign", "hardswish", "hardsigmoid", "hardtanh", "sigmoid", "tanh", "thresholded_relu(0.2)", "abs",
)  # fmt: skip
AXES = {0: (), 1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
OPEN_NAMES = {"length": "L", "height": "H", "width": "W", "depth": "D"}
MOST_VALUES = 4096
MOST_OPEN_VALUES = 20_000


@dataclass(frozen=True)
class Value:
    """What the author knows of a value: its shape, channels first, without the batch.

    Open sizes have the numbers of one example.  `kin` tells values of open size that are alike for all numbers from
    those that are for this one; `open` says which axes are open.
    """

    shape: tuple[int, ...]
    open: tuple[bool, ...]
    kin: int = 0

    @property
    def channels(self) -> int:
        return self.shape[0]

    @property
    def spatial(self) -> tuple[int, ...]:
        return self.shape[1:]

    @property
    def is_open(self) -> bool:
        return any(self.open)

    def alike(self, other: Value, channels: bool = True) -> bool:
        """Whether the two have the same sizes, the channels left out if so told."""
        start = 0 if channels else 1
        return self.shape[start:] == other.shape[start:] and self.open == other.open and self.kin == other.kin


@dataclass
class Draft:
    """Lines so far, the value of the last of them, labelled values, layers that share their weights, and parameters."""

    random: Random
    layout: str
    value: Value
    lines: list[str]
    head: list[str] = field(default_factory=list)
    labels: dict[str, Value] = field(default_factory=dict)
    shared: dict[str, Shared] = field(default_factory=dict)
    params: int = 0
    buffers: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def channels(self) -> int:
        return self.value.channels

    @property
    def spatial(self) -> tuple[int, ...]:
        return self.value.spatial

    @property
    def axes(self) -> int:
        return len(self.value.spatial)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def text(self) -> str:
        return "\n".join([*self.head, "model Net {", *(f"    {line}" for line in self.lines), "}", ""])

    def spoken(self, shape: Sequence[int]) -> tuple[int, ...]:
        """A shape in the order in which this model writes it."""
        return (*shape[1:], shape[0]) if self.layout == "hwc" else tuple(shape)

    def canonical(self, spoken: Sequence[int]) -> tuple[int, ...]:
        return (spoken[-1], *spoken[:-1]) if self.layout == "hwc" else tuple(spoken)

    def add(self, line: str, shape: Sequence[int] | None = None, params: int = 0, buffers: int = 0) -> None:
        """One more line; its value has `shape`, or that of the line before."""
        self.lines.append(line)
        self.params += params
        self.buffers += buffers
        if shape is not None:
            self.become(tuple(shape))

    def define(self, name: str, body: str) -> None:
        """A block at the top of the file, once; `name` with its parameters."""
        text = f"block {name} {{\n{body}}}\n"
        if text not in self.head:
            self.head.append(text)

    def claim(self) -> None:
        """Assert the shape behind the last line, with `_` for some sizes and all open ones."""
        opened = self._open_spoken()
        sizes = ["_" if o or self.chance(0.2) else str(n) for o, n in zip(opened, self.spoken(self.shape), strict=True)]
        self.lines[-1] += f" -> [{', '.join(sizes)}]" if self.chance(0.5) else f" -> {'x'.join(sizes)}"

    def _open_spoken(self) -> tuple[bool, ...]:
        """Which sizes of the shape are open, in the order in which this model writes them."""
        opened = (False, *self.value.open)
        return (*opened[1:], opened[0]) if self.layout == "hwc" else opened

    def become(self, shape: tuple[int, ...]) -> None:
        """The value now has `shape`: of another kin where open sizes changed, or lost."""
        before = self.value
        same = shape[1:] == before.spatial and len(shape) == len(before.shape)
        opened = before.open if len(shape) == len(before.shape) else (False,) * (len(shape) - 1)
        kin = before.kin if same or not before.is_open else self.random.getrandbits(48)
        self.value = Value(shape, opened, kin)

    def too_large(self) -> bool:
        values = [self.value, *self.labels.values()]
        most = MOST_OPEN_VALUES if any(value.is_open for value in values) else MOST_VALUES
        return prod(self.shape) > most or self.params > 200_000
