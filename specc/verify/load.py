"""The model to be verified, if it may be one of the graph's at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from specc.diagnostics import Diagnostic
from specc.dims import names
from specc.ir.graph import Graph
from specc.onnx.emit import emit
from specc.onnx.expose import double_inputs, held_values, input_names
from specc.onnx.proto import Model
from specc.onnx.read import parse, read_model


def load(graph: Graph, model: Model | bytes | Path | None) -> tuple[Model | None, tuple[Diagnostic, ...]]:
    """`model`, read where it is a file or bytes, or a fresh export of `graph` in place of none; E0907 where it cannot
    be a model of `graph`."""
    if model is None:
        return emit(graph)
    loaded, diagnostics = _read(model)
    if loaded is None:
        return None, diagnostics
    refused = next(_refusals(graph, loaded), None)
    return (loaded, ()) if refused is None else (None, (refused,))


def _read(model: Model | bytes | Path) -> tuple[Model | None, tuple[Diagnostic, ...]]:
    if isinstance(model, Path):
        return read_model(model)
    return parse(model) if isinstance(model, bytes) else (model, ())


def _refusals(graph: Graph, model: Model) -> Iterator[Diagnostic]:
    """Why `model` is none of `graph`, the plainest reason first."""
    if double_inputs(model):
        why = "the file computes in float64, a spec and its weights in float32"
        help = "export it in float32 (in PyTorch: `model.float()`), or verify a fresh export: leave the file out"
        yield Diagnostic("E0907", f"`{graph.name}` cannot be verified in this file: {why}", help=help)
    if notes := tuple(_missing(graph, model)):
        yield Diagnostic("E0907", f"the file is not an export of `{graph.name}`", notes=notes)
    if fixed := dict(_fixed(graph, model)):
        sizes = " ".join(f"--size {name}={size}" for name, size in fixed.items())
        why = f"the file has a fixed size for what `{graph.name}` leaves open"
        yield Diagnostic("E0907", f"{why}: {', '.join(fixed)}", help=f"verify it at that size: `{sizes}`")


def _missing(graph: Graph, model: Model) -> Iterator[str]:
    """Names of the graph that the model does not have, or too many."""
    theirs, ours = input_names(model), {item.name for item in graph.inputs}
    if theirs != ours:
        yield f"inputs of the file: {', '.join(sorted(theirs))}; of the model: {', '.join(sorted(ours))}"
    outputs = {item.name for item in model.graph.output}
    if lacking := sorted(output.name for output in graph.outputs if output.name not in outputs):
        yield f"outputs the file lacks: {', '.join(lacking)}"
    held = held_values(model, graph)
    if graph.nodes and not any(name in held for node in graph.nodes for name in node.outputs):
        yield "no tensor of the file has the name of a layer"


def _fixed(graph: Graph, model: Model) -> Iterator[tuple[str, int]]:
    """The open sizes of the graph's inputs, but for the batch, that are numbers in the model."""
    shapes = {item.name: item.type.tensor_type.shape.dim for item in model.graph.input}
    for item in graph.inputs:
        for ours, theirs in zip(item.type.spoken(graph.layout)[1:], shapes[item.name][1:], strict=False):
            if names(ours) == {str(ours)} and theirs.dim_value > 0:
                yield str(ours), theirs.dim_value
