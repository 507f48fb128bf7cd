"""The activation that most specs use, and alone here: making the others takes its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specc.ops.base import Builder
from specc.ops.families import Activation

if TYPE_CHECKING:
    from specc.ops.base import Array


class Relu(Activation):
    """max(x, 0): ONNX Relu-13."""

    word = "relu"

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Relu", [x])

    def value(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.relu(x)

    def value_over(self, x: Array) -> Array:
        from specc.kernels import activation

        return activation.relu(x, out=x)

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """0."""
        from specc.kernels.bounds import exact

        return exact(y)
