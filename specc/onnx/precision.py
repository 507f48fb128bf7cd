"""The 16-bit floating-point types in which a model may hold its weights and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import ml_dtypes
import numpy as np
from onnx import GraphProto, TensorProto

from specc.diagnostics import Diagnostic
from specc.mapped import Mapped
from specc.onnx.program import Array

BLOCK: Final = 1 << 20
Name: TypeAlias = Literal["float32", "float16", "bfloat16"]


@dataclass(frozen=True)
class Precision:
    """A floating-point type: `element` is ONNX's number for it, `u` its unit roundoff, `step` the distance between its
    subnormal numbers, `largest` the largest finite one."""

    name: Name
    element: int
    dtype: np.dtype[Any]
    u: float
    step: float
    largest: float

    def rounded(self, array: Array) -> Array:
        """The values rounded to this type, to nearest, ties to even (IEEE 754), as float32; beyond the largest they
        become infinite."""
        with np.errstate(over="ignore"):
            result: Array = array.astype(self.dtype).astype(np.float32)
        return result


FLOAT32: Final = Precision(
    "float32", TensorProto.FLOAT, np.dtype("<f4"), 2.0**-24, 2.0**-149, float(np.finfo("f4").max)
)
FLOAT16: Final = Precision("float16", TensorProto.FLOAT16, np.dtype("<f2"), 2.0**-11, 2.0**-24, 65504.0)
BFLOAT16: Final = Precision(
    "bfloat16", TensorProto.BFLOAT16, np.dtype(ml_dtypes.bfloat16), 2.0**-8, 2.0**-133, (2 - 2.0**-7) * 2.0**127
)
PRECISIONS: Final[Mapping[str, Precision]] = {found.name: found for found in (FLOAT32, FLOAT16, BFLOAT16)}
BY_ELEMENT: Final[Mapping[int, Precision]] = {found.element: found for found in PRECISIONS.values()}


def precision_of(graph: GraphProto) -> Precision:
    """In what the model computes: the narrowest type of its weights, or without any of its inputs and values."""
    weights = {tensor.data_type for tensor in graph.initializer if len(tensor.dims) > 0}
    values = {item.type.tensor_type.elem_type for item in (*graph.input, *graph.value_info, *graph.output)}
    for precision in (BFLOAT16, FLOAT16):
        if precision.element in weights or precision.element in values:
            return precision
    return FLOAT32


@dataclass(frozen=True)
class Rounded(Mapped[Array]):
    """Weights as a `precision` holds them, in float32; each is rounded when it is asked for."""

    source: Mapping[str, Array]
    precision: Precision

    def __getitem__(self, name: str) -> Array:
        return self.precision.rounded(self.source[name])


@dataclass
class Counted(Mapped[Array]):
    """Weights that are written in a `precision`; `beyond` counts, for those that have been read, the finite values
    that it cannot hold."""

    source: Mapping[str, Array]
    precision: Precision
    beyond: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        array = self.source[name]
        if array.dtype != self.precision.dtype and (lost := sum(map(self._lost, _blocks(array)))):
            self.beyond[name] = lost
        return array

    def _lost(self, values: Array) -> int:
        return int(np.count_nonzero(np.isfinite(values) & np.isinf(self.precision.rounded(values))))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """W0303 for every weight that has such values."""
        return tuple(
            Diagnostic("W0303", f"{count} {'value' if count == 1 else 'values'} of `{name}` {_exceed(count)} "
                       f"{self.precision.name}'s largest, {self.precision.largest:g}, and became infinite")
            for name, count in self.beyond.items()
        )  # fmt: skip


def _blocks(array: Array) -> Iterator[Array]:
    """The values of `array` in pieces, so that what is made of them stays small."""
    flat = array.reshape(-1)
    for start in range(0, flat.size, BLOCK):
        yield flat[start : start + BLOCK]


def _exceed(count: int) -> str:
    return "exceeds" if count == 1 else "exceed"
