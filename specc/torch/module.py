"""A model as a live `torch.nn.Module`, to train it where training belongs and bring the weights back."""

from __future__ import annotations

import linecache
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from specc.arguments import Compiled, graph_of, weights_for
from specc.diagnostics import Diagnostic
from specc.errors import SpecError
from specc.ir.graph import Graph, weight_name
from specc.torch.source import class_name, to_source

if TYPE_CHECKING:
    from torch import nn


def module(
    model: Graph | Compiled,
    weights: Mapping[str, np.ndarray[Any, Any]] | str | os.PathLike[str] | None = None,
    *,
    seed: int = 0,
) -> nn.Module:
    """The module that `to_source` describes, with `weights` (a file or arrays, matched by name, or seeded ones) in it.

    Its parameters and buffers carry the spec's names and shapes; values fixed in the spec do not train.  It starts in
    training mode, as every new module does: call `eval()` to run it.  Raises `SpecError` without PyTorch (E0906), and
    for `weights` that do not fit.
    """
    graph = graph_of("a module", model)
    try:
        import torch
    except ModuleNotFoundError as error:
        message = "a live module takes torch, which is not installed"
        help = "pip install torch; `specc.torch.to_source` writes the module's source without it"
        raise SpecError([Diagnostic("E0906", message, help=help)]) from error
    made: nn.Module = _class(graph)()
    values = weights_for(graph, weights, seed=seed)
    tensors = {**dict(made.named_parameters()), **dict(made.named_buffers())}
    with torch.no_grad():
        for node in graph.nodes:
            for weight in graph.weights(node):
                name = weight_name(node, weight)
                tensors[name].copy_(torch.from_numpy(np.array(values[name])))
    return made


def _class(graph: Graph) -> Any:
    """The class in the source, whose lines tracebacks and debuggers can show."""
    text = to_source(graph)
    name = f"<specc model {graph.name}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"__name__": name}
    exec(compile(text, name, "exec"), namespace)  # the text is our own: names in it are quoted or identifiers
    return namespace[class_name(graph)]
