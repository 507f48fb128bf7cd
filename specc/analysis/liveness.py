"""When values are needed for the last time, and how many bytes of them are alive at once.

Bytes are those of float32 values for one item of the batch.  Nothing is computed in place: while a node runs,
its inputs and its outputs are both alive.  Graph inputs are alive from the start to their last use, graph outputs
from where they are made to the end.
"""

from __future__ import annotations

from typing import NamedTuple

from specc.analysis.open_sizes import large_sizes
from specc.dims import Dim, evaluate
from specc.ir.graph import Graph


class Peak(NamedTuple):
    """The most bytes alive at once, and the node that is running then (`None` for a graph without nodes)."""

    bytes: Dim
    node: str | None


def last_use(graph: Graph) -> dict[str, int]:
    """For every value the index of the last node that needs it: the node that makes it where none reads it,
    -1 for an input that none reads, `len(graph.nodes)` for an output."""
    last = {i.name: -1 for i in graph.inputs}
    for index, node in enumerate(graph.nodes):
        for name in node.inputs + node.outputs:
            last[name] = index
    for output in graph.outputs:
        last[output.value] = len(graph.nodes)
    return last


def live_bytes(graph: Graph, sizes: dict[str, int] | None = None) -> list[int]:
    """The bytes alive while each node runs, with `sizes` for the open sizes, or large ones."""
    sizes = large_sizes(graph) if sizes is None else sizes
    kinds = {id(kind): kind for kind in graph.values.values()}  # many values have one in common
    weights = {key: evaluate(kind.bytes, sizes) for key, kind in kinds.items()}
    return _live(graph, {name: weights[id(kind)] for name, kind in graph.values.items()})


def _live(graph: Graph, weights: dict[str, int]) -> list[int]:
    expiring: dict[int, int] = {}  # bytes that are free once the node of that index has run
    for name, index in last_use(graph).items():
        expiring[index] = expiring.get(index, 0) + weights[name]
    alive = sum(weights[i.name] for i in graph.inputs)
    alive -= expiring.get(-1, 0)
    totals = []
    for index, node in enumerate(graph.nodes):
        for name in node.outputs:
            alive += weights[name]
        totals.append(alive)
        alive -= expiring.get(index, 0)
    return totals


def peak(graph: Graph) -> Peak:
    """The peak of live activation memory.  With open sizes it is the formula that is largest for large inputs."""
    totals = live_bytes(graph)
    inputs: Dim = 0
    for i in graph.inputs:
        inputs = inputs + i.type.bytes
    if not totals:
        return Peak(inputs, None)
    at = max(range(len(totals)), key=totals.__getitem__)
    return Peak(_bytes_at(graph, at) if large_sizes(graph) else totals[at], graph.nodes[at].name)


def _bytes_at(graph: Graph, at: int) -> Dim:
    """The bytes alive while the node of index `at` runs, as a number or formula."""
    last = last_use(graph)
    made = {name for node in graph.nodes[at + 1 :] for name in node.outputs}
    total: Dim = 0
    for name, kind in graph.values.items():
        if last[name] >= at and name not in made:
            total = total + kind.bytes
    return total
