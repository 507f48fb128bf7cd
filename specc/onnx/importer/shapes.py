"""Rearrangements: reshape, transpose, squeeze, concat, split, slice and shuffles."""

from __future__ import annotations

from typing import Any

from specc.dims import Dim, product
from specc.onnx.importer import learned, norms
from specc.onnx.importer.arrangement import quotient
from specc.onnx.importer.context import Context
from specc.onnx.importer.measuring import measured_value
from specc.onnx.importer.values import Decline, Live, Step, Value
from specc.ops.concat import Concat
from specc.ops.flatten import Flatten
from specc.ops.shape import Reshape, Squeeze, Transpose
from specc.ops.shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle
from specc.ops.split import Split
from specc.types import TensorType

FLOATS = (1, 10, 11, 16)
"""ONNX's numbers of the floating-point types."""


def reshape(ctx: Context, step: Step) -> list[Value]:
    value = ctx.live(step)
    target = target_sizes(ctx, step)
    given = ctx.shape(value)
    if not step.integer("allowzero", 0):
        target = [given[i] if size == 0 and i < len(given) else size for i, size in enumerate(target)]
    if ctx.lifted:
        return [reshaped(ctx, step, value, filled(target, product(given)))]
    if not target or not _keeps_batch(ctx, target, given):
        raise Decline("it changes the batch")
    return [reshaped(ctx, step, value, filled(target[1:], product(given[1:])))]


def target_sizes(ctx: Context, step: Step) -> list[Dim]:
    """The shape that Reshape asks for, 0 and -1 in it."""
    target = ctx.sizes(step, 1) if len(step.inputs) > 1 else step.integers("shape")
    if target is None:
        raise Decline("it has no shape")
    return list(target)


def _keeps_batch(ctx: Context, target: list[Dim], given: tuple[Dim, ...]) -> bool:
    if target[0] == -1:
        return -1 not in target[1:] and product(tuple(target[1:])) == product(given[1:])
    return target[0] == given[0] or (ctx.batch is not None and target[0] == ctx.batch)


def filled(sizes: list[Dim], elements: Dim) -> tuple[Dim, ...]:
    """`sizes` with what is left in the place of -1."""
    known = product(tuple(size for size in sizes if size != -1))
    if -1 not in sizes:
        return tuple(sizes)
    rest = elements // known if isinstance(known, int) and known > 0 else quotient(elements, known)
    if rest is None:
        raise Decline("its shape leaves a size open that cannot be worked out")
    return tuple(rest if size == -1 else size for size in sizes)


def reshaped(ctx: Context, step: Step, value: Live, sizes: tuple[Dim, ...]) -> Live:
    """`value` as a tensor whose sizes behind the batch are `sizes`."""
    kind, layout = ctx.type(value), ctx.builder.layout
    given = ctx.shape(value) if ctx.lifted else ctx.shape(value)[1:]
    if sizes == given:
        return value
    if not sizes and not ctx.lifted:
        raise Decline("it leaves one number per item and no axis, where a value has one at least (keep it: `keepdims`)")
    if kind.rank > 1 and moves_nothing(kind) and not ctx.lifted:
        renamed = not (ctx.own and layout == "chw")  # specc itself reshapes only where a spec does
        for last in (False, True) if renamed else (False,):
            if sizes == ((*kind.spatial, kind.channels) if last else (kind.channels, *kind.spatial)):
                return Live(value.value, last)
    if len(sizes) == 1:
        source = value.value if moves_nothing(kind) else ctx.spoken_value(step, value)
        return Live(ctx.add(step, Flatten(layout=layout), source))
    source = ctx.spoken_value(step, value)
    result = (kind.shape[0], *sizes)
    found = None if layout == "hwc" or ctx.lifted else norms.regrouped(ctx, step, source, result)
    if found is None and layout == "chw":
        found = _shuffled(ctx, step, source, result)
    if found:
        assert isinstance(found[0], Live)
        return found[0]
    empty = sizes.index(0) if 0 in sizes else None
    numbers = tuple(size if isinstance(size, int) and place != empty else -1 for place, size in enumerate(sizes))
    like: tuple[str, ...] = ()
    if numbers.count(-1) > 1:
        numbers, like = _like(ctx, step, numbers, sizes)
    made = ctx.add(step, Reshape(sizes=numbers, layout=layout), source, *like)
    return Live(made, layout == "hwc" and len(sizes) > 1)


