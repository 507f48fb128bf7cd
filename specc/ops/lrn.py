"""Local response normalisation across channels (Krizhevsky et al., 2012)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.ops.base import Builder, Field, Types
from specc.ops.families import Weightless
from specc.ops.fields import PositiveInt, PositiveReal, Real
from specc.ops.windows import known_channels, spatial_axes

if TYPE_CHECKING:
    from specc.ops.base import Array


class Lrn(Weightless):
    """x / (k + alpha / size * s)^beta, s the sum of squares over `size` neighbouring channels, as ONNX LRN-13
    defines it: alpha is divided by the size as in PyTorch and Caffe (AlexNet's paper writes the quotient).

    Of an even number of neighbours one more lies behind than before, as in ONNX; PyTorch has it the other way.
    """

    word = "lrn"
    positional = ("size",)

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
        """Not ONNX's LRN: ONNX Runtime takes seven times as long for it on the CPU, has it for odd sizes and images
        only, and slides its sum along the channels, so that roundings and NaN stay in it."""
        squares = build.node("Mul", [names[0], names[0]])
        channels_are_an_axis = len(inputs[0].spatial) < 3  # ONNX Runtime convolves at most three
        total = self._along(build, squares, inputs) if channels_are_an_axis else self._across(build, squares, inputs)
        return (build.node("Div", [names[0], self._power(build, total)]),)

    def _along(self, build: Builder, squares: str, inputs: Types) -> str:
        """k + alpha / size * (sum over neighbours) as a convolution along the channels of an image with one more axis,
        whose own channels are one."""
        axes = len(inputs[0].spatial)
        build.afford(self.size, "weights")
        weight = build.floats([self.alpha / self.size] * self.size, (1, 1, self.size, *(1,) * axes))
        pads = ((self.size - 1) // 2, *(0,) * axes, self.size // 2, *(0,) * axes)
        image = build.node("Unsqueeze", [squares, build.ints([1])])
        kernel = (self.size, *(1,) * axes)
        total = build.node("Conv", [image, weight, build.floats([self.k])], kernel_shape=kernel, pads=pads)
        return build.node("Squeeze", [total, build.ints([1])])

    def _across(self, build: Builder, squares: str, inputs: Types) -> str:
        """The same as a 1x1 convolution whose matrix is a band."""
        channels = known_channels(self.word, inputs[0])
        build.afford(channels**2, "weights")
        first = -((self.size - 1) // 2)
        neighbours = range(first, first + self.size)
        factor = self.alpha / self.size
        rows = [factor if i - o in neighbours else 0.0 for o in range(channels) for i in range(channels)]
        window = (1,) * len(inputs[0].spatial)
        band, bias = build.floats(rows, (channels, channels, *window)), build.floats([self.k] * channels)
        return build.node("Conv", [squares, band, bias])

    def _power(self, build: Builder, total: str) -> str:
        """total^beta; square roots take a tenth of Pow's time."""
        if self.beta not in (0.5, 0.75):
            return build.node("Pow", [total, build.floats([self.beta], ())])
        root = build.node("Sqrt", [total])
        return root if self.beta == 0.5 else build.node("Mul", [root, build.node("Sqrt", [root])])

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import normalisation

        return (normalisation.local_response(xs[0], self.size, self.alpha, self.beta, self.k),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """u ((size + 5) t + 3 cumulated t) for the sum t, beta times that in the power, and its roundings."""
        from specc.kernels import normalisation_bounds

        return (normalisation_bounds.local_response_bound(xs[0], self.size, self.alpha, self.beta, self.k, u),)
