"""Parts of a value: slice and gather."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Final

import numpy as np

from specc.dims import Dim
from specc.onnx.importer import shapes
from specc.onnx.importer.centres import as_large_as_another
from specc.onnx.importer.context import Context
from specc.onnx.importer.shapes import reshaped, shuffled, transposed
from specc.onnx.importer.values import Decline, Known, Live, Pending, Step, Value
from specc.onnx.importer.windows import compact_pad
from specc.ops.base import Op
from specc.ops.crop import Crop
from specc.ops.nearest import picked
from specc.ops.pick import Gather, Slice
from specc.ops.resize import Resize
from specc.ops.split import Split
from specc.types import TensorType

END: Final = 2**31 - 1
"""Slices that end here or later end with the axis."""


def slice_(ctx: Context, step: Step) -> list[Value]:
    """Cutting positions off is `crop`, taking channels a part of `split`, anything with steps `slice`."""
    if cropped := as_large_as_another(ctx, step):
        return [cropped]
    value = ctx.live(step)
    starts, ends = ctx.integers(step, 1, "starts") or (), ctx.integers(step, 2, "ends") or ()
    axes = ctx.integers(step, 3, "axes") or tuple(range(len(starts)))
    steps = ctx.integers(step, 4, "steps") or (1,) * len(starts)
    kind, shape = ctx.type(value), ctx.shape(value)
    cuts: dict[int, tuple[int, int]] = {}
    parts: list[Op] = []
    for axis, start, end, by in zip(axes, starts, ends, steps, strict=True):
        if by != 1 or (ctx.is_numbered(value.value) and any(_cut(shape[axis], start, end))):
            parts.append(_stepped(ctx, value, axis, (start, end, by)))
        elif sum(cut := _cut(shape[axis], start, end)) == shape[axis]:
            return [_nothing(shape, axis)]
        elif any(cut):
            cuts[ctx.axis(value, axis)] = cut
    result = _channels(ctx, step, value.value, cuts.pop(1)) if 1 in cuts else value.value
    if cuts:
        sides = [cuts.get(axis, (0, 0)) for axis in range(2, kind.rank + 1)]
        parts.append(Crop(amount=compact_pad((*(begin for begin, _ in sides), *(end for _, end in sides)))))
    for number, op in enumerate(parts, start=1):
        result = ctx.add(step, op, result, part="" if number == len(parts) else f"part{number}")
    return [Live(result, value.last)]


def _stepped(ctx: Context, value: Live, axis: int, bounds: tuple[int, int, int]) -> Slice:
    """Every n-th position; ends that stand for the end of the axis are left out."""
    start, end, by = bounds
    first = -1 if by < 0 else 0
    whole = by < 0 and start >= END
    stop = None if (end <= -END if by < 0 else end >= END) else end
    if ctx.is_numbered(value.value) and by > 0 and stop == ctx.shape(value)[axis]:
        stop = None
    return Slice(
        axis=ctx.axis_argument(value, ctx.axis(value, axis)),
        start=None if whole or (start == first and (stop is None or by != 1)) else start,
        stop=stop,
        step=by,
        layout=ctx.builder.layout,
    )


def _cut(size: Dim, start: int, end: int) -> tuple[int, int]:
    """How much a slice leaves out at the begin and at the end of an axis."""
    if isinstance(size, int):
        start = max(start + size, 0) if start < 0 else min(start, size)
        end = max(end + size, 0) if end < 0 else min(end, size)
        return start, size - max(start, end)
    if start < 0 or 0 <= end < END:
        raise Decline("what it cuts off depends on an open size")
    return start, -end if end < 0 else 0


def _nothing(shape: tuple[Dim, ...], axis: int) -> Known:
    """What is left where a slice leaves nothing of an axis: a constant without elements."""
    sizes = [size for size in shape if isinstance(size, int)]
    if len(sizes) < len(shape):
        raise Decline("nothing is left of an axis")
    sizes[axis] = 0
    return Known.of(np.zeros(sizes, np.float32))


def _channels(ctx: Context, step: Step, value: str, cut: tuple[int, int]) -> str:
    size = ctx.builder.types[value].channels
    if not isinstance(size, int):
        raise Decline("it cuts an open number of channels")
    sizes = [part for part in (cut[0], size - sum(cut), cut[1]) if part]
    op = Split(parts=len(sizes) if len(set(sizes)) == 1 else tuple(sizes), layout=ctx.builder.layout)
    return ctx.add_many(step, op, value, part="parts")[1 if cut[0] else 0]


def gather(ctx: Context, step: Step) -> list[Value]:
    """Positions by their numbers; channels dealt out in turn are channel_shuffle."""
    numbers, place = ctx.known(step, 1), step.integer("axis", 0)
    if place == 0 and numbers.elements == 1 and not numbers.shape:
        found = _one_of_moved(ctx, step, step.operand(0), _numbers(numbers))
        if found is not None:
            return [found]
    value = ctx.live(step)
    axis = ctx.axis(value, place)
    indices = _numbers(numbers)
    if axis == 1 and len(numbers.shape) == 1 and (groups := _dealt(indices, ctx.type(value).channels)):
        return [shuffled(ctx, step, value, groups)]
    if len(numbers.shape) == 1 and (size := _resized(ctx.type(value), axis, indices)) is not None:
        return [Live(ctx.add(step, Resize(size=size, layout=ctx.builder.layout), value.value), value.last)]
    op = Gather(indices=indices, axis=ctx.axis_argument(value, axis), layout=ctx.builder.layout)
    if len(numbers.shape) == 1:
        return [Live(ctx.add(step, op, value.value), value.last)]
    picked = Live(ctx.add(step, op, value.value, part="picked"), value.last)
    shape = ctx.shape(value)
    place += len(shape) if place < 0 else 0
    sizes = (*shape[:place], *numbers.shape, *shape[place + 1 :])
    return [reshaped(ctx, step, picked, sizes if ctx.lifted else sizes[1:])]


def _resized(x: TensorType, axis: int, indices: tuple[int, ...]) -> tuple[int, ...] | None:
    """The spatial sizes of `x` resized to the nearest samples, where `indices` are those that rounding would make
    others of; see `specc.ops.nearest`."""
    size, count = x.shape[axis], len(indices)
    if axis < 2 or not isinstance(size, int) or count < 2:
        return None
    if picked(size, count, Fraction(count, size), "asymmetric", "floor") != indices:
        return None
    sizes = (*x.shape[2:axis], count, *x.shape[axis + 1 :])
    known = tuple(size for size in sizes if isinstance(size, int))
    return known if len(known) == len(sizes) else None


def gather_nd(ctx: Context, step: Step) -> list[Value]:
    return gather(ctx, along_first(ctx, step))


def along_first(ctx: Context, step: Step) -> Step:
    """GatherND along the first axis alone, as PyTorch's newer exporter writes `x[:, [1, 3]]` between two transposes: a
    Gather there."""
    numbers = ctx.known(step, 1)
    if step.integer("batch_dims", 0) or numbers.shape[-1:] != (1,):
        raise Decline("it picks along several axes at once")
    listed = f"{step.outputs[0]}/indices"
    ctx.values[listed] = Known.of(numbers.array.reshape(numbers.shape[:-1]))
    return replace(step, inputs=(step.operand(0), listed), attributes={"axis": 0})


def squeeze(ctx: Context, step: Step) -> list[Value]:
    """Also of one position, cut out of an axis before the batch."""
    if ctx.integers(step, 1, "axes") == (0,):
        source, place = _single(ctx, step.operand(0))
        found = None if place is None else _one_of_moved(ctx, step, source, (place,))
        if found is not None:
            return [found]
    return shapes.squeeze(ctx, step)


def _single(ctx: Context, tensor: str) -> tuple[str, int | None]:
    """The tensor from whose first axis `tensor` is cut, and the position, if it is the only one."""
    step = ctx.maker(tensor, "Split", "Slice")
    if step is None:
        return "", None
    if step.op_type == "Split":
        sizes = ctx.integers(step, 1, "split")
        alone = step.integer("axis", 0) == 0 and sizes is not None and set(sizes) == {1}
        return step.operand(0), step.outputs.index(tensor) if alone else None
    start, end = ctx.integers(step, 1, "starts"), ctx.integers(step, 2, "ends")
    axes, by = ctx.integers(step, 3, "axes"), ctx.integers(step, 4, "steps")
    alone = axes == (0,) and by in (None, (1,)) and start is not None and end == (start[0] + 1,)
    return step.operand(0), start[0] if alone and start else None


def _one_of_moved(ctx: Context, step: Step, tensor: str, number: tuple[int, ...]) -> Live | None:
    """One position of an axis that a transpose put before the batch: queries, keys and values come so where one layer
    makes all three.  The axis is dropped where it was, and the others are transposed."""
    moved = ctx.maker(tensor, "Transpose")
    if moved is None or not isinstance(ctx.values.get(tensor), Pending):
        return None
    source, perm = ctx.live(moved), moved.integers("perm") or ()
    left = tuple(axis - (axis > perm[0]) for axis in perm[1:])
    if not left or left[0] != 0 or ctx.lifted:
        return None
    axis = ctx.axis_argument(source, ctx.axis(source, perm[0]))
    op = Gather(indices=number, axis=axis, layout=ctx.builder.layout)
    picked = Live(ctx.add(step, op, source.value, part="picked"), source.last)
    sizes = tuple(size for place, size in enumerate(ctx.shape(source)) if place != perm[0])
    return transposed(ctx, step, reshaped(ctx, step, picked, sizes[1:]), left)


def _numbers(known: Known) -> tuple[int, ...]:
    if known.is_open or known.array.dtype.kind not in "iu":
        raise Decline("its positions depend on an open size")
    return tuple(known.array.reshape(-1).tolist())


def _dealt(indices: tuple[int, ...], channels: Dim) -> int | None:
    """The groups of the channel_shuffle that deals out the channels in this order; `None` if there is none."""
    if not isinstance(channels, int) or len(indices) != channels or channels < 2:
        return None
    groups = indices[1] - indices[0]
    per_group = channels // groups if groups > 0 and channels % groups == 0 else 0
    # the first group's channels lie `channels / groups` apart
    same = list(indices) == [g * groups + i for i in range(groups) for g in range(per_group)]
    return per_group if per_group and same else None
