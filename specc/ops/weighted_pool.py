"""Pooling weighted by the distance from the window's centre: a depthwise ONNX Conv-11/22 with a constant kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import exp, prod, sqrt
from typing import TYPE_CHECKING, Literal, TypeAlias

from specc.ops.base import Builder, Types
from specc.ops.fields import Border
from specc.ops.pool_base import Pooling
from specc.ops.windows import AxisWindow, check_border, known_channels, slide, with_padding
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array

Falloff: TypeAlias = Literal["inverse", "gaussian", "linear"]


class WeightedPool(Pooling):
    """The mean of each window, a sample counting the less the farther it is from the centre: `weightedpool 3x3`.

    With d the Euclidean distance from the window's centre, in taps, and r the largest d of the window but at least 1,
    the weights before normalisation are `inverse`: 1 / (1 + d); `gaussian`: exp(-2 (d / r)^2), which puts the corners
    two standard deviations out; `linear`: 1 - d / (r + 1).  Their sum is then made 1.
    """

    word = "weightedpool"

    falloff: Falloff = "inverse"
    """How the weight falls with the distance."""
    border: Border = "zeros"
    """What the padding holds."""

    @property
    def goes_round(self) -> bool:
        return self.border == "wrap"

    def placed(self, x: TensorType) -> list[AxisWindow]:
        windows = slide(x, self.geometry(x))
        check_border(x, windows, self.border)
        return windows

    def infer(self, inputs: Types) -> Types:
        known_channels(self.word, inputs[0])
        return super().infer(inputs)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        (x,) = inputs
        how, channels = self.geometry(x), known_channels(self.word, x)
        build.afford(channels * prod(how.kernel), "weights")
        source, padding = with_padding(build, names[0], self.placed(x), self.pad, self.border)
        weights = centre_weights(how.kernel, self.falloff) * channels
        return (
            build.node(
                "Conv",
                [source, build.floats(weights, (channels, 1, *how.kernel))],
                kernel_shape=how.kernel,
                strides=how.stride,
                dilations=how.dilation,
                group=channels,
                **padding,
            ),
        )

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.pooling import weighted_pool

        return (weighted_pool(xs[0], self.kernel, self.motion(), self.border, self.falloff),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_k x weighted mean |x|, k = window + 2: weights may round to either of two neighbouring numbers."""
        from specc.kernels.bounds import dot_product
        from specc.kernels.pooling import weighted_pool

        magnitude = weighted_pool(abs(xs[0]), self.kernel, self.motion(), self.border, self.falloff)
        return (dot_product(self.terms(xs, ws), magnitude, u),)

    def terms(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> int:
        return prod(self.kernel * ((xs[0].ndim - 2) // len(self.kernel))) + 2


def centre_weights(kernel: tuple[int, ...], falloff: Falloff) -> list[float]:
    """The weights of one window, row-major; their sum is 1."""
    squares = [
        sum((i - (k - 1) / 2) ** 2 for i, k in zip(tap, kernel, strict=True)) for tap in product(*map(range, kernel))
    ]
    distances = [sqrt(square) for square in squares]
    farthest = max(*distances, 1.0)
    weights = [_weight(distance, farthest, falloff) for distance in distances]
    total = sum(weights)
    return [weight / total for weight in weights]


def _weight(distance: float, farthest: float, falloff: Falloff) -> float:
    if falloff == "inverse":
        return 1 / (1 + distance)
    if falloff == "gaussian":
        return exp(-2 * (distance / farthest) ** 2)
    return 1 - distance / (farthest + 1)
