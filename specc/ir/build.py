"""Growing a graph node by node, types inferred and open-size conditions gathered on the way."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from specc.agreement import merge_conditions
from specc.dims import Divides
from specc.ir.graph import Graph, GraphInput, GraphOutput, Node
from specc.ops.base import Op, Types
from specc.types import Layout, TensorType


class GraphBuilder:
    """Collects inputs, nodes and outputs; `finish` validates the whole.

    Nodes of `former`, by name, are taken again where they are the same.
    """

    def __init__(
        self,
        name: str,
        file: str = "<memory>",
        layout: Layout = "chw",
        doc: str = "",
        former: Mapping[str, Node] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.file = file
        self.layout = layout
        self.doc = doc
        self.former = former
        self.types: dict[str, TensorType] = {}
        self.inputs: list[GraphInput] = []
        self.nodes: list[Node] = []
        self.outputs: list[GraphOutput] = []
        self.conditions: list[Divides] = []
        self._asked: dict[tuple[int, ...], Op] = {}

    def add_input(self, graph_input: GraphInput) -> str:
        self.inputs.append(graph_input)
        self.types[graph_input.name] = graph_input.type
        return graph_input.name

    def add(
        self,
        name: str,
        op: Op,
        inputs: tuple[str, ...],
        *,
        layer: str | None = None,
        file: str = "",
        line: int = 0,
        scope: str | None = None,
    ) -> tuple[str, ...]:
        """Append a node and return the names of the values it makes.  Raises `Rejection` where `op` refuses."""
        types = op.infer(tuple(self.types[i] for i in inputs))
        file = file or self.file
        return self.append(op, inputs, types, name=name, layer=layer or name, file=file, line=line, scope=scope)

    def append(
        self,
        op: Op,
        inputs: tuple[str, ...],
        types: Types,
        *,
        name: str,
        layer: str,
        file: str,
        line: int,
        scope: str | None = None,
        others: tuple[str, ...] = (),
    ) -> tuple[str, ...]:
        """`add` for types that `op.infer` has already given; `others` name the results behind the first."""
        outputs = output_names(name, len(types), others)
        node = self.former.get(name)
        if node is None or not _is(node, op, layer, inputs, outputs, types, file, line, scope):
            node = Node(
                name=name,
                layer=layer,
                op=op,
                inputs=inputs,
                outputs=outputs,
                types=types,
                file=file,
                line=line,
                scope=scope,
            )
        self.take(node)
        return outputs

    def repeat(self, like: Node, name: str, layer: str, inputs: tuple[str, ...], scope: str | None) -> None:
        """Append what is, but for its names, `like` a node of one result that is here already."""
        node = self.former.get(name)
        if node is None or not _is(node, like.op, layer, inputs, (name,), like.types, like.file, like.line, scope):
            node = like.called(name, layer, inputs, scope, like.line)
        self.nodes.append(node)
        self.types[name] = like.types[0]

    def take(self, node: Node) -> None:
        """Append a node that was made for what is here."""
        if type(node.op).conditions is not Op.conditions:  # only operations that compare sizes have any
            self._note_conditions(node)
        self.nodes.append(node)
        if len(node.outputs) == 1:
            self.types[node.outputs[0]] = node.types[0]
        else:
            self.types.update(zip(node.outputs, node.types, strict=True))

    def _note_conditions(self, node: Node) -> None:
        kinds = [self.types[i] for i in node.inputs]
        key = id(node.op), *map(id, kinds)
        if key not in self._asked:
            self._asked[key] = node.op  # kept, for its `id` to stay its own
            self.conditions.extend(node.op.conditions(tuple(kinds)))

    def finish(self) -> Graph:
        return Graph(
            name=self.name,
            file=self.file,
            layout=self.layout,
            doc=self.doc,
            inputs=tuple(self.inputs),
            outputs=tuple(self.outputs),
            nodes=tuple(self.nodes),
            conditions=merge_conditions(tuple(self.conditions)),
        )


def _is(node: Node, op: Op, *rest: object) -> bool:
    return node.op is op and (
        (node.layer, node.inputs, node.outputs, node.types, node.file, node.line, node.scope) == rest
    )


def output_names(name: str, count: int, others: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The values of a node: its own name, and `others` for further ones, or `name.1`, `name.2`."""
    if others and count == 1 + len(others):
        return (name, *others)
    return (name,) if count == 1 else (name, *(f"{name}.{i}" for i in range(1, count)))
