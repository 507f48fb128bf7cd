"""Axes as an author names them: by word, or by number in the shape as it is written, the batch left out."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from specc.core import PydanticCustomError
from specc.ops.base import Rejection
from specc.ops.fields import whole
from specc.record import Before
from specc.types import SPATIAL_NAMES, Layout, TensorType

AXIS_NAMES = ("channels", "length", "height", "width", "depth")


def _axis(value: Any) -> Any:
    if isinstance(value, str):
        if value in AXIS_NAMES:
            return value
        raise PydanticCustomError("specc_choice", "takes {names}, or a number", {"names": ", ".join(AXIS_NAMES)})
    if isinstance(value, tuple | list):
        raise PydanticCustomError("specc_type", "takes one axis (several are taken one after the other)")
    return whole(value)


Axis: TypeAlias = Annotated[str | int, Before(_axis)]
"""`channels`, `height`, ..., or 0 for the first axis as written; -1 is the last."""


def axis_index(axis: str | int, x: TensorType, layout: Layout) -> int:
    """The canonical index of `axis` in the shape of `x` (1 is the channels); raises E0305 where it has none."""
    if isinstance(axis, str):
        return _named(axis, x, layout)
    if not -x.rank <= axis < x.rank:
        raise Rejection(
            "E0305",
            f"axis {axis} does not exist in {x.text(layout)}",
            argument="axis",
            notes=[f"its axes are 0 to {x.rank - 1}, the batch not counted"],
        )
    return spoken_axes(x.rank, layout)[axis]


def _named(axis: str, x: TensorType, layout: Layout) -> int:
    names = ("channels", *SPATIAL_NAMES.get(len(x.spatial), ()))
    if axis in names:
        return names.index(axis) + 1
    raise Rejection(
        "E0305",
        f"the input has no {axis}",
        argument="axis",
        inputs={0: x.text(layout)},
        help=f"it has {', '.join(names)}",
    )


def spoken_axes(rank: int, layout: Layout) -> tuple[int, ...]:
    """The canonical indices of `rank` axes behind the batch, in the order in which they are written."""
    if layout == "chw" or rank < 2:
        return tuple(range(1, rank + 1))
    return (*range(2, rank + 1), 1)


def canonical_order(spoken: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    """Axes listed as they are written, listed canonically: channels first."""
    if layout == "chw" or len(spoken) < 2:
        return spoken
    return (spoken[-1], *spoken[:-1])


def axis_name(index: int, rank: int) -> str:
    """What the canonical axis `index` of a value with `rank` axes behind the batch is called."""
    return "channels" if index == 1 else SPATIAL_NAMES.get(rank - 1, ())[index - 2]
