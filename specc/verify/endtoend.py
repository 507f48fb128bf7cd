"""How far the outputs of a correct float32 run may be from the float64 interpretation of the whole graph.

A bound for every layer, propagated by worst cases, grows out of all proportion in a deep network; a fixed tolerance is
wrong both ways.  Here the layers' own rounding errors are propagated as they are, by stochastic arithmetic (D. Parker,
"Monte Carlo arithmetic", 1997; J. Vignes, "Discrete stochastic arithmetic", 2004): the graph is interpreted in float64
once, and in float32 in copies to which every layer adds uniform random errors.  Their size is the layer's error bound,
or about that, scaled down to `HEADROOM` times the largest part of it that NumPy's own float32 evaluation of the layer,
or of an excerpt of it, uses, where the operation is `approximated` to `APPROXIMATED` of it at least.  The outputs of a
correct run stay within `MARGIN` times the largest deviation among the copies.

Where an operation jumps (it rounds to whole numbers, or compares), a copy that happens not to jump says nothing: there
it takes every jump that operands `MARGIN` times as far off would make.

At the edge of a function's domain errors must be no other than those of correct runs.  A result whose bound does not
reach beyond 0 has one sign in every run, and a sum of nothing but zeros is 0: so have they in the copies, and the root
of a maximum with 0 is none of a negative number.  Where rounding may well decide on the sign, one copy goes to NaN, as
a run may, and the others have the errors the other way, which keep them in the domain.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from specc.analysis.liveness import last_use
from specc.interpreter import cast
from specc.ir.graph import Graph, Node
from specc.onnx.precision import FLOAT32, Precision
from specc.ops.base import Op
from specc.progress import Advance, ignore
from specc.verify.compare import Array
from specc.verify.folding import folded, with_constants

U = 2.0**-24
"""Unit roundoff of float32."""
FEW, MORE, MANY = 1, 4, 16
"""Copies over all items of a batch, of which every one has one at least: `FEW` of a large network, and `MORE` where an
output is farther off than they show, for the errors that all its numbers have in common may be small by chance.  `MANY`
of a small network."""
SMALL = 1 << 20
"""Layers times input values of a network that is small: few values may all be lucky, and more copies cost nothing."""
HEADROOM = 4.0
"""Summation orders and fused operations differ: another correct evaluation may err a few times as much as NumPy's."""
ROUNDINGS = 2.0
"""How many units of a 16-bit type a layer errs by, whose operators compute in float32 and round their results."""
FAITHFUL = 2.0
"""Units of a result, or of the products that it is the sum of, by which it may be off if it is not exact: of few values
NumPy may have rounded all the lucky way."""
NORMALISING = 4.0
"""Units of the largest value by which pixels that the graph scales and shifts itself may be off: two rounded operations
with two rounded constants."""
APPROXIMATED = 0.5
"""The part of the bounds of `Op.approximated` operations that an evaluation may use: measured ones were doubled."""
UNDERFLOW = 2.0**-100
"""An error that underflow alone makes is below it.  It takes away what a result has, but never changes its sign."""
MARGIN = 4.0
"""Random signs cancel more than errors with a common cause do."""


class Reference(NamedTuple):
    """An output: its float64 value, canonical; the tolerance on every element; where a correct run may give NaN or
    infinities all the same, as the logarithm of what is next to nothing; and where it may give anything."""

    exact: Array
    tolerance: float
    unbounded: Array
    unknown: Array


def references(
    graph: Graph,
    feeds: Mapping[str, Array],
    weights: Mapping[str, Array],
    seed: int,
    precision: Precision = FLOAT32,
    normalised: Collection[str] = (),
    copies: int = MANY,
    advance: Advance = ignore,
) -> dict[str, Reference]:
    """The reference of each value that is an output, as so many `copies` of the batch show it.

    `feeds` are canonical and exact; the graph itself computes those that are `normalised` from pixels.  In a 16-bit
    `precision` the copies are rounded to it behind every layer, and get errors of `ROUNDINGS` of its units; their
    weights and constants are those that folding leaves (see `folding`).  `advance` is told of every layer.
    """
    with np.errstate(all="ignore"):  # infinities and NaN are values here
        found = _propagated(graph, feeds, weights, seed, precision, normalised, copies, advance)
        if copies == 1 and any(reference.unknown.any() for reference in found.values()):  # the copy may be NaN for all
            found = _propagated(graph, feeds, weights, seed, precision, normalised, 2, ignore)
    return found


