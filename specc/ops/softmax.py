"""Softmax and its logarithm along one axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from specc.ops.axes import Axis, axis_index
from specc.ops.base import Builder, Field, Types
from specc.ops.families import Weightless
from specc.types import Layout

if TYPE_CHECKING:
    from specc.ops.base import Array


class Softmax(Weightless):
    """exp(x) over its sum along an axis: ONNX Softmax-13.

    Without an axis the channels at each position sum to 1, the classes of a segmentation for example.  Scores of
    attention, queries x keys, need `softmax -1`, the last axis as written.
    """

    word = "softmax"
    onnx_name: ClassVar[str] = "Softmax"
    positional = ("axis",)
    context = ("layout",)
    is_activation = True
    shares_out = True

    axis: Axis = "channels"
    """The axis along which the values sum to 1."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        axis_index(self.axis, inputs[0], self.layout)
        return inputs

    def reach(self, inputs: Types) -> Field:
        return () if axis_index(self.axis, inputs[0], self.layout) == 1 else None

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        axis = axis_index(self.axis, inputs[0], self.layout)
        return (build.node(self.onnx_name, [names[0]], axis=axis),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import softmax
        from specc.kernels.axes import axis_of

        return (softmax.softmax(xs[0], axis_of(xs[0], self.axis, self.layout)),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """1.01 |y| (gamma_(n+6) of the sum, gamma_9 for exp and quotient, u |x - max| for the shifts)."""
        from specc.kernels import softmax
        from specc.kernels.axes import axis_of

        return (softmax.softmax_bound(xs[0], ys[0], axis_of(xs[0], self.axis, self.layout), u),)


class LogSoftmax(Softmax):
    """log(softmax(x)) along an axis, without the underflow: ONNX LogSoftmax-13."""

    word = "log_softmax"
    onnx_name = "LogSoftmax"

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import softmax
        from specc.kernels.axes import axis_of

        return (softmax.log_softmax(xs[0], axis_of(xs[0], self.axis, self.layout)),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """1.01 (gamma_(n+6) and shifts of the sum) + 6 u log(sum) + 3 u (|x - max| + |y|), absolute."""
        from specc.kernels import softmax
        from specc.kernels.axes import axis_of

        return (softmax.log_softmax_bound(xs[0], ys[0], axis_of(xs[0], self.axis, self.layout), u),)
