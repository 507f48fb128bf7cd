"""Whole numbers with a scale and a zero point: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear."""

from __future__ import annotations

from math import prod
from typing import Any, Final, TypeVar

import numpy as np
from onnx import helper

from specc.onnx.importer.arithmetic import as_operand
from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Array, Decline, Known, Live, Step, Value, short
from specc.ops.activation import Clip
from specc.ops.add import Add
from specc.ops.elementary import Neg
from specc.ops.merge import Div, Mul
from specc.ops.quantize import LIMITS, Dequantize, Quantize, Round
from specc.ops.reduce import ReduceMax
from specc.ops.relu import Relu
from specc.weights.tensors import Tensor

_Kind = TypeVar("_Kind", Quantize, Dequantize)
STORED: Final = (*LIMITS, "int32")
"""The types that constants may have."""


def quantize(ctx: Context, step: Step) -> list[Value]:
    return [_stepped(ctx, step, Quantize, ctx.live(step))]


def dequantize(ctx: Context, step: Step) -> list[Value]:
    value = ctx.live(step)
    node = ctx.node(value.value, Quantize)
    if (
        ctx.own
        and "/" in step.operand(0)
        and node is not None
        and node.op == Quantize(scale=1.0, dtype=getattr(node.op, "dtype", "uint8"), layout=ctx.builder.layout)
    ):  # how `dequantize` makes whole numbers of its input
        value = Live(node.inputs[0], value.last)
    return [_stepped(ctx, step, Dequantize, value)]


def _stepped(ctx: Context, step: Step, kind: type[_Kind], value: Live) -> Live:
    """One step for the whole value, for each position of an axis, or for each block of positions."""
    scale, zero = ctx.known(step, 1), ctx.optional(step, 2)
    dtype: Any = _type(step, zero)
    if zero is not None and zero.shape != scale.shape:
        raise Decline("its zero points are not as many as its scales")
    scales = [short(float(item)) for item in scale.array.reshape(-1)]
    zeros = [0] * len(scales) if zero is None else [int(item) for item in zero.array.reshape(-1)]
    if len(scale.shape) > 1:
        return _blocked(ctx, step, kind, value, scale.shape, (scales, zeros, dtype))
    if not scale.shape or scale.elements == 1:
        op = kind(scale=scales[0], zero=zeros[0], dtype=dtype, layout=ctx.builder.layout)
        return Live(ctx.add(step, op, value.value), value.last)
    axis = ctx.axis_argument(value, ctx.axis(value, step.integer("axis", 1)))
    op = kind(scale=tuple(scales), zero=_together(zeros), dtype=dtype, axis=axis, layout=ctx.builder.layout)
    return Live(ctx.add(step, op, value.value), value.last)


def _together(zeros: list[int]) -> int | tuple[int, ...]:
    return zeros[0] if len(set(zeros)) == 1 else tuple(zeros)


def _type(step: Step, zero: Known | None) -> str:
    """The type of the whole numbers: the zero point's, or what `output_dtype` says."""
    given = step.integer("output_dtype", 0)
    if step.integer("precision", 0) not in (0, 1):
        raise Decline("it computes in another precision than float32")
    declared = str(helper.tensor_dtype_to_np_dtype(given)) if given else "uint8"
    name = declared if zero is None else zero.tensor.dtype
    if name not in LIMITS:
        raise Decline(f"its whole numbers are of type {name}")
    return name


