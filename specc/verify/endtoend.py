"""How far the outputs of a correct float32 run may be from the float64 interpretation of the whole graph.

A bound for every layer, propagated by worst cases, grows out of all proportion in a deep network; a fixed tolerance is
wrong both ways.  Here the layers' own rounding errors are propagated as they are, by stochastic arithmetic (D. Parker,
"Monte Carlo arithmetic", 1997; J. Vignes, "Discrete stochastic arithmetic", 2004): the graph is interpreted in
float64 once as it is and in `COPIES` copies to which every layer adds uniform random errors.  Their size is the
layer's error bound, scaled down to `HEADROOM` times the largest part of it that NumPy's own float32 evaluation of the
layer uses.  The outputs of a correct run stay within `MARGIN` times the largest deviation among the copies.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from specc.interpreter import cast
from specc.interpreter.interpret import last_readers
from specc.ir.graph import Graph, Node
from specc.verify.compare import Array

U = 2.0**-24
"""Unit roundoff of float32."""
COPIES = 3
HEADROOM = 4.0
"""Summation orders and fused operations differ: another correct evaluation may err a few times as much as NumPy's."""
MARGIN = 4.0
"""Random signs cancel more than errors with a common cause do."""


def references(
    graph: Graph, feeds: Mapping[str, Array], weights: Mapping[str, Array], seed: int
) -> dict[str, tuple[Array, float]]:
    """For each value that is an output: its float64 reference (canonical) and the tolerance on every element.

    `feeds` are canonical and exact.
    """
    rng = np.random.default_rng(seed)
    batch = {name: array.shape[0] for name, array in feeds.items()}
    values = {n: np.concatenate([array.astype(np.float64)] * (1 + COPIES)) for n, array in feeds.items()}
    items = next(iter(batch.values()))
    last, kept = last_readers(graph), {output.value for output in graph.outputs}
    for index, node in enumerate(graph.nodes):
        xs = [values[name] for name in node.inputs]
        values.update(zip(node.outputs, _noisy(graph, node, xs, weights, items, rng), strict=True))
        for name in {*node.inputs, *node.outputs}:
            if last.get(name, index) <= index and name not in kept:
                del values[name]
    return {name: _tolerance(values[name], items) for name in kept}


def _noisy(
    graph: Graph, node: Node, xs: list[Array], weights: Mapping[str, Array], items: int, rng: np.random.Generator
) -> list[Array]:
    """The node's outputs: the first `items` of the batch exact, the copies with errors added."""
    ws = cast(graph, node, weights, np.float64)
    exact_xs = [x[:items] for x in xs]
    results = [np.array(y) for y in node.op.compute(xs, ws)]
    exact = [y[:items] for y in results]
    rounded = node.op.compute([x.astype(np.float32) for x in exact_xs], cast(graph, node, weights, np.float32))
    bounds = node.op.error_bound(exact_xs, ws, exact, U)
    for result, y, y32, bound in zip(results, exact, rounded, bounds, strict=True):
        size = np.broadcast_to(_errors(y, y32, np.asarray(bound, np.float64)), y.shape)
        for copy in range(1, 1 + COPIES):
            result[copy * items : (copy + 1) * items] += (2 * rng.random(y.shape, np.float32) - 1) * size
    return results


def _errors(y: Array, y32: Array, bound: Array) -> Array:
    """How large an error a float32 evaluation may well make, element by element."""
    usable = np.isfinite(bound) & (bound > 0)
    with np.errstate(all="ignore"):
        used = np.abs(y32 - y) / bound
    part = float(np.max(used, initial=0.0, where=usable & np.isfinite(used)))
    result: Array = np.where(usable, bound, 0.0) * min(1.0, HEADROOM * part)
    return result


def _tolerance(value: Array, items: int) -> tuple[Array, float]:
    exact = value[:items]
    deviations = value[items:].reshape(COPIES, *exact.shape) - exact
    return exact, MARGIN * float(np.max(np.abs(deviations), initial=0.0, where=np.isfinite(deviations)))
