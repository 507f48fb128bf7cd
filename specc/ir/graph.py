"""The graph every pass after elaboration works on.

Nodes are in execution order: a node's inputs are graph inputs or outputs of earlier nodes.  Everything is
frozen; a pass that changes a graph builds a new one.  `Graph.model_dump_json` and `Graph.model_validate_json`
are inverse to each other.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property
from typing import Annotated, Any, TypeAlias

from specc.core import CoreSchema, plain, schema
from specc.dims import Divides
from specc.ops import BY_WORD
from specc.ops.base import Op, Weight, same
from specc.record import Record
from specc.types import Layout, TensorType


def _read_op(value: Any) -> Any:
    """An operation as `_write_op` wrote it, validated by its own class."""
    if Op in type(value).__mro__:  # as `isinstance`, which of an abstract class takes a detour
        return value
    import json  # only for graphs that are read back

    attributes = dict(value)
    word = attributes.pop("op")
    return BY_WORD[word].model_validate_json(json.dumps(attributes))


def _write_op(op: Op) -> dict[str, Any]:
    return {"op": op.word, **op.model_dump(mode="json", exclude_defaults=True)}


class _Spelled:
    """How pydantic reads and writes operations; its own `PlainSerializer` takes longer to import than all graphs."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        return plain(_read_op, schema("function-plain", function=_write_op))


AnyOp: TypeAlias = Annotated[Op, _Spelled]


class Node(Record):
    """One operation applied to named values.

    `name` is unique in the graph and prefixes the names of the layer's weights (`stem.weight`), unless `scope` says
    under which other name they are called: nodes with one scope have their weights in common.  `layer` is
    the name of the statement it came from: `conv 6, 5x5, tanh` makes the nodes `conv1` and `conv1.tanh`, both
    of the layer `conv1`, whose value is that of its last node.  `outputs` name the values it makes; the first is
    the node's own name.
    """

    name: str
    layer: str
    op: AnyOp
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    types: tuple[TensorType, ...]
    file: str
    line: int
    scope: str | None = None

    def called(self, name: str, layer: str, inputs: tuple[str, ...], scope: str | None, line: int) -> Node:
        """The same operation, of one result, with other names, in another line.  They are not validated: no more
        differs."""
        made = object.__new__(Node)
        made.__dict__.update(
            self.__dict__, name=name, layer=layer, inputs=inputs, outputs=(name,), scope=scope, line=line
        )
        return made


class GraphInput(Record):
    """An input with its declared preprocessing: 8-bit pixels 0..255 are scaled to `range`, then
    `(x - mean) / std` is taken per channel."""

    name: str
    type: TensorType
    range: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    doc: str = ""


class GraphOutput(Record):
    """A value the model returns under `name`; `labels` are a classifier's class names, in order."""

    name: str
    value: str
    labels: tuple[str, ...] | None = None


class Graph(Record):
    """A model, all names, loops and arguments resolved."""

    name: str
    file: str
    layout: Layout = "chw"
    doc: str = ""
    inputs: tuple[GraphInput, ...]
    outputs: tuple[GraphOutput, ...]
    nodes: tuple[Node, ...]
    conditions: tuple[Divides, ...] = ()

    def model_post_init(self, _: Any) -> None:
        """Every value is made once and before it is used."""
        known = {i.name for i in self.inputs}
        for node in self.nodes:
            if not known.issuperset(node.inputs):
                missing = next(name for name in node.inputs if name not in known)
                raise ValueError(f"node {node.name} reads {missing}, which no earlier node makes")
            if not known.isdisjoint(node.outputs):
                raise ValueError(f"node {node.name} makes a value that exists already")
            known.update(node.outputs)
        for output in self.outputs:
            if output.value not in known:
                raise ValueError(f"output {output.name} is {output.value}, which no node makes")

    @cached_property
    def values(self) -> dict[str, TensorType]:
        """The type of every value by name."""
        types = {i.name: i.type for i in self.inputs}
        for node in self.nodes:
            types.update(zip(node.outputs, node.types, strict=True))
        return types

    @cached_property
    def kinds(self) -> tuple[tuple[Node, ...], tuple[int, ...]]:
        """The first of all nodes that are the same but for their names, and for each node the number of its kind."""
        numbers: dict[Hashable, int] = {}
        seen: dict[tuple[int, ...], int] = {}  # the same operation is quicker to find than an equal one
        first: list[Node] = []
        kinds = []
        for node in self.nodes:
            types = self.input_types(node)
            key = id(node.op), *map(id, types)
            if key not in seen:
                seen[key] = numbers.setdefault(same(node.op, types), len(first))
                if seen[key] == len(first):
                    first.append(node)
            kinds.append(seen[key])
        return tuple(first), tuple(kinds)

    @cached_property
    def weight_names(self) -> dict[str, dict[str, str]]:
        """By node name, the names of the node's own tensors: within the node, and in the model."""
        return {node.name: {w.name: weight_name(node, w) for w in self.weights(node)} for node in self.nodes}

    @cached_property
    def sharing(self) -> dict[str, tuple[str, ...]]:
        """By the names under which several nodes have tensors in common, these nodes, the first first."""
        if not any(node.scope for node in self.nodes):
            return {}
        found: dict[str, list[str]] = {}
        for node in self.nodes:
            if self.weights(node):
                found.setdefault(node.scope or node.name, []).append(node.name)
        return {scope: tuple(names) for scope, names in found.items() if len(names) > 1}

    @cached_property
    def borrowers(self) -> frozenset[str]:
        """The nodes whose tensors an earlier node has already."""
        return frozenset(name for names in self.sharing.values() for name in names[1:])

    def input_types(self, node: Node) -> tuple[TensorType, ...]:
        values = self.values
        return tuple([values[name] for name in node.inputs])

    def weights(self, node: Node) -> tuple[Weight, ...]:
        """The node's own tensors; `weight_name` gives their names in the model."""
        return node.op.weights(self.input_types(node))


def weight_name(node: Node, weight: Weight) -> str:
    """`stem.weight`: the stable dotted name of a tensor, the same in weight files and in the ONNX graph."""
    return f"{node.scope or node.name}.{weight.name}"


def saved_values(graph: Graph) -> dict[str, str]:
    """The values that a run can return beside the outputs: for every layer that of its last node, and further results
    of a node by their own names."""
    found = {name: name for node in graph.nodes for name in node.outputs[1:]}
    return found | {node.layer: node.outputs[0] for node in graph.nodes}
