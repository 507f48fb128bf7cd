"""Constants that stand among values, the same for every item: class tokens, learned queries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from specc.dims import Dim
from specc.onnx.importer.context import Context
from specc.onnx.importer.measuring import measured_value
from specc.onnx.importer.values import Array, Decline, Known, Live, Moved, Step, Value, mapped
from specc.ops.learned import Learned
from specc.ops.pick import Gather
from specc.types import TensorType, unspeak
from specc.weights.tensors import Tensor


def expand(ctx: Context, step: Step) -> list[Value]:
    """A constant repeated along the batch, or a value along axes of size 1: each axis has the larger size."""
    value = ctx.value(step, 0)
    if isinstance(value, Live) and not ctx.feeds:
        return [_spread(ctx, step, value)]
    constant, target = ctx.known(step, 0), ctx.sizes(step, 1) or []
    shape = (1,) * (len(target) - len(constant.shape)) + constant.shape
    ones = [1] * (len(shape) - len(target))
    wanted = [size if size != 1 else own for size, own in zip([*ones, *target], shape, strict=True)]
    return [_repeated(ctx, step, constant, shape, wanted)]


def _spread(ctx: Context, step: Step, value: Live) -> Live:
    """A value whose axes of size 1 are picked as often as `step` asks: the keys that several heads have in common."""
    shape, target = ctx.shape(value), ctx.sizes(step, 1) or []
    if len(target) > len(shape):
        raise Decline("it adds axes to a computed value")
    for axis, size in enumerate(target, start=len(shape) - len(target)):
        if shape[axis] != 1 or size == 1:
            continue
        if not isinstance(size, int):
            raise Decline("it repeats a computed value as often as an open size says")
        place = ctx.axis_argument(value, ctx.axis(value, axis))
        op = Gather(indices=(0,) * size, axis=place, layout=ctx.builder.layout)
        value = Live(ctx.add(step, op, value.value, part="gather"), value.last)
    return value


def tile(ctx: Context, step: Step) -> list[Value]:
    """A constant repeated along the batch: each axis so many times."""
    constant, times = ctx.known(step, 0), ctx.sizes(step, 1) or []
    return [_repeated(ctx, step, constant, constant.shape, [t * n for t, n in zip(times, constant.shape, strict=True)])]


def _repeated(ctx: Context, step: Step, constant: Known, shape: tuple[int, ...], wanted: list[Dim]) -> Live:
    source = measured_value(ctx, step.operand(1)) or ctx.builder.inputs[0].name
    batch = ctx.builder.types[source].shape[0]
    if ctx.lifted or len(shape) < 2 or shape[0] != 1 or wanted != [batch, *shape[1:]]:
        raise Decline("it repeats a constant along other axes than the batch")
    return _node(ctx, step, mapped(constant.tensor, shape[1:]), Live(source), False, "")


def alone(ctx: Context, step: Step, constant: Known) -> Moved:
    """A constant that is computed with where the file fixes a batch of one, such as learned queries: a value that lies
    as its tensor does."""
    sizes = tuple(size for size in constant.shape if size != 1)
    places = iter(range(len(sizes)))
    axes = tuple((next(places),) if size != 1 else () for size in constant.shape)
    weight = mapped(constant.tensor, sizes)
    source = ctx.builder.inputs[0].name
    op = Learned(shape=sizes, buffer=ctx.state.is_buffer(weight))
    made = ctx.add(step, op, source, weights={"weight": weight}, part="learned")
    return Moved(made, sizes, axes)


def among(ctx: Context, step: Step) -> list[Live]:
    """The operands of a step that joins values, constants among them as learned tensors that begin where the first
    computed value does; in specc's own files they stay where they are."""
    found = [ctx.value(step, index) for index in range(len(step.inputs))]
    first = next((value for value in found if isinstance(value, Live) and _learned(ctx, value) is None), None)
    if first is None:
        return [ctx.live(step, index) for index in range(len(step.inputs))]
    return [_beside(ctx, step, index, first) for index in range(len(found))]


def _beside(ctx: Context, step: Step, index: int, first: Live) -> Live:
    value = ctx.value(step, index)
    if isinstance(value, Live):
        item = _learned(ctx, value)
        return value if item is None or ctx.own else _again(ctx, step, item, first, index)
    if not isinstance(value, Known) or not value.elements or value.is_open:
        return ctx.live(step, index)
    return _again(ctx, step, _item(ctx, value), first, index)


def beside(ctx: Context, step: Step, item: Tensor, value: Live, init: str | float) -> Live:
    """The learned tensor `item`, in the order of the ONNX tensor's axes, to be computed with beside `value`."""
    return _node(ctx, step, item, value, value.last, "learned", init)


def _again(ctx: Context, step: Step, item: Tensor, first: Live, index: int) -> Live:
    return _node(ctx, step, item, first, first.last, f"learned{index}")


def _learned(ctx: Context, value: Live) -> Tensor | None:
    """What is learned in the order of the ONNX tensor's axes, where `value` is nothing else."""
    node = ctx.node(value.value, Learned)
    if node is None:
        return None
    tensor = ctx.weights[node.name]["weight"]
    return _channels_last(tensor) if value.last else tensor


def _channels_last(tensor: Tensor) -> Tensor:
    return mapped(tensor, (*tensor.shape[1:], tensor.shape[0]), lambda array: np.moveaxis(array, 0, -1))


def _item(ctx: Context, constant: Known) -> Tensor:
    """What is the same for every item of the batch that the file fixes."""
    items = constant.shape[0] if constant.shape else 0
    if ctx.lifted or len(constant.shape) < 2 or items != ctx.batch:
        raise Decline("it joins a constant to a value, and the batch is open")
    if items > 1 and not _same(constant.array):
        raise Decline("it joins a constant to a value that is another one for each item of the batch")
    return mapped(constant.tensor, constant.shape[1:], lambda array: array[0])


def once(ctx: Context, constant: Known, value: Live) -> Known:
    """A constant beside `value` as it is for one item, where a fixed batch holds it for every item alike."""
    shape, batch = constant.shape, ctx.batch or 1
    if ctx.lifted or batch == 1 or len(shape) != len(ctx.shape(value)) or shape[0] != batch or constant.is_open:
        return constant
    if not _same(constant.array):
        return constant
    return replace(constant, tensor=mapped(constant.tensor, (1, *shape[1:]), lambda array: array[:1]))


def _same(array: Array) -> bool:
    return bool(np.all(array == array[:1]))


def _node(
    ctx: Context, step: Step, item: Tensor, source: Live, last: bool, part: str, init: str | float = "normal"
) -> Live:
    """The learned tensor `item`, in the order of the ONNX tensor's axes, as a node that begins at `source`."""
    shape = unspeak((1, *item.shape), "hwc" if last else "chw")
    kind = TensorType(shape)
    sizes = tuple(size for size in kind.spoken(ctx.builder.layout)[1:] if isinstance(size, int))
    weight = item
    if last and len(item.shape) > 1:
        weight = mapped(item, (item.shape[-1], *item.shape[:-1]), lambda array: np.moveaxis(array, -1, 0))
    op = Learned(shape=sizes, init=init, buffer=ctx.state.is_buffer(item), layout=ctx.builder.layout)
    return Live(ctx.add(step, op, source.value, weights={"weight": weight}, part=part), last)
