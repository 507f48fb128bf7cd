"""Everything known of a graph, layer by layer as its author wrote them, and in total."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from specc.analysis.cost import Cost, costs, total
from specc.analysis.depth import depth
from specc.analysis.liveness import peak
from specc.analysis.open_sizes import large_sizes, largest
from specc.analysis.receptive import View, receptive_fields
from specc.dims import Dim, Divides
from specc.ir.graph import Graph, GraphInput, Node
from specc.types import Layout, TensorType


class Layer(NamedTuple):
    """One statement of the spec.  `ops` are its operations in order, an activation being one of its own; `inputs`
    are layers, graph inputs, or further results of a layer; `receptive_field` and `stride` have one number for
    each spatial axis of the input, a stride of `None` where the layer sees its whole input.  `shares` is the layer
    above that has the same weights and counts them, if there is one."""

    name: str
    ops: tuple[str, ...]
    file: str
    line: int
    inputs: tuple[str, ...]
    outputs: tuple[TensorType, ...]
    cost: Cost
    receptive_field: tuple[Dim, ...]
    stride: tuple[Fraction | int | None, ...]
    shares: str | None = None

    @property
    def type(self) -> str:
        """`conv + tanh`."""
        return " + ".join(self.ops)

    @property
    def output(self) -> TensorType:
        return self.outputs[0]


class Totals(NamedTuple):
    """Of the whole model; bytes are of float32 values, activations for one item of the batch."""

    params: int
    trainable: int
    buffers: int
    macs: Dim
    weight_bytes: int
    activation_bytes: Dim
    peak_activation_bytes: Dim
    receptive_field: tuple[Dim, ...]
    depth: int


class Output(NamedTuple):
    """A result of the model: the name it is returned under, its type, the layer that makes it, and the names of the
    classes that it has a score for, if these are given."""

    name: str
    type: TensorType
    layer: str
    labels: tuple[str, ...] | None = None


class Summary(NamedTuple):
    """A model as tables show it.  `conditions` are what its open sizes must satisfy."""

    name: str
    file: str
    doc: str
    layout: Layout
    inputs: tuple[GraphInput, ...]
    outputs: tuple[Output, ...]
    layers: tuple[Layer, ...]
    totals: Totals
    conditions: tuple[Divides, ...]

    @property
    def linear(self) -> bool:
        """Whether every layer takes what the one before it makes."""
        names = [*(i.name for i in self.inputs), *(layer.name for layer in self.layers)]
        return len(self.inputs) == 1 and all(
            layer.inputs == (name,) for layer, name in zip(self.layers, names, strict=False)
        )


def summarise(graph: Graph) -> Summary:
    """The summary of `graph`; linear in its nodes."""
    views, sizes = receptive_fields(graph), large_sizes(graph)
    sights = _sights(views, sizes)
    layer_of = _layer_names(graph)
    owners = _owners(graph)
    layers = tuple([_layer(group, layer_of, sights, owners) for group in _groups(graph)])
    return Summary(
        name=graph.name,
        file=graph.file,
        doc=graph.doc,
        layout=graph.layout,
        inputs=graph.inputs,
        outputs=tuple(Output(o.name, graph.values[o.value], layer_of[o.value], o.labels) for o in graph.outputs),
        layers=layers,
        totals=_totals(graph, layers, _widest([sights[output.value].field for output in graph.outputs], sizes)),
        conditions=graph.conditions,
    )


_Group = list[tuple[Node, Cost]]


class _Sight(NamedTuple):
    """The receptive field and stride of a value."""

    field: tuple[Dim, ...]
    stride: tuple[Fraction | int | None, ...]


def _sights(views: dict[str, View], sizes: dict[str, int]) -> dict[str, _Sight]:
    """By value what it sees of inputs of the given `sizes`; many values have one view in common."""
    known: dict[int, _Sight] = {}
    for view in views.values():
        if id(view) not in known:
            field = tuple([axis.seen(sizes) for axis in view])
            known[id(view)] = _Sight(field, tuple([axis.jump for axis in view]))
    return {name: known[id(view)] for name, view in views.items()}


def _groups(graph: Graph) -> list[_Group]:
    """The nodes of each layer with their costs, in the order in which the layers begin."""
    groups: dict[str, _Group] = {}
    for node, cost in zip(graph.nodes, costs(graph), strict=True):
        groups.setdefault(node.layer, []).append((node, cost))
    return list(groups.values())


def _layer_names(graph: Graph) -> dict[str, str]:
    """For every value what tables call it: its layer, for a node's further results the value's own name."""
    shown = {i.name: i.name for i in graph.inputs}
    for node in graph.nodes:
        if len(node.outputs) > 1:
            shown.update((name, name) for name in node.outputs)
        shown[node.outputs[0]] = node.layer
    return shown


def _owners(graph: Graph) -> dict[str, str]:
    """For every layer whose weights are those of a layer above that layer."""
    borrowed, first, found = graph.borrowers, dict[str, str](), dict[str, str]()
    for node in graph.nodes if borrowed else ():
        owner = first.setdefault(node.scope or node.name, node.layer)
        if node.name in borrowed and owner != node.layer:
            found[node.layer] = owner
    return found


def _layer(group: _Group, layer_of: dict[str, str], sights: dict[str, _Sight], owners: dict[str, str]) -> Layer:
    first, last = group[0][0], group[-1][0]
    field, stride = sights[last.outputs[0]]
    return Layer(
        first.layer,
        tuple([node.op.word for node, _ in group]),
        first.file,
        first.line,
        _outside(group, layer_of),
        last.types,
        total([cost for _, cost in group]),
        field,
        stride,
        owners.get(first.layer),
    )


def _outside(group: _Group, layer_of: dict[str, str]) -> tuple[str, ...]:
    """What the layer reads of others, each once."""
    if len(group) == 1:
        names = [layer_of[name] for name in group[0][0].inputs]
        return tuple(names if len(names) == 1 else dict.fromkeys(names))
    own = {name for node, _ in group for name in node.outputs}
    return tuple(dict.fromkeys([layer_of[name] for node, _ in group for name in node.inputs if name not in own]))


def _totals(graph: Graph, layers: tuple[Layer, ...], field: tuple[Dim, ...]) -> Totals:
    whole = total([layer.cost for layer in layers])
    return Totals(
        params=whole.params,
        trainable=whole.trainable,
        buffers=whole.buffers,
        macs=whole.macs,
        weight_bytes=whole.weight_bytes,
        activation_bytes=whole.activation_bytes,
        peak_activation_bytes=peak(graph).bytes,
        receptive_field=field,
        depth=depth(graph),
    )


def _widest(fields: list[tuple[Dim, ...]], sizes: dict[str, int]) -> tuple[Dim, ...]:
    """The largest field on each axis over several outputs."""
    axes = max(map(len, fields), default=0)
    return tuple(largest(tuple(field[i] for field in fields if i < len(field)), sizes) for i in range(axes))
