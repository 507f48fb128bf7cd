"""Means and norms over sliding windows: ONNX AveragePool-19/22 and LpPool-18/22."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from specc.ops.base import Builder, Types
from specc.ops.fields import PositiveInt
from specc.ops.pool_base import (
    Pooling,
    fits,
    pads_of,
    pool_padding,
    same_left_open,
    samples_read,
    uses_ceil_mode,
    window_attributes,
)
from specc.ops.windows import AxisWindow, Geometry
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class AvgPool(Pooling):
    """The mean of each window: `avgpool 2x2`.  The padding's zeros count only with `count_include_pad`."""

    word = "avgpool"
    approximated = True

    count_include_pad: bool = False
    """Whether the zeros of the padding count as samples; what round=ceil reads beyond them never does."""

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        (x,) = inputs
        how, windows = self.geometry(x), self.placed(x)
        if not self._is_direct(build, x, windows, how):
            return (self._as_convolution(build, names[0], x, windows, how),)
        attributes = window_attributes(build, self.word, how, dilation_since=19)
        source, padding = pool_padding(build, names[0], x, windows, how, fill=0.0)
        counted = {"count_include_pad": 1} if self.count_include_pad else {}
        return (build.node("AveragePool", [source], **attributes, **padding, **counted),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.pooling import average_pool

        return (average_pool(xs[0], self.kernel, self.motion(), self.count_include_pad),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_k x mean |x|, k = window + 2, and 2 for each axis, along which `_as_convolution` multiplies."""
        from specc.kernels.bounds import average
        from specc.kernels.pooling import average_pool

        magnitude = average_pool(abs(xs[0]), self.kernel, self.motion(), self.count_include_pad)
        return (average(self.terms(xs, ws), magnitude, u, roundings=2 + 2 * (xs[0].ndim - 2)),)

    def terms(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> int:
        return prod(self.kernel * ((xs[0].ndim - 2) // len(self.kernel)))

    def _is_direct(self, build: Builder, x: TensorType, windows: Sequence[AxisWindow], how: Geometry) -> bool:
        """Whether one AveragePool says it all: its pads fit, and no overhang has to be told from the padding."""
        if build.opset < 19 and any(d > 1 for d in how.dilation):
            return False
        ceil = uses_ceil_mode(x, windows, how)
        told_apart = ceil or not self.count_include_pad or not any(w.overhang for w in windows)
        return same_left_open(windows) or (told_apart and fits(pads_of(windows, overhang=not ceil), how))

    def _as_convolution(
        self, build: Builder, name: str, x: TensorType, windows: Sequence[AxisWindow], how: Geometry
    ) -> str:
        """A depthwise convolution by 1 / kernel, which takes any padding and dilation, and then along each axis a
        product with kernel / samples that count."""
        if not isinstance(x.channels, int) or not all(isinstance(size, int) for size in x.spatial):
            raise build.unsupported("avgpool of an open size with this padding, dilation and rounding")
        taps = prod(how.kernel)
        build.afford(x.channels * taps, "weights equal to a mean")
        weights = build.floats([1 / taps] * (x.channels * taps), (x.channels, 1, *how.kernel))
        result = build.node(
            "Conv",
            [name, weights],
            kernel_shape=how.kernel,
            strides=how.stride,
            dilations=how.dilation,
            group=x.channels,
            pads=pads_of(windows, overhang=True),
        )
        for axis in range(len(windows)):
            result = self._rescaled(build, result, x, windows[axis], how, axis)
        return result

    def _rescaled(self, build: Builder, name: str, x: TensorType, window: AxisWindow, how: Geometry, axis: int) -> str:
        assert isinstance(window.output, int)
        build.afford(window.output * how.kernel[axis], "steps to count the samples of each window")
        counts = samples_read(x.spatial[axis], window, how, axis, padding=self.count_include_pad)
        factors = [how.kernel[axis] / count for count in counts]
        if set(factors) == {1.0}:
            return name
        shape = [1] * (2 + len(how.kernel))
        shape[2 + axis] = len(factors)
        return build.node("Mul", [name, build.floats(factors, shape)])


class LpPool(Pooling):
    """The p-norm of each window, (sum of |x|^p)^(1/p): `lppool 2x2, p=2`."""

    word = "lppool"
    approximated = True

    p: PositiveInt = 2
    """The exponent."""

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        (x,) = inputs
        how = self.geometry(x)
        attributes = window_attributes(build, self.word, how, dilation_since=18)
        source, padding = pool_padding(build, names[0], x, self.placed(x), how, fill=0.0, ceil_since=18)
        return (build.node("LpPool", [source], p=self.p, **attributes, **padding),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.pooling import lp_pool

        return (lp_pool(xs[0], self.kernel, self.motion(), self.p),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """The sum, its powers and its root, each with its own roundings: see `kernels.bounds.lp_norm`."""
        from specc.kernels.bounds import lp_norm

        terms = prod(self.kernel * ((xs[0].ndim - 2) // len(self.kernel)))
        return (lp_norm(terms, ys[0], self.p, u),)
