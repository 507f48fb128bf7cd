"""Real numbers as whole ones of few bits, and back: quantize, dequantize, round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from specc.core import PydanticCustomError
from specc.ops.axes import Axis, axis_index
from specc.ops.base import Builder, Field, Rejection, Types
from specc.ops.families import Activation, Weightless
from specc.ops.fields import number, whole
from specc.record import Before
from specc.types import Layout, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array

Integers: TypeAlias = Literal["uint8", "int8", "uint16", "int16"]
LIMITS: Final = {"uint8": (0, 255), "int8": (-128, 127), "uint16": (0, 65535), "int16": (-32768, 32767)}
"""The smallest and the largest number of each type."""
SIXTEEN_BITS_SINCE: Final = 21
"""QuantizeLinear-21 and DequantizeLinear-21 take 16 bits."""


def _scales(value: Any) -> Any:
    if isinstance(value, tuple | list) and value:
        return tuple(_scale(item) for item in value)
    return _scale(value)


def _scale(value: Any) -> float:
    value = number(value)
    if not 2.0**-126 <= value < 2.0**128:
        raise PydanticCustomError("specc_range", "must be above 0, and a normal float32")
    return float(value)


def _zeros(value: Any) -> Any:
    return tuple(whole(item) for item in value) if isinstance(value, tuple | list) and value else whole(value)


class _Quantisation(Weightless):
    """What both directions have in common: one step for all, or one for each position of an axis."""

    positional = ("scale", "zero", "dtype")
    context = ("layout",)

    scale: Annotated[float | tuple[float, ...], Before(_scales)]
    """The size of a step, or one for each position of the axis."""
    zero: Annotated[int | tuple[int, ...], Before(_zeros)] = 0
    """The whole number that stands for 0, or one for each position of the axis."""
    dtype: Integers = "uint8"
    """The type of the whole numbers."""
    axis: Axis = "channels"
    """The axis that lists are for."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        low, high = self.limits()
        zeros = self.zero if isinstance(self.zero, tuple) else (self.zero,)
        if wrong := [zero for zero in zeros if not low <= zero <= high]:
            raise Rejection("E0305", f"{self.dtype} has no {wrong[0]}", argument="zero", notes=[f"{low} to {high}"])
        size = x.shape[axis_index(self.axis, x, self.layout)] if self._lists() else None
        for name, count in self._lists().items():
            if count != size:
                message = f"`{name}` lists {count} numbers for an axis of {size}"
                raise Rejection("E0406", message, argument=name, inputs={0: x.text(self.layout)})
        return (TensorType(x.shape),)

    def reach(self, inputs: Types) -> Field:
        return ()

    def limits(self) -> tuple[int, int]:
        return LIMITS[self.dtype]

    def steps(self, build: Builder, codes: str, operator: str, x: TensorType) -> str:
        """The ONNX node `operator` with this scale and zero point; both are lists if either is."""
        if self.dtype.endswith("16") and build.opset < SIXTEEN_BITS_SINCE:
            raise build.unsupported(f"{self.dtype}", since=SIXTEEN_BITS_SINCE)
        counts = self._lists().values()
        shape = (max(counts),) if counts else ()
        repeated = max(counts, default=1)
        scales = self.scale if isinstance(self.scale, tuple) else (self.scale,) * repeated
        zeros = self.zero if isinstance(self.zero, tuple) else (self.zero,) * repeated
        operands = [codes, build.floats(scales, shape), build.integers(zeros, self.dtype, shape)]
        return build.node(operator, operands, axis=axis_index(self.axis, x, self.layout) if counts else None)

    def _lists(self) -> dict[str, int]:
        given = {"scale": self.scale, "zero": self.zero}
        return {name: len(values) for name, values in given.items() if isinstance(values, tuple)}

    def _axis(self, x: Array) -> int:
        from specc.kernels.axes import axis_of

        return axis_of(x, self.axis, self.layout) if self._lists() else 0


class Quantize(_Quantisation):
    """round(x / scale) + zero, half to even, cut to the range of the type: ONNX QuantizeLinear-13/19/21.

    `quantize 0.02, 128` makes whole numbers 0 to 255 of which 128 stands for 0; `quantize 0.02, dtype=int8` makes
    -128 to 127.  The result is a value like any other.  In front of `dequantize` with the same type the exported graph
    holds it in that type; elsewhere it is cast to float32, which holds it exactly.
    """

    word = "quantize"
    jumps = True

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (build.float_copy(self.steps(build, names[0], "QuantizeLinear", inputs[0]), self.dtype),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import quantisation

        return (quantisation.quantised(xs[0], self.scale, self.zero, self.limits(), self._axis(xs[0])),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """One step where x / scale lies within gamma_2 |x / scale| of a half, for it may go to either side; else 0."""
        from specc.kernels import quantisation

        return (quantisation.quantised_bound(xs[0], self.scale, self.zero, self.limits(), self._axis(xs[0]), u),)


class Dequantize(_Quantisation):
    """(x - zero) scale: ONNX DequantizeLinear-13/19/21.

    What is no whole number of the type is rounded and cut to its range first, as `quantize 1` does.
    """

    word = "dequantize"

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        codes = build.integer_copy(names[0], self.dtype)
        if codes is None:
            unit = Quantize(scale=1.0, dtype=self.dtype)
            codes = unit.steps(build, names[0], "QuantizeLinear", inputs[0])
        return (self.steps(build, codes, "DequantizeLinear", inputs[0]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import quantisation

        return (quantisation.restored(xs[0], self.scale, self.zero, self.limits(), self._axis(xs[0])),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_1 |y|: the difference of two whole numbers is exact."""
        from specc.kernels import quantisation

        return (quantisation.restored_bound(ys[0], u),)


class Round(Activation):
    """The nearest whole number, of two equally near ones the even one: ONNX Round-11."""

    word = "round"
    jumps = True
    is_activation = False

    def emit(self, build: Builder, x: str) -> str:
        return build.node("Round", [x])

    def value(self, x: Array) -> Array:
        import numpy as np

        return np.asarray(np.rint(x))

    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """0."""
        from specc.kernels.bounds import exact

        return exact(y)
