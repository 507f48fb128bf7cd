"""Piecewise linear activations and their exponential relatives: what most networks put behind a layer."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from specc.ops.base import Builder, Rejection, Types
from specc.ops.families import Activation
from specc.ops.fields import PositiveReal, Real

if TYPE_CHECKING:
    from specc.ops.base import Array


class Identity(Activation):
    """The value itself, under a name of its own where one is wanted; of several values their list, without a layer."""

    word = "identity"
    passes_on = True

    def emit(self, build: Builder, x: str) -> str:
        return x

    def value(self, x: Array) -> Array:
        return x

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """0."""
        from specc.kernels.bounds import exact

        return exact(y)


class Abs(Activation):
    """|x|: ONNX Abs-13."""

    word = "abs"

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Abs", [x])

    def value(self, x: Array) -> Array:
        return abs(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """0."""
        from specc.kernels.bounds import exact

        return exact(y)


class _Clipping(Activation):
    """min(max(x, low), high): ONNX Clip-13."""

    @abstractmethod
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest value."""

    def emit(self, build: Builder, x: str) -> str:
        low, high = self.limits()
        return build.node("Clip", [x, build.floats([low], ()), build.floats([high], ())])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.clip(x, *self.limits())

    def value_over(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.clip(x, *self.limits(), out=x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """The rounding of a limit that float32 does not hold; else 0."""
        from specc.kernels import activation_bounds

        return activation_bounds.clip(y, u, *self.limits())


class Relu6(_Clipping):
    """min(max(x, 0), 6) (Krizhevsky, 2010; MobileNet)."""

    word = "relu6"

    def limits(self) -> tuple[float, float]:
        return 0.0, 6.0


class HardTanh(_Clipping):
    """min(max(x, -1), 1)."""

    word = "hardtanh"

    def limits(self) -> tuple[float, float]:
        return -1.0, 1.0


class Clip(_Clipping):
    """Values cut to the range from `min` to `max`: `clip 0, 1`."""

    word = "clip"
    positional = ("min", "max")
    is_activation = False

    min: Real
    """The lowest value."""
    max: Real
    """The highest value."""

    def infer(self, inputs: Types) -> Types:
        if self.min > self.max:
            raise Rejection(
                "E0305", f"the lowest value {self.min:g} is above the highest, {self.max:g}", argument="min"
            )
        return super().infer(inputs)

    def limits(self) -> tuple[float, float]:
        return self.min, self.max


class LeakyRelu(Activation):
    """x where x >= 0, else alpha x: ONNX LeakyRelu-6/16."""

    word = "leaky_relu"
    positional = ("alpha",)

    alpha: Real = 0.01
    """Slope below 0."""

    def emit(self, build: Builder, x: str) -> str:
        return build.node("LeakyRelu", [x], alpha=self.alpha)

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.leaky_relu(x, self.alpha)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_2 |y| below 0 (slope and product), else 0."""
        from specc.kernels import activation_bounds

        return activation_bounds.leaky_relu(x, y, u)


class ThresholdedRelu(Activation):
    """x where x > alpha, else 0: ONNX ThresholdedRelu-10/22."""

    word = "thresholded_relu"
    jumps = True
    positional = ("alpha",)

    alpha: Real = 1.0
    """The threshold, in float32 as ONNX keeps it."""

    def emit(self, build: Builder, x: str) -> str:
        return build.node("ThresholdedRelu", [x], alpha=self.alpha)

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.thresholded_relu(x, self.alpha)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """0."""
        from specc.kernels.bounds import exact

        return exact(y)


class Elu(Activation):
    """x where x > 0, else alpha (exp(x) - 1) (Clevert et al., 2015): ONNX Elu-6/22."""

    word = "elu"
    positional = ("alpha",)

    alpha: Real = 1.0
    """The limit below 0 is -alpha."""

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Elu", [x], alpha=self.alpha)

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.elu(x, self.alpha)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_4 |y|, and 4 u alpha below 0 (measured, doubled)."""
        from specc.kernels import activation_bounds

        return activation_bounds.elu(x, y, u, self.alpha)


class Selu(Activation):
    """ELU scaled so that activations normalise themselves (Klambauer et al., 2017): ONNX Selu-6/22."""

    word = "selu"

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Selu", [x])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.selu(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_4 |y|, and 4 u x 1.758 below 0 (measured, doubled)."""
        from specc.kernels import activation_bounds

        return activation_bounds.elu(x, y, u, activation_bounds.SELU_LIMIT)


class Celu(Activation):
    """max(0, x) + min(0, alpha (exp(x / alpha) - 1)) (Barron, 2017): ONNX Celu-12."""

    word = "celu"
    positional = ("alpha",)

    alpha: PositiveReal = 1.0
    """The limit below 0 is -alpha."""

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Celu", [x], alpha=self.alpha)

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.celu(x, self.alpha)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_4 |y|, and 4 u alpha below 0 (measured, doubled)."""
        from specc.kernels import activation_bounds

        return activation_bounds.elu(x, y, u, self.alpha)
