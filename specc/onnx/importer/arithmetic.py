"""Sums, products and their like: of two values a merge, of a value and a constant a bias, a scale or a clip."""

from __future__ import annotations

from collections.abc import Callable
from math import isclose

import numpy as np

from specc.dims import Dim, product
from specc.ir.graph import Node
from specc.onnx.importer import activations, norms
from specc.onnx.importer.context import Context, single
from specc.onnx.importer.values import Decline, Known, Live, Step, Value, mapped
from specc.ops.base import Op
from specc.ops.conv import Conv
from specc.ops.deconv import Deconv
from specc.ops.dense import Dense
from specc.ops.depthwise import Depthwise
from specc.ops.global_pool import GlobalLpPool
from specc.ops.merge import Add, Div, Max, Mean, Merge, Min, Mul, Sub
from specc.ops.power import Pow
from specc.ops.scale import Scale
from specc.ops.shape import Reshape
from specc.types import TensorType
from specc.weights.tensors import Tensor

Rule = Callable[[Context, Step], list[Value]]


def merged(kind: type[Merge], ctx: Context, step: Step, count: int | None = None) -> list[Value]:
    """All operands of `step` merged; those with fewer axes get axes of size 1 in front, as ONNX broadcasts."""
    operands = [ctx.live(step, index) for index in range(len(step.inputs))]
    if ctx.lifted and len(operands) == 2 and (found := _broadcast(kind, ctx, step, operands)):
        return [found]
    if not _in_any_order(ctx, operands):
        operands = ctx.in_one_order(step, operands)
    ranks = [len(ctx.shape(operand)) for operand in operands]
    rank = max(ranks)
    last = any(operand.last for operand in operands)
    names = []
    for index, operand in enumerate(operands):
        if ranks[index] < rank:
            names.append(stretched(ctx, step, index, operand, (rank, last)))
        elif operand.last != last and ctx.type(operand).rank > 1:
            names.append(_turned(ctx, step, index, operand))
        else:
            names.append(operand.value)
    return [Live(ctx.add(step, kind(layout=ctx.builder.layout), *names), last and rank > 2)]


def _broadcast(kind: type[Merge], ctx: Context, step: Step, operands: list[Live]) -> Live | None:
    """Two operands of which one is repeated over the leading axes of the other, all of these taken as one."""
    shapes = [ctx.shape(operand) for operand in operands]
    large = max(shapes, key=len)
    small = min(shapes, key=len)
    lead, trail = large[: len(large) - len(small)], large[len(large) - len(small) :]
    if not small or not lead or small != trail:
        return None
    pairs = [(product(lead) if shape is large else 1, product(trail)) for shape in shapes]
    flat = [as_operand(ctx, step, o.value, sizes, i) for i, (o, sizes) in enumerate(zip(operands, pairs, strict=True))]
    merged_flat = ctx.add(step, kind(), *flat, part="merged")
    sizes = tuple(size for size in large if isinstance(size, int))
    return Live(ctx.add(step, Reshape(sizes=sizes), merged_flat))


def _in_any_order(ctx: Context, operands: list[Live]) -> bool:
    """Whether all operands lie in memory in one order, or those that do not are as good in the other."""
    turned = [operand for operand in operands if not operand.last and ctx.type(operand).rank > 1]
    last = any(operand.last for operand in operands)
    return not last or all(_lies_both_ways(ctx.type(operand)) for operand in turned)


def _lies_both_ways(kind: TensorType) -> bool:
    return kind.channels == 1 or all(size == 1 for size in kind.spatial)


def _turned(ctx: Context, step: Step, index: int, operand: Live) -> str:
    """An operand whose axes lie otherwise than the others' do, and that is the same in their order."""
    kind = ctx.type(operand)
    return as_operand(ctx, step, operand.value, (*kind.spatial, kind.channels), index)


def stretched(ctx: Context, step: Step, index: int, operand: Live, target: tuple[int, bool]) -> str:
    """An operand with axes of size 1 in front, until it has as many as the rank in `target`; the flag there says
    whether the channels are to lie last."""
    rank, last = target
    shape = ctx.shape(operand)
    if not ctx.lifted and shape[0] != 1:
        raise Decline("its operands have different numbers of axes")
    sizes = (1,) * (rank - len(shape)) + shape
    behind = sizes if ctx.lifted else sizes[1:]
    if last:
        behind = (behind[-1], *behind[:-1])
    return as_operand(ctx, step, operand.value, behind, index)


