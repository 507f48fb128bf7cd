"""Graphs for the tests of analyses and reports, written as a chain of layers."""

from __future__ import annotations

from typing import Any

from specc.dims import Dim, symbol
from specc.ir.build import GraphBuilder
from specc.ir.graph import Graph, GraphInput, GraphOutput
from specc.ops import BY_WORD
from specc.types import Layout, TensorType

H, W = symbol("H"), symbol("W")

Layer = tuple[Any, ...]
"""name, operation, arguments, and the inputs where they are not the layer before; `layer=` makes it part of another."""


def image(*sizes: Dim, name: str = "image") -> GraphInput:
    return GraphInput(name=name, type=TensorType((symbol("N"), *sizes)))


def graph(
    inputs: GraphInput | list[GraphInput],
    *layers: Layer,
    outputs: tuple[str, ...] = (),
    layout: Layout = "chw",
    name: str = "Net",
    doc: str = "",
) -> Graph:
    """`("conv1", "conv", {"channels": 8, "kernel": 3})` ...; the last layer is the output unless `outputs` are."""
    build = GraphBuilder(name, file="net.cnn", layout=layout, doc=doc)
    previous = ""
    for graph_input in [inputs] if isinstance(inputs, GraphInput) else inputs:
        previous = build.add_input(graph_input)
    for line, (own, word, arguments, *sources) in enumerate(layers, 3):
        op = BY_WORD[word].model_validate(arguments)
        layer = own.partition("+")[0]
        own = own.replace("+", ".")
        previous = build.add(own, op, tuple(sources) or (previous,), layer=layer, line=line)[0]
    build.outputs = [GraphOutput(name=value, value=value) for value in outputs or (previous,)]
    return build.finish()


def conv(channels: int, kernel: int = 3, **more: Any) -> dict[str, Any]:
    return {"channels": channels, "kernel": kernel, **more}
