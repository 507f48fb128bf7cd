"""ONNX Einsum (opset 12) of two operands: a product of matrices among axes that both have, or by a constant matrix."""

from __future__ import annotations

import re

from specc.onnx.importer.context import Context
from specc.onnx.importer.linear import by_matrix
from specc.onnx.importer.linear import transposed as turned
from specc.onnx.importer.shapes import transposed
from specc.onnx.importer.values import Decline, Known, Live, Step, Value
from specc.ops.matmul import MatMul


def einsum(ctx: Context, step: Step) -> list[Value]:
    """`bhid,bhjd->bhij` is a matmul, `bchw,oc->bohw` a 1x1 convolution; in both the batch comes first."""
    left, right, result = _labels(step)
    value, other = ctx.live(step), ctx.value(step, 1)
    if ctx.lifted or result[0] != left[0]:
        raise Decline("it moves the batch")
    if isinstance(other, Known):
        return [_by_matrix(ctx, step, value, other, (left, right, result))]
    if right[0] != left[0]:
        raise Decline("it works across the batch")
    return [_of_values(ctx, step, value, ctx.live(step, 1), (left, right, result))]


def _labels(step: Step) -> tuple[str, str, str]:
    equation = step.word("equation", "").replace(" ", "")
    found = re.fullmatch(r"([A-Za-z]+),([A-Za-z]+)->([A-Za-z]+)", equation)
    if not found:
        raise Decline("only its equations of two operands and a result are read, `bij,bjk->bik`")
    labels = found[1], found[2], found[3]
    if any(len(set(part)) < len(part) for part in labels):
        raise Decline("it takes a diagonal")
    return labels


def _by_matrix(ctx: Context, step: Step, value: Live, matrix: Known, labels: tuple[str, str, str]) -> Live:
    left, right, result = labels
    summed, made = set(left) & set(right) - set(result), set(right) - set(left)
    if len(right) != 2 or len(summed) != 1 or len(made) != 1 or set(result) != set(left) - summed | made:
        raise Decline("its constant is no matrix that one axis is multiplied with")
    given = summed.pop()
    kept = left.replace(given, "")
    moved = transposed(ctx, step, value, _order(left, kept + given))
    weight = matrix.tensor if right[1] == given else turned(matrix.tensor)
    product = by_matrix(ctx, step, moved, weight)
    return transposed(ctx, step, product, _order(kept + made.pop(), result))


def _of_values(ctx: Context, step: Step, value: Live, other: Live, labels: tuple[str, str, str]) -> Live:
    left, right, result = labels
    shared = "".join(label for label in left if label in right and label in result)
    summed = "".join(label for label in left if label in right and label not in result)
    rows, columns = ("".join(label for label in part if label not in shared + summed) for part in (left, right))
    if (len(summed), len(rows), len(columns)) != (1, 1, 1) or set(result) != set(shared + rows + columns):
        raise Decline("it is no product of matrices among the axes that both operands have")
    operands = [
        transposed(ctx, step, value, _order(left, shared + rows + summed)),
        transposed(ctx, step, other, _order(right, shared + summed + columns)),
    ]
    names = [ctx.spoken_value(step, operand) for operand in operands]
    made = ctx.add(step, MatMul(layout=ctx.builder.layout), *names)
    product = Live(made, ctx.builder.layout == "hwc")
    return transposed(ctx, step, product, _order(shared + rows + columns, result))


def _order(given: str, wanted: str) -> tuple[int, ...]:
    return tuple(given.index(label) for label in wanted)
