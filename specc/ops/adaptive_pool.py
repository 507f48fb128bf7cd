"""Pooling to a given output size, as PyTorch's adaptive pools do.

Output i of o reads the input samples floor(i n / o) up to, not including, ceil((i + 1) n / o).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, ClassVar

from specc.dims import Dim
from specc.ops.base import Builder, Field, Op, Reach, Rejection, Types, Weight
from specc.ops.fields import Window
from specc.ops.windows import per_axis, spatial_axes
from specc.types import SPATIAL_NAMES, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


MOST_WINDOWS = 10_000
"""Windows of different sizes along one axis, each of which is a node."""


class AdaptivePooling(Op):
    """A pool that finds its windows from the output's size.

    The lowering is a global pool for size 1, one pool where every size divides its input, and else, axis by axis, a
    slice and a reduction for each output, joined by Concat.
    """

    slides = True
    positional = ("size",)
    onnx_pools: ClassVar[tuple[str, str, str]]
    """ONNX's global pool, window pool and reduction."""

    size: Window
    """Output size: one number for all spatial axes, or one for each."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        sizes = self._sizes(x)
        for given, wanted, name in zip(x.spatial, sizes, SPATIAL_NAMES[len(sizes)], strict=True):
            if not isinstance(given, int) and wanted != 1:
                raise _needs_size(self.word, given, wanted, name)
        return (TensorType((*x.shape[:2], *sizes)),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return ()

    def macs(self, inputs: Types, outputs: Types) -> Dim:
        return 0

    def reach(self, inputs: Types) -> Field:
        (x,) = inputs
        sizes = self._sizes(x)
        if set(sizes) == {1}:
            return None
        return tuple(
            Reach(widest(n, o), Fraction(n, o), Fraction(1 - o, o), Fraction(n - 1, o))
            if isinstance(n, int)
            else Reach(n)
            for n, o in zip(x.spatial, sizes, strict=True)
        )

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        (x,) = inputs
        sizes = self._sizes(x)
        global_pool, pool, reduction = self.onnx_pools
        if set(sizes) == {1}:
            return (build.node(global_pool, [names[0]]),)
        known = [n for n in x.spatial if isinstance(n, int)]
        if len(known) == len(sizes) and not any(n % o for n, o in zip(known, sizes, strict=True)):
            step = tuple(n // o for n, o in zip(known, sizes, strict=True))
            return (build.node(pool, [names[0]], kernel_shape=step, strides=step),)
        result = names[0]
        for axis, (n, o) in enumerate(zip(x.spatial, sizes, strict=True)):
            result = _along(build, reduction, result, 2 + axis, n, o)
        return (result,)

    def _sizes(self, x: TensorType) -> tuple[int, ...]:
        return per_axis(self.size, spatial_axes(self.word, x), "size")


class AdaptiveAvgPool(AdaptivePooling):
    """The mean of each of a fixed number of windows: `adaptive_avgpool 7x7`."""

    word = "adaptive_avgpool"
    approximated = True
    onnx_pools = ("GlobalAveragePool", "AveragePool", "ReduceMean")

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        import numpy as np

        from specc.kernels.pooling import adaptive_pool

        return (adaptive_pool(np.mean, xs[0], self.size),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_k x mean |x|, k = samples of the largest window, and 2 for each axis."""
        import numpy as np

        from specc.kernels.bounds import average
        from specc.kernels.pooling import adaptive_pool

        magnitude = adaptive_pool(np.mean, abs(xs[0]), self.size)
        return (average(self.terms(xs, ws), magnitude, u, roundings=2 * (ys[0].ndim - 2)),)

    def terms(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> int:
        axes = xs[0].shape[2:]
        sizes = self.size * (len(axes) // len(self.size))
        return prod(-(-n // o) + 1 for n, o in zip(axes, sizes, strict=True))


class AdaptiveMaxPool(AdaptivePooling):
    """The largest value of each of a fixed number of windows: `adaptive_maxpool 7x7`."""

    word = "adaptive_maxpool"
    onnx_pools = ("GlobalMaxPool", "MaxPool", "ReduceMax")

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        import numpy as np

        from specc.kernels.pooling import adaptive_pool

        return (adaptive_pool(np.max, xs[0], self.size),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """0: a value is only chosen."""
        from specc.kernels.bounds import exact

        return (exact(ys[0]),)


def bins(size: int, outputs: int) -> list[tuple[int, int]]:
    """The range [begin, end) of input samples of each output."""
    return [(i * size // outputs, -(-(i + 1) * size // outputs)) for i in range(outputs)]


def widest(size: int, outputs: int) -> int:
    """How many samples the largest of the `bins` holds: a quotient with a rest may reach into one more at both ends,
    unless the ends are spread as evenly as the rest."""
    quotient, rest = divmod(size, outputs)
    return quotient + (0 if rest == 0 else 1 if outputs % rest == 0 else 2)


def _along(build: Builder, reduction: str, name: str, axis: int, size: Dim, outputs: int) -> str:
    """Reduce one axis to `outputs` samples."""
    if size == outputs:
        return name
    if outputs == 1 or not isinstance(size, int):
        return _reduce(build, reduction, name, axis)
    build.afford(outputs, "nodes for single windows", MOST_WINDOWS)
    parts = []
    for begin, end in bins(size, outputs):
        part = build.node("Slice", [name, build.ints([begin]), build.ints([end]), build.ints([axis])])
        parts.append(_reduce(build, reduction, part, axis) if end - begin > 1 else part)
    return build.node("Concat", parts, axis=axis)


def _reduce(build: Builder, reduction: str, name: str, axis: int) -> str:
    """Opset 18 made the reductions' axes an input."""
    if build.opset < 18:
        return build.node(reduction, [name], axes=(axis,), keepdims=1)
    return build.node(reduction, [name, build.ints([axis])], keepdims=1)


def _needs_size(word: str, given: Dim, wanted: int, name: str) -> Rejection:
    return Rejection(
        "E0407",
        f"`{word}` to {wanted} needs a known {name}, not {given}",
        argument="size",
        notes=[f"{name}: {given} samples cannot be shared out among {wanted} before {given} is known"],
        help="fix the input's size, or pool to 1",
    )
