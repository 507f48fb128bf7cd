"""Layer normalisation: over the channels at each position, over the last axes, or over the whole item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, Literal

from specc.core import PydanticCustomError
from specc.ops.axes import spoken_axes
from specc.ops.base import Builder, Field, Rejection, Types, Weight
from specc.ops.families import Uncounted
from specc.ops.fields import PositiveReal, whole
from specc.ops.norm import channel_affine
from specc.ops.ordered import permuted
from specc.ops.windows import known_channels
from specc.record import Before
from specc.types import Layout, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


def _over(value: Any) -> Any:
    if isinstance(value, str):
        if value in ("channels", "all"):
            return value
        raise PydanticCustomError("specc_choice", "takes `channels`, `all`, or the number of the first axis")
    return whole(value)


class LayerNorm(Uncounted):
    """Layer normalisation (Ba et al., 2016).

    `over=channels` normalises the channels at each position, with a scale and bias per channel, as ConvNeXt's
    LayerNorm2d and Keras do; `over=all` normalises each item as a whole, with a scale and bias per element, as
    PyTorch's `LayerNorm((C, H, W))` does; `over=-1` normalises along the last axis as written, as transformers do
    with tokens x features, `over=1` along all axes from number 1 on.  On a flat value all are the same.

    With `statistics=true` it has three results: `y, mean, inverse: layernorm statistics=true` gives the mean and
    1 / sqrt(variance + eps) too.

    ONNX LayerNormalization-17 normalises the last axes only.  Channels are not last in an image, and below
    opset 17 there is no such operator: both are composed of ReduceMean and arithmetic, without a transpose.  Only
    the operator gives statistics, so that those of channels cost a transpose and need opset 17.
    """

    word = "layernorm"
    approximated = True
    context = ("layout",)

    eps: PositiveReal = 1e-5
    """Added to the variance."""
    over: Annotated[Literal["channels", "all"] | int, Before(_over)] = "channels"
    """What is normalised together: the channels, everything, or the axes as written from this one on."""
    affine: bool = True
    """Whether a learned scale and bias follow."""
    statistics: bool = False
    """Whether the mean and the inverse standard deviation are results as well."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        self._weight_shape(x)
        if not self.statistics:
            return inputs
        axes = self._axes(x)
        reduced = TensorType(tuple(1 if axis in axes else size for axis, size in enumerate(x.shape)))
        return (x, reduced, reduced)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        if not self.affine:
            return ()
        shape = self._weight_shape(inputs[0])
        return (Weight("weight", shape, 1.0), Weight("bias", shape, 0.0))

    def reach(self, inputs: Types) -> Field:
        return () if self._axes(inputs[0]) == (1,) else None

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        (x,) = inputs
        axes = self._axes(x)
        if build.opset >= 17 and axes == tuple(range(axes[0], x.rank + 1)):
            return self._operator(build, names[0], x, axes[0])
        if not self.statistics:
            return (self._affine(build, self._composed(build, names[0], axes), inputs),)
        if build.opset < 17:
            raise build.unsupported("`layernorm` with its statistics", since=17)
        last = permuted(build, names[0], (*range(2, x.rank + 1), 1))
        results = self._operator(build, last, x, x.rank)
        return [permuted(build, result, (x.rank, *range(1, x.rank))) for result in results]

    def _operator(self, build: Builder, name: str, x: TensorType, axis: int) -> Sequence[str]:
        """The ONNX operator, over the axes from `axis` on."""
        if self.affine:
            operands = [name, build.weight("weight"), build.weight("bias")]
        else:
            shape = self._weight_shape(x)
            build.afford(prod(shape), "scales")
            operands = [name, build.floats([1.0] * prod(shape), shape)]
        count = 3 if self.statistics else 1
        return build.nodes("LayerNormalization", operands, count, axis=axis, epsilon=self.eps)

    def _composed(self, build: Builder, x: str, axes: tuple[int, ...]) -> str:
        """(x - mean) / sqrt(mean((x - mean)^2) + eps)."""
        centred = build.node("Sub", [x, _mean(build, x, axes)])
        variance = _mean(build, build.node("Mul", [centred, centred]), axes)
        deviation = build.node("Sqrt", [build.node("Add", [variance, build.floats([self.eps], ())])])
        return build.node("Div", [centred, deviation])

    def _affine(self, build: Builder, normal: str, inputs: Types) -> str:
        if not self.affine:
            return normal
        if self._axes(inputs[0]) == (1,):
            return channel_affine(build, normal, inputs)
        scaled = build.node("Mul", [normal, build.weight("weight")])
        return build.node("Add", [scaled, build.weight("bias")])

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import layer_normalisation

        results = layer_normalisation.layer(xs[0], ws, self.eps, self.over, self.layout)
        return results if self.statistics else results[:1]

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """The errors of mean, deviation, variance and affine part one after the other."""
        from specc.kernels import layer_normalisation

        bounds = layer_normalisation.bounds(xs[0], ws, self.eps, self.over, self.layout, u)
        return bounds if self.statistics else bounds[:1]

    def _axes(self, x: TensorType) -> tuple[int, ...]:
        """The canonical axes that are normalised together: the channels, or some of the last."""
        if self.over == "channels":
            return (1,)
        spoken = spoken_axes(x.rank, self.layout)
        first = 0 if self.over == "all" else self.over
        assert isinstance(first, int)
        if not -x.rank <= first < x.rank:
            raise self._refusal(x, "E0305", f"axis {first} does not exist in {x.text(self.layout)}")
        axes = tuple(sorted(spoken[first:]))
        if axes not in ((1,), tuple(range(axes[0], x.rank + 1))):
            raise self._refusal(x, "E0305", f"`over={first}` would normalise channels with some of the positions only")
        return axes

    def _refusal(self, x: TensorType, code: str, message: str) -> Rejection:
        return Rejection(code, message, argument="over", inputs={0: x.text(self.layout)})

    def _weight_shape(self, x: TensorType) -> tuple[int, ...]:
        axes = self._axes(x)
        if axes == (1,):
            return (known_channels(self.word, x),)
        sizes = tuple(size for axis in axes if isinstance(size := x.shape[axis], int))
        if len(sizes) == len(axes):
            return sizes
        raise Rejection(
            "E0407",
            "`layernorm` over all sizes needs every one of them known",
            argument="over",
            inputs={0: x.text()},
            help="`over=channels` works at any size; so does `groupnorm 1`",
        )


def _mean(build: Builder, x: str, axes: tuple[int, ...]) -> str:
    """The mean over `axes`, kept as axes of size 1: ReduceMean-13 takes them as an attribute, -18 as an input."""
    if build.opset < 18:
        return build.node("ReduceMean", [x], axes=axes, keepdims=1)
    return build.node("ReduceMean", [x, build.ints(axes)], keepdims=1)
