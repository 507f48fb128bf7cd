"""Local response normalisation across channels (Krizhevsky et al., 2012)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from specc.ops.base import Builder, Field, Types
from specc.ops.families import Weightless
from specc.ops.fields import PositiveInt, PositiveReal, Real
from specc.ops.windows import known_channels, spatial_axes

if TYPE_CHECKING:
    from specc.ops.base import Array


class Lrn(Weightless):
    """x / (k + alpha / size * s)^beta, s the sum of squares over `size` neighbouring channels: ONNX LRN-13, whose
    alpha is divided by the size as in PyTorch and Caffe (AlexNet's paper writes the quotient).

    Of an even number of neighbours one more lies behind than before, as in ONNX; PyTorch has it the other way.
    """

    word: ClassVar[str] = "lrn"
    positional: ClassVar[tuple[str, ...]] = ("size",)

    size: PositiveInt = 5
    """Number of channels summed over."""
    alpha: Real = 1e-4
    """Weight of the sum, before its division by `size`."""
    beta: Real = 0.75
    """Exponent."""
    k: PositiveReal = 1.0
    """Added to the sum; ONNX calls it bias."""

    def infer(self, inputs: Types) -> Types:
        spatial_axes(self.word, inputs[0])
        known_channels(self.word, inputs[0])
        return inputs

    def reach(self, inputs: Types) -> Field:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        # ONNX Runtime's LRN takes odd sizes and two-dimensional images only.
        if self.size % 2 and len(inputs[0].spatial) == 2:
            attributes = {"alpha": self.alpha, "beta": self.beta, "bias": self.k}
            return (build.node("LRN", [names[0]], size=self.size, **attributes),)
        squares = build.node("Mul", [names[0], names[0]])
        total = build.node("Conv", [squares, *self._band(build, inputs)])
        return (build.node("Div", [names[0], build.node("Pow", [total, build.floats([self.beta], ())])]),)

    def _band(self, build: Builder, inputs: Types) -> tuple[str, str]:
        """k + alpha / size * (sum over neighbours) as a 1x1 convolution: its weight and bias."""
        channels = known_channels(self.word, inputs[0])
        first = -((self.size - 1) // 2)
        neighbours = range(first, first + self.size)
        factor = self.alpha / self.size
        rows = [factor if i - o in neighbours else 0.0 for o in range(channels) for i in range(channels)]
        window = (1,) * len(inputs[0].spatial)
        return build.floats(rows, (channels, channels, *window)), build.floats([self.k] * channels)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import normalisation

        return (normalisation.local_response(xs[0], self.size, self.alpha, self.beta, self.k),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """u ((size + 5) t + 3 cumulated t) for the sum t, beta times that in the power, and its roundings."""
        from specc.kernels import normalisation_bounds

        return (normalisation_bounds.local_response_bound(xs[0], self.size, self.alpha, self.beta, self.k, u),)
