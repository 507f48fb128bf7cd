"""What every graph of an ONNX file must be before anything is made of it, whoever wrote it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

import onnx

from specc.weights.tensors import Unreadable


def put_in_order(graph: onnx.GraphProto) -> None:
    """Put the nodes of `graph` behind those whose results they read, as ONNX asks and ONNX Runtime does not need;
    nodes in order already stay where they are.

    Raises `Unreadable` for names that are not single: of inputs, of outputs, of initialisers, of what nodes make; for
    nodes that make nothing, and for nodes that read each other in a circle.
    """
    _single("inputs", (item.name for item in graph.input))
    _single("outputs", (item.name for item in graph.output))
    _single("initialisers", (tensor.name for tensor in graph.initializer))
    _single("nodes' results", (name for node in graph.node for name in node.output if name))
    for node in graph.node:
        if not any(node.output):
            raise Unreadable(f"node `{node.name:.60}` ({node.op_type:.60}) has no result")
    order = _sorted([(set(_reads(node)), set(node.output)) for node in graph.node])
    if order != list(range(len(order))):
        nodes = [graph.node[index] for index in order]
        copies = onnx.GraphProto(node=nodes)
        del graph.node[:]
        graph.node.extend(copies.node)


def _single(what: str, names: Iterable[str]) -> None:
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise Unreadable(f"two of its {what} are called `{twice:.60}`")


def _sorted(nodes: list[tuple[set[str], set[str]]]) -> list[int]:
    """The places of `nodes`, each with what it reads and makes, in an order in which they can run: of those that can,
    always the first."""
    makers = {name: place for place, (_, made) in enumerate(nodes) for name in made if name}
    needed = {place: {makers[name] for name in read if name in makers} for place, (read, _) in enumerate(nodes)}
    sorter = TopologicalSorter(needed)
    try:
        sorter.prepare()
    except CycleError:
        raise Unreadable("nodes of its graph read each other in a circle") from None
    order: list[int] = []
    ready: list[int] = []
    while sorter.is_active():
        for place in sorter.get_ready():
            heappush(ready, place)
        order.append(heappop(ready))
        sorter.done(order[-1])
    return order


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    """The tensors that a node reads, those that graphs within it read from outside among them."""
    yield from node.input
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            for each in inner.node:
                yield from _reads(each)
