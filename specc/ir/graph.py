"""The graph every pass after elaboration works on.

Nodes are in execution order: a node's inputs are graph inputs or outputs of earlier nodes.  Everything is
frozen; a pass that changes a graph builds a new one.  `Graph.model_dump_json` and `Graph.model_validate_json`
are inverse to each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from specc.dims import Divides
from specc.ops.base import Op, Weight
from specc.record import record, replace
from specc.types import Layout, TensorType

if TYPE_CHECKING:
    from pydantic import TypeAdapter


_STRICT: Final = {"extra": "forbid"}
"""What is not a field is refused when a graph is read from JSON."""


@record
class Node:
    """One operation applied to named values.

    `name` is unique in the graph and prefixes the names of the layer's weights (`stem.weight`).  `layer` is
    the name of the statement it came from: `conv 6, 5x5, tanh` makes the nodes `conv1` and `conv1.tanh`, both
    of the layer `conv1`, whose value is that of its last node.  `outputs` name the values it makes; the first is
    the node's own name.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _STRICT

    name: str
    layer: str
    op: Op
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    types: tuple[TensorType, ...]
    file: str
    line: int


@record
class GraphInput:
    """An input with its declared preprocessing: 8-bit pixels 0..255 are scaled to `range`, then
    `(x - mean) / std` is taken per channel."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = _STRICT

    name: str
    type: TensorType
    range: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    doc: str = ""


@record
class GraphOutput:
    """A value the model returns under `name`; `labels` are a classifier's class names, in order."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = _STRICT

    name: str
    value: str
    labels: tuple[str, ...] | None = None


@record(slots=False)
class Graph:
    """A model, all names, loops and arguments resolved."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = _STRICT

    name: str
    file: str
    inputs: tuple[GraphInput, ...]
    outputs: tuple[GraphOutput, ...]
    nodes: tuple[Node, ...]
    layout: Layout = "chw"
    doc: str = ""
    conditions: tuple[Divides, ...] = ()

    def __post_init__(self) -> None:
        """Every value is made once and before it is used."""
        known = {i.name for i in self.inputs}
        for node in self.nodes:
            if missing := [name for name in node.inputs if name not in known]:
                raise ValueError(f"node {node.name} reads {missing[0]}, which no earlier node makes")
            if known.intersection(node.outputs):
                raise ValueError(f"node {node.name} makes a value that exists already")
            known.update(node.outputs)
        for output in self.outputs:
            if output.value not in known:
                raise ValueError(f"output {output.name} is {output.value}, which no node makes")

    def model_dump_json(self) -> str:
        """The graph as JSON."""
        text: bytes = _adapter().dump_json(self)
        return text.decode()

    @classmethod
    def model_validate_json(cls, text: str) -> Graph:
        """The graph in what `model_dump_json` wrote.  Raises ValueError (pydantic's) for anything else."""
        graph: Graph = _adapter().validate_json(text)
        return graph

    def model_copy(self, *, update: Mapping[str, Any]) -> Graph:
        """The graph with some fields changed."""
        return replace(self, **update)

    @cached_property
    def values(self) -> dict[str, TensorType]:
        """The type of every value by name."""
        types = {i.name: i.type for i in self.inputs}
        for node in self.nodes:
            types.update(zip(node.outputs, node.types, strict=True))
        return types

    def input_types(self, node: Node) -> tuple[TensorType, ...]:
        return tuple(self.values[name] for name in node.inputs)

    def weights(self, node: Node) -> tuple[Weight, ...]:
        """The node's own tensors; `weight_name` gives their names in the model."""
        return node.op.weights(self.input_types(node))


@cache
def _adapter() -> TypeAdapter[Graph]:
    """pydantic's model of a graph: built for JSON alone, since importing pydantic takes longer than a check."""
    from pydantic import TypeAdapter

    return TypeAdapter(Graph)


def weight_name(node: Node, weight: Weight) -> str:
    """`stem.weight`: the stable dotted name of a tensor, the same in weight files and in the ONNX graph."""
    return f"{node.name}.{weight.name}"
