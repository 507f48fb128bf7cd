"""Sums, products and their like: of two values a merge, of a value and a constant a bias, a scale or a clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isclose
from typing import Final, TypeAlias

import numpy as np

from specc.dims import Dim, product
from specc.ir.graph import Node
from specc.onnx.importer import activations, factored, learned, norms, unpooling
from specc.onnx.importer.context import Context, single
from specc.onnx.importer.values import Decline, Known, Live, Step, Value, mapped
from specc.ops.add import Add
from specc.ops.conv import Conv
from specc.ops.deconv import Deconv
from specc.ops.dense import Dense
from specc.ops.depthwise import Depthwise
from specc.ops.elementary import Neg
from specc.ops.global_pool import GlobalLpPool
from specc.ops.merge import Div, Mean, Mul, Sub
from specc.ops.merge_base import Merge
from specc.ops.power import Pow
from specc.ops.scale import LearnedBias, Scale
from specc.ops.shape import Reshape
from specc.types import TensorType
from specc.weights.tensors import Tensor

Rule = Callable[[Context, Step], list[Value]]
Constant: TypeAlias = float | tuple[float, ...]
MOST_LISTED: Final = 256
"""Numbers of another tool's constant that a spec lists; longer ones become weights."""


def merged(kind: type[Merge], ctx: Context, step: Step, constants: tuple[Constant | None, ...] = ()) -> list[Value]:
    """All operands of `step` merged, and `constants` where there are some; those with fewer axes get axes of size 1 in
    front, as ONNX broadcasts."""
    operands = [ctx.live(step, index) for index in range(len(step.inputs))]
    if ctx.lifted and len(operands) == 2 and not constants and (found := _broadcast(kind, ctx, step, operands)):
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
    op = kind(layout=ctx.builder.layout, constants=constants)
    return [Live(ctx.add(step, op, *names), last and rank > 2)]


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
            return value, learned.once(ctx, constant, value), index
    return None


def with_number(ctx: Context, step: Step, kind: type[Merge], value: Live, number: Constant, place: int = 1) -> Live:
    """A merge of `value` and a number, or one for each channel, which is the operand number `place`."""
    constants = (None, number) if place else (number, None)
    return Live(ctx.add(step, kind(layout=ctx.builder.layout, constants=constants), value.value), value.last)


def add(ctx: Context, step: Step) -> list[Value]:
    if affine := norms.whole_affine(ctx, step) or factored.layer_norm(ctx, step):
        return affine
    parts = _split(ctx, step)
    if parts is None:
        return merged(Add, ctx, step)
    return _plus(ctx, step, Add, parts)


def sub(ctx: Context, step: Step) -> list[Value]:
    if positions := unpooling.from_start(ctx, step):
        return [positions]
    parts = _split(ctx, step)
    if parts is None:
        return merged(Sub, ctx, step)
    return _plus(ctx, step, Sub, parts)


def reciprocal(ctx: Context, step: Step) -> list[Value]:
    return [with_number(ctx, step, Div, ctx.live(step), 1.0, 0)]


def mul(ctx: Context, step: Step) -> list[Value]:
    if activation := activations.composed(ctx, step) or activations.hard_sigmoid(ctx, step):
        return activation
    parts = _split(ctx, step)
    if parts is None:
        return merged(Mul, ctx, step)
    return _times(ctx, step, Mul, parts)


def div(ctx: Context, step: Step) -> list[Value]:
    for pattern in (
        norms.composed_layer_norm,
        norms.composed_lrn,
        norms.composed_normalize,
        activations.composed,
        activations.hard_sigmoid,
        _mean,
    ):
        if found := pattern(ctx, step):
            return found
    parts = _split(ctx, step)
    if parts is None:
        return merged(Div, ctx, step)
    return _times(ctx, step, Div, parts)


def _mean(ctx: Context, step: Step) -> list[Value] | None:
    """A sum divided by the number of its terms."""
    total = ctx.maker(step.operand(0), "Add", "Sum")
    if total is None or ctx.constant(step.operand(1)) != len(total.inputs):
        return None
    if not all(isinstance(ctx.values.get(name), Live) for name in total.inputs):
        return None
    operands = Step(step.op_type, step.name, total.inputs, step.outputs)
    return merged(Mean, ctx, operands)


def _plus(ctx: Context, step: Step, kind: type[Merge], parts: tuple[Live, Known, int]) -> list[Value]:
    """A constant added or subtracted, or from which a value is subtracted: numbers stay numbers, tensors are a bias."""
    value, constant, place = parts
    number = _constant(ctx, constant, value)
    if number == 0 and not ctx.own and (kind is Add or place == 1):
        return [value]
    if number is not None:
        return [with_number(ctx, step, kind, value, number, place)]
    if kind is Add and (found := _along_rows(ctx, step, value, constant)):
        return [found]
    if beside := _beside(ctx, step, kind, parts):
        return [beside]
    if kind is Add and _is_one(ctx, constant, value):
        return [_shared(ctx, step, LearnedBias(shared=True), value, "bias", constant)]
    numbers = _numbers(ctx, constant, value)
    if kind is Sub and place == 1:
        numbers = mapped(numbers, numbers.shape, np.negative)
    if kind is Sub and place == 0:
        value = Live(ctx.add(step, Neg(), value.value, part="negative"), value.last)
    if len(numbers.shape) > 1:
        return _shifted(ctx, step, value, numbers)
    return _biased(ctx, step, value, numbers)


