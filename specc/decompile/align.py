"""Finding a spec's layers in an ONNX file that calls them otherwise, so that each can be verified there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from specc.decompile.follow import commutes
from specc.ir.graph import Graph, Node, weight_name
from specc.onnx.expose import held_values
from specc.onnx.importer import Imported, annotated, read_model
from specc.onnx.proto import Model
from specc.onnx.read import read_model as onnx_file
from specc.types import TensorType

Signatures: TypeAlias = dict[str, int]


def adopted(graph: Graph, file: Path) -> tuple[Graph, Model | Path]:
    """`graph` with the inputs, outputs and fixed batch of an ONNX file that holds that very graph, and the file's
    model with a note of where it holds which value; both as they are where it holds another graph."""
    model, _ = onnx_file(file)
    if model is None or graph.values.keys() <= held_values(model, graph).keys():
        return graph, file  # our own export says where its values are
    imported, _ = read_model(file)
    tensors = None if imported is None else aligned(graph, imported.graph)
    if tensors is None or imported is None:
        return graph, file
    inputs = {item.name: tensors[item.name] for item in graph.inputs}
    if any(new != old and new in graph.values for old, new in inputs.items()):
        return graph, file
    held = {ours: imported.held[theirs] for ours, theirs in tensors.items() if theirs in imported.held}
    return _renamed(graph, inputs, imported), annotated(model, held, _borrowed(graph, tensors))


def _borrowed(graph: Graph, tensors: Mapping[str, str]) -> frozenset[str]:
    """Weights of `graph` whose layer has another name in the file: there these names may be other layers' weights."""
    return frozenset(
        weight_name(node, weight)
        for node in graph.nodes
        for weight in graph.weights(node)
        if tensors.get(node.name) != node.name
    )


def _renamed(graph: Graph, names: Mapping[str, str], imported: Imported) -> Graph:
    """`graph` with other names for its inputs, the outputs' names of the file and its batch."""
    inputs = [
        item.model_copy(update={"name": names[item.name], "type": _fixed(item.type, imported.batch)})
        for item in graph.inputs
    ]
    outputs = [
        item.model_copy(update={"name": theirs.name, "value": names.get(item.value, item.value)})
        for item, theirs in zip(graph.outputs, imported.graph.outputs, strict=True)
    ]
    nodes = []
    for node in graph.nodes:
        operands = tuple(names.get(name, name) for name in node.inputs)
        types = tuple(_fixed(kind, imported.batch) for kind in node.types)
        nodes.append(node.model_copy(update={"inputs": operands, "types": types}))
    return Graph(
        name=graph.name,
        file=graph.file,
        layout=graph.layout,
        doc=graph.doc,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        nodes=tuple(nodes),
        conditions=graph.conditions,
    )


def _fixed(kind: TensorType, batch: int | None) -> TensorType:
    return kind if batch is None else TensorType((batch, *kind.shape[1:]))


def aligned(left: Graph, right: Graph) -> dict[str, str] | None:
    """The values of `right` by those of `left` that compute the same, from the outputs up; `None` where they differ."""
    if len(left.inputs) != len(right.inputs) or len(left.outputs) != len(right.outputs):
        return None
    table: dict[object, int] = {}
    ours, theirs = _signatures(left, table), _signatures(right, table)
    makers = ({name: node for node in g.nodes for name in node.outputs} for g in (left, right))
    left_makers, right_makers = makers
    found = {a.name: b.name for a, b in zip(left.inputs, right.inputs, strict=True)}
    open_pairs = [(a.value, b.value) for a, b in zip(left.outputs, right.outputs, strict=True)]
    while open_pairs:
        a, b = open_pairs.pop()
        if ours[a] != theirs[b] or found.get(a, b) != b:
            return None
        if a not in found:
            mine, other = left_makers[a], right_makers[b]
            found.update(zip(mine.outputs, other.outputs, strict=True))
            open_pairs.extend(_operands(mine, other, ours, theirs))
    return found


def _operands(mine: Node, other: Node, ours: Signatures, theirs: Signatures) -> list[tuple[str, str]]:
    """Operand by operand; exchanged where their order does not matter and only that way they agree."""
    straight = list(zip(mine.inputs, other.inputs, strict=True))
    if commutes(mine) and any(ours[a] != theirs[b] for a, b in straight):
        return list(zip(mine.inputs, reversed(other.inputs), strict=True))
    return straight


def _signatures(graph: Graph, table: dict[object, int]) -> Signatures:
    """A number for each value: the same for the same operations on the same values, whatever their names."""
    found: Signatures = {}
    for index, item in enumerate(graph.inputs):
        found[item.name] = table.setdefault(("input", index, item.type.shape[1:]), len(table))
    for node in graph.nodes:
        operands = [found[name] for name in node.inputs]
        key = (node.op.word, node.op.model_dump_json(), *(sorted(operands) if commutes(node) else operands))
        for index, name in enumerate(node.outputs):
            found[name] = table.setdefault((*key, index), len(table))
    return found
