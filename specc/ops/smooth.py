"""Activations made of exponentials and error functions, and their piecewise linear stand-ins."""

from __future__ import annotations

from math import pi, sqrt
from typing import TYPE_CHECKING, Literal

from specc.ops.base import Builder
from specc.ops.families import Activation
from specc.ops.fields import Real

if TYPE_CHECKING:
    from specc.ops.base import Array


class Sigmoid(Activation):
    """1 / (1 + exp(-x)): ONNX Sigmoid-13."""

    word = "sigmoid"

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Sigmoid", [x])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.sigmoid(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """6 u, absolute (measured, doubled)."""
        from specc.kernels import activation_bounds

        return activation_bounds.sigmoid(y, u)


class Tanh(Activation):
    """The hyperbolic tangent: ONNX Tanh-13."""

    word = "tanh"

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Tanh", [x])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.tanh(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_12 |y| (measured, doubled)."""
        from specc.kernels import activation_bounds

        return activation_bounds.tanh(y, u)


class Exp(Activation):
    """exp(x): ONNX Exp-13."""

    word = "exp"

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Exp", [x])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.exp(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_6 |y| (measured, doubled)."""
        from specc.kernels import activation_bounds

        return activation_bounds.exp(y, u)


class Softplus(Activation):
    """log(1 + exp(x)): ONNX Softplus-1/22."""

    word = "softplus"

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Softplus", [x])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.softplus(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_12 |y| (measured, doubled)."""
        from specc.kernels import activation_bounds

        return activation_bounds.softplus(y, u)


class Softsign(Activation):
    """x / (1 + |x|): ONNX Softsign-1/22."""

    word = "softsign"

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Softsign", [x])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.softsign(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_5 |y|."""
        from specc.kernels import activation_bounds

        return activation_bounds.softsign(y, u)


class Silu(Activation):
    """x sigmoid(x), also called swish (Elfwing et al., 2017)."""

    word = "silu"

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Mul", [x, build.node("Sigmoid", [x])])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.silu(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """6 u |x| + gamma_2 |y|: sigmoid and a product."""
        from specc.kernels import activation_bounds

        return activation_bounds.silu(x, y, u)


class Mish(Activation):
    """x tanh(softplus(x)) (Misra, 2019): ONNX Mish-18/22, composed below opset 18."""

    word = "mish"

    def emit(self, build: Builder, x: str) -> str:
        if build.opset >= 18:
            return build.node("Mish", [x])
        return build.node("Mul", [x, build.node("Tanh", [build.node("Softplus", [x])])])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.mish(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_26 |y|: softplus, tanh and a product."""
        from specc.kernels import activation_bounds

        return activation_bounds.mish(x, y, u)


class HardSigmoid(Activation):
    """min(max(alpha x + beta, 0), 1): ONNX HardSigmoid-6/22.

    The default slope is 1/6, that of MobileNetV3, PyTorch and `hardswish`; ONNX's own default is 0.2.
    """

    word = "hardsigmoid"
    positional = ("alpha", "beta")

    alpha: Real = 1 / 6
    """Slope."""
    beta: Real = 0.5
    """Value at 0."""

    def emit(self, build: Builder, x: str) -> str:
        return build.node("HardSigmoid", [x], alpha=self.alpha, beta=self.beta)

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.hardsigmoid(x, self.alpha, self.beta)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_3 (|alpha x| + |beta|), cut where the value is cut."""
        from specc.kernels import activation_bounds

        return activation_bounds.hardsigmoid(x, u, self.alpha, self.beta)


class HardSwish(Activation):
    """x min(max(x / 6 + 1/2, 0), 1) (Howard et al., 2019): ONNX HardSwish-14/22, composed below opset 14."""

    word = "hardswish"

    def emit(self, build: Builder, x: str) -> str:
        if build.opset >= 14:
            return build.node("HardSwish", [x])
        return build.node("Mul", [x, build.node("HardSigmoid", [x], alpha=1 / 6, beta=0.5)])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.hardswish(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """|x| times the bound of hardsigmoid, and gamma_3 |y|."""
        from specc.kernels import activation_bounds

        return activation_bounds.hardswish(x, y, u)


class Gelu(Activation):
    """x P(X <= x) for a standard normal X (Hendrycks and Gimpel, 2016): ONNX Gelu-20, composed below opset 20."""

    word = "gelu"
    positional = ("approximate",)

    approximate: Literal["none", "tanh"] = "none"
    """Exact with the error function, or the tanh formula of the paper."""

    def emit(self, build: Builder, x: str) -> str:
        if build.opset >= 20:
            return build.node("Gelu", [x], approximate=self.approximate)
        wave = self._error_function(build, x) if self.approximate == "none" else self._tanh(build, x)
        doubled = build.node("Mul", [x, build.node("Add", [wave, build.floats([1.0], ())])])
        return build.node("Mul", [doubled, build.floats([0.5], ())])

    def _error_function(self, build: Builder, x: str) -> str:
        return build.node("Erf", [build.node("Mul", [x, build.floats([sqrt(0.5)], ())])])

    def _tanh(self, build: Builder, x: str) -> str:
        """tanh(sqrt(2 / pi) (x + 0.044715 x^3)), the cube as two products."""
        cube = build.node("Mul", [build.node("Mul", [x, x]), x])
        bent = build.node("Add", [x, build.node("Mul", [cube, build.floats([0.044715], ())])])
        return build.node("Tanh", [build.node("Mul", [bent, build.floats([sqrt(2 / pi)], ())])])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.gelu(x, self.approximate)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_4 |y| + 8 u |x|; beyond |x| = 8 a negative y may be lost."""
        from specc.kernels import activation_bounds

        return activation_bounds.gelu(x, y, u)
