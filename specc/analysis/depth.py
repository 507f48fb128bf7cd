"""The depth of a network as papers count it: the most layers with weights on any path through it."""

from __future__ import annotations

from specc.ir.graph import Graph


def depth(graph: Graph) -> int:
    """The most convolutions and dense layers that lie on one path from an input to any value."""
    depths = {i.name: 0 for i in graph.inputs}
    for node in graph.nodes:
        before = 0 if node.op.sourceless else max([depths[name] for name in node.inputs])
        for name in node.outputs:
            depths[name] = before + node.op.weighted_layers
    return max(depths.values(), default=0)
