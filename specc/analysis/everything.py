"""Why a receptive field is as large as the input."""

from __future__ import annotations

from specc.analysis.summary import Layer, Summary
from specc.ir.graph import Graph, Node


def reads_everything(graph: Graph, summary: Summary) -> Layer | None:
    """The first layer above an output of `graph` that reads all positions of an image, if the receptive field of the
    model is that layer's."""
    made = {value: node for node in graph.nodes for value in node.outputs}
    waiting = [output.value for output in graph.outputs]
    above: dict[str, Node] = {}
    while waiting:
        node = made.get(waiting.pop())
        if node is not None and node.name not in above:
            above[node.name] = node
            waiting += node.inputs
    found = next((node for node in graph.nodes if node.name in above and _reads_all(node, graph)), None)
    layers = (layer for layer in summary.layers if found is not None and layer.name == found.layer)
    return next((layer for layer in layers if layer.receptive_field == summary.totals.receptive_field), None)


def _reads_all(node: Node, graph: Graph) -> bool:
    inputs = tuple([graph.values[name] for name in node.inputs])
    return any(size != 1 for size in inputs[0].spatial) and node.op.reach(inputs) is None