def as_operand(ctx: Context, step: Step, value: str, sizes: tuple[Dim, ...], index: int) -> str:
    """`value` in other sizes, as the operand number `index` of `step`."""
    if ctx.builder.layout == "hwc" or not all(isinstance(size, int) for size in sizes):
        raise Decline("its operands have different numbers of axes")
    numbers = tuple(size for size in sizes if isinstance(size, int))
    return ctx.add(step, Reshape(sizes=numbers), value, part=f"operand{index}")


def _split(ctx: Context, step: Step) -> tuple[Live, Known, int] | None:
    """The value, the constant and the constant's place among two operands; `None` where both are values."""
    found = [ctx.value(step, index) for index in (0, 1)]
    for index in (0, 1):
        value, constant = found[1 - index], found[index]
        if isinstance(value, Live) and isinstance(constant, Known):
            return value, constant, index
    return None


def add(ctx: Context, step: Step) -> list[Value]:
    if affine := norms.whole_affine(ctx, step):
        return affine
    parts = _split(ctx, step)
    if parts is None:
        return merged(Add, ctx, step)
    return _plus(ctx, step, parts[0], parts[1], 1)


def sub(ctx: Context, step: Step) -> list[Value]:
    parts = _split(ctx, step)
    if parts is None:
        return merged(Sub, ctx, step)
    value, constant, index = parts
    if index == 1:
        return _plus(ctx, step, value, constant, -1)
    numbers = _numbers(ctx, constant, value)
    if isinstance(numbers, Tensor) and len(numbers.shape) > 1:
        raise Decline("it subtracts a value from a constant for each element")
    return _affine(ctx, step, value, -1.0, numbers)


def mul(ctx: Context, step: Step) -> list[Value]:
    if activation := activations.composed(ctx, step) or activations.hard_sigmoid(ctx, step):
        return activation
    parts = _split(ctx, step)
    if parts is None:
        return merged(Mul, ctx, step)
    return _times(ctx, step, parts[0], parts[1], lambda array: array)


def div(ctx: Context, step: Step) -> list[Value]:
    for pattern in (
        norms.composed_layer_norm,
        norms.composed_lrn,
        activations.composed,
        activations.hard_sigmoid,
        _mean,
    ):
        if found := pattern(ctx, step):
            return found
    parts = _split(ctx, step)
    if parts is None:
        return merged(Div, ctx, step)
    if parts[2] == 0:
        raise Decline("it divides a constant by a computed value")
    return _times(ctx, step, parts[0], parts[1], lambda array: np.asarray(1, array.dtype) / array)


def _mean(ctx: Context, step: Step) -> list[Value] | None:
    """A sum divided by the number of its terms."""
    total = ctx.maker(step.operand(0), "Add", "Sum")
    if total is None or ctx.constant(step.operand(1)) != len(total.inputs):
        return None
    if not all(isinstance(ctx.values.get(name), Live) for name in total.inputs):
        return None
    operands = Step(step.op_type, step.name, total.inputs, step.outputs)
    return merged(Mean, ctx, operands)


def _plus(ctx: Context, step: Step, value: Live, constant: Known, sign: int) -> list[Value]:
    """A constant added: the bias of the layer before where that has none, or else a scale of 1 with this bias."""
    if constant.elements == 1 and not constant.is_open and single(constant) == 0:
        return [value]
    numbers = _numbers(ctx, constant, value)
    node = ctx.nodes.get(value.value)
    if isinstance(numbers, Tensor) and len(numbers.shape) > 1:
        return _shifted(ctx, step, value, numbers if sign > 0 else mapped(numbers, numbers.shape, np.negative))
    if isinstance(numbers, float):
        return _affine(ctx, step, value, 1.0, sign * numbers)
    if sign < 0:
        numbers = mapped(numbers, numbers.shape, np.negative)
    if node is not None and isinstance(node.op, Scale) and node.op == Scale():
        weight = mapped(ctx.weights[node.name]["weight"], numbers.shape, lambda array: array)
        return [Live(norms.scaled(ctx, step, node.inputs[0], weight, numbers), value.last)]
    if node is not None and _takes_bias(node):
        op = node.op.model_copy(update={"bias": True})
        tensors = {**ctx.weights[node.name], "bias": numbers}
        return [Live(ctx.add(step, op, *node.inputs, weights=tensors), value.last)]
    return _affine(ctx, step, value, 1.0, numbers)


