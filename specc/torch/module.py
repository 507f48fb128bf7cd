"""A model as a live `torch.nn.Module`, to train it where training belongs and bring the weights back."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from specc.ir.graph import Graph, weight_name
from specc.torch.source import class_name, to_source
from specc.weights.initialisers import seeded

if TYPE_CHECKING:
    from torch import nn


class Compiled(Protocol):
    """What has a graph: a model from `specc.load`."""

    @property
    def graph(self) -> Graph: ...


def module(
    model: Graph | Compiled, weights: Mapping[str, np.ndarray[Any, Any]] | None = None, *, seed: int = 0
) -> nn.Module:
    """The module that `to_source` describes, with `weights` (seeded ones by default) in it.

    Its parameters and buffers carry the spec's names and shapes; values fixed in the spec do not train.  It starts in
    training mode, as every new module does: call `eval()` to run it.  Raises ImportError without PyTorch, KeyError
    for a tensor missing in `weights`.
    """
    import torch

    graph = model if isinstance(model, Graph) else model.graph
    made: nn.Module = _class(graph)()
    values = seeded(graph, seed) if weights is None else weights
    tensors = {**dict(made.named_parameters()), **dict(made.named_buffers())}
    with torch.no_grad():
        for node in graph.nodes:
            for weight in graph.weights(node):
                name = weight_name(node, weight)
                tensors[name].copy_(torch.from_numpy(np.array(values[name], dtype=np.float32)))
    return made


def _class(graph: Graph) -> Any:
    """The class in the source, whose lines tracebacks and debuggers can show."""
    text = to_source(graph)
    name = f"<specc model {graph.name}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"__name__": name}
    exec(compile(text, name, "exec"), namespace)  # the text is our own: names in it are quoted or identifiers
    return namespace[class_name(graph)]
