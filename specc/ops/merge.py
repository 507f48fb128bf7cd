"""Several values made into one, element by element: add, sub, mul, max, min, mean."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from specc.dims import Dim, Divides
from specc.ops.base import Builder, Field, Types
from specc.ops.families import Weightless
from specc.ops.meeting import check_meeting, joint_size, meeting_conditions
from specc.types import Layout, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class Merge(Weightless):
    """Values of the same shape made into one, element by element.

    Where `stretches`, a value may also have a single channel, or a single position, for all of the others': a
    squeeze-and-excitation branch (C, 1, 1) multiplies an image (C, H, W).
    """

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    context = ("layout",)
    works_in = "any"
    stretches: ClassVar[bool] = False

    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        check_meeting(self.word, inputs, self.layout, self.stretches)
        return (TensorType(tuple(joint_size(sizes) for sizes in _by_axis(inputs))),)

    def likely(self, inputs: Types) -> Types | None:
        return (inputs[0],)

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        return tuple(c for sizes in _by_axis(inputs) for c in meeting_conditions(sizes))

    def reach(self, inputs: Types) -> Field:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (names[0] if len(names) == 1 else self.emit(build, names),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        return (xs[0] if len(xs) == 1 else self.value(xs),)

    @abstractmethod
    def emit(self, build: Builder, names: Sequence[str]) -> str:
        """Add the ONNX nodes that merge two or more values; the name of the result."""

    @abstractmethod
    def value(self, xs: Sequence[Array]) -> Array:
        """Two or more arrays merged."""


class Add(Merge):
    """The sum: ONNX Add-14, Sum-13 for more than two."""

    word = "add"
    stretches = True

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        return build.node("Add" if len(names) == 2 else "Sum", names)

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.add(xs)

    def overwrite(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import merging

        return (merging.add_over(xs),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_(n-1) x sum of |x| over n values."""
        from specc.kernels import merging

        return (merging.sum_bound(xs, u),)


class Sub(Merge):
    """The first value less the second: ONNX Sub-14."""

    word = "sub"
    arity = (2, 2)
    stretches = True

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        return build.node("Sub", names)

    def value(self, xs: Sequence[Array]) -> Array:
        return xs[0] - xs[1]

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_1 (|a| + |b|)."""
        from specc.kernels import merging

        return (merging.sum_bound(xs, u),)


class Mul(Merge):
    """The product: ONNX Mul-14, one after the other for more than two."""

    word = "mul"
    stretches = True

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        product = names[0]
        for name in names[1:]:
            product = build.node("Mul", [product, name])
        return product

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.multiply(xs)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_(n-1) |product| of n values."""
        from specc.kernels import merging

        return (merging.product_bound(xs, u),)


class Div(Merge):
    """The first value divided by the second: ONNX Div-14."""

    word = "div"
    arity = (2, 2)
    stretches = True

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        return build.node("Div", names)

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.divide(xs)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_2 |quotient|: a division, or a product with a rounded reciprocal."""
        from specc.kernels import merging

        return (merging.quotient_bound(ys[0], u),)


class Max(Merge):
    """The larger value: ONNX Max-13."""

    word = "max"

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        return build.node("Max", names)

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.largest(xs)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """0: a value is only chosen."""
        from specc.kernels.bounds import exact

        return (exact(ys[0]),)


class Min(Merge):
    """The smaller value: ONNX Min-13."""

    word = "min"

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        return build.node("Min", names)

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.smallest(xs)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """0: a value is only chosen."""
        from specc.kernels.bounds import exact

        return (exact(ys[0]),)


class Mean(Merge):
    """The arithmetic mean: a sum and a quotient, because ONNX Runtime has no Mean-13 on CUDA."""

    word = "mean"

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        total = build.node("Add" if len(names) == 2 else "Sum", names)
        return build.node("Div", [total, build.floats([float(len(names))], ())])

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.mean(xs)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_(n+1) x mean of |x| over n values."""
        from specc.kernels import merging

        return (merging.mean_bound(xs, u),)


def _by_axis(inputs: Types) -> list[tuple[Dim, ...]]:
    return list(zip(*(x.shape for x in inputs), strict=True))
