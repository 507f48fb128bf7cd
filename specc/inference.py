"""A graph with weights, ready to run in ONNX Runtime."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from specc.diagnostics import Diagnostic
from specc.interpreter import canonical, spoken
from specc.ir import Graph
from specc.onnx.emit import emit
from specc.onnx.expose import Held, expose, held_values
from specc.onnx.framing import size
from specc.onnx.proto import Model
from specc.onnx.write import LIMIT, to_bytes, write_model
from specc.runtime.session import Device, Session, session

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Inference:
    """An open session; `activations` are layers whose values are returned beside the outputs."""

    graph: Graph
    session: Session
    activations: Mapping[str, Held]

    def run(self, arrays: Mapping[str, Array]) -> tuple[dict[str, Array], tuple[Diagnostic, ...]]:
        """Outputs and activations by name, in the author's order, for one batch (float32, by input name)."""
        outputs = [output.name for output in self.graph.outputs]
        wanted = [*outputs, *(held.tensor for held in self.activations.values())]
        found, diagnostics = self.session.run(arrays, list(dict.fromkeys(wanted)))
        if diagnostics:
            return {}, diagnostics
        results = {name: found[name] for name in outputs}
        for name, held in self.activations.items():
            results[name] = spoken(canonical(found[held.tensor], held.layout), self.graph.layout)
        return results, ()


def open_inference(
    graph: Graph, weights: Mapping[str, Array], *, device: Device = "auto", activations: Sequence[str] = ()
) -> tuple[Inference | None, tuple[Diagnostic, ...]]:
    """A session for `graph`; `activations` are names of layers.  Otherwise why there is none."""
    model, diagnostics = emit(graph)
    if model is None:
        return None, diagnostics
    held = held_values(model, graph)
    last = {node.layer: node.outputs[0] for node in graph.nodes}
    chosen = {name: held[last[name]] for name in activations}
    exposed = expose(model, [h.tensor for h in chosen.values()])
    opened, diagnostics = open_session(exposed, weights, device=device)
    return (None, diagnostics) if opened is None else (Inference(graph, opened, chosen), ())


def open_session(
    model: Model,
    weights: Mapping[str, Array],
    *,
    device: Device = "cpu",
    optimise: bool = True,
    profiled: bool = False,
) -> tuple[Session | None, tuple[Diagnostic, ...]]:
    """A session for `model`, by way of a temporary file where it is too large for one message."""
    if size(model) <= LIMIT:
        data, diagnostics = to_bytes(model, weights)
        return (
            (None, diagnostics) if data is None else session(data, device=device, optimise=optimise, profiled=profiled)
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        if diagnostics := write_model(model, weights, path):
            return None, diagnostics
        return session(path, device=device, optimise=optimise, profiled=profiled)
