"""Max pools with the positions of their values, and what puts values back to them.

ONNX counts positions through the images of all channels and items, a spec through the image of one channel.  So a
tensor of positions means something only to a node that brings it back to one image, or reads it as MaxUnpool does.
"""

from __future__ import annotations

from dataclasses import replace

from specc.dims import Dim, product
from specc.onnx.importer.context import Context
from specc.onnx.importer.measuring import measured_value
from specc.onnx.importer.shapes import transposed
from specc.onnx.importer.values import Decline, Known, Live, Pending, Step, Value
from specc.onnx.importer.windows import compact, compact_pad, kernel_of, max_pooled, motion_of
from specc.ops.max_pool import MaxPool
from specc.ops.pad import Pad
from specc.ops.unpool import Unpool

COUNTED = "its positions count through all channels and items, and only MaxUnpool has a counterpart that reads them"


def max_pool(ctx: Context, step: Step) -> list[Value]:
    if len(step.outputs) < 2 or not step.outputs[1]:
        return [Live(value) for value in max_pooled(ctx, step)]
    if step.integer("storage_order", 0):
        return _column_by_column(ctx, step)
    pooled, where = (Live(value) for value in max_pooled(ctx, step, positions=True))
    if _is_one_image(ctx, pooled):
        return [pooled, where]
    ctx.counted[where.value] = step.outputs[1]
    return [pooled, Pending(step, COUNTED)]


def _column_by_column(ctx: Context, step: Step) -> list[Value]:
    """Positions that count down the columns are those of the transposed image."""
    value = ctx.live(step)
    axes = ctx.type(value).rank - 1
    if axes != 2 or value.last or not _is_one_image(ctx, value):
        raise Decline("storage_order=1 has no counterpart but for one image of one channel")
    turned = {key: _exchanged(step, key) for key in ("kernel_shape", "strides", "dilations", "pads")}
    attributes = step.attributes | {key: numbers for key, numbers in turned.items() if numbers}
    order = (0, 1, 3, 2)
    image = transposed(ctx, step, value, order)
    ctx.values[f"{step.outputs[0]}/turned"] = image
    inner = replace(step, inputs=(f"{step.outputs[0]}/turned",), attributes=attributes)
    return [transposed(ctx, step, Live(found), order) for found in max_pooled(ctx, inner, positions=True)]


def _exchanged(step: Step, key: str) -> list[int]:
    numbers = list(step.integers(key) or ())
    return [number for pair in zip(numbers[1::2], numbers[::2], strict=True) for number in pair]


def _is_one_image(ctx: Context, value: Live) -> bool:
    """Whether one channel of one item is all there is."""
    kind = ctx.type(value)
    return kind.channels == 1 and (kind.shape[0] == 1 or ctx.batch == 1)


def within_image(ctx: Context, step: Step) -> list[Value]:
    """Mod: positions modulo the size of the image."""
    where = _of_pool(ctx, step.operand(0))
    size = ctx.values.get(step.operand(1))
    if where is None or not isinstance(size, Known) or size.elements != 1 or size.is_open:
        raise Decline("a spec has no such operation")
    if size.array.reshape(-1)[0] != product(_image(ctx, where)):
        raise Decline("it counts positions in an image of another size")
    return [Live(where)]


def from_start(ctx: Context, step: Step) -> Live | None:
    """Sub, where it takes away the first position of each image, as PyTorch writes it: those of a pool with windows of
    one, cut down to the first; `None` for any other."""
    where, cut = _of_pool(ctx, step.operand(0)), ctx.maker(step.operand(1), "Slice")
    ones = cut and ctx.maker(cut.operand(0), "MaxPool")
    mine = ctx.makers.get(step.operand(0))
    if where is None or cut is None or not ones or mine is None or set(ones.integers("kernel_shape") or ()) != {1}:
        return None
    starts, ends, axes = (ctx.integers(cut, index, key) for index, key in ((1, "starts"), (2, "ends"), (3, "axes")))
    first = set(starts or ()) == {0} and set(ends or ()) == {1}
    everywhere = axes == tuple(range(2, len(_image(ctx, where)) + 2))
    return Live(where) if first and everywhere and ones.operand(0) == mine.operand(0) else None


