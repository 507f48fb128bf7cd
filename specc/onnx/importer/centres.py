"""Slices that leave the centre of an image, of the sizes of another value."""

from __future__ import annotations

from specc.dims import Dim
from specc.onnx.importer.context import Context
from specc.onnx.importer.measuring import measured_value
from specc.onnx.importer.values import Live, Step
from specc.ops.crop import Crop


def centred(ctx: Context, step: Step, value: Live) -> Live | None:
    """`step` where it slices every spatial axis from (size - new) // 2 on, new being the open sizes of a value."""
    starts, ends, axes = (ctx.sizes(step, index) for index in (1, 2, 3)) if len(step.inputs) > 3 else (None,) * 3
    if starts is None or ends is None or axes is None or len(step.inputs) > 4:
        return None
    places = [ctx.axis(value, axis) for axis in axes if isinstance(axis, int) and axis]
    sizes = ctx.type(value).spatial
    wanted: tuple[Dim, ...] = tuple(end - start for start, end in zip(starts, ends, strict=True))
    if places != list(range(2, 2 + len(sizes))):
        return None
    if any(start != (size - keep) // 2 for start, size, keep in zip(starts, sizes, wanted, strict=True)):
        return None
    like = measured_value(ctx, step.operand(2), wanted)
    return None if like is None else Live(ctx.add(step, Crop(), value.value, like), value.last)
