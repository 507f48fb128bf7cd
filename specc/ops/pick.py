"""Some positions of one axis, by a range or by their numbers: slice, gather."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

from specc.core import PydanticCustomError
from specc.dims import Dim
from specc.ops.axes import Axis, axis_index, axis_name
from specc.ops.base import Builder, Field, Reach, Rejection, Types, along
from specc.ops.families import Rearrangement
from specc.ops.fields import LARGEST_SIZE, Integer, whole
from specc.record import Before
from specc.types import Layout, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


def _step(value: Any) -> Any:
    value = whole(value)
    if value == 0:
        raise PydanticCustomError("specc_range", "takes a whole number other than 0")
    return value


class Slice(Rearrangement):
    """Every `step`-th position of an axis from `start` to before `stop`, as in Python: ONNX Slice-13.

    Negative numbers count from the end, a negative step goes backwards: `slice width, step=-1` mirrors an image,
    `slice height, 1, step=2` keeps the odd rows.
    """

    word = "slice"
    positional = ("axis", "start", "stop")
    context = ("layout",)

    axis: Axis
    """The axis of which positions are kept."""
    start: Integer | None = None
    """The first position; the first of all, or with a negative step the last, where it is not given."""
    stop: Integer | None = None
    """The position before which it ends; the end of the axis where it is not given."""
    step: Annotated[int, Before(_step)] = 1
    """How far the positions lie apart."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        axis = axis_index(self.axis, x, self.layout)
        return (TensorType((*x.shape[:axis], self._count(x, x.shape[axis]), *x.shape[axis + 1 :])),)

    def arithmetic(self, inputs: Types) -> tuple[str, ...]:
        axis = axis_index(self.axis, inputs[0], self.layout)
        size = inputs[0].shape[axis]
        return (f"{self.axis}: positions [{self._text()}] of {size} are {self._count(inputs[0], size)}",)

    def reach(self, inputs: Types) -> Field:
        axis = axis_index(self.axis, inputs[0], self.layout)
        return along(axis, inputs[0], self._reach(inputs[0].shape[axis]))

    def _reach(self, size: Dim) -> Reach:
        stride, start = Fraction(abs(self.step)), self.start or 0
        if self.step < 0:
            return Reach(1, stride, None, order="mixed")
        if start < 0 and not isinstance(size, int):
            return Reach(1, stride, None, order="moved")
        return Reach(1, stride, slice(self.start, None).indices(size)[0] if isinstance(size, int) else start)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        backwards = self.step < 0
        start = self.start if self.start is not None else -1 if backwards else 0
        stop = self.stop if self.stop is not None else -LARGEST_SIZE if backwards else LARGEST_SIZE
        axis = axis_index(self.axis, inputs[0], self.layout)
        operands = [names[0], *(build.ints([number]) for number in (start, stop, axis))]
        return (build.node("Slice", operands if self.step == 1 else [*operands, build.ints([self.step])]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.axes import axis_of

        axis = axis_of(xs[0], self.axis, self.layout)
        return (xs[0][(slice(None),) * axis + (slice(self.start, self.stop, self.step),)],)

    def _count(self, x: TensorType, size: Dim) -> Dim:
        """How many positions are left of `size`."""
        if not isinstance(size, int):
            return 1 if self._is_one else self._open_count(x, size)
        count = len(range(*slice(self.start, self.stop, self.step).indices(size)))
        if count:
            return count
        raise Rejection(
            "E0406",
            f"positions [{self._text()}] leave nothing of {size}",
            argument="axis",
            inputs={0: x.text(self.layout)},
        )

    @property
    def _is_one(self) -> bool:
        """Whether it is the first or the last position, which every axis has."""
        first = self.start in (None, 0) and self.stop == 1
        return self.step > 0 and (first or (self.start == -1 and self.stop is None))

    def _open_count(self, x: TensorType, size: Dim) -> Dim:
        """The same for an open size, of which both ends must be counted from the side where the slice has them."""
        first, behind = (self.start, self.stop) if self.step > 0 else (self.stop, self.start)
        if (first is not None and first < 0) or (behind is not None and behind >= 0):
            name = axis_name(axis_index(self.axis, x, self.layout), x.rank)
            raise Rejection(
                "E0407",
                f"how much [{self._text()}] leaves of an open {name} depends on its size",
                argument="axis",
                inputs={0: x.text(self.layout)},
                help="count the first kept position from the beginning of the axis and the last from its end; "
                f"`slice {name}, -1` is the last position",
            )
        backwards, by = self.step < 0, abs(self.step)
        skipped = 0 if first is None else first + backwards
        left = 0 if behind is None else behind + backwards
        return (size - skipped + left + (by - 1)) // by

    def _text(self) -> str:
        """`1:-1:2`."""
        begin, end = ("" if number is None else str(number) for number in (self.start, self.stop))
        return f"{begin}:{end}" if self.step == 1 else f"{begin}:{end}:{self.step}"


def _indices(value: Any) -> Any:
    items = tuple(value) if isinstance(value, tuple | list) else (value,)
    if not items:
        raise PydanticCustomError("specc_range", "needs at least one number")
    return tuple(whole(item) for item in items)


class Gather(Rearrangement):
    """Positions of an axis by their numbers, in the order listed, as often as listed: ONNX Gather-13.

    `gather [2, 1, 0]` turns RGB into BGR.
    """

    word = "gather"
    positional = ("indices", "axis")
    context = ("layout",)

    indices: Annotated[tuple[int, ...], Before(_indices)]
    """The numbers, counted from 0; negative ones count from the end."""
    axis: Axis = "channels"
    """The axis of which positions are taken."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        axis = axis_index(self.axis, x, self.layout)
        self._check(x, x.shape[axis])
        return (TensorType((*x.shape[:axis], len(self.indices), *x.shape[axis + 1 :])),)

    def reach(self, inputs: Types) -> Field:
        return () if axis_index(self.axis, inputs[0], self.layout) == 1 else None

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        axis = axis_index(self.axis, inputs[0], self.layout)
        return (build.node("Gather", [names[0], build.ints(self.indices)], axis=axis),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.axes import axis_of

        return (xs[0].take(self.indices, axis_of(xs[0], self.axis, self.layout)),)

    def _check(self, x: TensorType, size: Dim) -> None:
        if not isinstance(size, int):
            raise Rejection(
                "E0407",
                f"`gather` needs a known size to pick from, not {size}",
                argument="axis",
                inputs={0: x.text(self.layout)},
            )
        wrong = [index for index in self.indices if not -size <= index < size]
        if wrong:
            raise Rejection(
                "E0305",
                f"there is no position {wrong[0]} among {size}",
                argument="indices",
                inputs={0: x.text(self.layout)},
                notes=[f"positions are 0 to {size - 1}, or -{size} to -1 from the end"],
            )
