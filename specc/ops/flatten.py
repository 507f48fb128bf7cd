"""All values in one row: ONNX Flatten-13."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.ops.base import Builder, Types
from specc.ops.ordered import Ordered, as_written
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class Flatten(Ordered):
    """All values of an item in one row, in the order of the shape as it is written: ONNX Flatten-13."""

    word = "flatten"
    keeps_order = True
    regroups = True

    def arithmetic(self, inputs: Types) -> tuple[str, ...]:
        sizes = " x ".join(str(size) for size in inputs[0].spoken(self.layout)[1:])
        return (f"{sizes} = {inputs[0].elements}",)

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        return (TensorType((x.shape[0], x.elements)),)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        if inputs[0].rank == 1:
            return (names[0],)
        return (build.node("Flatten", [as_written(build, names[0], inputs[0], self.layout)], axis=1),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.axes import as_written

        return (as_written(xs[0], self.layout).reshape(xs[0].shape[0], -1),)
