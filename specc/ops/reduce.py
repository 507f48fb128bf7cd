"""One value for all along one axis: reduce_mean, reduce_sum, reduce_max, reduce_min, argmax."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.ops.axes import Axis, axis_index
from specc.ops.base import Builder, Field, Types
from specc.ops.families import Weightless
from specc.types import Layout, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class Reduction(Weightless):
    """A function of all values along an axis, which stays with size 1; `squeeze` drops it."""

    positional = ("axis",)
    context = ("layout",)

    axis: Axis = "channels"
    """The axis that is reduced; it stays, with size 1."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        axis = axis_index(self.axis, x, self.layout)
        return (TensorType((*x.shape[:axis], 1, *x.shape[axis + 1 :])),)

    def reach(self, inputs: Types) -> Field:
        return () if axis_index(self.axis, inputs[0], self.layout) == 1 else None

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (self.emit(build, names[0], axis_index(self.axis, inputs[0], self.layout)),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.axes import axis_of

        return (self.value(xs[0], axis_of(xs[0], self.axis, self.layout)),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """0: a value, or the number of one, is only chosen."""
        from specc.kernels.bounds import exact

        return (exact(ys[0]),)

    @abstractmethod
    def emit(self, build: Builder, x: str, axis: int) -> str:
        """Add the ONNX nodes that reduce `x` along `axis`; the name of their value."""

    @abstractmethod
    def value(self, x: Array, axis: int) -> Array:
        """`x` reduced along `axis`, which stays with size 1."""


class ReduceMean(Reduction):
    """The mean along an axis, of the channels unless another is named: ONNX ReduceMean-13/18."""

    word = "reduce_mean"
    approximated = True

    def emit(self, build: Builder, x: str, axis: int) -> str:
        return reduction(build, "ReduceMean", x, axis)

    def value(self, x: Array, axis: int) -> Array:
        mean: Array = x.mean(axis=axis, keepdims=True)
        return mean

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_(n+2) times the mean of |x| over the n values of the axis."""
        from specc.kernels.axes import axis_of
        from specc.kernels.bounds import average

        axis = axis_of(xs[0], self.axis, self.layout)
        return (average(xs[0].shape[axis], self.value(abs(xs[0]), axis), u),)


class ReduceSum(Reduction):
    """The sum along an axis, of the channels unless another is named: ONNX ReduceSum-13."""

    word = "reduce_sum"
    approximated = True

    def emit(self, build: Builder, x: str, axis: int) -> str:
        return build.node("ReduceSum", [x, build.ints([axis])], keepdims=1)

    def value(self, x: Array, axis: int) -> Array:
        total: Array = x.sum(axis=axis, keepdims=True)
        return total

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_n times the sum of |x| over the n values of the axis."""
        from specc.kernels.axes import axis_of
        from specc.kernels.bounds import dot_product

        axis = axis_of(xs[0], self.axis, self.layout)
        return (dot_product(xs[0].shape[axis], self.value(abs(xs[0]), axis), u),)


class ReduceMax(Reduction):
    """The largest value along an axis, of the channels unless another is named: ONNX ReduceMax-13/18."""

    word = "reduce_max"

    def emit(self, build: Builder, x: str, axis: int) -> str:
        return reduction(build, "ReduceMax", x, axis)

    def value(self, x: Array, axis: int) -> Array:
        largest: Array = x.max(axis=axis, keepdims=True, initial=float("-inf"))  # of no values at all, says ONNX
        return largest


class ReduceMin(Reduction):
    """The smallest value along an axis, of the channels unless another is named: ONNX ReduceMin-13/18."""

    word = "reduce_min"

    def emit(self, build: Builder, x: str, axis: int) -> str:
        return reduction(build, "ReduceMin", x, axis)

    def value(self, x: Array, axis: int) -> Array:
        smallest: Array = x.min(axis=axis, keepdims=True, initial=float("inf"))  # of no values at all, says ONNX
        return smallest


class ArgMax(Reduction):
    """The number of the largest value along an axis, counted from 0: ONNX ArgMax-13.

    Like every value it is a float32: ONNX's whole number is cast.
    """

    word = "argmax"
    jumps = True

    last: bool = False
    """Whether it is the last of several largest values, not the first."""

    def emit(self, build: Builder, x: str, axis: int) -> str:
        last = 1 if self.last else None
        return build.node("Cast", [build.node("ArgMax", [x], axis=axis, keepdims=1, select_last_index=last)], to=1)

    def value(self, x: Array, axis: int) -> Array:
        from specc.kernels.axes import place_of_largest

        return place_of_largest(x, axis, self.last)


def reduction(build: Builder, operator: str, x: str, axis: int) -> str:
    """A node of `operator` along one axis, which stays with size 1.  Opset 18 made the axes an input."""
    if build.opset < 18:
        return build.node(operator, [x], axes=(axis,), keepdims=1)
    return build.node(operator, [x, build.ints([axis])], keepdims=1)
