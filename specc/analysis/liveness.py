"""When values are needed for the last time, and how many bytes of them are alive at once.

Bytes are those of float32 values for one item of the batch.  Nothing is computed in place: while a node runs,
its inputs and its outputs are both alive.  Graph inputs are alive from the start to their last use, graph outputs
from where they are made to the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from specc.analysis.envelope import envelope
from specc.analysis.open_sizes import large_sizes
from specc.dims import Dim, Monomial, evaluate, from_terms, terms_of
from specc.ir.graph import Graph
from specc.types import TensorType


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
    weights = {key: evaluate(kind.bytes, sizes) for key, kind in _kinds(graph).items()}
    return _live(graph, {name: weights[id(kind)] for name, kind in graph.values.items()})


def _kinds(graph: Graph) -> dict[int, TensorType]:
    """The types of all values by identity: many have one in common."""
    return {id(kind): kind for kind in graph.values.values()}


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
    """The peak of live activation memory.  With open sizes it is the maximum of all formulas that may be the largest;
    its node is that of large inputs."""
    large = large_sizes(graph)
    totals = live_bytes(graph, large)
    if not totals:
        return Peak(sum((i.type.bytes for i in graph.inputs), 0), None)
    at = max(range(len(totals)), key=totals.__getitem__)
    is_open = any(not isinstance(kind.bytes, int) for kind in _kinds(graph).values())
    return Peak(envelope(_live_formulas(graph), graph, large) if is_open else totals[at], graph.nodes[at].name)


def _live_formulas(graph: Graph) -> list[Dim]:
    """The different formulas of the bytes alive while a node runs, each reckoned from the last by what changes."""
    numbers: dict[Monomial, int] = {}
    terms = {
        key: [(numbers.setdefault(atoms, len(numbers)), c) for atoms, c in terms_of(kind.bytes)]
        for key, kind in _kinds(graph).items()
    }
    weights = {name: terms[id(kind)] for name, kind in graph.values.items()}
    found: dict[tuple[int, ...], None] = {}
    alive = [0] * len(numbers)

    def change(values: Iterable[str], sign: int) -> None:
        for name in values:
            for number, coefficient in weights[name]:
                alive[number] += sign * coefficient

    expiring: dict[int, list[str]] = {}
    for name, index in last_use(graph).items():
        expiring.setdefault(index, []).append(name)
    change([i.name for i in graph.inputs], 1)
    change(expiring.get(-1, ()), -1)
    for index, node in enumerate(graph.nodes):
        change(node.outputs, 1)
        found[tuple(alive)] = None
        change(expiring.get(index, ()), -1)
    return [from_terms(dict(zip(numbers, coefficients, strict=True))) for coefficients in found]
