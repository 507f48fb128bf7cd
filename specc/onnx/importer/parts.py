"""Cutting tensors whose batch is not the first axis: queries, keys and values that one layer makes."""

from __future__ import annotations

from specc.dims import Dim, product
from specc.onnx.importer import shapes
from specc.onnx.importer.arrangement import BATCH, pieces, refined
from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Decline, Live, Moved, Step
from specc.ops.split import Split


def parted(ctx: Context, step: Step, moved: Moved, axis: int, sizes: tuple[int, ...]) -> list[Moved]:
    """The parts of `moved` that a cut of one of its axes into `sizes` makes; cut is the value's axis of which that one
    is the outermost factor."""
    group = moved.axes[axis]
    if BATCH in group or group != tuple(range(group[0], group[0] + len(group))):
        raise Decline("it cuts an axis that is not one of an item")
    whole, place, rest = _row(ctx, step, moved, group)
    equal = len(set(sizes)) == 1
    count = sum(sizes)
    if product(tuple(whole.factors[f] for f in whole.axes[axis])) != count or not (equal or isinstance(rest, int)):
        raise Decline("its parts do not make up the axis")
    parts = len(sizes) if equal else tuple(size * rest for size in sizes if isinstance(rest, int))
    op = Split(parts=parts, axis=ctx.axis_argument(Live(whole.value), place + 1))
    made = ctx.add_many(step, op, whole.value, part="parts")
    return [_part(whole, axis, name, size) for name, size in zip(made, sizes, strict=True)]


def _row(ctx: Context, step: Step, moved: Moved, group: tuple[int, ...]) -> tuple[Moved, int, Dim]:
    """`moved`, the axis of its value that begins with `group`, and the size of what follows there; reshaped where there
    is none."""
    found = refined(moved, ctx.builder.types[moved.value].shape[1:])
    if found is not None and len(found[0].factors) == len(moved.factors):
        for place, row in enumerate(found[1]):
            if row[: len(group)] == group:
                return moved, place, product(tuple(moved.factors[f] for f in row[len(group) :]))
    borders = {group[0], group[-1] + 1} - {0, len(moved.factors)}
    rows = pieces(len(moved.factors), borders)
    cut = tuple(product(tuple(moved.factors[f] for f in row)) for row in rows)
    value = shapes.reshaped(ctx, step, Live(moved.value), cut).value
    return Moved(value, moved.factors, moved.axes), rows.index(group), 1


def _part(moved: Moved, axis: int, value: str, size: int) -> Moved:
    """One part of `moved`, whose group on `axis` is a single factor then."""
    group = moved.axes[axis]
    factors = [(f, s) for f, s in enumerate(moved.factors) if f not in group[1:]]
    factors = [(f, size if f == group[0] else s) for f, s in factors]
    kept = [f for f, s in factors if s != 1]
    numbers = {f: place for place, f in enumerate(kept)} | {BATCH: BATCH}
    axes = tuple(
        tuple(numbers[f] for f in (group[:1] if place == axis else row) if f in numbers)
        for place, row in enumerate(moved.axes)
    )
    return Moved(value, tuple(s for _, s in factors if s != 1), axes)
