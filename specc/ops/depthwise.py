"""Depthwise convolution: every channel is filtered by itself.  ONNX Conv-11/22 with as many groups as channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.dims import Dim, product
from specc.ops.base import Builder, Types, Weight
from specc.ops.fields import PositiveInt, Values
from specc.ops.weights import bias_weights, kernel_weight
from specc.ops.windowed import Learned, convolution_bound
from specc.ops.windows import known_channels, with_padding
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class Depthwise(Learned):
    """A kernel, or several, of its own for each channel: `depthwise 3x3, pad=same`.

    Output channels `c * multiplier` up to `(c + 1) * multiplier` come from input channel `c`.  A single matrix as
    `weight` filters every channel.
    """

    word = "depthwise"
    positional = ("kernel",)
    kernel_name = "weight"
    weighted_layers = 1

    multiplier: PositiveInt = 1
    """Output channels for each input channel."""
    weight: Values | None = None
    """Fixed kernel values."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        windows = self.placed(x)
        return (TensorType((x.shape[0], self._channels(x), *(w.output for w in windows))),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        (x,) = inputs
        channels = self._channels(x)
        shape = (channels, 1, *self.geometry(x).kernel)
        groups = channels // self.multiplier
        return (kernel_weight(shape, self.weight, self.init, groups), *bias_weights(channels, self.bias))

    def macs(self, inputs: Types, outputs: Types) -> Dim:
        return outputs[0].elements * product(self.geometry(inputs[0]).kernel)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        (x,) = inputs
        how = self.geometry(x)
        source, padding = with_padding(build, names[0], self.placed(x), self.pad, self.border)
        bias = [] if self.bias is False else [build.weight("bias")]
        return (
            build.node(
                "Conv",
                [source, build.weight("weight"), *bias],
                kernel_shape=how.kernel,
                strides=how.stride,
                dilations=how.dilation,
                group=known_channels(self.word, x),
                **padding,
            ),
        )

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.convolution import convolve

        return (convolve(xs[0], ws["weight"], ws.get("bias"), self.sliding(xs[0].shape[1])),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_k (|x| * |w| + |b|), k = input channels / groups x window, and one more with a bias."""
        how = self.sliding(xs[0].shape[1])
        return (convolution_bound(xs[0], ws["weight"], ws.get("bias"), how, self.terms(xs, ws), u),)

    def terms(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> int:
        return int(ws["weight"][0].size) + ("bias" in ws)

    def _channels(self, x: TensorType) -> int:
        return known_channels(self.word, x) * self.multiplier
