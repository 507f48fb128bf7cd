"""Layer normalisation: over the channels at each position, or over the whole item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from specc.ops.base import Builder, Field, Rejection, Types, Weight
from specc.ops.families import Uncounted
from specc.ops.fields import PositiveReal
from specc.ops.norm import channel_affine
from specc.ops.windows import known_channels

if TYPE_CHECKING:
    from specc.ops.base import Array


class LayerNorm(Uncounted):
    """Layer normalisation (Ba et al., 2016).

    `over=channels` normalises the channels at each position, with a scale and bias per channel, as ConvNeXt's
    LayerNorm2d and Keras do; `over=all` normalises each item as a whole, with a scale and bias per element, as
    PyTorch's `LayerNorm((C, H, W))` does.  On a flat value the two are the same.

    ONNX LayerNormalization-17 normalises the last axes only.  Channels are not last in an image, and below
    opset 17 there is no such operator: both are composed of ReduceMean and arithmetic, without a transpose.
    """

    word: ClassVar[str] = "layernorm"

    eps: PositiveReal = 1e-5
    """Added to the variance."""
    over: Literal["channels", "all"] = "channels"
    """What is normalised together."""
    affine: bool = True
    """Whether a learned scale and bias follow."""

    def infer(self, inputs: Types) -> Types:
        self._weight_shape(inputs)
        return inputs

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        if not self.affine:
            return ()
        shape = self._weight_shape(inputs)
        return (Weight("weight", shape, 1.0), Weight("bias", shape, 0.0))

    def reach(self, inputs: Types) -> Field:
        return () if self.over == "channels" else None

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        if self._last_axes(inputs) and build.opset >= 17:
            return (self._operator(build, names[0], inputs),)
        axes = (1,) if self.over == "channels" else tuple(range(1, inputs[0].rank + 1))
        normal = self._composed(build, names[0], axes)
        if not self.affine:
            return (normal,)
        if self.over == "channels":
            return (channel_affine(build, normal, inputs),)
        scaled = build.node("Mul", [normal, build.weight("weight")])
        return (build.node("Add", [scaled, build.weight("bias")]),)

    def _operator(self, build: Builder, x: str, inputs: Types) -> str:
        if self.affine:
            operands = [x, build.weight("weight"), build.weight("bias")]
        else:
            shape = self._weight_shape(inputs)
            count = 1
            for size in shape:
                count *= size
            operands = [x, build.floats([1.0] * count, shape)]
        return build.node("LayerNormalization", operands, axis=1, epsilon=self.eps)

    def _composed(self, build: Builder, x: str, axes: tuple[int, ...]) -> str:
        """(x - mean) / sqrt(mean((x - mean)^2) + eps)."""
        centred = build.node("Sub", [x, _mean(build, x, axes)])
        variance = _mean(build, build.node("Mul", [centred, centred]), axes)
        deviation = build.node("Sqrt", [build.node("Add", [variance, build.floats([self.eps], ())])])
        return build.node("Div", [centred, deviation])

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import normalisation

        return (normalisation.layer(xs[0], ws, self.eps, self.over),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """The errors of mean, deviation, variance and affine part one after the other."""
        from specc.kernels import normalisation_bounds

        return (normalisation_bounds.layer(xs[0], ws, self.eps, self.over, u),)

    def _last_axes(self, inputs: Types) -> bool:
        return self.over == "all" or inputs[0].rank == 1

    def _weight_shape(self, inputs: Types) -> tuple[int, ...]:
        (x,) = inputs
        if self.over == "channels":
            return (known_channels(self.word, x),)
        sizes = tuple(size for size in x.shape[1:] if isinstance(size, int))
        if len(sizes) != x.rank:
            raise Rejection(
                "E0407",
                "`layernorm` over all sizes needs every one of them known",
                argument="over",
                inputs={0: x.text()},
                help="`over=channels` works at any size; so does `groupnorm 1`",
            )
        return sizes


def _mean(build: Builder, x: str, axes: tuple[int, ...]) -> str:
    """The mean over `axes`, kept as axes of size 1: ReduceMean-13 takes them as an attribute, -18 as an input."""
    if build.opset < 18:
        return build.node("ReduceMean", [x], axes=axes, keepdims=1)
    return build.node("ReduceMean", [x, build.ints(axes)], keepdims=1)
