"""More or fewer positions: pad, and reductions along axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from specc.onnx.importer.context import Context
from specc.onnx.importer.shapes import reshaped
from specc.onnx.importer.values import Decline, Live, Step, Value
from specc.onnx.importer.windows import compact_pad
from specc.ops.base import Op
from specc.ops.crop import Crop
from specc.ops.global_pool import GlobalAvgPool, GlobalMaxPool
from specc.ops.pad import Pad
from specc.ops.reduce import ArgMax, Reduction


def pad(ctx: Context, step: Step) -> list[Value]:
    value = ctx.live(step)
    amounts = ctx.integers(step, 1, "pads") or step.integers("paddings") or ()
    rank, mode = len(ctx.shape(value)), step.word("mode", "constant")
    axes = ctx.integers(step, 3, "axes") or tuple(range(rank))
    fill = ctx.scalar(step, 2) if len(step.inputs) > 1 else step.number("value", 0.0)
    half = len(amounts) // 2
    sides: dict[int, tuple[int, int]] = {}
    for axis, begin, end in zip(axes, amounts[:half], amounts[half:], strict=True):
        if begin or end:
            sides[ctx.axis(value, axis)] = (begin, end)
    if not sides:
        return [value]
    if mode == "constant" and fill not in (None, 0.0) and abs(fill) == float("inf"):
        raise Decline(f"it pads with {fill}")
    if len(sides) > 1 and mode == "constant" and (1 in sides or ctx.is_numbered(value.value)):
        return [_axis_by_axis(ctx, step, value, sides, fill or 0.0)]
    if 1 in sides:
        return [_along(ctx, step, value, (1, sides[1]), (mode, fill or 0.0))]
    pairs = [sides.get(axis, (0, 0)) for axis in range(2, ctx.type(value).rank + 1)]
    flat = (*(begin for begin, _ in pairs), *(end for _, end in pairs))
    if max(flat) <= 0:
        op: Op = Crop(amount=compact_pad([-amount for amount in flat]))
    else:
        words: dict[str, Any] = {"constant": "zeros"}
        op = Pad(amount=compact_pad(flat), mode=words.get(mode, mode), value=fill or 0.0, layout=ctx.builder.layout)
    return [Live(ctx.add(step, op, value.value), value.last)]


def _axis_by_axis(ctx: Context, step: Step, value: Live, sides: dict[int, tuple[int, int]], fill: float) -> Live:
    """Numbers added at the ends of several axes, one of which is the channels, or none a position of an image."""
    *_, last = sides
    for axis, ends in sides.items():
        value = _along(ctx, step, value, (axis, ends), ("constant", fill), "" if axis == last else f"axis{axis}")
    return value


def _along(
    ctx: Context, step: Step, value: Live, side: tuple[int, tuple[int, int]], how: tuple[str, float], part: str = ""
) -> Live:
    """Numbers added at both ends of an axis."""
    (axis, (begin, end)), (mode, fill) = side, how
    if mode != "constant" or min(begin, end) < 0:
        raise Decline("it cuts or repeats channels, or pads them with something else than a number")
    amount = (begin,) if begin == end else (begin, end)
    op = Pad(amount=amount, value=fill, axis=ctx.axis_argument(value, axis), layout=ctx.builder.layout)
    return Live(ctx.add(step, op, value.value, part=part), value.last)


def reduce(
    everywhere: type[GlobalAvgPool | GlobalMaxPool] | None,
    along: type[Reduction],
    before: Sequence[Op] = (),
    after: Sequence[Op] = (),
) -> Any:
    """A reduction over all positions is a global pool where there is one, over other axes one after the other.

    `before` and `after` it stand functions of single values.
    """

    def rule(ctx: Context, step: Step) -> list[Value]:
        value = ctx.live(step)
        axes = ctx.integers(step, 1, "axes") or ()
        if not axes and step.integer("noop_with_empty_axes", 0):
            return [value]
        rank = len(ctx.shape(value))
        axes = axes or tuple(range(rank))
        indices = sorted(ctx.axis(value, axis) for axis in axes)
        value = _through(ctx, step, value, before, "each")
        pooled = not ctx.lifted and indices == list(range(2, ctx.type(value).rank + 1))
        if everywhere is not None and pooled:
            result = Live(ctx.add(step, everywhere(), value.value, part=_part(step)), value.last)
        else:
            result = _reduced(ctx, step, value, along, indices, "total" if after else _part(step))
        result = _through(ctx, step, result, after, _part(step))
        return [_dropped(ctx, step, result, axes)]

    return rule


def _through(ctx: Context, step: Step, value: Live, functions: Sequence[Op], part: str) -> Live:
    for function in functions:
        value = Live(ctx.add(step, function, value.value, part=part), value.last)
    return value


def _reduced(ctx: Context, step: Step, value: Live, kind: type[Reduction], indices: list[int], last: str) -> Live:
    for place, index in enumerate(indices):
        op = kind(axis=ctx.axis_argument(value, index), layout=ctx.builder.layout)
        part = last if place == len(indices) - 1 else f"axis{index}"
        value = Live(ctx.add(step, op, value.value, part=part), value.last)
    return value


def _part(step: Step) -> str:
    """The reduction is the step's value unless its axes are dropped afterwards."""
    return "" if step.integer("keepdims", 1) else "reduced"


def _dropped(ctx: Context, step: Step, value: Live, axes: tuple[int, ...]) -> Live:
    """`value` without the reduced axes, unless the step keeps them."""
    if step.integer("keepdims", 1):
        return value
    shape = ctx.shape(value)
    gone = {axis + len(shape) if axis < 0 else axis for axis in axes}
    sizes = tuple(size for axis, size in enumerate(shape) if axis not in gone)
    return reshaped(ctx, step, value, sizes if ctx.lifted else sizes[1:])


def argmax(ctx: Context, step: Step) -> list[Value]:
    value, axis = ctx.live(step), step.integer("axis", 0)
    op = ArgMax(
        axis=ctx.axis_argument(value, ctx.axis(value, axis)),
        last=bool(step.integer("select_last_index", 0)),
        layout=ctx.builder.layout,
    )
    result = Live(ctx.add(step, op, value.value, part=_part(step)), value.last)
    return [_dropped(ctx, step, result, (axis,))]