def _biased(ctx: Context, step: Step, value: Live, bias: Tensor) -> list[Value]:
    """One number for each channel added: the bias of the layer before where that has none, or a layer of its own."""
    node, buffer = ctx.nodes.get(value.value), ctx.state.is_buffer(bias)
    if node is not None and node.op == Scale(buffer=buffer):
        weight = mapped(ctx.weights[node.name]["weight"], bias.shape)
        return [Live(norms.scaled(ctx, step, node.inputs[0], weight, bias), value.last)]
    if node is not None and node.op == Scale(shared=True, buffer=buffer):
        shape = (bias.shape[0], *(1,) * len(ctx.type(value).spatial))
        tensors = {**ctx.weights[node.name], "bias": mapped(bias, shape)}
        whole = Scale(shared=True, bias=True, buffer=buffer)
        return [Live(ctx.add(step, whole, node.inputs[0], weights=tensors), value.last)]
    if node is not None and _takes_bias(node) and not buffer:
        op = node.op.model_copy(update={"bias": True})
        tensors = {**ctx.weights[node.name], "bias": bias}
        return [Live(ctx.add(step, op, *node.inputs, weights=tensors), value.last)]
    shape = (bias.shape[0], *(1,) * len(ctx.type(value).spatial))
    tensors = {"bias": mapped(bias, shape)}
    return [Live(ctx.add(step, LearnedBias(buffer=buffer), value.value, weights=tensors), value.last)]


def _is_one(ctx: Context, constant: Known, value: Live) -> bool:
    """Whether a learned constant is one number for all of an item, and not for its only channel."""
    return ctx.is_learned(constant) and ctx.type(value).channels != 1


def _shared(ctx: Context, step: Step, op: Scale | LearnedBias, value: Live, name: str, constant: Known) -> Live:
    """`op` with one learned number for all of an item."""
    op = op.model_copy(update={"buffer": ctx.state.is_buffer(constant.tensor)})
    weights = {name: mapped(constant.tensor, (1,))}
    return Live(ctx.add(step, op, value.value, weights=weights), value.last)


def _along_rows(ctx: Context, step: Step, value: Live, constant: Known) -> Live | None:
    """One number for each output of a dense layer along the last axis, just before: its bias."""
    node = ctx.node(value.value, Dense)
    if node is None or not isinstance(node.op, Dense) or node.op.axis is None or node.op.bias is not False:
        return None
    if constant.elements != node.op.units or constant.shape[-1] != node.op.units:
        return None
    bias = mapped(constant.tensor, (node.op.units,))
    op = node.op.model_copy(update={"bias": True})
    tensors = {**ctx.weights[node.name], "bias": bias}
    return Live(ctx.add(step, op, *node.inputs, weights=tensors), value.last)


def _beside(ctx: Context, step: Step, kind: type[Merge], parts: tuple[Live, Known, int]) -> Live | None:
    """A merge with a constant that is a learned tensor of its own: what is taken away or divided by, which no weight of
    a layer is, and what is repeated along some axes of an item, but is none for the channels, such as the mask or the
    positions of all heads and the factors of all tokens."""
    value, constant, place = parts
    if ctx.own or ctx.lifted or constant.is_open:
        return None
    inverse = kind is Div or (kind is Sub and place == 1)
    if ctx.is_learned(constant):
        return beside_learned(ctx, step, kind, parts) if inverse or kind is Sub else None
    per_channel = ctx.per_channel(constant, value)
    per_element = None if per_channel else ctx.per_element(constant, value)
    whole = per_channel is not None or constant.elements == ctx.type(value).elements
    if (per_channel or per_element) is None or (whole and not inverse):
        return None
    return beside_learned(ctx, step, kind, parts)


def beside_learned(ctx: Context, step: Step, kind: type[Merge], parts: tuple[Live, Known, int]) -> Live:
    """A merge with a constant as a learned tensor of its own."""
    value, constant, place = parts
    rank = ctx.type(value).rank
    shape = constant.shape[-rank:]
    item = mapped(constant.tensor, (*(1,) * (rank - len(shape)), *shape))
    tensor = learned.beside(ctx, step, item, value, 1.0 if kind in (Mul, Div, Pow) else "normal")
    operands = (value.value, tensor.value) if place else (tensor.value, value.value)
    return Live(ctx.add(step, kind(layout=ctx.builder.layout), *operands), value.last)


