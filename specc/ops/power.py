"""One value to the power of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from specc.ops.base import Builder
from specc.ops.merge_base import Merge

if TYPE_CHECKING:
    from specc.ops.base import Array


class Pow(Merge):
    """The first value to the power of the second, element by element: ONNX Pow-13/15.

    Either may be a number, or a list with one for each channel: `pow 2`.
    """

    word = "pow"
    arity = (2, 2)
    approximated = True

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        return build.node("Pow", names)

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import powers

        return powers.power(xs[0], xs[1])

    def rounding(self, xs: Sequence[Array], y: Array, u: float) -> Array:
        """(8 + 2 |y log |x||) u |x^y|: a power is often exp(y log x), whose argument's rounding becomes relative."""
        from specc.kernels import powers

        return powers.power_bound(xs[0], xs[1], y, u)
