"""Graphs in one line: `network(("conv1", layer("conv", ...)), ...)`, each layer reading the one before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from specc.dims import symbol
from specc.ir.build import GraphBuilder
from specc.ir.graph import Graph, GraphInput, GraphOutput, weight_name
from specc.ops import BY_WORD
from specc.ops.base import Op
from specc.types import Layout, TensorType

Layer = tuple[str, Op] | tuple[str, Op, Sequence[str]]


def layer(word: str, **arguments: Any) -> Op:
    return BY_WORD[word](**arguments)


def shape(*sizes: int | str) -> TensorType:
    """(channels, sizes...) behind an open batch; a string is an open size."""
    return TensorType((symbol("N"), *(symbol(s) if isinstance(s, str) else s for s in sizes)))


def network(
    image: TensorType, *layers: Layer, layout: Layout = "chw", output: str | None = None, **declared: Any
) -> Graph:
    """Layers are (name, operation) after the one before, or (name, operation, inputs)."""
    build = GraphBuilder("Net", "specs/net.cnn", layout)
    last = build.add_input(GraphInput(name="image", type=image, **declared))
    for line, (name, op, *inputs) in enumerate(layers, start=2):
        if "layout" in op.context:
            op = op.model_copy(update={"layout": layout})
        build.add(name, op, tuple(inputs[0]) if inputs else (last,), line=line)
        last = name
    build.outputs.append(GraphOutput(name=output or last, value=last))
    return build.finish()


def random_weights(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """Small random values; positive ones where a variance is wanted."""
    random = np.random.default_rng(seed)
    found = {}
    for node in graph.nodes:
        for weight in graph.weights(node):
            values = random.standard_normal(weight.shape) / max(1, np.sqrt(weight.fans[0]))
            found[weight_name(node, weight)] = (abs(values) + 0.5 if "var" in weight.name else values).astype("f4")
    return found


def numbers(*sizes: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(sizes).astype(np.float32)
