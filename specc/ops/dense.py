"""The fully connected layer: ONNX Gemm-13."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.dims import Dim
from specc.ops.base import Builder, Field, Op, Rejection, Types, Weight
from specc.ops.fields import PositiveInt, Values
from specc.ops.weights import Bias, Init, bias_weights, dense_weight
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class Dense(Op):
    """Every output is a weighted sum of all inputs: `dense 10, softmax`.

    Rows of features, as in transformers, take a convolution of width 1 in its place, the features first:
    `transpose (1, 0); conv 10, 1; transpose (1, 0)`.
    """

    word = "dense"
    positional = ("units",)
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

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        self._features(x)
        return (TensorType((x.shape[0], self.units)),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        shape = (self.units, self._features(inputs[0]))
        return (dense_weight(shape, self.weight, self.init), *bias_weights(self.units, self.bias))

    def macs(self, inputs: Types, outputs: Types) -> Dim:
        return self.units * self._features(inputs[0])

    def reach(self, inputs: Types) -> Field:
        return None

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        bias = [] if self.bias is False else [build.weight("bias")]
        return (build.node("Gemm", [names[0], build.weight("weight"), *bias], transB=1),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.linear import dense

        return (dense(xs[0], ws["weight"], ws.get("bias")),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_k (|x| |W| + |b|), k = input features, and one more with a bias."""
        from specc.kernels.bounds import dot_product_of_single, single
        from specc.kernels.linear import dense_magnitude

        terms = self.terms(xs, ws)
        magnitude = dense_magnitude(single(xs[0]), ws["weight"], ws.get("bias"))
        return (dot_product_of_single(terms, magnitude, u),)

    def excerpt(self, ws: Mapping[str, Array]) -> Mapping[str, Array]:
        from specc.kernels.large_bounds import first_channels

        return first_channels(ws)

    def terms(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> int:
        return int(xs[0].shape[1]) + ("bias" in ws)

    def _features(self, x: TensorType) -> int:
        if x.rank != 1:
            raise Rejection(
                "E0404",
                f"`dense` needs a flat value, not {x.text()}",
                inputs={0: x.text()},
                notes=[f"flattened it has {' * '.join(map(str, x.shape[1:]))} = {x.elements} features"],
                help=_help(x, self.units),
            )
        if isinstance(x.channels, int):
            return x.channels
        raise Rejection(
            "E0407",
            f"`dense` needs a known number of features, not {x.channels}",
            inputs={0: x.text()},
            help="fix the input's size, or that of the value before `flatten`: `global_avgpool` or `resize` to a size",
        )


def _help(x: TensorType, units: int) -> str:
    """Rows of features are two axes, and may be meant to stay."""
    flat = "put `flatten` (or `global_avgpool; flatten`) before it"
    if x.rank != 2:
        return flat
    return (
        f"{flat}; for a layer on every row of features, features first: `conv {units}, 1`, "
        "behind `transpose (1, 0)` where the rows are first"
    )
