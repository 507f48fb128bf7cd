"""Transposed convolution: ONNX ConvTranspose-11/22, the gradient of a convolution used forwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import gcd, prod
from typing import TYPE_CHECKING, NamedTuple

from specc.dims import Dim, product
from specc.ops.base import Builder, Field, Op, Rejection, Types, Weight, under
from specc.ops.conv import check_groups
from specc.ops.fields import Naturals, Pad, PositiveInt, Values, Window
from specc.ops.weights import Bias, Init, bias_weights, transposed_weight
from specc.ops.windows import known_channels, pad_sides, per_axis, spatial_axes
from specc.types import SPATIAL_NAMES, TensorType

if TYPE_CHECKING:
    from specc.kernels.deconvolution import Spreading
    from specc.ops.base import Array


class _Axis(NamedTuple):
    """One axis, resolved: ONNX's attributes and the size that comes out."""

    kernel: int
    stride: int
    dilation: int
    begin: int
    end: int
    output_pad: int
    output: Dim

    @property
    def span(self) -> int:
        return self.dilation * (self.kernel - 1) + 1

    def arithmetic(self, size: Dim) -> str:
        """How the output size comes about from the input's."""
        return (
            f"({size} - 1) * {self.stride} + {self.span} + {self.output_pad} - {self.begin + self.end} = {self.output}"
        )


