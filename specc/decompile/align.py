"""Finding a spec's layers in an ONNX file that calls them otherwise, so that each can be verified there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from specc.decompile.follow import commutes
from specc.diagnostics import Diagnostic
from specc.ir.graph import Graph, Node, weight_name
from specc.onnx.expose import held_values
from specc.onnx.importer import Imported, annotated, read_model
from specc.onnx.proto import Model
from specc.onnx.read import read_model as onnx_file
from specc.ops.activation import Identity
from specc.ops.dropout import Dropout
from specc.types import TensorType

Signatures: TypeAlias = dict[str, int]


def adopted(graph: Graph, file: Path) -> tuple[Graph, Model | Path, tuple[Diagnostic, ...]]:
    """`graph` with the inputs, outputs and fixed batch of an ONNX file that holds that graph, or nearly, and the file's
    model with a note of where it holds which value; both as they are where it holds another graph.  Where the file
    calls no value as the graph does and cannot be read either, the reason (E0907)."""
    model, _ = onnx_file(file)
    held = {} if model is None else held_values(model, graph)
    if model is None or graph.values.keys() <= held.keys():
        return _batched(graph, model), file, ()  # our own export says where its values are
    imported, diagnostics = read_model(file, layout=graph.layout)
    tensors = None if imported is None else aligned(graph, imported.graph)
    if tensors is None or imported is None:
        return graph, file, () if any(node.name in held for node in graph.nodes) else diagnostics
    inputs = {item.name: tensors[item.name] for item in graph.inputs}
    if any(new != old and new in graph.values for old, new in inputs.items()):
        return graph, file, ()
    places = {inputs.get(a, a): imported.held[b] for a, b in tensors.items() if b in imported.held}
    return _renamed(graph, inputs, imported), annotated(model, places, _borrowed(graph, tensors)), ()


def _batched(graph: Graph, model: Model | None) -> Graph:
    """`graph` with the batch that all inputs of `model` fix alike, if they do: tools make it for a device."""
    shapes = [] if model is None else [item.type.tensor_type.shape.dim for item in model.graph.input]
    batches = {shape[0].dim_value for shape in shapes if len(shape)}
    batch = batches.pop() if len(batches) == 1 else 0
    return _changed(graph, {}, batch) if batch > 0 else graph


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
    outputs = [
        item.model_copy(update={"name": theirs.name})
        for item, theirs in zip(graph.outputs, imported.graph.outputs, strict=True)
    ]
    return _changed(graph.model_copy(update={"outputs": tuple(outputs)}), names, imported.batch)


def _changed(graph: Graph, names: Mapping[str, str], batch: int | None) -> Graph:
    """`graph` with the `names` of values changed, and its batch fixed if one is given."""
    inputs = [
        item.model_copy(update={"name": names.get(item.name, item.name), "type": _fixed(item.type, batch)})
        for item in graph.inputs
    ]
    outputs = [item.model_copy(update={"value": names.get(item.value, item.value)}) for item in graph.outputs]
    nodes = []
    for node in graph.nodes:
        operands = tuple(names.get(name, name) for name in node.inputs)
        types = tuple(_fixed(kind, batch) for kind in node.types)
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
    """The values of `right` by those of `left` that stand in the same place: made alike from the inputs, or read alike
    on the way to the outputs, so that a layer that differs is met by the one in its stead.  `None` for other inputs,
    another number of outputs, or where less than half of the layers that compute something have a counterpart.

    Verification proves the layers one by one on these values; a wrong pair can only make it fail.
    """
    (ours, same), (theirs, _) = _computing(left), _computing(right)
    found = _paired(ours, theirs)
    return (
        None if found is None else found | {value: found[source] for value, source in same.items() if source in found}
    )


def _computing(graph: Graph) -> tuple[Graph, dict[str, str]]:
    """`graph` without the layers that compute nothing, for which a file has no node; by their values what these are."""
    same: dict[str, str] = {}
    nodes = []
    for node in graph.nodes:
        inputs = tuple(same.get(name, name) for name in node.inputs)
        if isinstance(node.op, Identity | Dropout):
            same[node.name] = inputs[0]
        else:
            nodes.append(node.model_copy(update={"inputs": inputs}))
    outputs = (item.model_copy(update={"value": same.get(item.value, item.value)}) for item in graph.outputs)
    return graph.model_copy(update={"outputs": tuple(outputs), "nodes": tuple(nodes)}), same


def _paired(left: Graph, right: Graph) -> dict[str, str] | None:
    """`aligned` for graphs whose layers all compute something."""
    shapes = [[item.type.shape[1:] for item in graph.inputs] for graph in (left, right)]
    if shapes[0] != shapes[1] or len(left.outputs) != len(right.outputs):
        return None
    table: dict[object, int] = {}
    ours, theirs = _signatures(left, table), _signatures(right, table)
    makers = [{name: node for node in g.nodes for name in node.outputs} for g in (left, right)]
    found = {a.name: b.name for a, b in zip(left.inputs, right.inputs, strict=True)}
    outputs = [(a.value, b.value) for a, b in zip(left.outputs, right.outputs, strict=True)]
    open_pairs = list(outputs)
    while open_pairs:
        a, b = open_pairs.pop()
        if a in found:
            continue
        found[a] = b
        mine, other = makers[0][a], makers[1].get(b)
        if other is not None and _alike(mine, other):
            pairs = zip(mine.outputs, other.outputs, strict=True)
            found.update((value, counterpart) for value, counterpart in pairs if value not in found)
            open_pairs.extend(_operands(mine, other, ours, theirs))
    found = _with_equals(found, ours, theirs) | dict(outputs)
    met = [node for node in left.nodes if _alike(node, makers[1].get(found.get(node.name, "")))]
    return found if 2 * len(met) >= len(left.nodes) else None


def _alike(mine: Node, other: Node | None) -> bool:
    sizes = [(node.op.word, len(node.inputs), len(node.outputs)) for node in (mine, other) if node is not None]
    return len(sizes) == 2 and sizes[0] == sizes[1]


def _with_equals(found: dict[str, str], ours: Signatures, theirs: Signatures) -> dict[str, str]:
    """The pairs of `found`; but what is made alike from the inputs goes together, whatever is read in its stead."""
    numbers: list[dict[int, list[str]]] = [defaultdict(list), defaultdict(list)]
    for side, signatures in zip(numbers, (ours, theirs), strict=True):
        for name, number in signatures.items():
            side[number].append(name)
    equal: dict[str, str] = {}
    for number, names in numbers[0].items():
        if len(names) == len(numbers[1][number]):
            equal.update(zip(names, numbers[1][number], strict=True))
    sure = {a: b for a, b in found.items() if ours[a] == theirs[b]}
    return found | equal | sure


def _operands(mine: Node, other: Node, ours: Signatures, theirs: Signatures) -> list[tuple[str, str]]:
    """Operand by operand; exchanged where their order does not matter and more of them agree that way."""
    straight = list(zip(mine.inputs, other.inputs, strict=True))
    crossed = list(zip(mine.inputs, reversed(other.inputs), strict=True))
    equal = [sum(ours[a] == theirs[b] for a, b in pairs) for pairs in (straight, crossed)]
    return crossed if commutes(mine) and equal[1] > equal[0] else straight


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
