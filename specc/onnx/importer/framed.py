"""Computing with tensors whose batch is not the first axis: the value is brought in order, the rule for the node's
operator applied to it, and what comes out is arranged as the operand was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from specc.dims import Dim, product
from specc.onnx.importer.arrangement import BATCH, regrouped
from specc.onnx.importer.batches import batch_of, placed, plain, settled, sized
from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Decline, Known, Live, Moved, Step, Value, mapped

Rule: TypeAlias = Callable[[Context, Step], list[Value]]
ACROSS: Final = "it works across the batch, wherever that is"


@dataclass(frozen=True)
class Place:
    """One axis of an ONNX tensor: whether an item has it, and, where the batch is part of it, the sizes of an item's
    factors before and behind the batch."""

    kept: bool
    batch: tuple[Dim, Dim] | None = None


Frame: TypeAlias = tuple[Place, ...]


def frame_of(operands: Sequence[Moved], rank: int, always: Sequence[int] = ()) -> Frame:
    """How tensors that are computed with axis by axis lie, the last axes beside each other; `always` are axes that an
    item has even where their size is 1."""
    places = []
    for axis in range(-rank, 0):
        groups = [(o, o.axes[axis]) for o in operands if len(o.axes) >= -axis]
        batches = {_around(o, group) for o, group in groups if BATCH in group}
        if len(batches) > 1 or (batches and any(group and BATCH not in group for _, group in groups)):
            raise Decline("its operands have the batch at different places")
        kept = axis + rank in always or any(set(group) - {BATCH} for _, group in groups)
        places.append(Place(kept, batches.pop() if batches else None))
    return tuple(places)


def _around(moved: Moved, group: tuple[int, ...]) -> tuple[Dim, Dim]:
    place = group.index(BATCH)
    before, behind = (product(tuple(moved.factors[f] for f in part)) for part in (group[:place], group[place + 1 :]))
    return before, behind


def inside(ctx: Context, step: Step, moved: Moved, frame: Frame) -> Live:
    """`moved` as a value with the axes that an item has in `frame`, the batch in front."""
    missing = len(frame) - len(moved.axes)
    if missing and any(place.kept or place.batch for place in frame[:missing]):
        moved = Moved(moved.value, moved.factors, (*((),) * missing, *moved.axes))
    pairs = zip(frame[len(frame) - len(moved.axes) :], moved.axes, strict=True)
    axes = tuple(tuple(f for f in group if f != BATCH) for place, group in pairs if place.kept)
    return placed(ctx, step, moved, axes)


def outside(ctx: Context, moved: Moved, frame: Frame) -> Moved:
    """A value with the batch in front (as an arrangement) in the axes of `frame`."""
    sizes = iter(sized(ctx, moved)[1:])
    apart: list[Dim] = [1 if ctx.batch == 1 else batch_of(ctx, moved)]
    for place in frame:
        if place.kept:
            size = next(sizes)
            apart.extend((size,) if place.batch is None else place.batch)
    found = regrouped(moved, apart, batch_of(ctx, moved))
    if found is None:
        raise Decline(ACROSS)
    groups = iter(found.axes[1:])
    axes: list[tuple[int, ...]] = []
    for place in frame:
        first = next(groups) if place.kept else ()
        if place.batch is not None:
            last = next(groups) if place.kept else ()
            first = (*first, *(() if ctx.batch == 1 else (BATCH,)), *last)
        axes.append(first)
    return Moved(found.value, found.factors, tuple(axes))


def constant_inside(known: Known, frame: Frame) -> Known:
    """A constant that is computed with, in the axes that an item has, a batch of one in front."""
    shape = (1,) * (len(frame) - len(known.shape)) + known.shape
    if any(size != 1 for size, place in zip(shape, frame, strict=True) if place.batch or not place.kept):
        raise Decline("its constant is another one for each item of the batch")
    kept = (1, *(size for size, place in zip(shape, frame, strict=True) if place.kept))
    return replace(known, tensor=mapped(known.tensor, kept))


def axis_inside(frame: Frame, axis: int) -> int:
    """Where an axis of the tensor is with the batch in front."""
    index = axis + len(frame) if axis < 0 else axis
    if not 0 <= index < len(frame):
        raise Decline(f"axis {axis} is out of range")
    if frame[index].batch is not None or not frame[index].kept:
        raise Decline(ACROSS)
    return 1 + sum(place.kept for place in frame[:index])


def applied(ctx: Context, step: Step, rule: Rule, operands: Mapping[str, Value], **attributes: Any) -> list[Live]:
    """What `rule` makes of `step` where tensors have other values and the step other attributes."""
    saved = {name: ctx.values[name] for name in operands}
    ctx.values.update(operands)
    try:
        results = rule(ctx, replace(step, attributes=step.attributes | attributes))
    finally:
        ctx.values.update(saved)
    made = [result for result in results if isinstance(result, Live)]
    if len(made) < len(results):
        raise Decline(ACROSS)
    return made


def arranged(ctx: Context, step: Step, results: Sequence[Live], frame: Frame) -> list[Value]:
    """Values with the batch in front as what the node makes."""
    return [settled(ctx, step, outside(ctx, plain(ctx, result), frame)) for result in results]
