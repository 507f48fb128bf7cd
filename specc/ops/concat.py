"""Several values joined into one, one behind the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.dims import Dim, Divides
from specc.ops.axes import Axis, axis_index
from specc.ops.base import Builder, Field, Reach, Rejection, Types, along
from specc.ops.families import Rearrangement
from specc.ops.meeting import by_axis, check_meeting, joint_size, meeting_conditions
from specc.types import Layout, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class Concat(Rearrangement):
    """Values joined along an axis, all other sizes equal: ONNX Concat-13."""

    word = "concat"
    arity = (1, None)
    context = ("layout",)

    axis: Axis = "channels"
    """The axis along which the values are joined."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        axis = axis_index(self.axis, inputs[0], self.layout)
        check_meeting(self.word, inputs, self.layout, free=axis)
        sizes = by_axis(inputs)
        total: Dim = 0
        for size in sizes[axis]:
            total = total + size
        return (TensorType(tuple(total if i == axis else joint_size(s) for i, s in enumerate(sizes))),)

    def likely(self, inputs: Types) -> Types | None:
        if len({x.rank for x in inputs}) > 1:
            return None
        try:
            axis = axis_index(self.axis, inputs[0], self.layout)
        except Rejection:
            return None
        total: Dim = 0
        for x in inputs:
            total = total + x.shape[axis]
        sizes = [_largest(sizes) for sizes in by_axis(inputs)]
        return (TensorType((*sizes[:axis], total, *sizes[axis + 1 :])),)

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        axis = axis_index(self.axis, inputs[0], self.layout)
        sizes = by_axis(inputs)
        return tuple(c for i, s in enumerate(sizes) if i != axis for c in meeting_conditions(s))

    def reach(self, inputs: Types) -> Field:
        reach = Reach(1, first=None, order="joined") if len(inputs) > 1 else Reach(1)
        return along(axis_index(self.axis, inputs[0], self.layout), inputs[0], reach)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        if len(names) == 1:
            return (names[0],)
        return (build.node("Concat", names, axis=axis_index(self.axis, inputs[0], self.layout)),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        import numpy as np

        from specc.kernels.axes import axis_of

        return (np.concatenate(xs, axis_of(xs[0], self.axis, self.layout)),)


def _largest(sizes: Sequence[Dim]) -> Dim:
    """Padding or cropping that was forgotten makes a branch too small; an open size is taken as it is."""
    numbers = [size for size in sizes if isinstance(size, int)]
    return max(numbers) if len(numbers) == len(sizes) else sizes[0]
