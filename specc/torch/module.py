"""A model as a live `torch.nn.Module`, to train it where training belongs and bring the weights back."""

from __future__ import annotations

import linecache
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from specc.arguments import whole
from specc.diagnostics import Diagnostic
from specc.errors import SpecError
from specc.ir.graph import Graph, weight_name
from specc.torch.source import class_name, to_source
from specc.trained import load_trained, order_warning
from specc.weights.initialisers import seeded

if TYPE_CHECKING:
    from torch import nn


class Compiled(Protocol):
    """What has a graph: a model from `specc.load`."""

    @property
    def graph(self) -> Graph: ...


def module(
    model: Graph | Compiled,
    weights: Mapping[str, np.ndarray[Any, Any]] | str | os.PathLike[str] | None = None,
    *,
    seed: int = 0,
) -> nn.Module:
    """The module that `to_source` describes, with `weights` (a file, arrays by name, or seeded ones) in it.

    Its parameters and buffers carry the spec's names and shapes; values fixed in the spec do not train.  It starts in
    training mode, as every new module does: call `eval()` to run it.  Raises ImportError without PyTorch,
    `SpecError` for `weights` that do not fit.
    """
    import torch

    graph = model if isinstance(model, Graph) else getattr(model, "graph", None)
    if not isinstance(graph, Graph):
        raise TypeError(f"a module is made of a model from `specc.load`, not of {model!r}")
    made: nn.Module = _class(graph)()
    values = _values(graph, weights, whole("seed", seed, least=0))
    tensors = {**dict(made.named_parameters()), **dict(made.named_buffers())}
    with torch.no_grad():
        for node in graph.nodes:
            for weight in graph.weights(node):
                name = weight_name(node, weight)
                tensors[name].copy_(torch.from_numpy(_array(values, name, tuple(tensors[name].shape))))
    return made


def _values(
    graph: Graph, weights: Mapping[str, np.ndarray[Any, Any]] | str | os.PathLike[str] | None, seed: int
) -> Mapping[str, np.ndarray[Any, Any]]:
    if weights is None:
        return seeded(graph, seed)
    if isinstance(weights, Mapping):
        return weights
    found, table, diagnostics = load_trained(graph, Path(weights), seed=seed)
    if found is None:
        raise SpecError(diagnostics)
    warning = order_warning(graph, table, Path(weights))
    if warning is not None:
        warnings.warn(warning.message, stacklevel=3)
    return found


def _array(values: Mapping[str, np.ndarray[Any, Any]], name: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """The tensor called `name` in float32; `SpecError` without it, or where PyTorch would stretch it to `shape`."""
    if name not in values:
        raise SpecError([Diagnostic("E0801", f"there is no weight `{name}`")])
    array = np.array(values[name], dtype=np.float32)
    if array.shape != shape:
        raise SpecError([Diagnostic("E0801", f"weight `{name}` is {array.shape}, and the model needs {shape}")])
    return array


def _class(graph: Graph) -> Any:
    """The class in the source, whose lines tracebacks and debuggers can show."""
    text = to_source(graph)
    name = f"<specc model {graph.name}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"__name__": name}
    exec(compile(text, name, "exec"), namespace)  # the text is our own: names in it are quoted or identifiers
    return namespace[class_name(graph)]
