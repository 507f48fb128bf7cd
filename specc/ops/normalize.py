"""Values divided by their length along an axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Literal

from specc.ops.axes import Axis, axis_index
from specc.ops.base import Builder, Field, Types
from specc.ops.families import Weightless
from specc.ops.fields import PositiveReal
from specc.ops.reduce import reduction
from specc.types import Layout

if TYPE_CHECKING:
    from specc.ops.base import Array


class Normalize(Weightless):
    """x / max(norm, eps), the norm sqrt(sum of x^2) along an axis, of the channels unless another is named; with `p=1`
    the sum of |x|.

    It gives embeddings the length 1 (FaceNet: Schroff et al., 2015), as PyTorch's `normalize` does.  SSD's L2Norm (Liu
    et al., 2016) is `normalize` and then `scale init=20`.  ONNX's LpNormalization-1 has no eps: it becomes ReduceL2
    (or ReduceL1), Clip and Div.
    """

    word = "normalize"
    approximated = True
    positional = ("axis",)
    context = ("layout",)

    axis: Axis = "channels"
    """The axis along which the length becomes 1."""
    p: Literal[1, 2] = 2
    """Which norm: 2 for the length, 1 for the sum of |x|."""
    eps: PositiveReal = 1e-12
    """The least that values are divided by."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        axis_index(self.axis, inputs[0], self.layout)
        return inputs

    def reach(self, inputs: Types) -> Field:
        return () if axis_index(self.axis, inputs[0], self.layout) == 1 else None

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        norm = reduction(build, f"ReduceL{self.p}", names[0], axis_index(self.axis, inputs[0], self.layout))
        ends = build.floats([self.eps], ()), build.floats([inf], ())  # without it the upper end is the largest number
        return (build.node("Div", [names[0], build.node("Clip", [norm, *ends])]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import elementary
        from specc.kernels.axes import axis_of

        return (elementary.normalize(xs[0], axis_of(xs[0], self.axis, self.layout), self.p, self.eps),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """e / (1 - e) |y| + gamma_2 |y|, e the error of the norm of n values (as of `lppool`) by the norm."""
        from specc.kernels import elementary
        from specc.kernels.axes import axis_of

        axis = axis_of(xs[0], self.axis, self.layout)
        return (elementary.normalize_bound(xs[0], axis, self.p, self.eps, ys[0], u),)