def _blocked(
    ctx: Context, step: Step, kind: type[_Kind], value: Live, shape: tuple[int, ...], steps: tuple[Any, Any, Any]
) -> Live:
    """A step for each block of an axis: the blocks become rows, which are the channels of a matrix."""
    size, place = step.integer("block_size", 0), ctx.axis(value, step.integer("axis", 1)) - 1
    item = tuple(number for number in ctx.type(value).shape[1:] if isinstance(number, int))
    blocks = shape if ctx.lifted else shape[1:]
    if value.last or ctx.builder.layout == "hwc" or not _tiled(item, blocks, place, size):
        raise Decline("its blocks do not divide an item")
    order = sorted(range(len(item)), key=lambda index: index == place)
    scales, zeros = (np.moveaxis(np.reshape(numbers, blocks), place, -1).reshape(-1).tolist() for numbers in steps[:2])
    op = kind(scale=tuple(scales), zero=_together(zeros), dtype=steps[2])
    last = ctx.permuted(step, value.value, tuple(index + 1 for index in order))
    rows = ctx.add(step, op, as_operand(ctx, step, last, (prod(blocks), size), 0), part="rows")
    apart = as_operand(ctx, step, rows, tuple(item[index] for index in order), 1)
    return Live(ctx.permuted(step, apart, tuple(order.index(index) + 1 for index in range(len(item)))))


def _tiled(item: tuple[int, ...], blocks: tuple[int, ...], place: int, size: int) -> bool:
    """Whether `blocks` blocks of `size` along one axis are the whole item."""
    covered = (count * size if index == place else count for index, count in enumerate(blocks))
    return tuple(covered) == item


def dynamic(ctx: Context, step: Step) -> list[Value]:
    """8 bits for the range from the smallest to the largest value of an item, 0 among them."""
    if not ctx.lifted:
        raise Decline("its range is that of the whole batch")
    value = ctx.live(step).value
    below = ctx.add(step, Neg(), value, part="negative")
    high, low = (_largest(ctx, step, name, part) for name, part in ((value, "highest"), (below, "lowest")))
    scale = ctx.add(step, Mul(constants=(None, 1 / 255)), ctx.add(step, Add(), high, low, part="range"), part="scale")
    zero = ctx.add(step, Round(), ctx.add(step, Div(), low, scale, part="below"), part="rounded")
    codes = ctx.add(step, Round(), ctx.add(step, Div(), value, scale, part="steps"), part="codes")
    limits = Clip(min=0.0, max=255.0)
    zero = ctx.add(step, limits, zero, part="zero")
    codes = ctx.add(step, limits, ctx.add(step, Add(), codes, zero, part="moved"))
    return [Live(codes), Live(scale), Live(zero)]


def _largest(ctx: Context, step: Step, value: str, part: str) -> str:
    """The largest value of an item, at least 0."""
    for axis in range(1, ctx.builder.types[value].rank + 1):
        op = ReduceMax(axis=ctx.axis_argument(Live(value), axis))
        value = ctx.add(step, op, value, part=f"{part}{axis}")
    return ctx.add(step, Relu(), value, part=part)


def stored(ctx: Context, step: Step) -> Known | None:
    """A constant that DequantizeLinear makes of constants, computed when it is asked for."""
    operands = [ctx.values.get(name) for name in step.inputs if name]
    if not operands or not all(isinstance(operand, Known) for operand in operands):
        return None
    codes, scale, *zero = (operand for operand in operands if isinstance(operand, Known))
    if codes.tensor.dtype not in STORED or scale.is_open:
        raise Decline(f"its whole numbers are of type {codes.tensor.dtype}")
    axis, block = step.integer("axis", 1), step.integer("block_size", 0)
    how = (axis, block)

    def load() -> Array:
        values = codes.tensor.load().astype(np.float32)  # in float32, as runtimes do
        if zero:
            values -= _spread(zero[0].array, codes.shape, how)
        values *= _spread(scale.array, codes.shape, how)
        return values

    return Known(Tensor(codes.shape, load), step.outputs[0])


def _spread(numbers: Array, shape: tuple[int, ...], how: tuple[int, int]) -> Array:
    """Scales or zero points in a shape that broadcasts against `shape`."""
    axis, block = how
    exact = numbers.astype(np.float32)
    if numbers.ndim and block:
        repeated = np.repeat(exact, block, axis)
        return repeated[tuple(slice(size) for size in shape)]
    if numbers.size == 1:
        return exact.reshape(())
    return exact.reshape([-1 if i == axis % len(shape) else 1 for i in range(len(shape))])
