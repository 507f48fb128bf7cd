"""The product of two computed matrices, as attention has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.agreement import meet
from specc.dims import Dim, Divides
from specc.ops.axes import canonical_order, spoken_axes
from specc.ops.base import Builder, Field, Rejection, Types
from specc.ops.families import Weightless
from specc.ops.meeting import joint_size, meeting_conditions
from specc.ops.ordered import permuted
from specc.types import Layout, TensorType, unspeak

if TYPE_CHECKING:
    from specc.ops.base import Array


class MatMul(Weightless):
    """The first value times the second, both matrices in their last two axes as they are written: ONNX MatMul-13.

    ...xMxK times ...xKxL is ...xMxL; axes before these agree, or are 1 in one of the values.  Scores of attention
    are `k: transpose (1, 0)` and then `matmul q, k`.
    """

    word = "matmul"
    regroups = True
    arity = (2, 2)
    multiplies_matrices = True
    context = ("layout",)

    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        a, b = (x.spoken(self.layout) for x in inputs)
        if len(a) != len(b) or len(a) < 3:
            raise self._refusal(inputs, "needs two values with the same number of axes, at least 2", [])
        if meet(a[-1], b[-2]) is None:
            notes = [f"the last axis of the first is {a[-1]}, the one before the last of the second {b[-2]}"]
            raise self._refusal(inputs, "needs as many columns in the first value as rows in the second", notes)
        for left, right in zip(a[:-2], b[:-2], strict=True):
            if 1 not in (left, right) and meet(left, right) is None:
                raise self._refusal(inputs, "needs the same sizes before the last two axes", [f"{left} != {right}"])
        leading = tuple(joint_size(sizes) for sizes in zip(a[:-2], b[:-2], strict=True))
        return (TensorType(unspeak((*leading, a[-2], b[-1]), self.layout)),)

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        a, b = (x.spoken(self.layout) for x in inputs)
        pairs: list[tuple[Dim, Dim]] = [*zip(a[:-2], b[:-2], strict=True), (a[-1], b[-2])]
        return tuple(condition for pair in pairs for condition in meeting_conditions(pair))

    def arithmetic(self, inputs: Types) -> tuple[str, ...]:
        a, b = (x.spoken(self.layout) for x in inputs)
        return (f"{a[-2]}x{a[-1]} times {b[-2]}x{b[-1]} = {a[-2]}x{b[-1]}",)

    def reach(self, inputs: Types) -> Field:
        return None

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        rank = inputs[0].rank
        written = [permuted(build, name, spoken_axes(rank, self.layout)) for name in names]
        order = canonical_order(tuple(range(1, rank + 1)), self.layout)
        return (permuted(build, build.node("MatMul", written), order),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.axes import as_computed, as_written

        a, b = (as_written(x, self.layout) for x in xs)
        return (as_computed(a @ b, self.layout),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_k (|a| |b|) for the k columns of a."""
        from specc.kernels.bounds import dot_product

        (magnitude,) = self.compute([abs(x) for x in xs], ws)
        return (dot_product(self._columns(xs), magnitude, u),)

    def terms(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> int | None:
        return self._columns(xs)

    def _columns(self, xs: Sequence[Array]) -> int:
        from specc.kernels.axes import as_written

        return int(as_written(xs[0], self.layout).shape[-1])

    def _refusal(self, inputs: Types, label: str, notes: Sequence[str]) -> Rejection:
        return Rejection(
            "E0403",
            "the values of `matmul` do not meet",
            label=label,
            inputs={i: x.text(self.layout) for i, x in enumerate(inputs)},
            notes=notes,
        )
