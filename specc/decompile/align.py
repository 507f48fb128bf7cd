"""Finding a spec's layers in an ONNX file that calls them otherwise, so that each can be verified there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from specc.decompile.follow import commutes
from specc.ir.graph import Graph, Node, weight_name
from specc.onnx.expose import held_values
from specc.onnx.importer import read_model
from specc.onnx.read import read_model as onnx_file
from specc.types import TensorType
from specc.weights.tensors import Tensor, Weights

Signatures: TypeAlias = dict[str, int]


def adopted(graph: Graph, weights: Weights, file: Path) -> tuple[Graph, Weights]:
    """`graph` and `weights` with the names that the tensors of an ONNX file have, and the batch that it fixes, where
    the file holds that very graph; else as they are.  Layers keep the names that the spec gives them."""
    model, _ = onnx_file(file)
    if model is not None and graph.values.keys() <= held_values(model, graph).keys():
        return graph, weights  # our own export says where its values are
    imported, _ = read_model(file)
    names = None if imported is None else aligned(graph, imported.graph)
    if names is None or imported is None:
        return graph, weights
    tensors: dict[str, Tensor] = {}
    nodes = []
    for node in graph.nodes:
        new = _renamed(node, names, imported.batch)
        for weight in graph.weights(node):
            tensors[weight_name(new, weight)] = weights.tensors[weight_name(node, weight)]
        nodes.append(new)
    inputs = [
        item.model_copy(update={"name": names[item.name], "type": _fixed(item.type, imported.batch)})
        for item in graph.inputs
    ]
    outputs = [
        item.model_copy(update={"name": theirs.name, "value": names[item.value]})
        for item, theirs in zip(graph.outputs, imported.graph.outputs, strict=True)
    ]
    renamed = Graph(
        name=graph.name,
        file=graph.file,
        layout=graph.layout,
        doc=graph.doc,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        nodes=tuple(nodes),
        conditions=graph.conditions,
    )
    return renamed, Weights(tensors)


def _fixed(kind: TensorType, batch: int | None) -> TensorType:
    return kind if batch is None else TensorType((batch, *kind.shape[1:]))


def _renamed(node: Node, names: Mapping[str, str], batch: int | None) -> Node:
    outputs = tuple(names.get(name, f"{name}/spec") for name in node.outputs)
    inputs = tuple(names.get(name, f"{name}/spec") for name in node.inputs)
    types = tuple(_fixed(kind, batch) for kind in node.types)
    return node.model_copy(update={"name": outputs[0], "outputs": outputs, "inputs": inputs, "types": types})


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