def attempts(graph: Graph, feeds: Mapping[str, Array]) -> list[int]:
    """How many copies of the batch in `feeds` to take, and then, as long as outputs are farther off than they show."""
    numbers, items = sum(array.size for array in feeds.values()), len(next(iter(feeds.values())))
    large = numbers * len(graph.nodes) >= SMALL
    return sorted({-(-count // items) for count in ((FEW, MORE) if large else (MANY,))})


def _propagated(
    graph: Graph,
    feeds: Mapping[str, Array],
    weights: Mapping[str, Array],
    seed: int,
    precision: Precision,
    normalised: Collection[str],
    copies: int,
    advance: Advance,
) -> dict[str, Reference]:
    """See `references`."""
    rng = np.random.default_rng(seed)
    exact = {name: array.astype(np.float64) for name, array in feeds.items()}
    noisy = {name: np.concatenate([array.astype(np.float32)] * copies) for name, array in feeds.items()}
    for name in normalised:
        size = np.full(exact[name].shape, NORMALISING * precision.u * np.max(np.abs(exact[name]), initial=0.0))
        noisy[name] = _with_noise(noisy[name], size, rng)
    changed = weights if precision is FLOAT32 else folded(graph, weights, precision)
    last, kept = last_use(graph), {output.value for output in graph.outputs}
    for index, node in enumerate(graph.nodes):
        xs, copied = ([values[name] for name in node.inputs] for values in (exact, noisy))
        ys, perturbed = _layer(graph, node, xs, copied, (weights, changed), rng, precision)
        exact.update(zip(node.outputs, ys, strict=True))
        noisy.update(zip(node.outputs, perturbed, strict=True))
        for name in {*node.inputs, *node.outputs} - kept:
            if last[name] <= index:
                del exact[name], noisy[name]
        advance(1)
    return {name: _reference(exact[name], noisy[name]) for name in kept}


def _layer(
    graph: Graph,
    node: Node,
    xs: list[Array],
    copied: list[Array],
    weights: tuple[Mapping[str, Array], Mapping[str, Array]],
    rng: np.random.Generator,
    precision: Precision,
) -> tuple[Sequence[Array], list[Array]]:
    """The node's outputs, exact for the operands `xs`, and with errors added for the `copied` ones; with `weights` for
    the former and for the latter."""
    exactly, changed = weights
    ws, narrow = cast(graph, node, exactly, np.float64), cast(graph, node, changed, np.float32)
    ys = node.op.compute(xs, ws)
    bounds = node.op.likely_bound(xs, ws, ys, U)
    held = node.op if precision is FLOAT32 else with_constants(node.op, precision)
    results = _in_domain(held, xs, ys, copied, narrow)
    own = node.op.compute([x.astype(np.float32) for x in xs], node.op.excerpt(narrow))
    far = _jumps(node, xs, ys, copied, ws, rng) if node.op.may_jump() else [None] * len(ys)
    perturbed = []
    for y, copies, rounded, bound, jumped in zip(ys, results, own, bounds, far, strict=True):
        if jumped is not None:
            copies = _farther(y, copies, jumped)
        everywhere = np.broadcast_to(np.asarray(bound, np.float64), y.shape)
        if precision is FLOAT32:
            size = _errors(y, rounded, everywhere, node.op.terms(xs, ws), node.op.approximated)
        else:
            copies = precision.rounded(copies)
            size = _narrow_errors(y, precision) if np.any(bound) else None
        if size is not None:
            copies = _of_one_sign(y, everywhere, copies, _with_noise(copies, size, rng))
        perturbed.append(_with_doubts(copies, y, np.asarray(bound)))
    return ys, perturbed


def _in_domain(
    op: Op, xs: list[Array], ys: Sequence[Array], copied: list[Array], weights: Mapping[str, Array]
) -> list[Array]:
    """The results for the `copied` operands.  Where those of a copy lead to NaN and the exact ones do not, it has those
    of errors with the other signs: all copies but the first, which remains NaN as a correct run may be."""
    results = list(op.compute(copied, weights))
    lost = [_lost(y, copies) for y, copies in zip(ys, results, strict=True)]
    if not any(where.any() for where in lost):
        return results
    across = [
        (2 * x - copy.reshape(-1, *x.shape)).astype(np.float32).reshape(copy.shape)
        for x, copy in zip(xs, copied, strict=True)
    ]
    others = op.compute(across, weights)
    return [np.where(where, other, copies) for where, other, copies in zip(lost, others, results, strict=True)]


def _lost(y: Array, copies: Array) -> Array:
    """Where copies of `y` behind the first are NaN and `y` is a number or an infinity."""
    if not np.isnan(copies.min()):
        return np.zeros(copies.shape, bool)
    where = np.isnan(copies)
    where[: len(y)] = False
    where.reshape(-1, *y.shape)[:, np.isnan(y)] = False
    return where


def _of_one_sign(y: Array, bound: Array, copies: Array, noisy: Array) -> Array:
    """`noisy`, and `copies` without noise where that gives an element another sign than every correct run gives it:
    the sign that it had, or that of the exact `y` where the copy is 0; if both are 0, it remains so."""
    at = np.flatnonzero(noisy * copies <= 0)
    if not len(at):
        return noisy
    exact, limit, before, after = y.flat[at % y.size], bound.flat[at % y.size], copies.flat[at], noisy.flat[at]
    side = np.where(before == 0, exact, before)
    crossed = (side == 0) | (np.signbit(after) != np.signbit(side))
    certain = limit <= np.abs(exact) + UNDERFLOW
    noisy.flat[at[crossed & certain]] = before[crossed & certain]
    return noisy


def _with_doubts(copies: Array, y: Array, bound: Array) -> Array:
    """`copies` of `y`, the first of them NaN wherever the bound lets a correct run give anything."""
    anything = np.isposinf(bound) & np.isfinite(y)
    if anything.any():
        copies = copies.copy()
        copies[: len(y)][anything] = np.nan
    return copies


def _jumps(
    node: Node,
    xs: list[Array],
    ys: Sequence[Array],
    copied: list[Array],
    ws: Mapping[str, Array],
    rng: np.random.Generator,
) -> list[Array]:
    """The node's outputs for every copy where its operands are `MARGIN` times as far off as they are, or as nine in ten
    of their elements are: to either side, whichever takes the results farther."""
    steps = []
    for x, copy in zip(xs, copied, strict=True):
        off = np.abs(copy.reshape(-1, *x.shape) - x)
        off = np.maximum(off, np.quantile(off, 0.9)) if np.isfinite(off).all() else off
        steps.append(np.where(rng.random(off.shape) < 0.5, -MARGIN, MARGIN) * off)
    sides = []
    for sign in (-1, 1):
        moved = [(x + sign * step).reshape(-1, *x.shape[1:]) for x, step in zip(xs, steps, strict=True)]
        sides.append(node.op.compute(moved, ws))
    return [_farther(y, below, above) for y, below, above in zip(ys, *sides, strict=True)]


def _farther(y: Array, some: Array, others: Array) -> Array:
    """For each element of copies of `y` the one of two that is farther from it."""
    away = [np.abs(values.reshape(-1, *y.shape) - y).reshape(values.shape) for values in (some, others)]
    return np.where(away[1] > away[0], others, some).astype(np.float32)


def _with_noise(copies: Array, size: Array, rng: np.random.Generator) -> Array:
    """`copies` of a batch with uniform errors of `size`, which is that of the batch."""
    noise: Array = np.asarray(rng.random(copies.shape, np.float32))
    noise *= 2
    noise -= 1
    noise.reshape(-1, *size.shape)[...] *= size.astype(np.float32)
    noise += copies
    return noise


def _errors(y: Array, rounded: Array, bound: Array, terms: int | None, approximated: bool) -> Array | None:
    """How large an error a float32 evaluation may well make, element by element; nothing where it makes none.
    `rounded` may be no more than the first channels.

    Where NumPy makes none of those that the bound allows it tells nothing of others, and the bound stands.
    """
    if not np.max(bound, initial=0.0):
        return None
    sample = tuple(map(slice, rounded.shape))
    part = _used(y[sample], rounded, bound[sample])
    least_share = APPROXIMATED if approximated else FAITHFUL / terms if terms else 0.0
    share = max(HEADROOM * part, least_share) if part else 1.0
    least: Array = np.abs(y)
    if not terms:
        np.maximum(least, 1.0, out=least)  # functions may be rational ones, good to a unit of 1
    least *= FAITHFUL * U
    np.fmin(bound, least, out=least)
    result: Array = bound * min(1.0, share)
    np.maximum(result, least, out=result)
    if not _usable(bound.min()) or not _usable(bound.max()):
        result[~_usable(bound)] = 0.0
    return result


def _narrow_errors(y: Array, precision: Precision) -> Array:
    """How large errors the roundings of a 16-bit type make, element by element."""
    size = ROUNDINGS * precision.u * np.abs(y) + precision.step
    return np.where(np.isfinite(y), size, 0.0)


def _used(y: Array, rounded: Array, bound: Array) -> float:
    """The largest part of `bound` that the errors of `rounded` are."""
    used = np.abs(rounded - y) / bound
    return float(np.max(used, initial=0.0, where=_usable(bound) & np.isfinite(used)))


def _usable(bound: Array) -> Array:
    usable: Array = np.isfinite(bound) & (bound > 0)
    return usable


def _reference(exact: Array, noisy: Array) -> Reference:
    copies = noisy.reshape(-1, *exact.shape)
    deviations = np.abs(copies - exact)
    finite = np.isfinite(deviations)
    tolerance = MARGIN * float(np.max(deviations, initial=0.0, where=finite))
    same = finite | (copies == exact) | (np.isnan(copies) & np.isnan(exact))
    number = np.isfinite(exact)
    unknown = np.where(number, ~finite.any(axis=0), ~same.all(axis=0))
    return Reference(exact, tolerance, number & ~finite.all(axis=0), unknown)