def _shifted(ctx: Context, step: Step, value: Live, bias: Tensor) -> list[Value]:
    """A constant for each element added, with the factors just before where there are some."""
    node = ctx.nodes.get(value.value)
    if node is not None and node.op == Scale(elementwise=True):
        op, source, tensors = node.op.model_copy(update={"bias": True}), node.inputs[0], ctx.weights[node.name]
    else:
        op, source, tensors = Scale(weight=1.0, bias=True, elementwise=True), value.value, {}
    return [Live(ctx.add(step, op, source, weights={**tensors, "bias": bias}), value.last)]


def _takes_bias(node: Node) -> bool:
    return isinstance(node.op, Conv | Depthwise | Deconv | Dense) and node.op.bias is False


def _affine(ctx: Context, step: Step, value: Live, factor: float, bias: float | Tensor) -> list[Value]:
    """factor x + bias, the factor fixed in the text."""
    if isinstance(bias, float):
        return [Live(ctx.add(step, Scale(weight=factor, bias=bias), value.value), value.last)]
    shape = (bias.shape[0], *(1,) * len(ctx.type(value).spatial))
    tensors = {"bias": mapped(bias, shape, lambda array: array)}
    return [Live(ctx.add(step, Scale(weight=factor, bias=True), value.value, weights=tensors), value.last)]


def _times(
    ctx: Context, step: Step, value: Live, constant: Known, change: Callable[[np.ndarray], np.ndarray]
) -> list[Value]:
    numbers = _numbers(ctx, constant, value)
    if isinstance(numbers, float):
        factor = float(change(np.asarray(numbers)))
        if factor == 1.0:
            return [value]
        return [Live(ctx.add(step, Scale(weight=factor), value.value), value.last)]
    weight = mapped(numbers, numbers.shape, change)
    if len(weight.shape) > 1:
        op = Scale(elementwise=True)
        return [Live(ctx.add(step, op, value.value, weights={"weight": weight}), value.last)]
    return [Live(norms.scaled(ctx, step, value.value, weight, None), value.last)]


def _numbers(ctx: Context, constant: Known, value: Live) -> float | Tensor:
    """A constant operand as one number, as one for each channel, or in the shape of an item."""
    is_weight = constant.is_open or (ctx.own and bool(constant.name) and "/" not in constant.name)
    if constant.elements == 1 and not is_weight:
        return single(constant)
    numbers = ctx.per_channel(constant, value) or ctx.per_element(constant, value)
    if numbers is None:
        shape = list(constant.shape)
        raise Decline(f"its constant of shape {shape} is neither one number nor one for each channel or element")
    return numbers


def extreme(kind: type[Max | Min]) -> Rule:
    """Max and Min: of values a merge, with a number a clip."""

    def rule(ctx: Context, step: Step) -> list[Value]:
        if len(step.inputs) == 2 and (parts := _split(ctx, step)):
            value, constant, _ = parts
            limit = single(constant)
            op = activations.clipping(limit, None) if kind is Max else activations.clipping(None, limit)
            return [activations.elementwise(ctx, step, value, op)]
        return merged(kind, ctx, step)

    return rule


def merge(kind: type[Merge]) -> Rule:
    return lambda ctx, step: merged(kind, ctx, step)


def power(ctx: Context, step: Step) -> list[Value]:
    """(sum of |x|^p)^(1/p) is a global p-norm; x^2 is a product; any other number but a value is refused."""
    if isinstance(ctx.value(step, 1), Live):
        return merged(Pow, ctx, step)
    exponent = ctx.scalar(step, 1)
    total = ctx.maker(step.operand(0), "ReduceSum")
    inner = total and ctx.maker(total.operand(0), "Pow")
    magnitude = inner and ctx.maker(inner.operand(0), "Abs")
    if total and inner and magnitude and exponent:
        p = ctx.constant(inner.operand(1))
        value = ctx.live(magnitude)
        axes = ctx.integers(total, 1, "axes") or ()
        everywhere = sorted(ctx.axis(value, a) for a in axes) == list(range(2, ctx.type(value).rank + 1))
        if p and isclose(p * exponent, 1, rel_tol=1e-6) and p.is_integer() and everywhere and not value.last:
            return [Live(ctx.add(step, GlobalLpPool(p=int(p)), value.value))]
    if exponent == 2:
        value = ctx.live(step)
        op: Op = Mul(layout=ctx.builder.layout)
        return [Live(ctx.add(step, op, value.value, value.value), value.last)]
    raise Decline(
        f"it takes the power {exponent:g}, for which a spec has no operation" if exponent else "its exponent is 0"
    )
