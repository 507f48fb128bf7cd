"""The sum of several values.  The merge that most specs use, and alone here: making the others takes its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.ops.base import Builder
from specc.ops.merge_base import Merge

if TYPE_CHECKING:
    from specc.ops.base import Array


class Add(Merge):
    """The sum: ONNX Add-14, Sum-13 for more than two.

    Numbers may be operands, as of every merge but `mean`: `add 3` adds 3 to the line before, `add x, [1, 2, 3]` to
    each channel of x another number.
    """

    word = "add"

    def emit(self, build: Builder, names: Sequence[str]) -> str:
        return build.node("Add" if len(names) == 2 else "Sum", names)

    def value(self, xs: Sequence[Array]) -> Array:
        from specc.kernels import merging

        return merging.add(xs)

    def overwrite(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import merging

        return (merging.add_over(self._joined(xs)),)

    def rounding(self, xs: Sequence[Array], y: Array, u: float) -> Array:
        """gamma_(n-1) x sum of |x| over n values."""
        from specc.kernels import merging

        return merging.sum_bound(xs, u)
