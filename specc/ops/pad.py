"""Positions added around an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from specc.dims import Dim
from specc.ops.base import Builder, Field, Reach, Rejection, Types
from specc.ops.families import Rearrangement
from specc.ops.fields import Pad as Amount
from specc.ops.fields import Real
from specc.ops.windows import check_padded, pad_sides, spatial_axes
from specc.types import SPATIAL_NAMES, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


def _numbers(value: Any) -> Any:
    if isinstance(value, str):
        raise PydanticCustomError("specc_type", "needs numbers: one, one for each axis, or one for each side")
    return value


Sides = Annotated[Amount, BeforeValidator(_numbers)]
"""One number, one for each axis, or the begins of all axes and then the ends."""


def sides_of(amount: Amount, axes: int) -> list[tuple[int, int]]:
    assert not isinstance(amount, str)
    return pad_sides(amount, axes)


class Pad(Rearrangement):
    """Positions added around an image: ONNX Pad-13, `wrap` since Pad-19."""

    word = "pad"
    positional = ("amount",)
    moves = False

    amount: Sides
    """One number for all sides, one for each axis, or the begins of all axes and then the ends."""
    mode: Literal["zeros", "edge", "reflect", "wrap"] = "zeros"
    """What the new positions hold; `zeros` is `value`."""
    value: Real = 0.0
    """What new positions hold under `mode=zeros`."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        axes = spatial_axes(self.word, x)
        sides = sides_of(self.amount, axes)
        for size, side, name in zip(x.spatial, sides, SPATIAL_NAMES[axes], strict=True):
            check_padded(size, sum(side))
            self._check_room(size, max(side), name)
        sizes = (size + sum(side) for size, side in zip(x.spatial, sides, strict=True))
        return (TensorType((*x.shape[:2], *sizes)),)

    def reach(self, inputs: Types) -> Field:
        return (Reach(1),) * len(inputs[0].spatial)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        if self.mode == "wrap" and build.opset < 19:
            raise build.unsupported("mode=wrap", since=19)
        sides = sides_of(self.amount, len(inputs[0].spatial))
        pads = build.ints((0, 0, *(begin for begin, _ in sides), 0, 0, *(end for _, end in sides)))
        if self.mode != "zeros":
            return (build.node("Pad", [names[0], pads], mode=self.mode),)
        operands = [names[0], pads] + ([build.floats([self.value], ())] if self.value else [])
        return (build.node("Pad", operands, mode="constant"),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.windows import amounts, padded

        ones = (1,) * (xs[0].ndim - 2)
        return (padded(xs[0], amounts(xs[0].shape[2:], ones, ones, self.amount, ones), self.mode, self.value),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """0 for moved values; the rounding of `value` where float32 does not hold it."""
        from specc.kernels.bounds import constant, exact

        return (exact(ys[0]) + constant(self.value, u),)

    def _check_room(self, size: Dim, side: int, name: str) -> None:
        """A reflection needs one position more than it adds, a wrap as many; the rest is repetition."""
        limit = {"reflect": 1, "wrap": 0}.get(self.mode)
        if limit is None or not isinstance(size, int) or side <= size - limit:
            return
        raise Rejection(
            "E0406",
            f"mode={self.mode} cannot add {side} to a {name} of {size}",
            argument="amount",
            notes=[f"{name}: at most {size - limit} on each side"],
        )
