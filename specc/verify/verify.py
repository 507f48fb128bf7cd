"""Does an ONNX model compute what the graph says?

Every value of the graph is read out of ONNX Runtime, its graph optimisations off (or off and on).  Each layer is
judged by itself: the operands that ONNX Runtime gave it are taken as exact, the operation is computed on them in
float64, and no element may be further from that than the operation's own rounding-error bound.  Then the model as it
is, optimised, is judged end to end (see `endtoend`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from specc.diagnostics import Diagnostic
from specc.interpreter import bind, canonical
from specc.ir.graph import Graph
from specc.onnx.check import shape_conflicts
from specc.onnx.expose import pixel_inputs
from specc.onnx.precision import BFLOAT16, Rounded
from specc.onnx.proto import Model
from specc.onnx.slices import hollow
from specc.progress import Advance, Progress, unseen
from specc.runtime.session import Device
from specc.verify.arithmetic import Arithmetic
from specc.verify.claims import false_claims
from specc.verify.compare import Array, identical
from specc.verify.layers import LayerJudge
from specc.verify.load import load
from specc.verify.probes import QUICK, Probe, probes, representative, stacked
from specc.verify.report import OutputResult, Report
from specc.verify.sizes import choose_sizes
from specc.verify.walk import Ran, Walk, Work
from specc.verify.whole import judge_outputs


def verify(
    graph: Graph,
    weights: Mapping[str, Array],
    model: Model | bytes | Path | None = None,
    *,
    inputs: Mapping[str, Array] | None = None,
    kinds: Sequence[str] = QUICK,
    seed: int = 0,
    batch: int = 1,
    sizes: Mapping[str, int] | None = None,
    device: Device = "cpu",
    optimised: bool = False,
    seeded: bool = False,
    progress: Progress = unseen,
) -> tuple[Report | None, tuple[Diagnostic, ...]]:
    """Verify `model` (a message, its bytes or a file), or what `graph` and `weights` emit, and report on every layer.

    `inputs` (by name, in the author's order) replace the built-in probes, whose `kinds` are names of
    `probes.KINDS`; otherwise open sizes are those in `sizes` or chosen.  With `optimised` the layers are judged with
    graph optimisations on as well; `seeded` says that nobody gave the weights; `progress` sees a step for every weight,
    and for every layer wherever it is computed.  No report but diagnostics where nothing can be run: E0907 for a file
    that is not this model, or one in bfloat16, E0901 for inputs that do not fit, E0902 for a missing device.
    """
    loaded, diagnostics = load(graph, model)
    if loaded is None:
        return None, diagnostics
    arithmetic = Arithmetic.of(loaded, graph)
    if arithmetic.precision is BFLOAT16:
        return None, (_no_bfloat16(graph),)
    trials, diagnostics = _trials(graph, loaded, arithmetic, inputs, kinds, dict(sizes or {}), batch, seed)
    if trials is None:
        return None, diagnostics
    levels = (False, True) if optimised else (False,)
    claims = () if model is None else false_claims(graph, loaded)
    bare, stored = hollow(loaded)
    del loaded  # the largest thing here, but for the weights
    with progress(len(weights) + len(graph.nodes) * (len(levels) * len(trials.batches) + 1)) as advance:
        rounded = Rounded(weights, arithmetic.precision) if arithmetic.narrow else weights
        ours, theirs = _shared(rounded, stored, advance)
        judge = LayerJudge(graph, ours, arithmetic)
        work = Work(graph, ours | theirs, bare, device, advance)
        ran, outputs, diagnostics = _judge(work, judge, trials, levels, seed)
    if diagnostics:
        conflicts = {} if model is None else shape_conflicts(bare, graph)
        if not conflicts:
            return None, diagnostics
        judge.conflict(conflicts)
    judge.compare_weights(theirs)
    return Report(
        graph.name,
        ran.provider,
        seed,
        trials.sizes,
        trials.kinds,
        judge.layers(),
        outputs,
        ran.devices,
        ran.tf32,
        arithmetic.precision.name,
        seeded,
        claims,
        trials.whole.names[0],
    ), ()


@dataclass(frozen=True)
class _Trials:
    """What goes through the model: `batches` through every layer by itself, `whole` through all of them; `sizes` are
    those of the open ones, `kinds` what the items of the batches are."""

    sizes: dict[str, int]
    kinds: tuple[str, ...]
    batches: list[Probe]
    whole: Probe


def _no_bfloat16(graph: Graph) -> Diagnostic:
    why = "on the CPU it has kernels for hardly any operator, and from Python it takes no such arrays"
    help = "`specc verify --dtype float16`, or without `--dtype`, judges the same graph"
    return Diagnostic("E0907", f"ONNX Runtime cannot run `{graph.name}` in bfloat16 here: {why}", help=help)


def _shared(
    weights: Mapping[str, Array], stored: Mapping[str, Array], advance: Advance
) -> tuple[dict[str, Array], dict[str, Array]]:
    """The weights given, and those of the model, each once where they are the same.  They are read or made only here,
    as every layer needs them several times."""
    ours, theirs = {}, dict(stored)
    for name in weights:
        array = weights[name]
        same = name in stored and identical(array, stored[name])
        ours[name] = stored[name] if same else array
        advance(1)
    return ours, theirs


def _trials(
    graph: Graph,
    model: Model,
    arithmetic: Arithmetic,
    inputs: Mapping[str, Array] | None,
    kinds: Sequence[str],
    sizes: dict[str, int],
    batch: int,
    seed: int,
) -> tuple[_Trials | None, tuple[Diagnostic, ...]]:
    if inputs is not None:
        bound, diagnostics = bind(graph, inputs)
    else:
        bound, diagnostics = _chosen(graph, batch, sizes)
    if diagnostics:
        return None, diagnostics
    if inputs is not None:
        feeds = {name: canonical(np.asarray(array), graph.layout) for name, array in inputs.items()}
        whole = Probe(("given",) * len(next(iter(feeds.values()))), feeds, bound)
        found = [whole]
    else:
        pixels = pixel_inputs(model)
        whole = next(probes(graph, bound, pixels, seed, (representative(kinds),)))
        found = list(probes(graph, bound, pixels, seed, kinds))
    tried = tuple(dict.fromkeys(name for probe in found for name in probe.names))
    batches = stacked(graph, [arithmetic.probe(probe) for probe in found])
    return _Trials(bound, tried, batches, arithmetic.probe(whole)), ()


def _chosen(graph: Graph, batch: int, sizes: dict[str, int]) -> tuple[dict[str, int], tuple[Diagnostic, ...]]:
    """All open sizes, of which `sizes` are given."""
    if batch < 1:
        return {}, (Diagnostic("E0901", f"a batch has at least one item, not {batch}"),)
    chosen = choose_sizes(graph, batch, sizes)
    if chosen is None:
        message = "no small sizes fit the model's open sizes: give inputs, or the sizes themselves"
        return {}, (Diagnostic("E0901", message, file=graph.file),)
    return chosen, ()


def _judge(
    work: Work, judge: LayerJudge, trials: _Trials, levels: Sequence[bool], seed: int
) -> tuple[Ran, tuple[OutputResult, ...], tuple[Diagnostic, ...]]:
    """Every layer by itself, and then the model from end to end."""
    ran, diagnostics = _judge_layers(work, judge, trials.batches, levels)
    if diagnostics:
        return ran, (), diagnostics
    deviates = any(result.deviations for result in judge.results.values())
    return (ran, *judge_outputs(work, judge.weights, judge.arithmetic.precision, trials.whole, seed, deviates))


def _judge_layers(
    work: Work, judge: LayerJudge, batches: list[Probe], levels: Sequence[bool]
) -> tuple[Ran, tuple[Diagnostic, ...]]:
    """Walk the batches through the model, graph optimisations as `levels` say; returns what really ran it, node by node
    in the graph that was not optimised."""
    ran = Ran()
    for optimised in levels:
        for batch in batches:
            diagnostics = Walk(work, judge, batch, optimised, ran).run()
            if diagnostics:
                return ran, diagnostics
    return ran, ()
