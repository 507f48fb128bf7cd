"""Convolution: ONNX Conv-11/22.  Cross-correlation, as every framework's "convolution" is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from specc.dims import Dim, Divides, product
from specc.ops.base import Builder, Field, Finding, Op, Reach, Rejection, Types, Weight
from specc.ops.fields import Border, Pad, PositiveInt, Round, Values, Window
from specc.ops.weights import Bias, Init, bias_weights, kernel_weight
from specc.ops.windows import (
    AxisWindow,
    dropped_remarks,
    known_channels,
    per_axis,
    slide,
    spatial_axes,
    tiling_conditions,
    with_padding,
)
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.kernels.convolution import Sliding
    from specc.ops.base import Array


class Conv(Op):
    """Convolution in 1, 2 or 3 dimensions, by the input's rank: `conv 64, 3x3, stride=2, pad=same, relu`."""

    word: ClassVar[str] = "conv"
    positional: ClassVar[tuple[str, ...]] = ("channels", "kernel")
    weighted_layers: ClassVar[int] = 1

    channels: PositiveInt
    """Output channels."""
    kernel: Window
    """Window size."""
    stride: Window = (1,)
    """Step of the window."""
    pad: Pad = "valid"
    """Padding around the input."""
    dilation: Window = (1,)
    """Distance between the samples that a window reads."""
    groups: PositiveInt = 1
    """Number of groups that channels are split into; each output group sees one input group."""
    bias: Bias = True
    """Whether a bias is added, or its fixed values."""
    border: Border = "zeros"
    """What the padding holds."""
    round: Round = "floor"
    """What happens where the stride does not tile the input."""
    weight: Values | None = None
    """Fixed kernel values."""
    init: Init = "he_normal"
    """Initialiser of the kernel."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        windows = self._windows(x)
        self._check_groups(known_channels(self.word, x))
        return (TensorType((x.shape[0], self.channels, *(w.output for w in windows))),)

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        (x,) = inputs
        return tiling_conditions(x, *self._geometry(x))

    def remarks(self, inputs: Types) -> tuple[Finding, ...]:
        return dropped_remarks(inputs[0], self._windows(inputs[0]))

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        (x,) = inputs
        kernel = per_axis(self.kernel, len(x.spatial), "kernel")
        per_group = known_channels(self.word, x) // self.groups
        shape = (self.channels, per_group, *kernel)
        return (kernel_weight(shape, self.weight, self.init, self.groups), *bias_weights(self.channels, self.bias))

    def macs(self, inputs: Types, outputs: Types) -> Dim:
        kernel = per_axis(self.kernel, len(inputs[0].spatial), "kernel")
        return outputs[0].elements * (product(kernel) * (known_channels(self.word, inputs[0]) // self.groups))

    def reach(self, inputs: Types) -> Field:
        kernel, stride, _, dilation, _ = self._geometry(inputs[0])
        return tuple(Reach(d * (k - 1) + 1, Fraction(s)) for k, s, d in zip(kernel, stride, dilation, strict=True))

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        kernel, stride, _, dilation, _ = self._geometry(inputs[0])
        source, padding = with_padding(build, names[0], self._windows(inputs[0]), self.pad, self.border)
        operands = [source, build.weight("weight")]
        if self.bias is not False:
            operands.append(build.weight("bias"))
        return (
            build.node(
                "Conv",
                operands,
                kernel_shape=kernel,
                strides=stride,
                dilations=dilation,
                group=self.groups,
                **padding,
            ),
        )

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.convolution import convolve

        return (convolve(xs[0], ws["weight"], ws.get("bias"), **self._sliding()),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        from specc.kernels.bounds import dot_product
        from specc.kernels.convolution import convolve

        bias = ws.get("bias")
        terms = ws["weight"][0].size + (bias is not None)
        magnitude = convolve(abs(xs[0]), abs(ws["weight"]), None if bias is None else abs(bias), **self._sliding())
        return (dot_product(terms, magnitude, u),)

    def _sliding(self) -> Sliding:
        return {
            "stride": self.stride,
            "pad": self.pad,
            "dilation": self.dilation,
            "groups": self.groups,
            "border": self.border,
            "rounding": self.round,
        }

    def _geometry(self, x: TensorType) -> tuple[tuple[int, ...], tuple[int, ...], Pad, tuple[int, ...], Round]:
        axes = spatial_axes(self.word, x)
        return (
            per_axis(self.kernel, axes, "kernel"),
            per_axis(self.stride, axes, "stride"),
            self.pad,
            per_axis(self.dilation, axes, "dilation"),
            self.round,
        )

    def _windows(self, x: TensorType) -> list[AxisWindow]:
        return slide(x, *self._geometry(x))

    def _check_groups(self, channels: int) -> None:
        for what, count in (("input", channels), ("output", self.channels)):
            if count % self.groups:
                raise Rejection(
                    "E0405",
                    f"{self.groups} groups do not divide the {count} {what} channels",
                    argument="groups" if what == "input" else "channels",
                    notes=[f"{count} / {self.groups} = {count / self.groups:.2f}"],
                )
