"""Positions added around an image, or at the ends of one axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from specc.dims import Dim
from specc.ops.axes import Axis, axis_index
from specc.ops.base import Builder, Field, Reach, Rejection, Types
from specc.ops.families import Rearrangement
from specc.ops.fields import Real, Sides
from specc.ops.windows import check_padded, pad_sides, spatial_axes
from specc.types import SPATIAL_NAMES, Layout, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class Pad(Rearrangement):
    """Positions added around an image, or at both ends of one axis: ONNX Pad-13, `wrap` since Pad-19.

    `pad (0, 32), axis=channels` adds channels of zeros, as shortcuts without weights do (He et al., 2015, option A).
    """

    word = "pad"
    positional = ("amount",)
    context = ("layout",)
    moves = False

    amount: Sides
    """One number for all sides, one for each axis, or the begins of all axes and then the ends."""
    mode: Literal["zeros", "edge", "reflect", "wrap"] = "zeros"
    """What the new positions hold; `zeros` is `value`."""
    value: Real = 0.0
    """What new positions hold under `mode=zeros`."""
    axis: Axis | None = None
    """The only axis that is padded, by one number at both ends, or (begin, end); under `mode=zeros`."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        if self.axis is not None:
            return (self._longer(x, axis_index(self.axis, x, self.layout)),)
        axes = spatial_axes(self.word, x)
        sides = pad_sides(self.amount, axes)
        for size, side, name in zip(x.spatial, sides, SPATIAL_NAMES[axes], strict=True):
            check_padded(size, sum(side))
            self._check_room(size, max(side), name)
        sizes = (size + sum(side) for size, side in zip(x.spatial, sides, strict=True))
        return (TensorType((*x.shape[:2], *sizes)),)

    def _longer(self, x: TensorType, index: int) -> TensorType:
        if self.mode != "zeros":
            raise Rejection("E0305", f"`pad` with an axis adds a value, not {self.mode}", argument="mode")
        if len(self.amount) > 2:
            raise Rejection("E0304", f"one axis has 2 ends, not {len(self.amount)}", argument="amount")
        size = x.shape[index] + sum(self._ends())
        return TensorType((*x.shape[:index], size, *x.shape[index + 1 :]), x.dtype)

    def _ends(self) -> tuple[int, int]:
        """How much is added at the beginning and the end of `axis`."""
        return pad_sides(self.amount, 1)[0]

    def sides(self, x: TensorType) -> list[tuple[int, int]]:
        """How much is added at both ends of every axis behind the batch."""
        if self.axis is None:
            return [(0, 0), *pad_sides(self.amount, len(x.spatial))]
        padded = axis_index(self.axis, x, self.layout)
        return [self._ends() if index == padded else (0, 0) for index in range(1, x.rank + 1)]

    def reach(self, inputs: Types) -> Field:
        """What goes round sees the other end."""
        sides = self.sides(inputs[0])[1:]
        goes_round = self.mode == "wrap"
        return tuple(Reach(1, first=-side[0], order="all" if goes_round and any(side) else "kept") for side in sides)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        if self.mode == "wrap" and build.opset < 19:
            raise build.unsupported("mode=wrap", since=19)
        sides = self.sides(inputs[0])
        pads = build.ints((0, *(begin for begin, _ in sides), 0, *(end for _, end in sides)))
        if self.mode != "zeros":
            return (build.node("Pad", [names[0], pads], mode=self.mode),)
        operands = [names[0], pads] + ([build.floats([self.value], ())] if self.value else [])
        return (build.node("Pad", operands, mode="constant"),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.axes import lengthened
        from specc.kernels.windows import amounts, padded

        if self.axis is not None:
            return (lengthened(xs[0], self.axis, self.layout, self.amount, self.value),)
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
