"""One value cut into several along an axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from specc.core import PydanticCustomError
from specc.dims import Dim, Divides, Sym
from specc.ops.axes import Axis, axis_index, axis_name, spoken_axes
from specc.ops.base import Builder, Field, Reach, Rejection, Types, along
from specc.ops.families import Rearrangement
from specc.ops.fields import whole
from specc.record import Before
from specc.types import Layout, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


MOST_PARTS = 10_000


def _parts(value: Any) -> Any:
    listed = isinstance(value, tuple | list)
    sizes = tuple(whole(item) for item in (value if listed else (value,)))
    if not sizes or min(sizes) < 1:
        raise PydanticCustomError("specc_range", "must be at least 1")
    if len(sizes) > MOST_PARTS or (not listed and sizes[0] > MOST_PARTS):
        raise PydanticCustomError("specc_range", "must be at most {most}", {"most": f"{MOST_PARTS:_}"})
    return sizes if listed else sizes[0]


class Split(Rearrangement):
    """Cut along an axis into equal parts, `split 2`, or into the sizes listed, `split [16, 48]`: ONNX Split-13/18."""

    word = "split"
    several = True
    positional = ("parts", "axis")
    context = ("layout",)

    parts: Annotated[int | tuple[int, ...], Before(_parts)]
    """The number of equal parts, or the size of each."""
    axis: Axis = "channels"
    """The axis to cut."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        axis = axis_index(self.axis, x, self.layout)
        size = x.shape[axis]
        if isinstance(self.parts, int):
            self._check_equal(x, size)
            sizes = (size // self.parts,) * self.parts
        else:
            self._check_listed(x, size)
            sizes = self.parts
        return tuple(TensorType((*x.shape[:axis], part, *x.shape[axis + 1 :])) for part in sizes)

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        size = inputs[0].shape[axis_index(self.axis, inputs[0], self.layout)]
        if isinstance(self.parts, int) and isinstance(size, Sym) and size // self.parts * self.parts != size:
            return (Divides(self.parts, size),)
        return ()

    def reach(self, inputs: Types) -> Field:
        return self._behind(inputs[0], 0)

    def reaches(self, inputs: Types, outputs: Types) -> Sequence[Field]:
        """Each part lies behind those before it."""
        sizes = [y.shape[axis_index(self.axis, inputs[0], self.layout)] for y in outputs]
        return [self._behind(inputs[0], sum(sizes[:index], 0)) for index in range(len(sizes))]

    def _behind(self, x: TensorType, first: Dim) -> Field:
        reach = Reach(1, first=first) if isinstance(first, int) else Reach(1, first=None, order="moved")
        return along(axis_index(self.axis, x, self.layout), x, reach)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        axis = axis_index(self.axis, inputs[0], self.layout)
        sizes = [size for x in outputs if isinstance(size := x.shape[axis], int)]
        operands = [names[0], build.ints(sizes)] if len(sizes) == len(outputs) else [names[0]]
        if len(operands) == 1 and build.opset >= 18:
            return build.nodes("Split", operands, len(outputs), axis=axis, num_outputs=len(outputs))
        return build.nodes("Split", operands, len(outputs), axis=axis)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        import numpy as np

        from specc.kernels.axes import axis_of

        axis = axis_of(xs[0], self.axis, self.layout)
        if isinstance(self.parts, int):
            return tuple(np.split(xs[0], self.parts, axis))
        return tuple(np.split(xs[0], np.cumsum(self.parts)[:-1], axis))

    def _check_equal(self, x: TensorType, size: int | Sym) -> None:
        assert isinstance(self.parts, int)
        if isinstance(size, int) and size % self.parts:
            raise Rejection(
                "E0406",
                f"{size} cannot be cut into {self.parts} equal parts",
                argument="parts",
                inputs={0: x.text(self.layout)},
                notes=[f"{size} / {self.parts} = {size / self.parts:.2f}"],
                help=self._counted(x) or "list the sizes: `split [...]`",
            )

    def _check_listed(self, x: TensorType, size: int | Sym) -> None:
        assert isinstance(self.parts, tuple)
        if not isinstance(size, int):
            raise Rejection(
                "E0407",
                f"parts of given sizes need a known size, not {size}",
                argument="parts",
                inputs={0: x.text(self.layout)},
                help="a number of equal parts works at any size",
            )
        if sum(self.parts) != size:
            raise Rejection(
                "E0406",
                f"the parts do not add up to {size}",
                argument="parts",
                inputs={0: x.text(self.layout)},
                notes=[f"{' + '.join(map(str, self.parts))} = {sum(self.parts)}"],
                help=self._counted(x) or self._halved(size),
            )

    def _halved(self, size: int) -> str | None:
        """What `split (2, 1)` may be meant for."""
        assert isinstance(self.parts, tuple)
        parts = self.parts[0] if len(self.parts) == 2 and min(self.parts) == 1 else len(self.parts)
        return f"`split {parts}` makes {parts} equal parts" if parts > 1 and size % parts == 0 else None

    def _counted(self, x: TensorType) -> str | None:
        """What axis 1 of an image is, which is that of the channels where the batch is counted."""
        if self.axis != 1 or x.rank < 3:
            return None
        here, counted = (axis_name(axis, x.rank) for axis in reversed(spoken_axes(x.rank, self.layout)[:2]))
        return f"axis 1 is the {here}, the batch is not counted: the {counted} are meant by `axis={counted}`"