def _like(
    ctx: Context, step: Step, numbers: tuple[int, ...], sizes: tuple[Dim, ...]
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The known sizes on one side of open ones, and the value that these are the spatial sizes of."""
    count = next(place for place, size in enumerate(numbers[:: _step(ctx)]) if size == -1)
    given, spatial = (numbers[:count], sizes[count:]) if _step(ctx) > 0 else (numbers[-count:], sizes[:-count])
    found = measured_value(ctx, step.operand(1), spatial) if count else None
    if found is None:
        raise Decline("it leaves several sizes open, which are not those of an image")
    return given, (found,)


def _step(ctx: Context) -> int:
    """The direction in which the sizes of channels come before those of positions."""
    return 1 if ctx.builder.layout == "chw" else -1


def moves_nothing(kind: TensorType) -> bool:
    """Whether channels first and channels last are the same order of elements."""
    return kind.rank < 2 or kind.channels == 1 or all(size == 1 for size in kind.spatial)


def _shuffled(ctx: Context, step: Step, source: str, result: tuple[Dim, ...]) -> list[Value] | None:
    """Channels as (groups, rest), both exchanged, and together again: channel_shuffle."""
    turned = ctx.node(source, Transpose)
    apart = turned and ctx.node(turned.inputs[0], Reshape)
    if turned is None or not apart:
        return None
    order = getattr(turned.op, "order", ())
    inside, before = ctx.builder.types[turned.inputs[0]], apart.inputs[0]
    if order[:2] != (1, 0) or order[2:] != tuple(range(2, len(order))):
        return None
    kind = ctx.builder.types[before]
    if kind.shape != result or inside.shape[3:] != kind.shape[2:] or not isinstance(inside.channels, int):
        return None
    return [Live(ctx.add(step, ChannelShuffle(groups=inside.channels), before))]


def flatten(ctx: Context, step: Step) -> list[Value]:
    value = ctx.live(step)
    shape, axis = ctx.shape(value), step.integer("axis", 1)
    axis = axis + len(shape) if axis < 0 else axis
    if ctx.lifted:
        return [reshaped(ctx, step, value, (product(shape[:axis]), product(shape[axis:])))]
    if axis != 1:
        raise Decline(f"it flattens from axis {axis} on, the batch not being the first")
    return [reshaped(ctx, step, value, (product(shape[1:]),))]


def transpose(ctx: Context, step: Step) -> list[Value]:
    """A transpose that only moves the channels is remembered, and carried out where it makes a difference."""
    value = ctx.live(step)
    return [transposed(ctx, step, value, step.integers("perm") or tuple(range(len(ctx.shape(value))))[::-1])]


def transposed(ctx: Context, step: Step, value: Live, perm: tuple[int, ...]) -> Live:
    """`value` with the axes of its ONNX tensor in the order `perm`."""
    rank = len(ctx.shape(value))
    if ctx.lifted:
        return Live(ctx.permuted(step, value.value, tuple(axis + 1 for axis in perm)))
    if len(perm) != rank or perm[0] != 0:
        raise Decline("it moves the batch")
    axes = tuple(ctx.axis(value, axis) for axis in perm[1:])
    if axes == tuple(range(1, rank)):
        return Live(value.value)
    written = ctx.own and ctx.builder.layout == "chw" and "/" not in step.outputs[0]  # a layer of its own in the spec
    written = written or (rank == 3 and ctx.is_matrix(value.value))
    if axes == (*range(2, rank), 1) and not written:
        return Live(value.value, last=True)
    return Live(ctx.permuted(step, value.value, axes))


def squeeze(ctx: Context, step: Step) -> list[Value]:
    value = ctx.live(step)
    shape = ctx.shape(value)
    given = ctx.integers(step, 1, "axes")
    given = tuple(i for i, size in enumerate(shape) if size == 1) if given is None else given
    dropped = {axis + len(shape) if axis < 0 else axis for axis in given}
    sizes = tuple(size for i, size in enumerate(shape) if i not in dropped)
    if ctx.lifted:
        return [reshaped(ctx, step, value, sizes)]
    if 0 in dropped:
        raise Decline("it drops the batch")
    source = ctx.spoken_value(step, value)
    kind, layout = ctx.builder.types[source], ctx.builder.layout
    spoken = Live(source, layout == "hwc" and kind.rank > 1)
    axes = {ctx.axis(spoken, axis) for axis in dropped}
    if axes == {i for i in range(2, kind.rank + 1) if kind.shape[i] == 1}:
        op = Squeeze(layout=layout)
    elif len(axes) == 1:
        op = Squeeze(axis=ctx.axis_argument(spoken, axes.pop()), layout=layout)
    else:
        return [reshaped(ctx, step, value, sizes[1:])]
    return [Live(ctx.add(step, op, source), layout == "hwc" and len(sizes) > 2)]


def unsqueeze(ctx: Context, step: Step) -> list[Value]:
    value = ctx.live(step)
    shape = list(ctx.shape(value))
    axes = ctx.integers(step, 1, "axes") or ()
    rank = len(shape) + len(axes)
    for axis in sorted(axis + rank if axis < 0 else axis for axis in axes):
        shape.insert(axis, 1)
    if ctx.lifted:
        return [reshaped(ctx, step, value, tuple(shape))]
    if shape[0] != ctx.shape(value)[0]:
        raise Decline("it puts an axis before the batch")
    return [reshaped(ctx, step, value, tuple(shape[1:]))]


def concat(ctx: Context, step: Step) -> list[Value]:
    if len(step.inputs) == 1:
        return identity(ctx, step)
    operands = learned.among(ctx, step)
    if len({operand.last for operand in operands}) > 1:
        operands = ctx.in_one_order(step, operands)
    last = operands[0].last
    axis = ctx.axis(operands[0], step.integer("axis", 1))
    op = Concat(axis=ctx.axis_argument(operands[0], axis), layout=ctx.builder.layout)
    return [Live(ctx.add(step, op, *(operand.value for operand in operands)), last)]


def split(ctx: Context, step: Step) -> list[Value]:
    value = ctx.live(step)
    axis = ctx.axis(value, step.integer("axis", 0))
    sizes = ctx.integers(step, 1, "split")
    count, size = len(step.outputs), ctx.type(value).shape[axis]
    if sizes is None and isinstance(size, int) and size % count:
        most = -(-size // count)
        sizes = (*(most,) * (count - 1), size - most * (count - 1))
    parts: Any = count if sizes is None or len(set(sizes)) == 1 else sizes
    op = Split(parts=parts, axis=ctx.axis_argument(value, axis), layout=ctx.builder.layout)
    return [Live(result, value.last) for result in ctx.add_many(step, op, value.value)]


def split_to_sequence(ctx: Context, step: Step) -> list[Value]:
    """The parts of a value, remembered until SequenceAt picks them."""
    sizes = ctx.integers(step, 1, "split")
    value = ctx.live(step)
    axis = ctx.axis(value, step.integer("axis", 0))
    whole = ctx.type(value).shape[axis]
    if not step.integer("keepdims", 1) or sizes is None or not isinstance(whole, int):
        raise Decline("it makes parts that a spec cannot")
    if len(ctx.known(step, 1).shape) == 0:
        sizes = (*(sizes[0],) * (whole // sizes[0]), *((whole % sizes[0],) if whole % sizes[0] else ()))
    parts: Any = len(sizes) if len(set(sizes)) == 1 else sizes
    op = Split(parts=parts, axis=ctx.axis_argument(value, axis), layout=ctx.builder.layout)
    made = ctx.add_many(step, op, value.value) if len(sizes) > 1 else (value.value,)
    ctx.sequences[step.outputs[0]] = [Live(name, value.last) for name in made]
    raise Decline("a spec has no sequences of values")


def sequence_at(ctx: Context, step: Step) -> list[Value]:
    parts, places = ctx.sequences.get(step.operand(0)), ctx.integers(step, 1, "position")
    if parts is None or places is None:
        raise Decline("a spec has no sequences of values")
    return [parts[places[0]]]


def shuffled(ctx: Context, step: Step, value: Live, groups: int, part: str = "") -> Live:
    """`value` after channel_shuffle; two that undo each other are none."""
    channels = ctx.type(value).channels
    node = ctx.node(value.value, ChannelShuffle)
    if node is not None and isinstance(node.op, ChannelShuffle) and node.op.groups * groups == channels:
        return Live(node.inputs[0], value.last)
    if groups in (1, channels):
        return value
    return Live(ctx.add(step, ChannelShuffle(groups=groups), value.value, part=part), value.last)


def depth_to_space(ctx: Context, step: Step) -> list[Value]:
    factor = step.integer("blocksize", 1)
    if factor == 1:
        return [ctx.live(step)]
    value = Live(ctx.first(step))
    if step.word("mode", "DCR") != "CRD":
        value = shuffled(ctx, step, value, factor**2, "shuffle")
    return [Live(ctx.add(step, PixelShuffle(factor=factor), value.value))]


def space_to_depth(ctx: Context, step: Step) -> list[Value]:
    source, factor = ctx.first(step), step.integer("blocksize", 1)
    channels = ctx.builder.types[source].channels
    if not isinstance(channels, int):
        raise Decline("it needs a known number of channels")
    whole = channels == 1 or step.word("mode", "DCR") == "CRD"
    blocks = Live(ctx.add(step, PixelUnshuffle(factor=factor), source, part="" if whole else "blocks"))
    return [blocks if whole else shuffled(ctx, step, blocks, channels)]


def cast(ctx: Context, step: Step) -> list[Value]:
    if step.integer("to", 1) not in FLOATS:
        raise Decline("it makes another element type of its input")
    return [ctx.live(step)]


def identity(ctx: Context, step: Step) -> list[Value]:
    return [ctx.value(step, 0)]
