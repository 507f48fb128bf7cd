"""Does an ONNX model compute what the graph says?

Every value of the graph is read out of ONNX Runtime, once with graph optimisations and once without.  Each layer is
judged by itself: the operands that ONNX Runtime gave it are taken as exact, the operation is computed on them in
float64, and no element may be further from that than the operation's own rounding-error bound.  Then the model as it
is, optimised, is judged end to end (see `endtoend`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from specc.diagnostics import Diagnostic
from specc.inference import open_session
from specc.interpreter import bind, canonical, normalised, spoken
from specc.ir.graph import Graph
from specc.onnx.check import shape_conflicts
from specc.onnx.emit import emit
from specc.onnx.expose import expose, held_values, input_names, made, pixel_inputs
from specc.onnx.proto import Model
from specc.onnx.read import parse, read_model
from specc.runtime.session import Device, Session
from specc.verify.compare import Array, worst
from specc.verify.endtoend import references
from specc.verify.layers import LayerJudge
from specc.verify.probes import Probe, probes, stacked
from specc.verify.report import OutputResult, Report
from specc.verify.sizes import choose_sizes


def verify(
    graph: Graph,
    weights: Mapping[str, Array],
    model: Model | bytes | Path | None = None,
    *,
    inputs: Mapping[str, Array] | None = None,
    seed: int = 0,
    batch: int = 2,
    sizes: Mapping[str, int] | None = None,
    device: Device = "cpu",
) -> tuple[Report | None, tuple[Diagnostic, ...]]:
    """Verify `model` (a message, its bytes or a file), or what `graph` and `weights` emit, and report on every layer.

    `inputs` (by name, in the author's order) replace the built-in probes; otherwise open sizes are those in `sizes` or
    chosen.  No report but diagnostics where nothing can be run: E0907 for a file that is not this model, E0901 for
    inputs that do not fit, E0902 for a missing device.
    """
    loaded, diagnostics = _load(graph, model)
    if loaded is None:
        return None, diagnostics
    trials, found, diagnostics = _trials(graph, loaded, inputs, dict(sizes or {}), batch, seed)
    if diagnostics:
        return None, diagnostics
    held = {name: weights[name] for name in weights}  # read or made once: every layer is judged many times
    judge = LayerJudge(graph, held, held_values(loaded, graph))
    work = _Work(graph, held, loaded, device)
    provider, diagnostics = _judge_layers(work, judge, stacked(graph, trials))
    outputs: tuple[OutputResult, ...] = ()
    if not diagnostics:
        outputs, diagnostics = _judge_outputs(work, trials[0], seed)
    if diagnostics:
        conflicts = {} if model is None else shape_conflicts(loaded, graph)
        if not conflicts:
            return None, diagnostics
        judge.conflict(conflicts)
    names = tuple(dict.fromkeys(name for trial in trials for name in trial.names))
    return Report(graph.name, provider, seed, found, names, judge.layers(), outputs), ()


def _load(graph: Graph, model: Model | bytes | Path | None) -> tuple[Model | None, tuple[Diagnostic, ...]]:
    if model is None:
        return emit(graph)
    diagnostics: tuple[Diagnostic, ...] = ()
    loaded: Model | None
    if isinstance(model, Path):
        loaded, diagnostics = read_model(model)
    else:
        loaded, diagnostics = parse(model) if isinstance(model, bytes) else (model, ())
    if loaded is None:
        return None, diagnostics
    theirs, ours = input_names(loaded), {item.name for item in graph.inputs}
    outputs = {item.name for item in loaded.graph.output}
    lacking = sorted(output.name for output in graph.outputs if output.name not in outputs)
    if theirs == ours and not lacking:
        return loaded, ()
    notes: tuple[str, ...] = (
        f"inputs of the file: {', '.join(sorted(theirs))}; of the model: {', '.join(sorted(ours))}",
    )
    if lacking:
        notes = (*notes, f"outputs the file lacks: {', '.join(lacking)}")
    return None, (Diagnostic("E0907", f"the file is not an export of `{graph.name}`", notes=notes),)


def _trials(
    graph: Graph,
    model: Model,
    inputs: Mapping[str, Array] | None,
    sizes: dict[str, int],
    batch: int,
    seed: int,
) -> tuple[list[Probe], dict[str, int], tuple[Diagnostic, ...]]:
    """The probes to run and the open sizes they have."""
    if inputs is not None:
        bound, diagnostics = bind(graph, inputs)
        if diagnostics:
            return [], bound, diagnostics
        feeds = {name: canonical(np.asarray(array), graph.layout) for name, array in inputs.items()}
        names = ("given",) * len(next(iter(feeds.values())))
        return [Probe(names, feeds, bound)], bound, ()
    chosen = choose_sizes(graph, batch, sizes)
    if chosen is None:
        message = "no small sizes fit the model's open sizes: give inputs, or the sizes themselves"
        return [], {}, (Diagnostic("E0901", message, file=graph.file),)
    return list(probes(graph, chosen, pixel_inputs(model), seed)), chosen, ()


@dataclass(frozen=True)
class _Work:
    """What is verified, and where it runs."""

    graph: Graph
    weights: Mapping[str, Array]
    model: Model
    device: Device

    def open(self, model: Model, optimise: bool) -> tuple[Session | None, tuple[Diagnostic, ...]]:
        """A session for `model`."""
        return open_session(model, self.weights, device=self.device, optimise=optimise)

    def feeds(self, probe: Probe) -> dict[str, Array]:
        """The probe's arrays in the author's order, as the model takes them."""
        pixels = pixel_inputs(self.model)
        arrays = {name: spoken(array, self.graph.layout) for name, array in probe.feeds.items()}
        return {name: array if name in pixels else array.astype(np.float32) for name, array in arrays.items()}


def _judge_layers(work: _Work, judge: LayerJudge, trials: list[Probe]) -> tuple[str, tuple[Diagnostic, ...]]:
    """Run the probes through the model with every value exposed; returns what really ran it."""
    tensors = [held.tensor for held in judge.held.values()]
    exposed = expose(work.model, tensors)
    wanted = sorted(made(exposed).intersection(tensors))
    provider = ""
    for optimised in (False, True):
        opened, diagnostics = work.open(exposed, optimised)
        if opened is None:
            return provider, diagnostics
        provider = opened.provider
        for trial in trials:
            results, diagnostics = opened.run(work.feeds(trial), wanted)
            if diagnostics:
                return provider, diagnostics
            judge.judge(trial, results, optimised)
    return provider, ()


def _judge_outputs(work: _Work, trial: Probe, seed: int) -> tuple[tuple[OutputResult, ...], tuple[Diagnostic, ...]]:
    """The model as it is, optimised, against the float64 interpretation of the whole graph."""
    opened, diagnostics = work.open(work.model, optimise=True)
    if opened is None:
        return (), diagnostics
    results, diagnostics = opened.run(work.feeds(trial), [output.name for output in work.graph.outputs])
    if diagnostics:
        return (), diagnostics
    exact = {
        item.name: normalised(item, array) if (array := trial.feeds[item.name]).dtype == np.uint8 else array
        for item in work.graph.inputs
    }
    expected = references(work.graph, exact, work.weights, seed)
    return tuple(
        _output(output.name, *expected[output.value], canonical(results[output.name], work.graph.layout))
        for output in work.graph.outputs
    ), ()


def _output(name: str, expected: Array, tolerance: float, got: Array) -> OutputResult:
    if got.shape != expected.shape:
        note = f"the shape is {list(got.shape)} instead of {list(expected.shape)}"
        return OutputResult(name, False, float("inf"), tolerance, (), 0.0, 0.0, note)
    found = worst(expected, np.array(tolerance), got)
    return OutputResult(name, found.ratio <= 1, found.error, tolerance, found.index, found.expected, found.got)
