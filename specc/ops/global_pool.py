"""Pooling over whole images: ONNX GlobalAveragePool-1, GlobalMaxPool-1 and GlobalLpPool-2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from specc.dims import Dim
from specc.ops.base import Builder, Field, Op, Types, Weight
from specc.ops.fields import PositiveInt
from specc.ops.windows import spatial_axes
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class GlobalPooling(Op):
    """One value for each channel, from all its samples; every spatial axis stays, with size 1."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        return (TensorType((*x.shape[:2], *(1,) * spatial_axes(self.word, x))),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return ()

    def macs(self, inputs: Types, outputs: Types) -> Dim:
        return 0

    def reach(self, inputs: Types) -> Field:
        return None


class GlobalAvgPool(GlobalPooling):
    """The mean of each channel: `global_avgpool; flatten` before a classifier."""

    word = "global_avgpool"
    approximated = True

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (build.node("GlobalAveragePool", [names[0]]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        import numpy as np

        from specc.kernels.pooling import over_all

        return (over_all(np.mean, xs[0]),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_k x mean |x|, k = samples + 2."""
        import numpy as np

        from specc.kernels.bounds import average
        from specc.kernels.pooling import over_all

        return (average(self.terms(xs, ws), over_all(np.mean, abs(xs[0])), u),)

    def terms(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> int:
        return prod(xs[0].shape[2:])


class GlobalMaxPool(GlobalPooling):
    """The largest value of each channel: `global_maxpool`."""

    word = "global_maxpool"

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (build.node("GlobalMaxPool", [names[0]]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        import numpy as np

        from specc.kernels.pooling import over_all

        return (over_all(np.max, xs[0]),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """0: a value is only chosen."""
        from specc.kernels.bounds import exact

        return (exact(ys[0]),)


class GlobalLpPool(GlobalPooling):
    """The p-norm of each channel, (sum of |x|^p)^(1/p): `global_lppool p=2`."""

    word = "global_lppool"
    approximated = True

    p: PositiveInt = 2
    """The exponent."""

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        """ONNX Runtime 1.31 has no GlobalLpPool-22: from there on the norm is spelt out."""
        if build.opset < 22:
            return (build.node("GlobalLpPool", [names[0]], p=self.p),)
        powers = build.node("Pow", [build.node("Abs", [names[0]]), build.floats([float(self.p)], ())])
        axes = build.ints(range(2, len(inputs[0].shape)))
        total = build.node("ReduceSum", [powers, axes], keepdims=1)
        return (build.node("Pow", [total, build.floats([1 / self.p], ())]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.pooling import global_lp

        return (global_lp(xs[0], self.p),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """The sum, its powers and its root, each with its own roundings: see `kernels.bounds.lp_norm`."""
        from specc.kernels.bounds import lp_norm

        return (lp_norm(prod(xs[0].shape[2:]), ys[0], self.p, u),)