class Deconv(Op):
    """Transposed convolution, which enlarges by its stride: `deconv 64, 2x2, stride=2`.

    The output has (input - 1) * stride + dilation * (kernel - 1) + 1 + output_pad - pad samples on each axis;
    `pad=same` makes that input * stride, as TensorFlow does, what is cut off at the end being the larger part.
    """

    word = "deconv"
    slides = True
    positional = ("channels", "kernel")
    kernel_name = "weight"
    weighted_layers = 1

    channels: PositiveInt
    """Output channels."""
    kernel: Window
    """Window size."""
    stride: Window = (1,)
    """Distance between the windows that neighbouring input samples are spread over."""
    pad: Pad = "valid"
    """What is cut off the borders of the output."""
    output_pad: Naturals = (0,)
    """What is added to the end of the output."""
    dilation: Window = (1,)
    """Distance between the samples that a window writes."""
    groups: PositiveInt = 1
    """Number of groups that channels are split into; each output group sees one input group."""
    bias: Bias = True
    """Whether a bias is added, or its fixed values."""
    weight: Values | None = None
    """Fixed kernel values."""
    init: Init = "he_normal"
    """Initialiser of the kernel."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        axes = self.axes(x)
        check_groups(self.groups, known_channels(self.word, x), self.channels)
        return (TensorType((x.shape[0], self.channels, *(axis.output for axis in axes))),)

    def arithmetic(self, inputs: Types) -> tuple[str, ...]:
        (x,) = inputs
        names = SPATIAL_NAMES[len(x.spatial)]
        axes = zip(names, x.spatial, self.axes(x), strict=True)
        return tuple(f"{name}: {axis.arithmetic(size)}" for name, size, axis in axes)

    def choosing(self) -> tuple[tuple[Op, str], ...]:
        extras = () if any(self.output_pad) else range(1, min(max(self.stride), 64))
        return tuple((self.model_copy(update={"output_pad": (n,)}), f"output_pad={n}") for n in extras)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        (x,) = inputs
        kernel = (axis.kernel for axis in self.axes(x))
        shape = (known_channels(self.word, x), self.channels // self.groups, *kernel)
        return (transposed_weight(shape, self.weight, self.init, self.groups), *bias_weights(self.channels, self.bias))

    def by_channel(self, factors: Array, kernel: Array) -> Array:
        inputs, outputs, *window = kernel.shape
        spread = factors.reshape(self.groups, 1, outputs).repeat(inputs // self.groups, axis=1)
        return spread.reshape(inputs, outputs, *(1,) * len(window))

    def macs(self, inputs: Types, outputs: Types) -> Dim:
        """Every input sample times every weight it meets, whether or not padding cuts the product off."""
        (x,) = inputs
        kernel = tuple(axis.kernel for axis in self.axes(x))
        return x.elements * (self.channels // self.groups * product(kernel))

    def reach(self, inputs: Types) -> Field:
        """One output lies under at most ceil(span / stride) neighbouring windows."""
        return tuple(under(axis.span, axis.stride, axis.begin) for axis in self.axes(inputs[0]))

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        axes = self.axes(inputs[0])
        bias = [] if self.bias is False else [build.weight("bias")]
        return (
            build.node(
                "ConvTranspose",
                [names[0], build.weight("weight"), *bias],
                kernel_shape=tuple(axis.kernel for axis in axes),
                strides=tuple(axis.stride for axis in axes),
                dilations=tuple(axis.dilation for axis in axes),
                group=self.groups,
                pads=(*(axis.begin for axis in axes), *(axis.end for axis in axes)),
                output_padding=tuple(axis.output_pad for axis in axes),
            ),
        )

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.deconvolution import deconvolve

        return (deconvolve(xs[0], ws["weight"], ws.get("bias"), self._spreading()),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_k of a dot product over the input channels and those taps of the window that meet in one output."""
        from specc.kernels.bounds import dot_product
        from specc.kernels.deconvolution import deconvolve

        bias = ws.get("bias")
        magnitude = deconvolve(abs(xs[0]), abs(ws["weight"]), None if bias is None else abs(bias), self._spreading())
        return (dot_product(self.terms(xs, ws), magnitude, u),)

    def terms(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> int:
        weight = ws["weight"]
        axes = weight.ndim - 2
        strides, dilations = (value * (axes // len(value)) for value in (self.stride, self.dilation))
        meeting = prod(-(-k // (s // gcd(s, d))) for k, s, d in zip(weight.shape[2:], strides, dilations, strict=True))
        return int(weight.shape[0] // self.groups * meeting) + ("bias" in ws)

    def _spreading(self) -> Spreading:
        return {
            "stride": self.stride,
            "pad": self.pad,
            "dilation": self.dilation,
            "output_pad": self.output_pad,
            "groups": self.groups,
        }

    def axes(self, x: TensorType) -> list[_Axis]:
        count = spatial_axes(self.word, x)
        kernel, stride = per_axis(self.kernel, count, "kernel"), per_axis(self.stride, count, "stride")
        dilation, extra = per_axis(self.dilation, count, "dilation"), per_axis(self.output_pad, count, "output_pad")
        sides = None if isinstance(self.pad, str) else pad_sides(self.pad, count)
        axes = []
        for i, size in enumerate(x.spatial):
            name = SPATIAL_NAMES[count][i]
            if extra[i] >= stride[i]:
                raise _too_much_output_pad(extra[i], stride[i], name)
            side = sides[i] if sides else self._side(dilation[i] * (kernel[i] - 1) + 1 - stride[i], extra[i])
            axes.append(_axis(size, kernel[i], stride[i], dilation[i], side, extra[i], name))
        return axes

    def _side(self, surplus: int, extra: int) -> tuple[int, int]:
        """What `valid`, `same` or `same_lower` cuts off; negative where the end must grow instead."""
        if self.pad == "valid":
            return 0, 0
        if extra:
            raise Rejection(
                "E0305",
                f"pad={self.pad} settles the output's size, output_pad cannot change it",
                argument="output_pad",
                help="leave output_pad out, or give the padding as numbers",
            )
        if surplus < 0:
            return 0, surplus
        small, large = surplus // 2, surplus - surplus // 2
        return (small, large) if self.pad == "same" else (large, small)


def _axis(size: Dim, kernel: int, stride: int, dilation: int, side: tuple[int, int], extra: int, name: str) -> _Axis:
    begin, end = side
    extra, end = extra - min(end, 0), max(end, 0)
    output = (size - 1) * stride + dilation * (kernel - 1) + 1 + extra - begin - end
    axis = _Axis(kernel, stride, dilation, begin, end, extra, output)
    if isinstance(output, int) and output < 1:
        raise Rejection(
            "E0406",
            f"the padding cuts off all of the output in {name}",
            argument="pad",
            notes=[f"{name}: {axis.arithmetic(size)}"],
            help="use less padding: for `deconv` it is what is cut off the output",
        )
    return axis


def _too_much_output_pad(extra: int, stride: int, name: str) -> Rejection:
    return Rejection(
        "E0305",
        f"output_pad {extra} is not below the stride {stride} in {name}",
        argument="output_pad",
        notes=[f"{name}: {extra} >= {stride}"],
        help="output_pad chooses among the output sizes that a stride leaves open, one for each number below it",
    )
