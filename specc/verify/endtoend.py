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
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from specc.analysis.liveness import last_use
from specc.interpreter import cast
from specc.ir.graph import Graph, Node
from specc.onnx.precision import FLOAT32, Precision
from specc.verify.compare import Array

U = 2.0**-24
"""Unit roundoff of float32."""
COPIES = 2, 3, 16
"""Over all items of a batch, in large networks of `MANY` results, in other large ones and in small ones; every item has
one at least."""
MANY = 100
"""Numbers in every output of which the largest deviation hardly depends on chance."""
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
MARGIN = 4.0
"""Random signs cancel more than errors with a common cause do."""


class Reference(NamedTuple):
    """An output: its float64 value, canonical; the tolerance on every element; and where a correct run may give NaN or
    infinities all the same, as the logarithm of what is next to nothing."""

    exact: Array
    tolerance: float
    unbounded: Array


def references(
    graph: Graph,
    feeds: Mapping[str, Array],
    weights: Mapping[str, Array],
    seed: int,
    precision: Precision = FLOAT32,
    normalised: Collection[str] = (),
) -> dict[str, Reference]:
    """The reference of each value that is an output.

    `feeds` are canonical and exact; the graph itself computes those that are `normalised` from pixels.  In a 16-bit
    `precision` the copies are rounded to it behind every layer, and get errors of `ROUNDINGS` of its units.
    """
    rng = np.random.default_rng(seed)
    items = len(next(iter(feeds.values())))
    copies = -(-_copies(graph, sum(array.size for array in feeds.values())) // items)
    exact = {name: array.astype(np.float64) for name, array in feeds.items()}
    noisy = {name: np.concatenate([array.astype(np.float32)] * copies) for name, array in feeds.items()}
    for name in normalised:
        size = np.full(exact[name].shape, NORMALISING * U * np.max(np.abs(exact[name]), initial=0.0))
        noisy[name] = _with_noise(noisy[name], size, rng)
    last, kept = last_use(graph), {output.value for output in graph.outputs}
    for index, node in enumerate(graph.nodes):
        xs, copied = ([values[name] for name in node.inputs] for values in (exact, noisy))
        ys, perturbed = _layer(graph, node, xs, copied, weights, rng, precision)
        exact.update(zip(node.outputs, ys, strict=True))
        noisy.update(zip(node.outputs, perturbed, strict=True))
        for name in {*node.inputs, *node.outputs} - kept:
            if last[name] <= index:
                del exact[name], noisy[name]
    return {name: _reference(exact[name], noisy[name]) for name in kept}


def _copies(graph: Graph, numbers: int) -> int:
    """How many copies are enough for inputs of so many `numbers`."""
    many, few, small = COPIES
    if numbers * len(graph.nodes) < SMALL:
        return small
    results = (graph.values[output.value].shape[1:] for output in graph.outputs)
    known = (prod(size for size in shape if isinstance(size, int)) for shape in results)
    return many if min(known, default=0) >= MANY else few


def _layer(
    graph: Graph,
    node: Node,
    xs: list[Array],
    copied: list[Array],
    weights: Mapping[str, Array],
    rng: np.random.Generator,
    precision: Precision,
) -> tuple[Sequence[Array], list[Array]]:
    """The node's outputs, exact for the operands `xs`, and with errors added for the `copied` ones."""
    ws, narrow = (cast(graph, node, weights, dtype) for dtype in (np.float64, np.float32))
    ys = node.op.compute(xs, ws)
    bounds = node.op.likely_bound(xs, ws, ys, U)
    results = node.op.compute(copied, narrow)
    own = node.op.compute([x.astype(np.float32) for x in xs], node.op.excerpt(narrow))
    far = _jumps(node, xs, ys, copied, ws, rng) if node.op.may_jump() else [None] * len(ys)
    perturbed = []
    for y, copies, rounded, bound, jumped in zip(ys, results, own, bounds, far, strict=True):
        if jumped is not None:
            copies = _farther(y, copies, jumped)
        if precision is FLOAT32:
            everywhere = np.broadcast_to(np.asarray(bound, np.float64), y.shape)
            size = _errors(y, rounded, everywhere, node.op.terms(xs, ws), node.op.approximated)
        else:
            copies = precision.rounded(copies)
            size = ROUNDINGS * precision.u * np.abs(y) + precision.step if np.any(bound) else None
        copies = copies if size is None else _with_noise(copies, size, rng)
        perturbed.append(_with_doubts(copies, y, np.asarray(bound)))
    return ys, perturbed


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


def _used(y: Array, rounded: Array, bound: Array) -> float:
    """The largest part of `bound` that the errors of `rounded` are."""
    with np.errstate(all="ignore"):
        used = np.abs(rounded - y) / bound
    return float(np.max(used, initial=0.0, where=_usable(bound) & np.isfinite(used)))


def _usable(bound: Array) -> Array:
    usable: Array = np.isfinite(bound) & (bound > 0)
    return usable


def _reference(exact: Array, noisy: Array) -> Reference:
    with np.errstate(invalid="ignore"):  # infinities beside each other
        deviations = np.abs(noisy.reshape(-1, *exact.shape) - exact)
    finite = np.isfinite(deviations)
    tolerance = MARGIN * float(np.max(deviations, initial=0.0, where=finite))
    return Reference(exact, tolerance, np.isfinite(exact) & ~finite.all(axis=0))
