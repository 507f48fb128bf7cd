"""Matrix products: ONNX Gemm and MatMul with a constant matrix are `dense`, or a 1x1 convolution over positions."""

from __future__ import annotations

import numpy as np

from specc.onnx.importer.arithmetic import as_operand, stretched
from specc.onnx.importer.context import Context
from specc.onnx.importer.shapes import reshaped
from specc.onnx.importer.values import Decline, Live, Step, Value, mapped
from specc.ops.add import Add
from specc.ops.conv import Conv
from specc.ops.dense import Dense
from specc.ops.matmul import MatMul
from specc.ops.merge import Mul
from specc.weights.tensors import Tensor


def gemm(ctx: Context, step: Step) -> list[Value]:
    """alpha A B + beta C: a dense layer where A is a batch of vectors and B constant, a product of values where none of
    their axes is the batch."""
    if ctx.lifted:
        return [_of_values(ctx, step)]
    if step.integer("transA", 0):
        raise Decline("it transposes its first operand, the batch")
    matrix = ctx.known(step, 1).tensor
    if len(matrix.shape) != 2:
        raise Decline("its second operand is no matrix")
    weight = matrix if step.integer("transB", 0) else transposed(matrix)
    weight = _scaled(weight, step.number("alpha", 1.0))
    tensors = {"weight": weight}
    if step.operand(2):
        tensors["bias"] = _scaled(_row(ctx.known(step, 2).tensor, weight.shape[0]), step.number("beta", 1.0))
    value = ctx.live(step)
    axis = None if ctx.type(value).rank == 1 else -1
    op = Dense(units=weight.shape[0], bias="bias" in tensors, axis=axis, layout=ctx.builder.layout)
    return [Live(ctx.add(step, op, ctx.first(step), weights=tensors))]


def _of_values(ctx: Context, step: Step) -> Live:
    operands = [_upright(ctx, step, index, key) for index, key in enumerate(("transA", "transB"))]
    whole = step.number("alpha", 1.0) == 1.0 and not step.operand(2)
    product = ctx.add(step, MatMul(layout=ctx.builder.layout), *operands, part="" if whole else "product")
    product = _times(ctx, step, product, step.number("alpha", 1.0), "scaled")
    if not step.operand(2):
        return Live(product)
    third = ctx.live(step, 2)
    addend = third.value if len(ctx.shape(third)) == 2 else stretched(ctx, step, 2, third, (2, False))
    addend = _times(ctx, step, addend, step.number("beta", 1.0), "addend")
    return Live(ctx.add(step, Add(layout=ctx.builder.layout), product, addend))


def _upright(ctx: Context, step: Step, index: int, key: str) -> str:
    value = ctx.live(step, index).value
    return ctx.permuted(step, value, (2, 1)) if step.integer(key, 0) else value


def _times(ctx: Context, step: Step, value: str, factor: float, part: str) -> str:
    return value if factor == 1.0 else ctx.add(step, Mul(constants=(None, factor)), value, part=part)


def transposed(tensor: Tensor) -> Tensor:
    return mapped(tensor, tensor.shape[::-1], lambda array: array.T)


def _scaled(tensor: Tensor, factor: float) -> Tensor:
    return tensor if factor == 1.0 else mapped(tensor, tensor.shape, lambda array: array * np.float32(factor))


def _row(tensor: Tensor, units: int) -> Tensor:
    """The bias as one number for each unit."""
    if tensor.shape not in ((), (1,), (1, 1), (units,), (1, units)):
        raise Decline("its third operand is no bias")
    return mapped(tensor, (units,), lambda array: np.broadcast_to(array.reshape(-1), (units,)))


def matmul(ctx: Context, step: Step) -> list[Value]:
    """By a constant matrix a dense layer, or a 1x1 convolution where the channels lie last; by a value `matmul`."""
    value, other = ctx.live(step), ctx.value(step, 1)
    if isinstance(other, Live) and (ctx.lifted or step.operand(1) not in ctx.feeds or len(ctx.shape(other)) != 2):
        return [_product(ctx, step, value, other)]
    matrix = ctx.known(step, 1).tensor
    if len(matrix.shape) != 2:
        raise Decline("its second operand is no matrix")
    return [by_matrix(ctx, step, value, transposed(matrix))]


def by_matrix(ctx: Context, step: Step, value: Live, weight: Tensor) -> Live:
    """The last axis of `value` times a matrix (out, in): `dense`, or a convolution over the other axes."""
    kind, layout = ctx.type(value), ctx.builder.layout
    outputs, inputs = weight.shape
    if kind.rank == 1 and not ctx.lifted:
        flat = Dense(units=outputs, bias=False, layout=layout)
        return Live(ctx.add(step, flat, value.value, weights={"weight": weight}))
    if ctx.lifted:
        raise Decline("it multiplies along an axis that is not the channels")
    if not value.last or len(kind.spatial) > 3:
        axis = -1 if layout == "chw" else ctx.axis_argument(value, ctx.axis(value, -1))
        op = Dense(units=outputs, bias=False, axis=axis, layout=layout)
        return Live(ctx.add(step, op, value.value, weights={"weight": weight}), value.last)
    ones = (1,) * len(kind.spatial)
    kernel = mapped(weight, (outputs, inputs, *ones))
    pointwise = Conv(channels=outputs, kernel=ones, bias=False)
    return Live(ctx.add(step, pointwise, value.value, weights={"weight": kernel}), last=True)


def _product(ctx: Context, step: Step, left: Live, right: Live) -> Live:
    """Vectors are matrices of one row, or of one column, and leading axes that lack are 1."""
    op = MatMul(layout=ctx.builder.layout)
    shapes = [ctx.shape(left), ctx.shape(right)]
    if not ctx.lifted:
        if len(shapes[0]) != len(shapes[1]):
            raise Decline("its operands have different numbers of axes")
        result = ctx.add(step, op, ctx.spoken(step, 0), ctx.spoken(step, 1))
        return Live(result, ctx.builder.layout == "hwc")
    matrices = [(1, *shapes[0]) if len(shapes[0]) == 1 else shapes[0], shapes[1]]
    matrices[1] = (*shapes[1], 1) if len(shapes[1]) == 1 else shapes[1]
    rank = max(map(len, matrices))
    names = []
    for index, (value, shape) in enumerate(zip((left, right), matrices, strict=True)):
        sizes = (1,) * (rank - len(shape)) + shape
        names.append(value.value if sizes == shapes[index] else as_operand(ctx, step, value.value, sizes, index))
    made = ctx.add(step, op, *names, part="product" if 1 in map(len, shapes) else "")
    shape = ctx.shape(Live(made))
    kept = [*shape[:-2], *(shape[-2:-1] if len(shapes[0]) > 1 else ()), *(shape[-1:] if len(shapes[1]) > 1 else ())]
    return reshaped(ctx, step, Live(made), tuple(kept) or (1,))
