"""What operations have in common that look at the order of axes as the author writes it.

Under `layout=hwc` a transpose brings the values into that order where it makes a difference.
"""

from __future__ import annotations

from specc.ops.axes import spoken_axes
from specc.ops.base import Builder, Field, Types
from specc.ops.families import Rearrangement
from specc.types import Layout, TensorType


class Ordered(Rearrangement):
    """An operation that looks at the order of axes; one output value depends on any of the input's positions."""

    context = ("layout",)

    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def reach(self, inputs: Types) -> Field:
        return None


def as_written(build: Builder, name: str, x: TensorType, layout: Layout) -> str:
    """The value with its axes as they are written, transposed only where that moves a value."""
    if x.channels == 1 or all(size == 1 for size in x.spatial):
        return name
    return permuted(build, name, spoken_axes(x.rank, layout))


def permuted(build: Builder, name: str, axes: tuple[int, ...]) -> str:
    """The value with its axes behind the batch in another order."""
    if axes == tuple(sorted(axes)):
        return name
    return build.node("Transpose", [name], perm=(0, *axes))
