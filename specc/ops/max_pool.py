"""The largest and the smallest value in sliding windows: ONNX MaxPool-12/22."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from specc.dims import product
from specc.ops.base import Builder, Op, Rejection, Types
from specc.ops.pool_base import (
    Pooling,
    pool_padding,
    window_attributes,
)
from specc.ops.target import measured
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


EXACT: Final = 2**24
"""Up to here float32 holds every whole number."""


class MaxPool(Pooling):
    """The largest value in each window: `maxpool 3x3, stride=2, pad=1`.  Padding never wins.

    With two labels, `pooled, where: maxpool 2x2`, the second is where each value was found, for `unpool`: its position
    in the image of its channel, counted row by row from 0 without padding; of equal values the first.  The line below
    works on the pooled values.
    """

    word = "maxpool"
    context = ("positions",)
    leads = True

    positions: bool = False
    """Whether the positions of the values are a second result."""

    def may_jump(self) -> bool:
        return self.positions

    def giving(self, results: int) -> Op:
        return self.model_copy(update={"positions": results == 2})

    def infer(self, inputs: Types) -> Types:
        (pooled,) = super().infer(inputs)
        if not self.positions:
            return (pooled,)
        largest = product(inputs[0].spatial)
        if isinstance(largest, int) and largest > EXACT:
            why = f"positions in {inputs[0].text()} go beyond {EXACT}, where float32 leaves out whole numbers"
            raise Rejection("E0406", why, inputs={0: inputs[0].text()})
        return pooled, pooled

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        if not self.positions:
            return _max_node(self, build, names[0], inputs[0])
        (x,) = inputs
        pooled, counted = _max_node(self, build, names[0], x, outputs=2)
        plane = product(x.spatial)
        if isinstance(plane, int):
            size = build.ints([plane])
        else:
            size = build.node("ReduceProd", [measured(build, names[0], 2)], keepdims=1)
        return pooled, build.float_copy(build.node("Mod", [counted, size]), "int64")

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.pooling import max_pool
        from specc.kernels.unpooling import max_positions

        pooled = max_pool(xs[0], self.kernel, self.motion())
        return (pooled, max_positions(xs[0], self.kernel, self.motion())) if self.positions else (pooled,)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """0: a value is only chosen.  Of positions with the same value any may be: so far apart as they are."""
        from specc.kernels.bounds import exact
        from specc.kernels.unpooling import tied_positions

        tied = (tied_positions(xs[0], self.kernel, self.motion()),) if self.positions else ()
        return (exact(ys[0]), *tied)


class MinPool(Pooling):
    """The smallest value in each window: `minpool 2x2`.  Padding never wins.  ONNX has it as -maxpool(-x)."""

    word = "minpool"

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (build.node("Neg", [*_max_node(self, build, build.node("Neg", [names[0]]), inputs[0])]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.pooling import min_pool

        return (min_pool(xs[0], self.kernel, self.motion()),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """0: a value is only chosen."""
        from specc.kernels.bounds import exact

        return (exact(ys[0]),)


def _max_node(op: Pooling, build: Builder, name: str, x: TensorType, outputs: int = 1) -> tuple[str, ...]:
    how = op.geometry(x)
    attributes = window_attributes(build, op.word, how, dilation_since=10)
    source, padding = pool_padding(build, name, x, op.placed(x), how, fill=float("-inf"))
    if outputs > 1 and source != name:
        raise build.unsupported("positions of maxima with padding as wide as the window")
    return build.nodes("MaxPool", [source], outputs, **attributes, **padding)
