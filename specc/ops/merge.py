"""Several values made into one, element by element, constants among them: sub, mul, div, max, min, mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from specc.ops.base import Builder, Rejection, Types
from specc.ops.merge_base import Merge

if TYPE_CHECKING:
    from specc.ops.base import Array

SMALLEST_DIVISOR: Final = 2.0**-126
"""float32's smallest normal number: runtimes may take smaller ones for 0."""


class Sub(Merge):
    """The first value less the second: ONNX Sub-14.

    Either may be a number, or a list with one for each channel: `sub [123.7, 116.3, 103.5]`, `sub 1, gate`.
    """

    word = "sub"
    arity = (2, 2)

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        return build.node("Sub", names)

    def value(self, xs: Sequence[Array]) -> Array:
        return xs[0] - xs[1]

    def rounding(self, xs: Sequence[Array], y: Array, u: float) -> Array:
        """gamma_1 (|a| + |b|)."""
        from specc.kernels import merging

        return merging.sum_bound(xs, u)


class Mul(Merge):
    """The product: ONNX Mul-14, one after the other for more than two.

    Operands may be numbers, or lists with one for each channel: `mul 0.17`.
    """

    word = "mul"

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        product = names[0]
        for name in names[1:]:
            product = build.node("Mul", [product, name])
        return product

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.multiply(xs)

    def rounding(self, xs: Sequence[Array], y: Array, u: float) -> Array:
        """gamma_(n-1) |product| of n values."""
        from specc.kernels import merging

        return merging.product_bound(xs, u)


class Div(Merge):
    """The first value divided by the second: ONNX Div-14.

    Either may be a number, or a list with one for each channel: `div 6`, `div 1, x`.
    """

    word = "div"
    arity = (2, 2)

    def infer(self, inputs: Types) -> Types:
        divisors = self.constants[-1] if self.constants else None
        for divisor in divisors if isinstance(divisors, tuple) else (divisors,):
            if divisor is not None and abs(divisor) < SMALLEST_DIVISOR:
                raise Rejection("E0305", f"`div` cannot divide by {divisor:g}")
        return super().infer(inputs)

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        return build.node("Div", names)

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.divide(xs)

    def rounding(self, xs: Sequence[Array], y: Array, u: float) -> Array:
        """gamma_2 |quotient|: a division, or a product with a rounded reciprocal."""
        from specc.kernels import merging

        return merging.quotient_bound(y, u)


class Max(Merge):
    """The larger value: ONNX Max-13.

    Operands may be numbers, or lists with one for each channel: `max 0`.
    """

    word = "max"

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        return build.node("Max", names)

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.largest(xs)

    def rounding(self, xs: Sequence[Array], y: Array, u: float) -> Array:
        """0: a value is only chosen."""
        from specc.kernels.bounds import exact

        return exact(y)


class Min(Merge):
    """The smaller value: ONNX Min-13.

    Operands may be numbers, or lists with one for each channel: `min 6`.
    """

    word = "min"

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        return build.node("Min", names)

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.smallest(xs)

    def rounding(self, xs: Sequence[Array], y: Array, u: float) -> Array:
        """0: a value is only chosen."""
        from specc.kernels.bounds import exact

        return exact(y)


class Mean(Merge):
    """The arithmetic mean: a sum and a quotient, because ONNX Runtime has no Mean-13 on CUDA."""

    word = "mean"
    takes_numbers = False

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        total = build.node("Add" if len(names) == 2 else "Sum", names)
        return build.node("Div", [total, build.floats([float(len(names))], ())])

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.mean(xs)

    def rounding(self, xs: Sequence[Array], y: Array, u: float) -> Array:
        """gamma_(n+1) x mean of |x| over n values."""
        from specc.kernels import merging

        return merging.mean_bound(xs, u)
