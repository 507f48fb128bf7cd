"""Slices that leave a part of an image, its centre or from some position on, of the sizes of another value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from specc.dims import Dim
from specc.onnx.importer.context import Context
from specc.onnx.importer.measuring import measured_value
from specc.onnx.importer.values import Live, Pending, Step
from specc.onnx.importer.windows import compact
from specc.ops.crop import Crop


class _Range(NamedTuple):
    """What is left of one axis, in ONNX's numbers."""

    axis: int
    start: Dim
    end: Dim


def as_large_as_another(ctx: Context, step: Step) -> Live | None:
    """`step` where it slices every spatial axis from (size - new) // 2 or a number on, new being the open sizes of a
    value; PyTorch writes a slice for each axis, of which the last then stands for all."""
    first, ranges, ends = step, _ranges(ctx, step), [step.operand(2)]
    while isinstance(ctx.values.get(first.operand(0)), Pending) and ctx.maker(first.operand(0), "Slice"):
        first = ctx.makers[first.operand(0)]
        ranges, ends = [*_ranges(ctx, first), *ranges], [first.operand(2), *ends]
    if not ranges:
        return None
    value = ctx.live(first)
    sizes = ctx.type(value).spatial
    found = {ctx.axis(value, part.axis): part for part in ranges if part.axis}
    if len(found) < len(ranges) or sorted(found) != list(range(2, 2 + len(sizes))):
        return None
    parts = [found[axis] for axis in sorted(found)]
    wanted: tuple[Dim, ...] = tuple(part.end - part.start for part in parts)
    crop = _crop([part.start for part in parts], sizes, wanted)
    like = next(filter(None, (measured_value(ctx, end, wanted) for end in ends)), None)
    return None if crop is None or like is None else Live(ctx.add(step, crop, value.value, like), value.last)


def _ranges(ctx: Context, step: Step) -> list[_Range]:
    """What a slice without larger steps leaves, nothing where it does not say so."""
    if len(step.inputs) < 4 or any(by != 1 for by in ctx.sizes(step, 4) or ()):
        return []
    starts, ends, axes = (ctx.sizes(step, index) or () for index in (1, 2, 3))
    trios = zip(axes, starts, ends, strict=True)
    return [_Range(axis, start, end) for axis, start, end in trios if isinstance(axis, int)]


def _crop(starts: Sequence[Dim], sizes: Sequence[Dim], wanted: Sequence[Dim]) -> Crop | None:
    """The operation that leaves `wanted` of `sizes` from `starts` on."""
    if all(start == (size - keep) // 2 for start, size, keep in zip(starts, sizes, wanted, strict=True)):
        return Crop()
    begins = [start for start in starts if isinstance(start, int) and start >= 0]
    return Crop(begin=compact(begins)) if len(begins) == len(starts) else None
