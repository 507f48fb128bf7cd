"""What every graph of an ONNX file must be before anything is made of it, whoever wrote it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

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
    """The places of `nodes`, each with what it reads and makes, in an order in which they can run."""
    makers = {name: place for place, (_, made) in enumerate(nodes) for name in made if name}
    order: list[int] = []
    waiting = {place: {makers[name] for name in read if name in makers} for place, (read, _) in enumerate(nodes)}
    readers: dict[int, list[int]] = {}
    for place, needed in waiting.items():
        for other in needed:
            readers.setdefault(other, []).append(place)
    for start in range(len(nodes)):
        _run(start, waiting, readers, order)
    if waiting:
        raise Unreadable("nodes of its graph read each other in a circle")
    return order


def _run(start: int, waiting: dict[int, set[int]], readers: dict[int, list[int]], order: list[int]) -> None:
    """Note that node `start` runs, where nothing before it is due, and those behind it that waited for it."""
    ready = [start]
    while ready:
        place = ready.pop()
        if place not in waiting or waiting[place]:
            continue
        del waiting[place]
        order.append(place)
        for reader in reversed(readers.get(place, [])):
            if reader in waiting:
                waiting[reader].discard(place)
                if reader < start:
                    ready.append(reader)


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    """The tensors that a node reads, those that graphs within it read from outside among them."""
    yield from node.input
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            for each in inner.node:
                yield from _reads(each)
