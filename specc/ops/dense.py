"""The fully connected layer: ONNX Gemm-13, and along one axis of a value with several MatMul-13 or Conv-11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.dims import Dim
from specc.ops.axes import Axis, axis_index
from specc.ops.base import Builder, Field, Op, Rejection, Types, Weight
from specc.ops.fields import PositiveInt, Values
from specc.ops.ordered import permuted
from specc.ops.weights import Bias, Init, bias_weights, dense_weight
from specc.types import Layout, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class Dense(Op):
    """Every output is a weighted sum of all inputs: `dense 10, softmax`.

    It works on flat values.  With an `axis` it works along that axis, the same at every position of the others:
    `dense 64, axis=-1` on rows of features is PyTorch's `Linear` and Keras' `Dense`, `dense 64, axis=channels` on an
    image a 1x1 convolution.
    """

    word = "dense"
    positional = ("units",)
    context = ("layout",)
    weighted_layers = 1
    widens = True

    units: PositiveInt
    """Output features."""
    bias: Bias = True
    """Whether a bias is added, or its fixed values."""
    weight: Values | None = None
    """Fixed values, (units, input features)."""
    init: Init = "glorot_uniform"
    """Initialiser of the matrix."""
    axis: Axis | None = None
    """The axis of the features, where a value has several."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        axis = self._axis(x)
        self._features(x)
        return (TensorType((*x.shape[:axis], self.units, *x.shape[axis + 1 :])),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        shape = (self.units, self._features(inputs[0]))
        return (dense_weight(shape, self.weight, self.init), *bias_weights(self.units, self.bias))

    def macs(self, inputs: Types, outputs: Types) -> Dim:
        return self.units * inputs[0].elements

    def reach(self, inputs: Types) -> Field:
        return () if inputs[0].rank > 1 and self._axis(inputs[0]) == 1 else None

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        (x,), axis, (name,) = inputs, self._axis(inputs[0]), names
        if x.rank == 1:
            return (build.node("Gemm", [name, build.weight("weight"), *self._bias(build)], transB=1),)
        if axis == 1 < x.rank <= 4 and self.layout == "chw":
            ones = build.ints(range(2, x.rank + 1))
            kernel = build.node("Unsqueeze", [build.weight("weight"), ones])
            return (build.node("Conv", [name, kernel, *self._bias(build)]),)
        matrix = build.node("Transpose", [build.weight("weight")], perm=(1, 0))
        others = [other for other in range(1, x.rank + 1) if other != axis]
        product = build.node("MatMul", [permuted(build, name, (*others, axis)), matrix])
        for bias in self._bias(build):
            product = build.node("Add", [product, bias])
        return (permuted(build, product, (*range(1, axis), x.rank, *range(axis, x.rank))),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.linear import along, dense

        weight, bias = ws["weight"], ws.get("bias")
        return (along(xs[0], self._place(xs[0]), lambda rows: dense(rows, weight, bias)),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_k (|x| |W| + |b|), k = input features, and one more with a bias."""
        from specc.kernels.bounds import dot_product_of_single, single
        from specc.kernels.linear import along, dense_magnitude

        weight, bias = ws["weight"], ws.get("bias")
        magnitude = along(single(xs[0]), self._place(xs[0]), lambda rows: dense_magnitude(rows, weight, bias))
        return (dot_product_of_single(self.terms(xs, ws), magnitude, u),)

    def excerpt(self, ws: Mapping[str, Array]) -> Mapping[str, Array]:
        from specc.kernels.large_bounds import first_channels

        return first_channels(ws)

    def terms(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> int:
        return int(ws["weight"].shape[1]) + ("bias" in ws)

    def _bias(self, build: Builder) -> list[str]:
        return [] if self.bias is False else [build.weight("bias")]

    def _place(self, x: Array) -> int:
        from specc.kernels.axes import axis_of

        return 1 if self.axis is None else axis_of(x, self.axis, self.layout)

    def _axis(self, x: TensorType) -> int:
        """The canonical index of the axis of the features."""
        if self.axis is not None:
            return axis_index(self.axis, x, self.layout)
        if x.rank == 1:
            return 1
        raise Rejection(
            "E0404",
            f"`dense` needs a flat value, not {x.text(self.layout)}",
            inputs={0: x.text(self.layout)},
            notes=[f"flattened it has {' * '.join(map(str, x.spoken(self.layout)[1:]))} = {x.elements} features"],
            help=_help(x, self.units),
        )

    def _features(self, x: TensorType) -> int:
        features = x.shape[self._axis(x)]
        if isinstance(features, int):
            return features
        raise Rejection(
            "E0407",
            f"`dense` needs a known number of features, not {features}",
            inputs={0: x.text(self.layout)},
            help="fix the input's size, or that of the value before `flatten`: `global_avgpool` or `resize` to a size",
        )


def _help(x: TensorType, units: int) -> str:
    """Rows of features are two axes, and may be meant to stay."""
    if x.rank == 2:
        place = f"for a layer on every row of features `dense {units}, axis=-1`"
    else:
        place = f"for a layer at every position `dense {units}, axis=channels`"
    return f"put `flatten` (or `global_avgpool; flatten`) before it; {place}"
