"""Tensors whose batch is not the first axis: rearranged until it is, and computed with in between.

What only rearranges such a tensor is remembered (`arrangement`).  What computes along an axis is done to the value with
the batch first, by the same rules as everywhere (`framed`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from specc.dims import Dim, Sym, product
from specc.onnx.importer import shapes
from specc.onnx.importer.arrangement import (
    BATCH,
    Groups,
    cuts,
    flat,
    pieces,
    refined,
    regrouped,
    reordered,
    shape_of,
    with_size,
)
from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Decline, Live, Moved, Step, Value
from specc.ops.base import Rejection
from specc.ops.flatten import Flatten
from specc.ops.shape import Reshape, Squeeze, Transpose


def tracked(ctx: Context) -> bool:
    """Whether the batch is followed to other axes: not where an item is known to be all there is, nor in specc's own
    files, which never move it."""
    return not (ctx.own or ctx.lifted or ctx.feeds) and ctx.builder.layout == "chw"


# -- from values and back ----------------------------------------------------------------------------------------------


def arrangement(ctx: Context, step: Step, index: int = 0) -> Moved:
    """A computed operand with its axes as products of factors."""
    found = ctx.value(step, index)
    return found if isinstance(found, Moved) else viewed(ctx, ctx.live(step, index))


def viewed(ctx: Context, live: Live) -> Moved:
    """A value whose batch is the first axis, as an arrangement of what it was before it was reshaped, and then
    transposed."""
    moved = plain(ctx, live)
    while (earlier := _untransposed(ctx, moved)) is not None:
        moved = earlier
    while (node := ctx.nodes.get(moved.value)) is not None and isinstance(node.op, Reshape | Flatten | Squeeze):
        moved = Moved(node.inputs[0], moved.factors, moved.axes)
    return moved


def plain(ctx: Context, live: Live) -> Moved:
    """A value whose batch is the first axis, as an arrangement of itself."""
    sizes = ctx.type(live).shape[1:]
    groups: list[tuple[int, ...]] = []
    factors: list[Dim] = []
    for size in sizes:
        groups.append(() if size == 1 else (len(factors),))
        factors.extend(() if size == 1 else (size,))
    axes = (*groups[1:], groups[0]) if live.last else tuple(groups)
    return Moved(live.value, tuple(factors), (() if ctx.batch == 1 else (BATCH,), *axes))


def _untransposed(ctx: Context, moved: Moved) -> Moved | None:
    """`moved` as an arrangement of the value that a transpose made its value of; `None` where none did."""
    node = ctx.node(moved.value, Transpose)
    found = None if node is None else refined(moved, ctx.builder.types[moved.value].shape[1:])
    if node is None or found is None or not isinstance(node.op, Transpose):
        return None
    finer, rows = found
    order = flat(tuple(rows[node.op.order.index(axis)] for axis in range(len(rows))))
    numbers = {factor: place for place, factor in enumerate(order)} | {BATCH: BATCH}
    axes = tuple(tuple(numbers[factor] for factor in axis) for axis in finer.axes)
    return Moved(node.inputs[0], tuple(finer.factors[f] for f in order), axes)


def settled(ctx: Context, step: Step, moved: Moved) -> Value:
    """`moved` as a value where its first axis is the batch, and nothing else; and a spec can write its sizes."""
    if not begins_with_batch(ctx, moved):
        return moved
    try:
        return placed(ctx, step, moved, moved.axes[1:])
    except (Decline, Rejection):
        if not any(isinstance(factor, Sym) for factor in moved.factors):
            raise
        return moved  # several open sizes: what comes next may bring back those of an image


def begins_with_batch(ctx: Context, moved: Moved) -> bool:
    """Whether the first axis is the batch, and nothing else, and the others hold the rest."""
    first = () if ctx.batch == 1 else (BATCH,)
    return moved.axes[:1] == (first,) and BATCH not in flat(moved.axes[1:])


def placed(ctx: Context, step: Step, moved: Moved, axes: Groups) -> Live:
    """The value of `moved` with the axes of an item as `axes` has them, the batch in front."""
    sizes = tuple(product(tuple(moved.factors[factor] for factor in axis)) for axis in axes)
    start = Live(moved.value)
    if not cuts(axes):
        return shapes.reshaped(ctx, step, start, sizes)
    if axes[0] == (1, 0) and sizes == ctx.type(start).shape[1:]:
        return shapes.shuffled(ctx, step, start, _groups(moved))
    rows: Groups = pieces(len(moved.factors), cuts(axes) | {axis[0] for axis in axes if axis} - {0})
    cut = tuple(product(tuple(moved.factors[factor] for factor in row)) for row in rows)
    order = _order(axes, rows)
    found = refined(Moved(moved.value, moved.factors, axes), ctx.type(start).shape[1:])
    if sizes == tuple(cut[place] for place in order) or found is None or not _movable(*found):
        start = shapes.reshaped(ctx, step, start, cut)
    else:
        order = _order(found[0].axes, found[1])
    turned = shapes.transposed(ctx, step, start, (0, *(place + 1 for place in order)))
    return shapes.reshaped(ctx, step, turned, sizes)


def _groups(moved: Moved) -> int:
    """The groups of channels that are dealt out, where the two outermost factors are exchanged."""
    if not isinstance(moved.factors[0], int):
        raise Decline("it exchanges an open number of channels")
    return moved.factors[0]


def _movable(wanted: Moved, rows: Groups) -> bool:
    """Whether the rows of factors, each an axis of the value, only need another order."""
    return cuts(wanted.axes) <= {row[0] for row in rows if row}


def _order(axes: Groups, rows: Groups) -> list[int]:
    """The rows of factors in the order in which `axes` has them."""
    places = {factor: place for place, factor in enumerate(flat(axes))}
    return sorted(range(len(rows)), key=lambda place: places[rows[place][0]] if rows[place] else -1)


# -- nodes that move elements ------------------------------------------------------------------------------------------


def rearranged(ctx: Context, step: Step) -> list[Value]:
    """What a node that moves elements makes, wherever it puts the batch."""
    return [settled(ctx, step, REARRANGING[step.op_type](ctx, step, arrangement(ctx, step)))]


def _transpose(ctx: Context, step: Step, given: Moved) -> Moved:
    order = step.integers("perm") or tuple(range(len(given.axes)))[::-1]
    if sorted(order) != list(range(len(given.axes))):
        raise Decline("its axes are not those of its input")
    return reordered(given, order)


def _reshape(ctx: Context, step: Step, given: Moved) -> Moved:
    sizes = shapes.target_sizes(ctx, step)
    shape = sized(ctx, given)
    known = [with_batch(ctx, given, size) for size in sizes]
    if not step.integer("allowzero", 0):
        known = [shape[i] if size == 0 and i < len(shape) else size for i, size in enumerate(known)]
    return in_sizes(ctx, given, shapes.filled(known, product(shape)))


def _flatten(ctx: Context, step: Step, given: Moved) -> Moved:
    shape, axis = sized(ctx, given), step.integer("axis", 1)
    return in_sizes(ctx, given, (product(shape[:axis]), product(shape[axis:])))


def in_sizes(ctx: Context, given: Moved, sizes: tuple[Dim, ...]) -> Moved:
    """`given` reshaped."""
    found = regrouped(given, sizes, batch_of(ctx, given))
    if found is None and any(isinstance(size, Sym) for size in given.factors):
        raise Decline("its open sizes are none that a spec could write")
    if found is None:
        raise Decline("it cuts the batch")
    return found


def _squeeze(ctx: Context, step: Step, given: Moved) -> Moved:
    rank = len(given.axes)
    listed = ctx.integers(step, 1, "axes")
    dropped = {axis % rank for axis in listed} if listed is not None else {i for i, a in enumerate(given.axes) if not a}
    if any(given.axes[axis] for axis in dropped):
        raise Decline("it drops an axis that is not of size 1")
    return Moved(given.value, given.factors, tuple(a for i, a in enumerate(given.axes) if i not in dropped))


def _unsqueeze(ctx: Context, step: Step, given: Moved) -> Moved:
    listed = ctx.integers(step, 1, "axes") or ()
    rank = len(given.axes) + len(listed)
    axes = list(given.axes)
    for place in sorted(axis % rank for axis in listed):
        axes.insert(place, ())
    return Moved(given.value, given.factors, tuple(axes))


REARRANGING: Final[dict[str, Callable[[Context, Step, Moved], Moved]]] = {
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
"""Nodes that may move the batch from the first axis, and back."""


# -- sizes -------------------------------------------------------------------------------------------------------------


def batch_of(ctx: Context, moved: Moved) -> Dim:
    """The size of the batch as the file has it."""
    return ctx.builder.types[moved.value].shape[0] if ctx.batch is None else ctx.batch


def with_batch(ctx: Context, moved: Moved, size: Dim) -> Dim:
    """A size that the file names, with the batch that it fixes."""
    open_batch = ctx.builder.types[moved.value].shape[0]
    return size if ctx.batch is None else with_size(size, str(open_batch), ctx.batch)


def sized(ctx: Context, moved: Moved) -> tuple[Dim, ...]:
    """The shape of the ONNX tensor."""
    return shape_of(moved, batch_of(ctx, moved))
