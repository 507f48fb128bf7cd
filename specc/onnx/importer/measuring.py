"""Whose sizes a tensor of sizes has been worked out from, or whose they are."""

from __future__ import annotations

from specc.dims import Dim
from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Live

MOST_STEPS = 100
"""Nodes between a value and the sizes taken of it."""


def measured_value(ctx: Context, tensor: str, wanted: tuple[Dim, ...] | None = None) -> str | None:
    """The value with the spatial sizes `wanted`, or any, whose Shape the sizes in `tensor` come from; else the last one
    that has the sizes `wanted`, which the file computes from those of another; `None` without one."""
    waiting, seen = [tensor], {""}
    while waiting and len(seen) < MOST_STEPS:
        name = waiting.pop(0)
        step = ctx.makers.get(name)
        if name in seen or step is None:
            continue
        seen.add(name)
        if step.op_type != "Shape":
            waiting.extend(step.inputs)
            continue
        found = ctx.values.get(step.operand(0))
        if isinstance(found, Live) and wanted in (None, ctx.type(found).spatial):
            return found.value
    return None if wanted is None or ctx.own else _last_of(ctx, wanted)


def _last_of(ctx: Context, wanted: tuple[Dim, ...]) -> str | None:
    return next((name for name, kind in reversed(ctx.builder.types.items()) if kind.spatial == wanted), None)
