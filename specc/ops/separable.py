"""Depthwise separable convolution (Howard et al., 2017; Chollet, 2017): two ONNX Conv-11/22 nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.dims import Dim, product
from specc.ops.base import Builder, Types, Weight
from specc.ops.fields import PositiveInt
from specc.ops.weights import bias_weights, kernel_weight
from specc.ops.windowed import Learned
from specc.ops.windows import known_channels, with_padding
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.kernels.convolution import Sliding
    from specc.ops.base import Array


class Separable(Learned):
    """A depthwise convolution without bias, then a 1x1 convolution over all channels: `separable 64, 3x3, pad=same`."""

    word = "separable"
    positional = ("channels", "kernel")
    kernel_name = "pointwise.weight"
    weighted_layers = 2

    channels: PositiveInt
    """Output channels."""
    multiplier: PositiveInt = 1
    """Channels between the two convolutions for each input channel."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        windows = self.placed(x)
        known_channels(self.word, x)
        return (TensorType((x.shape[0], self.channels, *(w.output for w in windows))),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        (x,) = inputs
        kernel = self.geometry(x).kernel
        middle, groups = self._middle(x), known_channels(self.word, x)
        depthwise = kernel_weight((middle, 1, *kernel), None, self.init, groups)
        pointwise = kernel_weight((self.channels, middle, *(1,) * len(kernel)), None, self.init)
        return (
            depthwise._replace(name="depthwise.weight"),
            pointwise._replace(name="pointwise.weight"),
            *(bias._replace(name="pointwise.bias") for bias in bias_weights(self.channels, self.bias)),
        )

    def macs(self, inputs: Types, outputs: Types) -> Dim:
        (x,) = inputs
        middle = self._middle(x)
        return product(outputs[0].spatial) * middle * (product(self.geometry(x).kernel) + self.channels)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        (x,) = inputs
        how = self.geometry(x)
        source, padding = with_padding(build, names[0], self.placed(x), self.pad, self.border)
        middle = build.node(
            "Conv",
            [source, build.weight("depthwise.weight")],
            kernel_shape=how.kernel,
            strides=how.stride,
            dilations=how.dilation,
            group=known_channels(self.word, x),
            **padding,
        )
        bias = [] if self.bias is False else [build.weight("pointwise.bias")]
        ones = (1,) * len(how.kernel)
        return (build.node("Conv", [middle, build.weight("pointwise.weight"), *bias], kernel_shape=ones),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        return (self._stages(xs[0], ws["depthwise.weight"], ws["pointwise.weight"], ws.get("pointwise.bias"))[1],)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """The first stage's bound goes through the second stage's |weights|, and adds to that stage's own."""
        from specc.kernels.bounds import dot_product

        depthwise, pointwise, bias = abs(ws["depthwise.weight"]), abs(ws["pointwise.weight"]), ws.get("pointwise.bias")
        middle, magnitude = self._stages(abs(xs[0]), depthwise, pointwise, None if bias is None else abs(bias))
        first = dot_product(depthwise[0].size, middle, u)
        carried = self._second(first, pointwise, None)
        terms = pointwise[0].size + (bias is not None)
        return (carried + dot_product(terms, magnitude + carried, u),)

    def _stages(self, x: Array, depthwise: Array, pointwise: Array, bias: Array | None) -> tuple[Array, Array]:
        from specc.kernels.convolution import convolve

        middle = convolve(x, depthwise, None, self.sliding(x.shape[1]))
        return middle, self._second(middle, pointwise, bias)

    def _second(self, middle: Array, pointwise: Array, bias: Array | None) -> Array:
        from specc.kernels.convolution import convolve

        how: Sliding = {
            "stride": (1,), "pad": "valid", "dilation": (1,), "rounding": "floor", "groups": 1, "border": "zeros",
        }  # fmt: skip
        return convolve(middle, pointwise, bias, how)

    def _middle(self, x: TensorType) -> int:
        return known_channels(self.word, x) * self.multiplier
