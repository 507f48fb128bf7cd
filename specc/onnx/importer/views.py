"""Views of a whole batch that an exporter writes as a pick of every position in turn (PyTorch's `as_strided`)."""

from __future__ import annotations

from typing import Final

import numpy as np

from specc.dims import Dim, evaluate, product
from specc.onnx.importer import fold
from specc.onnx.importer.batches import batch_of
from specc.onnx.importer.context import Context
from specc.onnx.importer.masks import TooLarge
from specc.onnx.importer.values import Array, Decline, Known, Moved, Step

TRIED: Final = (2, 3)
"""Batches for which positions are worked out; in between and beyond they are as they are here."""
MOST: Final = 1 << 20
DEEP: Final = 20


def viewed_sizes(ctx: Context, step: Step, given: Moved) -> tuple[Dim, ...] | None:
    """The shape in which `step`, a Gather of positions that depend on the batch, shows all of `given` in its own
    order; `None` where it does something else."""
    elements = product(given.factors)
    if len(given.axes) != 1 or not isinstance(elements, int):
        return None
    name = str(ctx.builder.types[given.value].shape[0])
    shapes = set()
    for batch in TRIED if ctx.batch is None else (ctx.batch,):
        places = _worked_out(ctx, step.operand(1), {name: batch}, DEEP)
        if places is None or not np.array_equal(places.reshape(-1), np.arange(batch * elements)):
            return None
        if places.ndim < 2 or places.shape[0] != batch:
            return None
        shapes.add(places.shape[1:])
    return (batch_of(ctx, given), *shapes.pop()) if len(shapes) == 1 else None


def _worked_out(ctx: Context, tensor: str, sizes: dict[str, int], depth: int) -> Array | None:
    """A tensor of positions for certain open sizes; `None` where it depends on more."""
    found = ctx.values.get(tensor)
    if isinstance(found, Known):
        items = found.array.reshape(-1).tolist()
        if found.array.dtype != object:
            return found.array
        return np.array([evaluate(item, sizes) for item in items], np.int64).reshape(found.shape)
    step = ctx.makers.get(tensor)
    if step is None or depth == 0 or step.op_type not in fold.RULES:
        return None
    operands = [_worked_out(ctx, name, sizes, depth - 1) for name in step.inputs if name]
    known = [operand for operand in operands if operand is not None]
    if len(known) < len(operands):
        return None
    try:
        return np.asarray(fold.RULES[step.op_type](known, step, MOST))
    except TooLarge as error:
        raise Decline("its positions are too many") from error
