"""Elementary functions of single values: sign, root and logarithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specc.ops.base import Builder
from specc.ops.families import Activation

if TYPE_CHECKING:
    from specc.ops.base import Array


class Neg(Activation):
    """-x: ONNX Neg-13."""

    word = "neg"
    is_activation = False

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Neg", [x])

    def value(self, x: Array) -> Array:
        return -x

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """0."""
        from specc.kernels.bounds import exact

        return exact(y)


class Sign(Activation):
    """1 where x > 0, -1 where x < 0, else 0: ONNX Sign-13."""

    word = "sign"
    is_activation = False
    jumps = True

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Sign", [x])

    def value(self, x: Array) -> Array:
        from specc.kernels import elementary

        return elementary.sign(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """0."""
        from specc.kernels.bounds import exact

        return exact(y)


class Sqrt(Activation):
    """The square root, NaN below 0: ONNX Sqrt-13."""

    word = "sqrt"
    is_activation = False

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Sqrt", [x])

    def value(self, x: Array) -> Array:
        from specc.kernels import elementary

        return elementary.sqrt(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_2 |y|; below float32's smallest normal number all of y."""
        from specc.kernels import elementary

        return elementary.sqrt_bound(x, y, u)


class Log(Activation):
    """The natural logarithm, NaN below 0: ONNX Log-13."""

    word = "log"
    is_activation = False

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Log", [x])

    def value(self, x: Array) -> Array:
        from specc.kernels import elementary

        return elementary.log(x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """gamma_8 |y| (measured, doubled); nothing is promised below float32's smallest normal number."""
        from specc.kernels import elementary

        return elementary.log_bound(x, y, u)
