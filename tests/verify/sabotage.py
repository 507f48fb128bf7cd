"""Injecting faults, one at a time, and counting which are found: `python -m tests.verify.sabotage`."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import random_weights

from specc.ir.graph import Graph
from specc.onnx import emit_model
from specc.onnx.expose import held_values
from specc.runtime.session import session
from specc.verify import Report, verify
from tests.verify.fault_networks import networks
from tests.verify.faults import Fault, faults


@dataclass(frozen=True)
class Trial:
    """One fault in one network: `found` at all, at the layer `guilty`, and by values alone (weights not compared)."""

    network: str
    fault: Fault
    guilty: str
    blamed: str | None
    found: bool
    by_values: bool
    same: bool
    """Nothing that the model computes has changed: no fault."""

    @property
    def placed(self) -> bool:
        return self.found and self.blamed == self.guilty


def trials(names: Iterable[str] | None = None) -> Iterator[Trial]:
    """All faults of all networks, or of those in `names`."""
    for name, graph in networks().items():
        if names is None or name in names:
            yield from sabotaged(name, graph)


def sabotaged(name: str, graph: Graph) -> Iterator[Trial]:
    weights = random_weights(graph)
    model, _ = emit_model(graph, weights)
    for fault in faults(model, weights):
        broken = onnx.ModelProto()
        broken.CopyFrom(model)
        fault.change(broken)
        if broken.SerializeToString() != model.SerializeToString():
            yield _trial(name, graph, weights, model, broken, fault)


def _trial(
    name: str,
    graph: Graph,
    weights: dict[str, np.ndarray],
    model: onnx.ModelProto,
    broken: onnx.ModelProto,
    fault: Fault,
) -> Trial:
    guilty = _guilty(graph, model, fault.node)
    report, diagnostics = verify(graph, weights, broken, batch=1)
    if report is None:  # refused by ONNX Runtime, which names the node
        named = guilty if any(fault.node in item.message for item in diagnostics) else None
        return Trial(name, fault, guilty, named, True, True, False)
    blamed = report.first_failure.node if report.first_failure else None
    same = report.passed and _computes_the_same(graph, model, broken)
    return Trial(name, fault, guilty, blamed, not report.passed, _by_values(report), same)


def _computes_the_same(graph: Graph, model: onnx.ModelProto, broken: onnx.ModelProto) -> bool:
    """Whether both models give the same bits on random inputs of many magnitudes."""
    rng = np.random.default_rng(1)
    shapes = {item.name: [4, *item.type.spoken(graph.layout)[1:]] for item in graph.inputs}
    for size in (1e-20, 1e-3, 1.0, 1e3):
        feeds = {name: (size * rng.standard_normal(shape)).astype(np.float32) for name, shape in shapes.items()}
        results = []
        for item in (model, broken):
            opened, _ = session(item.SerializeToString(), device="cpu", optimise=False)
            assert opened is not None
            results.append(opened.run(feeds)[0])
        if any(not np.array_equal(results[0][key], results[1][key], equal_nan=True) for key in results[0]):
            return False
    return True


def _by_values(report: Report) -> bool:
    judged = (
        layer.status == "skipped" or layer.ratio > 1 or (layer.status == "failed" and "differs from" not in layer.note)
        for layer in report.layers
    )
    return any(judged) or not all(output.passed for output in report.end_to_end)


def _guilty(graph: Graph, model: onnx.ModelProto, node: str) -> str:
    """The layer whose value the ONNX node makes, or helps to make."""
    held: dict[str, str] = {}
    for value, item in held_values(model, graph).items():
        held.setdefault(item.tensor, value)  # an `identity` behind the layer has the same tensor
    makers = {value: maker.name for maker in graph.nodes for value in maker.outputs}
    tensor = next(item for item in model.graph.node if item.name == node).output[0]
    while held.get(tensor) not in makers:
        tensor = next(item for item in model.graph.node if tensor in item.input).output[0]
    return makers[held[tensor]]


def by_kind(found: Iterable[Trial]) -> dict[str, list[Trial]]:
    kinds = defaultdict(list)
    for trial in found:
        kinds[trial.fault.kind].append(trial)
    return dict(sorted(kinds.items()))


def table(found: Iterable[Trial]) -> str:
    """The counts by kind, what was missed, and what was no fault, as Markdown."""
    everything = list(found)
    real = [trial for trial in everything if not trial.same]
    lines = ["| fault | injected | detected | at the right layer | by values alone |", "|---|---|---|---|---|"]
    for kind, group in [*by_kind(real).items(), ("**all**", real)]:
        counts = [len(group), *(sum(getattr(t, key) for t in group) for key in ("found", "placed", "by_values"))]
        lines.append(f"| {kind} | {' | '.join(map(str, counts))} |")
    missed = [trial for trial in real if not trial.placed]
    share = 100 * (1 - len(missed) / max(1, len(real)))
    lines += ["", f"{len(real) - len(missed)} of {len(real)} ({share:.1f} %) at the right layer. Not so:", ""]
    lines += [f"- {_told(trial)}: {_blame(trial)}" for trial in missed] or ["- none"]
    same = [trial for trial in everything if trial.same]
    lines += ["", f"Left out, because the changed model computes the same bits ({len(same)}):", ""]
    lines += [f"- {_told(trial)}" for trial in same] or ["- none"]
    return "\n".join(lines) + "\n"


def _told(trial: Trial) -> str:
    return f"`{trial.network}`, `{trial.fault.node}`, {trial.fault.kind}: {trial.fault.what}"


def _blame(trial: Trial) -> str:
    if not trial.found:
        return "the change stays within the rounding error that the layer's bound allows on all inputs tried"
    return f"`{trial.blamed}` was blamed" if trial.blamed else "ONNX Runtime refuses the model without naming the node"


if __name__ == "__main__":
    print(table(trials()))
