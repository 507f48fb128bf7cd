"""Images enlarged by whole factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Literal

from specc.ops.base import Builder, Field, Reach, Rejection, Types
from specc.ops.families import Weightless
from specc.ops.fields import Window
from specc.ops.windows import per_axis, spatial_axes
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class Upsample(Weightless):
    """Images enlarged by whole factors: ONNX Resize-13/18/19, with PyTorch's coordinates.

    `nearest` repeats every position; `bilinear` is linear along every axis, however many there are, with the
    pixels' centres half a pixel from the border, or under `align_corners` with the corners' centres kept.
    """

    word: ClassVar[str] = "upsample"
    positional: ClassVar[tuple[str, ...]] = ("scale", "mode")

    scale: Window = (2,)
    """The factor, one for all spatial axes or one for each."""
    mode: Literal["nearest", "bilinear"] = "nearest"
    """How new positions get their values."""
    align_corners: bool = False
    """Whether the corner pixels' centres stay where they are; for `bilinear`."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        if self.align_corners and self.mode == "nearest":
            raise Rejection("E0305", "`align_corners` is for mode=bilinear", argument="align_corners")
        sizes = (size * scale for size, scale in zip(x.spatial, self._scales(x), strict=True))
        return (TensorType((*x.shape[:2], *sizes)),)

    def reach(self, inputs: Types) -> Field:
        extent = 1 if self.mode == "nearest" else 2
        return tuple(Reach(extent if scale > 1 else 1, Fraction(1, scale)) for scale in self._scales(inputs[0]))

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        scales = build.floats([1.0, 1.0, *map(float, self._scales(inputs[0]))])
        operands = [names[0], "", scales]
        if self.mode == "nearest":
            how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
            return (build.node("Resize", operands, mode="nearest", **how),)
        coordinates = "align_corners" if self.align_corners else "half_pixel"
        return (build.node("Resize", operands, mode="linear", coordinate_transformation_mode=coordinates),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import resize
        from specc.kernels.windows import spread

        scales = spread(self.scale, xs[0].ndim - 2)
        if self.mode == "nearest":
            return (resize.nearest(xs[0], scales),)
        return (resize.linear(xs[0], scales, self.align_corners),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """0 for `nearest`; else 1.01 u (4 size + 6) summed over the axes, x the largest |x| within two samples."""
        from specc.kernels import resize
        from specc.kernels.bounds import exact
        from specc.kernels.windows import spread

        if self.mode == "nearest":
            return (exact(ys[0]),)
        return (resize.linear_bound(xs[0], spread(self.scale, xs[0].ndim - 2), u),)

    def _scales(self, x: TensorType) -> tuple[int, ...]:
        return per_axis(self.scale, spatial_axes(self.word, x), "scale")
