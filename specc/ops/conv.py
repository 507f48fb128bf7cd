"""Convolution: ONNX Conv-11/22.  Cross-correlation, as every framework's "convolution" is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.dims import Dim, product
from specc.ops.base import Builder, Types, Weight
from specc.ops.fields import PositiveInt, Values
from specc.ops.weights import bias_weights, kernel_weight
from specc.ops.windowed import Learned, convolution_bound
from specc.ops.windows import check_divisible, known_channels, with_padding
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.kernels.large_bounds import Partial
    from specc.ops.base import Array


class Conv(Learned):
    """Convolution in 1, 2 or 3 dimensions, by the input's rank: `conv 64, 3x3, stride=2, pad=same, relu`."""

    word = "conv"
    positional = ("channels", "kernel")
    kernel_name = "weight"
    weighted_layers = 1
    widens = True

    channels: PositiveInt
    """Output channels."""
    groups: PositiveInt = 1
    """Number of groups that channels are split into; each output group sees one input group."""
    weight: Values | None = None
    """Fixed kernel values."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        windows = self.placed(x)
        check_groups(self.groups, known_channels(self.word, x), self.channels)
        return (TensorType((x.shape[0], self.channels, *(w.output for w in windows))),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        (x,) = inputs
        per_group = known_channels(self.word, x) // self.groups
        shape = (self.channels, per_group, *self.geometry(x).kernel)
        return (kernel_weight(shape, self.weight, self.init, self.groups), *bias_weights(self.channels, self.bias))

    def macs(self, inputs: Types, outputs: Types) -> Dim:
        (x,) = inputs
        per_group = known_channels(self.word, x) // self.groups
        return outputs[0].elements * (product(self.geometry(x).kernel) * per_group)

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
                group=self.groups,
                **padding,
            ),
        )

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.convolution import convolve

        return (convolve(xs[0], ws["weight"], ws.get("bias"), self.sliding(self.groups)),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_k (|x| * |w| + |b|), k = input channels / groups x window, and one more with a bias."""
        how = self.sliding(self.groups)
        return (convolution_bound(xs[0], ws["weight"], ws.get("bias"), how, self.terms(xs, ws), u),)

    def partial_bound(self, xs: Sequence[Array], ws: Mapping[str, Array], u: float) -> Partial | None:
        from specc.kernels.large_bounds import partial_bound

        return partial_bound(xs[0], ws["weight"], ws.get("bias"), self.sliding(self.groups), self.terms(xs, ws), u)

    def likely_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        from specc.kernels.bounds import dot_product
        from specc.kernels.large_bounds import likely_magnitude

        magnitude = likely_magnitude(xs[0], ws["weight"], ws.get("bias"), self.sliding(self.groups))
        if magnitude is None:
            return self.error_bound(xs, ws, ys, u)
        return (dot_product(self.terms(xs, ws), magnitude, u),)

    def excerpt(self, ws: Mapping[str, Array]) -> Mapping[str, Array]:
        from specc.kernels.large_bounds import first_channels

        return first_channels(ws) if self.groups == 1 else ws

    def terms(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> int:
        return int(ws["weight"][0].size) + ("bias" in ws)


def check_groups(groups: int, inputs: int, outputs: int) -> None:
    """Raise E0405 unless `groups` divides the numbers of input and output channels."""
    check_divisible(inputs, groups, "input ")
    check_divisible(outputs, groups, "output ", argument="channels")
