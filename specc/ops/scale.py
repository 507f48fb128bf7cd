"""Learned numbers for each channel or element: `scale`, `bias`, and `prelu` whose factor applies below 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from specc.ops.base import Builder, Field, Types, Weight
from specc.ops.families import Uncounted
from specc.ops.fields import Values
from specc.ops.weights import Bias, Init, fit
from specc.ops.windows import known_channels, known_sizes
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


Kind: TypeAlias = Literal["parameter", "buffer"]


def kind_of(buffer: bool) -> Kind:
    return "buffer" if buffer else "parameter"


def channel_shape(word: str, x: TensorType) -> tuple[int, ...]:
    """(channels, 1, ...): one value per channel, in the shape that broadcasts against an item of `x`."""
    return (known_channels(word, x), *(1,) * len(x.spatial))


def _factor(word: str, x: TensorType, name: str, fixed: Values, init: str | float) -> Weight:
    """One value per channel; fixed values are one number or one for each."""
    shape = channel_shape(word, x)
    return Weight(name, shape, init, fixed=None if fixed is None else fit(name, fixed, shape[:1]))


def _each(word: str, x: TensorType, name: str, fixed: Values, init: str | float) -> Weight:
    """One value per element of an item; fixed values are one number, or a matrix that fits the last axes."""
    shape = known_sizes(word, x, "elementwise")
    return Weight(name, shape, init, fixed=None if fixed is None else fit(name, fixed, shape))


def _one(name: str, fixed: Values, init: str | float) -> Weight:
    """One value for all of an item."""
    return Weight(name, (1,), init, fixed=None if fixed is None else fit(name, fixed, (1,)))


class Scale(Uncounted):
    """weight x + bias per channel, learned; ConvNeXt's layer scale is `scale init=1e-6` (Touvron et al., 2021).

    A single number for all is `scale shared=true, init=0`, as ReZero (Bachlechner et al., 2020) and SAGAN's gamma
    (Zhang et al., 2019) have it.  A factor that is not learned is no parameter: `mul 0.17`.  A bias alone is `bias`.
    """

    word = "scale"

    bias: Bias = False
    """Whether a bias is added, or its fixed values."""
    init: Init = 1.0
    """Initialiser of the weight."""
    weight: Values | None = None
    """Fixed factors: one number, or one for each channel."""
    elementwise: bool = False
    """One factor and bias for each element of an item, not for each channel."""
    shared: bool = False
    """One factor for all of an item; a bias remains one for each channel or element."""
    buffer: bool = False
    """Kept with the weights, but not trained, and counted as no parameter: PyTorch's buffers."""

    def infer(self, inputs: Types) -> Types:
        self.weights(inputs)
        return inputs

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        weight = _one("weight", self.weight, self.init) if self.shared else None
        weight = weight or self._factor(inputs[0], "weight", self.weight, self.init)
        found = [weight]
        if self.bias is not False:
            found.append(self._factor(inputs[0], "bias", None if self.bias is True else self.bias, 0.0))
        return tuple([each._replace(kind=kind_of(self.buffer)) for each in found])

    def _factor(self, x: TensorType, name: str, fixed: Values, init: str | float) -> Weight:
        return (_each if self.elementwise else _factor)(self.word, x, name, fixed, init)

    def reach(self, inputs: Types) -> Field:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        scaled = build.node("Mul", [names[0], build.weight("weight")])
        return (scaled if self.bias is False else build.node("Add", [scaled, build.weight("bias")]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        scaled = xs[0] * ws["weight"]
        return (scaled + ws["bias"] if "bias" in ws else scaled,)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_2 (|x weight| + |bias|)."""
        from specc.kernels.bounds import dot_product

        magnitude = abs(xs[0] * ws["weight"])
        return (dot_product(2, magnitude + abs(ws["bias"]) if "bias" in ws else magnitude, u),)


class LearnedBias(Uncounted):
    """x + bias per channel, learned.

    A learned embedding of positions, as transformers add to their tokens, is `bias elementwise=true`.  What is added
    without being learned is no parameter: `add 3`; a tensor that is kept but not trained is `bias buffer=true`.
    """

    word = "bias"

    init: Init = 0.0
    """Initialiser of the bias."""
    elementwise: bool = False
    """One number for each element of an item, not for each channel."""
    shared: bool = False
    """One number for all of an item."""
    buffer: bool = False
    """Kept with the weights, but not trained, and counted as no parameter: PyTorch's buffers."""

    def infer(self, inputs: Types) -> Types:
        self.weights(inputs)
        return inputs

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        if self.shared:
            bias = _one("bias", None, self.init)
        else:
            bias = (_each if self.elementwise else _factor)(self.word, inputs[0], "bias", None, self.init)
        return (bias._replace(kind=kind_of(self.buffer)),)

    def reach(self, inputs: Types) -> Field:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (build.node("Add", [names[0], build.weight("bias")]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        return (xs[0] + ws["bias"],)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_1 (|x| + |bias|)."""
        from specc.kernels.bounds import dot_product

        return (dot_product(1, abs(xs[0]) + abs(ws["bias"]), u),)


class PRelu(Uncounted):
    """x where x >= 0, else a learned slope times x (He et al., 2015): ONNX PRelu-9/16."""

    word = "prelu"
    is_activation = True

    shared: bool = False
    """One slope for all channels, as PyTorch's `PReLU()` has it, instead of one for each."""
    elementwise: bool = False
    """One slope for each element of an item, as Keras's `PReLU()` has it."""
    init: Init = 0.25
    """Initialiser of the slope."""
    weight: Values | None = None
    """Fixed slopes: one number, or one for each channel."""

    def infer(self, inputs: Types) -> Types:
        self.weights(inputs)
        return inputs

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        if self.shared:
            return (_one("weight", self.weight, self.init),)
        if self.elementwise:
            return (_each(self.word, inputs[0], "weight", self.weight, self.init),)
        return (_factor(self.word, inputs[0], "weight", self.weight, self.init),)

    def reach(self, inputs: Types) -> Field:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (build.node("PRelu", [names[0], build.weight("weight")]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import activation

        return (activation.prelu(xs[0], ws["weight"]),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_2 |y| below 0, else 0."""
        from specc.kernels import activation_bounds

        return (activation_bounds.leaky_relu(xs[0], ys[0], u),)