def _of_pool(ctx: Context, tensor: str) -> str | None:
    """The value that has the positions in `tensor`, which a pool made, counted in each image."""
    step = ctx.maker(tensor, "MaxPool")
    pooled = ctx.values.get(step.outputs[0]) if step and tensor in step.outputs[1:] else None
    node = ctx.node(pooled.value, MaxPool) if isinstance(pooled, Live) else None
    return node.outputs[1] if node is not None and len(node.outputs) > 1 else None


def _image(ctx: Context, where: str) -> tuple[Dim, ...]:
    """The sizes of the image in which the positions count."""
    return ctx.builder.types[ctx.nodes[where].inputs[0]].spatial


def max_unpool(ctx: Context, step: Step) -> list[Value]:
    source, where = ctx.first(step), _of_pool(ctx, step.operand(1)) or _ours(ctx, step.operand(1))
    known = where is not None
    if where is None:
        where = ctx.first(step, 1)
        if not _is_one_image(ctx, Live(where)):
            raise Decline(COUNTED)
    kernel = kernel_of(step, ())
    stride = motion_of(step, len(kernel))["stride"]
    pad = compact_pad(step.integers("pads") or (0,) * (2 * len(kernel)))
    op = Unpool(
        kernel=kernel,
        stride=None if stride * (len(kernel) // len(stride)) == kernel else stride,
        pad=(0,) if pad == "valid" else pad,
    )
    made = op.infer((ctx.builder.types[source], ctx.builder.types[where]))[0].spatial
    wanted = tuple(ctx.sizes(step, 2) or ())[0 if ctx.lifted else 2 :][-len(made) :]
    if not wanted or wanted == made:
        return [Live(ctx.add(step, op, source, where))]
    if known:
        return [_to_size(ctx, step, op, (source, where), wanted)]
    return [_beyond(ctx, step, op, (source, where), made, wanted)]


def _to_size(ctx: Context, step: Step, op: Unpool, operands: tuple[str, str], wanted: tuple[Dim, ...]) -> Live:
    """Positions count in the image that the output is."""
    if ctx.node(operands[1], MaxPool) and _image(ctx, operands[1]) != wanted:
        raise Decline("its output has not the size in which the positions were counted")
    numbers = tuple(size for size in wanted if isinstance(size, int))
    if len(numbers) == len(wanted):
        return Live(ctx.add(step, op.model_copy(update={"size": compact(numbers)}), *operands))
    like = measured_value(ctx, step.operand(2), wanted)
    if like is None:
        raise Decline("its output has an open size that no value has")
    return Live(ctx.add(step, op, *operands, like))


def _beyond(
    ctx: Context, step: Step, op: Unpool, operands: tuple[str, str], made: tuple[Dim, ...], wanted: tuple[Dim, ...]
) -> Live:
    """Of positions from elsewhere ONNX's tests say that they count in the size without an output_shape, behind which
    come zeros.  (ONNX Runtime counts in the given size.)"""
    more = [b - a if isinstance(a, int) and isinstance(b, int) else -1 for a, b in zip(made, wanted, strict=True)]
    if min(more) < 0:
        raise Decline("its output is smaller than what it unpools, or open")
    inner = ctx.add(step, op, *operands, part="unpooled")
    return Live(ctx.add(step, Pad(amount=(*(0,) * len(more), *more), layout=ctx.builder.layout), inner))


def _ours(ctx: Context, tensor: str) -> str | None:
    """The value whose positions specc's own export counts through all images, in `tensor`."""
    add = ctx.maker(tensor, "Add") if ctx.own else None
    mod = add and ctx.maker(add.operand(0), "Mod")
    cast = mod and ctx.maker(mod.operand(0), "Cast")
    found = ctx.values.get(cast.operand(0) if cast else mod.operand(0)) if mod else None
    return found.value if isinstance(found, Live) else None
