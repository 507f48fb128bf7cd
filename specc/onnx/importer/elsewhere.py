"""The rules for nodes that compute with tensors whose batch is not the first axis."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from specc.onnx.importer import activations, arithmetic, learned, linear, norms, picks, selections, shapes
from specc.onnx.importer.arrangement import BATCH
from specc.onnx.importer.batches import REARRANGING, arrangement, in_sizes, rearranged, settled, sized, tracked
from specc.onnx.importer.context import Context
from specc.onnx.importer.framed import (
    ACROSS,
    Frame,
    Place,
    Rule,
    applied,
    arranged,
    axis_inside,
    constant_inside,
    frame_of,
    inside,
)
from specc.onnx.importer.parts import parted
from specc.onnx.importer.values import Decline, Known, Live, Moved, Step, Value
from specc.onnx.importer.views import viewed_sizes
from specc.ops.base import Rejection
from specc.ops.shape import Reshape, Transpose

MATRIX: Final = (Place(True), Place(True))
"""Rows and columns."""
LAYERS: Final = ("Gemm", "LayerNormalization", "MatMul")
"""What has weights of its own, so that it may compute with a constant alone."""
FEW: Final = 4
"""Positions of an axis that are picked one by one because one layer makes all of them: queries, keys, values."""


def results(ctx: Context, step: Step, rule: Rule) -> list[Value]:
    """What `step` makes; where `rule`, the one for its operator, cannot say, because the batch moves or is not the
    first axis, by the rules here."""
    if not tracked(ctx):
        return rule(ctx, step)
    _learn(ctx, step)
    if any(isinstance(ctx.values.get(name), Moved) for name in step.inputs):
        return RULES.get(step.op_type, unread)(ctx, step)
    if _continues(ctx, step):
        return rearranged(ctx, step)
    try:
        return rule(ctx, step)
    except (Decline, Rejection):
        if step.op_type not in REARRANGING or not isinstance(ctx.values.get(step.operand(0)), Live):
            raise
    return rearranged(ctx, step)


def _learn(ctx: Context, step: Step) -> None:
    """Where a layer computes with a constant alone, and the batch is one, make that a learned tensor."""
    given = ctx.values.get(step.operand(0))
    alone = step.op_type in LAYERS and all(isinstance(ctx.values.get(name), Known) for name in step.inputs)
    if ctx.batch == 1 and alone and isinstance(given, Known) and given.elements > 1:
        ctx.values[step.operand(0)] = learned.alone(ctx, step, given)


def _continues(ctx: Context, step: Step) -> bool:
    """Whether `step` rearranges what was rearranged just before: both are one."""
    value = ctx.values.get(step.operand(0))
    if step.op_type not in ("Reshape", "Transpose") or not isinstance(value, Live):
        return False
    before = {"Reshape": (Reshape,), "Transpose": (Reshape, Transpose)}[step.op_type]
    node = ctx.nodes.get(value.value)
    return node is not None and isinstance(node.op, before)


def unread(ctx: Context, step: Step) -> list[Value]:
    raise Decline(
        "it reads a value whose batch is not an axis of its own, or not the first: a spec has one item at a time"
    )


# -- element by element ------------------------------------------------------------------------------------------------


def everywhere(rule: Rule) -> Rule:
    """The rule of a function of single values, however these lie."""

    def result(ctx: Context, step: Step) -> list[Value]:
        index = next(i for i, name in enumerate(step.inputs) if isinstance(ctx.values.get(name), Moved))
        given = arrangement(ctx, step, index)
        (made, *_) = applied(ctx, step, rule, {step.operand(index): Live(given.value)})
        return [Moved(made.value, given.factors, given.axes)]

    return result


def together(rule: Rule) -> Rule:
    """The rule of a function of the elements of several tensors that lie in the same place."""

    def result(ctx: Context, step: Step) -> list[Value]:
        found = [ctx.value(step, index) for index in range(len(step.inputs))]
        if sum(isinstance(value, Known) and value.elements == 1 for value in found) == len(found) - 1:
            return everywhere(rule)(ctx, step)
        operands = [arrangement(ctx, step, i) for i, value in enumerate(found) if not isinstance(value, Known)]
        rank = max(len(value.shape) for value in found if isinstance(value, Known)) if len(operands) < len(found) else 0
        frame = frame_of(operands, max(rank, *(len(moved.axes) for moved in operands)))
        return arranged(ctx, step, applied(ctx, step, rule, _inside(ctx, step, frame)), frame)

    return result


def _inside(ctx: Context, step: Step, frame: Frame) -> dict[str, Value]:
    """The operands of `step` with the batch in front."""
    operands: dict[str, Value] = {}
    for index, name in enumerate(step.inputs):
        value = ctx.value(step, index)
        if isinstance(value, Known):
            operands[name] = value if value.elements == 1 else constant_inside(value, frame)
        else:
            operands[name] = inside(ctx, step, arrangement(ctx, step, index), frame)
    return operands


def product(ctx: Context, step: Step) -> list[Value]:
    """Mul and Div may be the last node of an activation."""
    found = activations.composed(ctx, step) or activations.hard_sigmoid(ctx, step)
    return found or together(arithmetic.mul if step.op_type == "Mul" else arithmetic.div)(ctx, step)


# -- along axes --------------------------------------------------------------------------------------------------------


def along(rule: Rule, default: int) -> Rule:
    """The rule of an operator that works along its attribute `axis`, or from there on."""

    def result(ctx: Context, step: Step) -> list[Value]:
        given = arrangement(ctx, step)
        axis = step.integer("axis", default)
        if step.op_type != "LayerNormalization" and ctx.opset < 13 and axis not in (-1, len(given.axes) - 1):
            raise Decline(ACROSS)
        frame = frame_of([given], len(given.axes), always=[axis % len(given.axes)])
        if any(place.batch for place in frame[axis % len(frame) :]):
            raise Decline(ACROSS)
        operands = {step.operand(0): inside(ctx, step, given, frame)}
        return arranged(ctx, step, applied(ctx, step, rule, operands, axis=axis_inside(frame, axis)), frame)

    return result


def reduce(ctx: Context, step: Step) -> list[Value]:
    from specc.onnx.importer.rules import RULES as ORDINARY

    given = arrangement(ctx, step)
    rank = len(given.axes)
    axes = sorted(axis % rank for axis in ctx.integers(step, 1, "axes") or ())
    if not axes:
        raise Decline(ACROSS)
    frame = frame_of([given], rank, always=axes)
    numbers = [axis_inside(frame, axis) for axis in axes]
    changed = replace(step, inputs=step.inputs[:1])
    operands = {step.operand(0): inside(ctx, step, given, frame)}
    made = applied(ctx, changed, ORDINARY[step.op_type], operands, axes=numbers)
    left = frame if step.integer("keepdims", 1) else tuple(p for i, p in enumerate(frame) if i not in axes)
    return arranged(ctx, step, made, left)


def concat(ctx: Context, step: Step) -> list[Value]:
    if len(step.inputs) == 1:
        return shapes.identity(ctx, step)
    operands = [arrangement(ctx, step, i) for i, n in enumerate(step.inputs) if not isinstance(ctx.values[n], Known)]
    rank = len(operands[0].axes)
    axis = step.integer("axis", 0) % rank
    frame = frame_of(operands, rank, always=[axis])
    made = applied(ctx, step, shapes.concat, _inside(ctx, step, frame), axis=axis_inside(frame, axis))
    return arranged(ctx, step, made, frame)


def split(ctx: Context, step: Step) -> list[Value]:
    given = arrangement(ctx, step)
    axis = step.integer("axis", 0) % len(given.axes)
    size, sizes = sized(ctx, given)[axis], ctx.integers(step, 1, "split")
    count = len(step.outputs)
    if sizes is None and (not isinstance(size, int) or size % count):
        raise Decline("its parts do not make up the axis")
    sizes = sizes or (size // count,) * count if isinstance(size, int) else sizes or ()
    return [settled(ctx, step, part) for part in parted(ctx, step, given, axis, sizes)]


def gather(ctx: Context, step: Step) -> list[Value]:
    """One position, which leaves no axis, or several."""
    given = arrangement(ctx, step)
    if (sizes := viewed_sizes(ctx, step, given)) is not None:
        return [settled(ctx, step, in_sizes(ctx, given, sizes))]
    numbers = ctx.known(step, 1)
    axis = step.integer("axis", 0) % len(given.axes)
    size = sized(ctx, given)[axis]
    if not numbers.shape and isinstance(size, int) and 1 < size <= FEW and BATCH not in given.axes[axis]:
        number = int(numbers.array.reshape(-1)[0])
        part = parted(ctx, step, given, axis, (1,) * size)[number]
        return [settled(ctx, step, replace(part, axes=(*part.axes[:axis], *part.axes[axis + 1 :])))]
    frame = frame_of([given], len(given.axes), always=[axis])
    operands = {step.operand(0): inside(ctx, step, given, frame)}
    made = applied(ctx, step, picks.gather, operands, axis=axis_inside(frame, axis))
    return arranged(ctx, step, made, (*frame[:axis], *(Place(True),) * len(numbers.shape), *frame[axis + 1 :]))


def gather_nd(ctx: Context, step: Step) -> list[Value]:
    return gather(ctx, picks.along_first(ctx, step))


def slice_(ctx: Context, step: Step) -> list[Value]:
    given = arrangement(ctx, step)
    starts = ctx.integers(step, 1, "starts") or ()
    axes = [axis % len(given.axes) for axis in ctx.integers(step, 3, "axes") or range(len(starts))]
    frame = frame_of([given], len(given.axes), always=axes)
    operands: dict[str, Value] = {step.operand(0): inside(ctx, step, given, frame)}
    numbers = [axis_inside(frame, axis) for axis in axes]
    if len(step.inputs) < 2:
        return arranged(ctx, step, applied(ctx, step, picks.slice_, operands, axes=numbers), frame)
    listed = f"{step.outputs[0]}/axes"
    ctx.values[listed] = Known.of(np.array(numbers, np.int64))
    changed = replace(step, inputs=(*step.inputs[:3], listed, *step.inputs[4:]))
    return arranged(ctx, step, applied(ctx, changed, picks.slice_, operands), frame)


# -- products of matrices ----------------------------------------------------------------------------------------------


def gemm(ctx: Context, step: Step) -> list[Value]:
    return _by_matrix(ctx, step, linear.gemm)


def matmul(ctx: Context, step: Step) -> list[Value]:
    """Of two computed values, or one and a constant matrix."""
    left, right = ctx.value(step, 0), ctx.value(step, 1)
    if isinstance(right, Known):
        return _by_matrix(ctx, step, linear.matmul)
    if isinstance(left, Known):
        raise Decline("its input 1 is a constant")
    operands = [arrangement(ctx, step, index) for index in (0, 1)]
    if len(operands[0].axes) != len(operands[1].axes):
        raise Decline("its operands have different numbers of axes")
    if any(BATCH in group for moved in operands for group in moved.axes[-2:]):
        raise Decline(ACROSS)
    rank = len(operands[0].axes) - 2
    frame = (*frame_of([replace(moved, axes=moved.axes[:-2]) for moved in operands], rank), *MATRIX)
    given = {name: inside(ctx, step, moved, frame) for name, moved in zip(step.inputs, operands, strict=True)}
    return arranged(ctx, step, applied(ctx, step, linear.matmul, given), frame)


def _by_matrix(ctx: Context, step: Step, rule: Rule) -> list[Value]:
    given = arrangement(ctx, step)
    last = len(given.axes) - 1
    frame = frame_of([given], len(given.axes), always=[last])
    axis_inside(frame, last)
    return arranged(ctx, step, applied(ctx, step, rule, {step.operand(0): inside(ctx, step, given, frame)}), frame)


RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(REARRANGING, rearranged),
    **{name: everywhere(rule) for name, rule in activations.SIMPLE.items()},
    **{name: along(rule, -1) for name, rule in activations.SOFTMAXES.items()},
    **dict.fromkeys(("ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"), reduce),
    "Add": together(arithmetic.add),
    "Cast": everywhere(shapes.cast),
    "Clip": everywhere(activations.clip),
    "Concat": concat,
    "Div": product,
    "Dropout": everywhere(activations.dropout),
    "Gather": gather,
    "GatherND": gather_nd,
    "Gemm": gemm,
    "Identity": everywhere(shapes.identity),
    "LayerNormalization": along(norms.layer_norm, -1),
    "MatMul": matmul,
    "Max": lambda ctx, step: selections.larger(ctx, step) or unread(ctx, step),
    "Mul": product,
    "Pow": together(arithmetic.power),
    "Reciprocal": everywhere(arithmetic.reciprocal),
    "Selu": everywhere(activations.selu),
    "Slice": slice_,
    "Split": split,
    "Sub": together(arithmetic.sub),
    "Swish": everywhere(activations.swish),
    "Where": lambda ctx, step: selections.chosen(ctx, step) or unread(ctx, step),
}
