"""The model as it is, in one piece and optimised, judged from end to end."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from specc.diagnostics import Diagnostic
from specc.interpreter import canonical, normalised
from specc.onnx.expose import baked_inputs
from specc.onnx.precision import Precision
from specc.verify.compare import Array, worst
from specc.verify.endtoend import Reference, attempts, references
from specc.verify.probes import Probe
from specc.verify.report import OutputResult
from specc.verify.walk import Work


def judge_outputs(
    work: Work, weights: Mapping[str, Array], precision: Precision, trial: Probe, seed: int, deviates: bool
) -> tuple[tuple[OutputResult, ...], tuple[Diagnostic, ...]]:
    """The outputs for the inputs of `trial` against the float64 interpretation of the graph with its own `weights`;
    `deviates` if a layer showed one of ONNX Runtime's known deviations on NaN and infinities."""
    results, diagnostics = _run(work, trial)
    if diagnostics:
        return (), diagnostics
    pixels = baked_inputs(work.model) & trial.feeds.keys()
    exact = {
        item.name: normalised(item, array) if item.name in pixels else array
        for item in work.graph.inputs
        for array in (trial.feeds[item.name],)
    }
    found: tuple[OutputResult, ...] = ()
    for copies in attempts(work.graph, exact):
        expected = references(work.graph, exact, weights, seed, precision, pixels, copies, work.advance)
        found = tuple(
            judged(output.name, expected[output.value], results[output.name], precision.largest, deviates)
            for output in work.graph.outputs
        )
        if all(output.passed for output in found):
            break
    return found, ()


def _run(work: Work, trial: Probe) -> tuple[dict[str, Array], tuple[Diagnostic, ...]]:
    """The canonical outputs of a session that is gone behind it: its copy of the weights is in nobody's way while the
    reference is computed."""
    opened, diagnostics = work.open(work.model, optimise=True)
    if opened is None:
        return {}, diagnostics
    results, diagnostics = opened.run(work.feeds(trial), [output.name for output in work.graph.outputs])
    return {name: canonical(array, work.graph.layout) for name, array in results.items()}, diagnostics


def judged(name: str, reference: Reference, got: Array, largest: float, deviates: bool = False) -> OutputResult:
    """The verdict on an output; `deviates` if a layer showed one of ONNX Runtime's known deviations on NaN and
    infinities, for which the reference does not stand then."""
    expected, tolerance, unbounded, unknown = reference
    if got.shape != expected.shape:
        note = f"the shape is {list(got.shape)} instead of {list(expected.shape)}"
        return OutputResult(name, False, float("inf"), tolerance, (), 0.0, 0.0, note)
    if deviates:
        same = (got == expected) | (np.isnan(got) & np.isnan(expected))
        unknown = unknown | ~(same | (np.isfinite(got) & np.isfinite(expected)))
    got = np.where(unknown | (unbounded & ~np.isfinite(got)), expected, got)
    found = worst(expected, np.array(tolerance), got, largest)
    unjudged = int(np.count_nonzero(unknown))
    note = ""
    if unjudged:
        tolerance = float("inf") if unjudged == unknown.size else tolerance
        note = f"{unjudged} of {unknown.size} numbers not judged end to end: a correct run may make anything of them"
    return OutputResult(
        name, found.ratio <= 1, found.error, tolerance, found.index, found.expected, found.got, note, unjudged
    )
