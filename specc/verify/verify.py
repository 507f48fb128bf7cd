"""Does an ONNX model compute what the graph says?

Every value of the graph is read out of ONNX Runtime, once with graph optimisations and once without.  Each layer is
judged by itself: the operands that ONNX Runtime gave it are taken as exact, the operation is computed on them in
float64, and no element may be further from that than the operation's own rounding-error bound.  Then the model as it
is, optimised, is judged end to end (see `endtoend`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from specc.diagnostics import Diagnostic
from specc.inference import open_session
from specc.interpreter import bind, canonical, normalised, spoken
from specc.ir.graph import Graph
from specc.onnx.check import shape_conflicts
from specc.onnx.emit import emit
from specc.onnx.expose import expose, held_values, held_weights, input_names, made, pixel_inputs
from specc.onnx.proto import Model
from specc.onnx.read import parse, read_model
from specc.runtime.session import Device, Session
from specc.verify.compare import Array, worst
from specc.verify.endtoend import references
from specc.verify.layers import LayerJudge
from specc.verify.probes import QUICK, Probe, probes, stacked
from specc.verify.report import OutputResult, Report
from specc.verify.sizes import choose_sizes


def verify(
    graph: Graph,
    weights: Mapping[str, Array],
    model: Model | bytes | Path | None = None,
    *,
    inputs: Mapping[str, Array] | None = None,
    kinds: Sequence[str] = QUICK,
    seed: int = 0,
    batch: int = 2,
    sizes: Mapping[str, int] | None = None,
    device: Device = "cpu",
) -> tuple[Report | None, tuple[Diagnostic, ...]]:
    """Verify `model` (a message, its bytes or a file), or what `graph` and `weights` emit, and report on every layer.

    `inputs` (by name, in the author's order) replace the built-in probes, whose `kinds` are names of
    `probes.KINDS`; otherwise open sizes are those in `sizes` or
    chosen.  No report but diagnostics where nothing can be run: E0907 for a file that is not this model, E0901 for
    inputs that do not fit, E0902 for a missing device.
    """
    loaded, diagnostics = _load(graph, model)
    if loaded is None:
        return None, diagnostics
    trials, found, diagnostics = _trials(graph, loaded, inputs, kinds, dict(sizes or {}), batch, seed)
    if diagnostics:
        return None, diagnostics
    held = {name: weights[name] for name in weights}  # read or made once: every layer is judged many times
    judge = LayerJudge(graph, held, held_values(loaded, graph))
    work = _Work(graph, held, loaded, device)
    ran, diagnostics = _judge_layers(work, judge, stacked(graph, trials))
    outputs: tuple[OutputResult, ...] = ()
    if not diagnostics:
        whole = next(probes(graph, found, pixel_inputs(loaded), seed, ("normal",))) if inputs is None else trials[0]
        outputs, diagnostics = _judge_outputs(work, whole, seed)
    if diagnostics:
        conflicts = {} if model is None else shape_conflicts(loaded, graph)
        if not conflicts:
            return None, diagnostics
        judge.conflict(conflicts)
    names = tuple(dict.fromkeys(name for trial in trials for name in trial.names))
    judge.compare_weights(held_weights(loaded))
    layers = judge.layers()
    return Report(graph.name, ran.provider, seed, found, names, layers, outputs, ran.devices, ran.tf32), ()


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
    kinds: Sequence[str],
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
    return list(probes(graph, chosen, pixel_inputs(model), seed, kinds)), chosen, ()


@dataclass(frozen=True)
class _Work:
    """What is verified, and where it runs."""

    graph: Graph
    weights: Mapping[str, Array]
    model: Model
    device: Device

    def open(
        self, model: Model, optimise: bool, profiled: bool = False
    ) -> tuple[Session | None, tuple[Diagnostic, ...]]:
        """A session for `model`; `profiled` if it is to tell where it ran each node."""
        return open_session(model, self.weights, device=self.device, optimise=optimise, profiled=profiled)

    def feeds(self, probe: Probe) -> dict[str, Array]:
        """The probe's arrays in the author's order, as the model takes them."""
        pixels = pixel_inputs(self.model)
        arrays = {name: spoken(array, self.graph.layout) for name, array in probe.feeds.items()}
        return {name: array if name in pixels else array.astype(np.float32) for name, array in arrays.items()}


@dataclass
class _Ran:
    """What ran the model: see `Report`."""

    provider: str = ""
    devices: dict[str, str] = field(default_factory=dict)
    tf32: bool | None = None


def _judge_layers(work: _Work, judge: LayerJudge, trials: list[Probe]) -> tuple[_Ran, tuple[Diagnostic, ...]]:
    """Run the probes through the model with every value exposed; returns what really ran it, node by node in the graph
    that was not optimised."""
    tensors = [held.tensor for held in judge.held.values()]
    exposed = expose(work.model, tensors)
    wanted = sorted(made(exposed).intersection(tensors))
    ran = _Ran()
    for optimised in (False, True):
        diagnostics = _judge_level(work, judge, trials, exposed, wanted, optimised, ran)
        if diagnostics:
            return ran, diagnostics
    return ran, ()


def _judge_level(
    work: _Work, judge: LayerJudge, trials: list[Probe], exposed: Model, wanted: list[str], optimised: bool, ran: _Ran
) -> tuple[Diagnostic, ...]:
    """`_judge_layers` with graph optimisations on or off; the session is freed before the next is opened."""
    opened, diagnostics = work.open(exposed, optimised, profiled=not optimised)
    if opened is None:
        return diagnostics
    ran.provider, ran.tf32 = opened.provider, opened.tf32
    for trial in trials:
        results, diagnostics = opened.run(work.feeds(trial), wanted)
        if not optimised and trial is trials[0]:
            ran.devices = opened.node_devices()
        if diagnostics:
            return diagnostics
        judge.judge(trial, results, optimised)
    return ()


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
