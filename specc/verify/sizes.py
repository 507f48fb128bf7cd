"""Numbers for the open sizes of a graph, at which it can be run."""

from __future__ import annotations

from collections.abc import Mapping
from math import lcm

from specc.dims import evaluate, names
from specc.ir.graph import Graph

SMALLEST, LARGEST = 32, 1024
"""The range in which sizes are looked for: large enough for a few halvings, small enough to be quick."""


def choose_sizes(graph: Graph, batch: int, given: Mapping[str, int] | None = None) -> dict[str, int] | None:
    """Every open size: `batch` for the batch axis, those in `given`, and the rest chosen small, each a different one
    (so that swapped axes show), with all conditions met and no value empty.  None where nothing in range fits."""
    fixed = dict(given or {})
    for item in graph.inputs:
        for name in names(item.type.shape[0]):
            fixed.setdefault(name, batch)
    open_names = [name for name in _open_names(graph) if name not in fixed]
    steps = {name: _step(graph, name) for name in open_names}
    base = SMALLEST
    while base <= LARGEST:
        sizes = dict(fixed)
        for position, name in enumerate(open_names):
            sizes[name] = (-(-base // steps[name]) + position) * steps[name]
        if _fits(graph, sizes):
            return sizes
        base += 1 if len(open_names) and base < 2 * SMALLEST else SMALLEST
    return None


def _open_names(graph: Graph) -> list[str]:
    return list(dict.fromkeys(n for item in graph.inputs for size in item.type.shape for n in sorted(names(size))))


def _step(graph: Graph, name: str) -> int:
    """What `name` must be a multiple of."""
    multiples = [condition.multiple for condition in graph.conditions]
    return lcm(*(m[1] for m in multiples if m and m[0] == name))


def _fits(graph: Graph, sizes: dict[str, int]) -> bool:
    met = all(evaluate(condition.value, sizes) % condition.divisor == 0 for condition in graph.conditions)
    return met and all(evaluate(size, sizes) > 0 for kind in graph.values.values() for size in kind.shape)
