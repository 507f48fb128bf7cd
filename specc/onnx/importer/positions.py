"""More or fewer positions: pad, resize, and reductions along axes."""

from __future__ import annotations

from math import isclose
from typing import Any

from specc.dims import Dim
from specc.onnx.importer.context import Context
from specc.onnx.importer.shapes import reshaped
from specc.onnx.importer.values import Decline, Live, Step, Value
from specc.onnx.importer.windows import compact, compact_pad
from specc.ops.base import Op
from specc.ops.global_pool import GlobalAvgPool, GlobalMaxPool
from specc.ops.pad import Crop, Pad
from specc.ops.reduce import ArgMax, Reduction
from specc.ops.resize import Upsample


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
    if 1 in sides:
        raise Decline("it pads channels")
    if mode == "constant" and fill not in (None, 0.0) and abs(fill) == float("inf"):
        raise Decline(f"it pads with {fill}")
    pairs = [sides.get(axis, (0, 0)) for axis in range(2, ctx.type(value).rank + 1)]
    flat = (*(begin for begin, _ in pairs), *(end for _, end in pairs))
    if max(flat) <= 0:
        op: Op = Crop(amount=compact_pad([-amount for amount in flat]))
    else:
        words: dict[str, Any] = {"constant": "zeros"}
        op = Pad(amount=compact_pad(flat), mode=words.get(mode, mode), value=fill or 0.0)
    return [Live(ctx.add(step, op, value.value), value.last)]


def resize(ctx: Context, step: Step) -> list[Value]:
    """Whole factors only; what differs in coordinates but not in values is accepted."""
    value = ctx.live(step)
    factors = _factors(ctx, step, value)
    mode, coordinates = step.word("mode", "nearest"), step.word("coordinate_transformation_mode", "half_pixel")
    if ctx.opset < 11:
        coordinates = "asymmetric"
    if any(step.attributes.get(key) for key in ("antialias", "exclude_outside")):
        raise Decline("its antialias or exclude_outside has no counterpart")
    if mode == "nearest":
        rounding = step.word("nearest_mode", "round_prefer_floor") if ctx.opset >= 11 else "floor"
        repeats = (coordinates, rounding) == ("asymmetric", "floor") or (
            coordinates in ("half_pixel", "pytorch_half_pixel") and rounding.startswith("round_prefer")
        )
        if not repeats:
            raise Decline(f"{coordinates} with {rounding} does not repeat every element as often")
        op = Upsample(scale=compact(factors))
    elif mode == "linear" and coordinates in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        op = Upsample(scale=compact(factors), mode="bilinear", align_corners=coordinates == "align_corners")
    else:
        raise Decline(f"mode {mode} with {coordinates} coordinates has no counterpart")
    return [Live(ctx.add(step, op, value.value), value.last)]


def _factors(ctx: Context, step: Step, value: Live) -> tuple[int, ...]:
    shape, kind = ctx.shape(value), ctx.type(value)
    sizes, scales = ctx.sizes(step, 3) if step.operand(3) else None, None
    place = 1 if ctx.opset < 11 else 2
    if sizes is None:
        known = ctx.optional(step, place)
        scales = known.array.reshape(-1).tolist() if known else step.attributes.get("scales")
    axes = step.integers("axes") or tuple(range(len(shape)))
    factors = [1] * (kind.rank + 1)
    for i, axis in enumerate(axes):
        if sizes is not None:
            factor = _ratio(sizes[i], shape[axis], ctx.batch if axis == 0 else None)
        else:
            factor = _whole(scales[i] if scales else 0)
        if factor != 1:
            factors[ctx.axis(value, axis)] = factor
    if factors[1] != 1 or len(factors) < 3:
        raise Decline("it resizes channels")
    return tuple(factors[2:])


def _ratio(size: Dim, given: Dim, batch: int | None) -> int:
    if size == given or (batch is not None and size == batch):
        return 1
    for factor in range(1, 65):
        if given * factor == size:
            return factor
    raise Decline("it resizes by a factor that is not whole")


def _whole(scale: float) -> int:
    if scale < 1 or not isclose(scale, round(scale), rel_tol=1e-6):
        raise Decline("it resizes by a factor that is not whole")
    return round(scale)


def reduce(everywhere: type[GlobalAvgPool | GlobalMaxPool], along: type[Reduction]) -> Any:
    """A reduction over all positions is a global pool, over other axes one after the other."""

    def rule(ctx: Context, step: Step) -> list[Value]:
        value = ctx.live(step)
        axes = ctx.integers(step, 1, "axes") or ()
        if not axes and step.integer("noop_with_empty_axes", 0):
            return [value]
        rank = len(ctx.shape(value))
        axes = axes or tuple(range(rank))
        indices = sorted(ctx.axis(value, axis) for axis in axes)
        if not ctx.lifted and indices == list(range(2, ctx.type(value).rank + 1)):
            result = Live(ctx.add(step, everywhere(), value.value, part=_part(step)), value.last)
        else:
            result = _reduced(ctx, step, value, along, indices)
        return [_dropped(ctx, step, result, axes)]

    return rule


def _reduced(ctx: Context, step: Step, value: Live, kind: type[Reduction], indices: list[int]) -> Live:
    for place, index in enumerate(indices):
        op = kind(axis=ctx.axis_argument(value, index), layout=ctx.builder.layout)
        part = _part(step) if place == len(indices) - 1 else f"axis{index}"
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
    if step.integer("select_last_index", 0):
        raise Decline("of equal values it picks the last")
    value, axis = ctx.live(step), step.integer("axis", 0)
    result = _reduced(ctx, step, value, ArgMax, [ctx.axis(value, axis)])
    return [_dropped(ctx, step, result, (axis,))]
