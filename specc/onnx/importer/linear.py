"""Matrix products: ONNX Gemm and MatMul with a constant matrix are `dense`, or a 1x1 convolution over positions."""

from __future__ import annotations

import numpy as np

from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Decline, Live, Step, Value, mapped
from specc.ops.conv import Conv
from specc.ops.dense import Dense
from specc.weights.tensors import Tensor


def gemm(ctx: Context, step: Step) -> list[Value]:
    """alpha x W + beta b; either matrix may stand transposed."""
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
    return [
        Live(ctx.add(step, Dense(units=weight.shape[0], bias="bias" in tensors), _flat(ctx, step), weights=tensors))
    ]


def _flat(ctx: Context, step: Step) -> str:
    value = ctx.live(step)
    if ctx.lifted or ctx.type(value).rank != 1:
        raise Decline("its first operand is no batch of vectors")
    return value.value


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
    value, matrix = ctx.live(step), ctx.known(step, 1).tensor
    if len(matrix.shape) != 2:
        raise Decline("its second operand is no matrix")
    inputs, outputs = matrix.shape
    weight = transposed(matrix)
    kind = ctx.type(value)
    if kind.rank == 1 and not ctx.lifted:
        return [Live(ctx.add(step, Dense(units=outputs, bias=False), value.value, weights={"weight": weight}))]
    if value.last and 1 <= len(kind.spatial) <= 3:
        ones = (1,) * len(kind.spatial)
        kernel = mapped(weight, (outputs, inputs, *ones), lambda array: array)
        op = Conv(channels=outputs, kernel=ones, bias=False)
        return [Live(ctx.add(step, op, value.value, weights={"weight": kernel}), last=True)]
    raise Decline("it multiplies along an axis that is not the channels")