def _shifted(ctx: Context, step: Step, value: Live, bias: Tensor) -> list[Value]:
    """A constant for each element added, with the factors just before where there are some."""
    node, buffer = ctx.nodes.get(value.value), ctx.state.is_buffer(bias)
    if node is not None and node.op == Scale(elementwise=True, buffer=buffer):
        scaled = node.op.model_copy(update={"bias": True})
        tensors = {**ctx.weights[node.name], "bias": bias}
        return [Live(ctx.add(step, scaled, node.inputs[0], weights=tensors), value.last)]
    op = LearnedBias(elementwise=True, buffer=buffer)
    return [Live(ctx.add(step, op, value.value, weights={"bias": bias}), value.last)]


def _takes_bias(node: Node) -> bool:
    return isinstance(node.op, Conv | Depthwise | Deconv | Dense) and node.op.bias is False


def _times(
    ctx: Context,
    step: Step,
    kind: type[Merge],
    parts: tuple[Live, Known, int],
) -> list[Value]:
    """A constant multiplied or divided by: numbers stay numbers, tensors are factors or learned beside the value."""
    value, constant, place = parts
    number = _constant(ctx, constant, value)
    if number == 1.0 and not ctx.own and (kind is Mul or place == 1):
        return [value]
    if number is not None:
        return [with_number(ctx, step, kind, value, number, place)]
    if beside := _beside(ctx, step, kind, parts):
        return [beside]
    if kind is Div and place == 0:
        raise Decline("it divides a constant for each channel or element by a computed value")
    if _is_one(ctx, constant, value) or (constant.shape == (1,) and ctx.type(value).shape[1:] != (1,)):
        return [_shared(ctx, step, Scale(shared=True), value, "weight", constant)]
    numbers = _numbers(ctx, constant, value)
    weight = mapped(numbers, numbers.shape, np.reciprocal) if kind is Div else numbers
    if len(weight.shape) > 1:
        op = Scale(elementwise=True, buffer=ctx.state.is_buffer(weight))
        return [Live(ctx.add(step, op, value.value, weights={"weight": weight}), value.last)]
    return [Live(norms.scaled(ctx, step, value.value, weight, None), value.last)]


def _constant(ctx: Context, constant: Known, value: Live) -> Constant | None:
    """A constant operand that a spec writes: one number, or, where it is no weight, a list for the channels.

    `None` for what holds weights, and what would give `value` further axes.
    """
    named_weight = ctx.own and bool(constant.name) and not constant.tensor.is_literal
    if constant.is_open or named_weight or len(constant.shape) > len(ctx.shape(value)):
        return None
    if constant.elements == 1:
        return None if ctx.is_learned(constant) else single(constant)
    if not constant.tensor.is_literal or (constant.elements > MOST_LISTED and not ctx.own):
        return None
    numbers = ctx.per_channel(constant, value)
    return None if numbers is None else tuple(single(Known.of(item)) for item in numbers.load().reshape(-1, 1))


def _numbers(ctx: Context, constant: Known, value: Live) -> Tensor:
    """A constant operand as one number for each channel, or in the shape of an item."""
    numbers = ctx.per_channel(constant, value) or ctx.per_element(constant, value)
    if numbers is None:
        shape = list(constant.shape)
        raise Decline(f"its constant of shape {shape} is neither one number nor one for each channel or element")
    return numbers


def merge(kind: type[Merge]) -> Rule:
    """Of any number of operands, numbers among them."""

    def rule(ctx: Context, step: Step) -> list[Value]:
        if len(step.inputs) == 1:
            return [ctx.value(step, 0)]
        found = [ctx.value(step, index) for index in range(len(step.inputs))]
        first = next((value for value in found if isinstance(value, Live)), None)
        if first is None or not kind.takes_numbers or all(isinstance(value, Live) for value in found):
            return merged(kind, ctx, step)
        constants = tuple(_constant(ctx, value, first) if isinstance(value, Known) else None for value in found)
        values = tuple(name for name, value in zip(step.inputs, found, strict=True) if isinstance(value, Live))
        if len(values) + sum(constant is not None for constant in constants) < len(found):
            parts = _split(ctx, step) if len(found) == 2 else None
            if parts is not None and ctx.is_learned(parts[1]):
                return [beside_learned(ctx, step, kind, parts)]
            raise Decline("it takes a constant that is not one number")
        return merged(kind, ctx, replace(step, inputs=values), constants)

    return rule


def power(ctx: Context, step: Step) -> list[Value]:
    """(sum of |x|^p)^(1/p) is a global p-norm."""
    if isinstance(ctx.value(step, 1), Live):
        return merge(Pow)(ctx, step)
    if (parts := _split(ctx, step)) is not None and ctx.is_learned(parts[1]):
        return [beside_learned(ctx, step, Pow, parts)]
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
    if isinstance(ctx.value(step, 0), Known):
        raise Decline("it takes powers of a constant")
    return [with_number(ctx, step, Pow, ctx.live(step), exponent or 0.0)]
