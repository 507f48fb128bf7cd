"""Judging single layers on the operands that ONNX Runtime itself gave them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from zlib import crc32

import numpy as np

from specc.dims import evaluate
from specc.interpreter import canonical, cast, normalised
from specc.interpreter.interpret import last_readers
from specc.ir.graph import Graph, GraphInput, Node, weight_name
from specc.kernels.bounds import gamma, statistical
from specc.onnx.expose import Held
from specc.types import TensorType
from specc.verify.compare import Array, Worst, worst
from specc.verify.deviations import explained
from specc.verify.endtoend import U
from specc.verify.probes import Probe
from specc.verify.report import LayerResult, Status


@dataclass
class LayerJudge:
    """Collects the verdict on every layer over all probes, with and without graph optimisations."""

    graph: Graph
    weights: Mapping[str, Array]
    held: Mapping[str, Held]
    results: dict[str, LayerResult] = field(default_factory=dict)
    seen: dict[tuple[tuple[str, ...], str], int] = field(default_factory=dict)
    """Digests of the tensors of earlier runs: identical operands and results are judged once."""

    def judge(self, probe: Probe, tensors: dict[str, Array], optimised: bool) -> None:
        """Judge every layer on one run; `tensors` are ONNX Runtime's, in their physical layout.  They are taken out of
        the mapping, so that each is freed after its last reader."""
        values = dict(probe.feeds)
        fresh = set()
        for value, held in self.held.items():
            if held.tensor in tensors:
                values[value] = canonical(tensors[held.tensor], held.layout)
                if self._is_new(probe.names, value, tensors[held.tensor]):
                    fresh.add(value)
            elif held.tensor in probe.feeds:  # a layer that does nothing to an input
                values[value] = probe.feeds[held.tensor]
        tensors.clear()
        for item in self.graph.inputs:
            if probe.feeds[item.name].dtype == np.uint8:
                self._judge_pixels(item, probe, values, optimised)
        last = last_readers(self.graph)
        for index, node in enumerate(self.graph.nodes):
            if fresh.intersection((*node.inputs, *node.outputs)) or node.name not in self.results:
                self._note(self._judge_node(node, values, probe.sizes), probe, optimised)
            for name in {*node.inputs, *node.outputs}:
                if last.get(name, index) <= index:
                    values.pop(name, None)

    def layers(self) -> tuple[LayerResult, ...]:
        """The verdicts in execution order."""
        names = [*(item.name for item in self.graph.inputs), *(node.name for node in self.graph.nodes)]
        return tuple(self.results[name] for name in names if name in self.results)

    def conflict(self, conflicts: Mapping[str, str]) -> None:
        """Settle all layers by shapes alone, for a model that ONNX Runtime cannot run."""
        for node in self.graph.nodes:
            wrong = [conflicts[name] for name in node.outputs if name in conflicts]
            status: Status = "failed" if wrong else "skipped"
            note = wrong[0] if wrong else "not judged: ONNX Runtime cannot run the model"
            self.results[node.name] = replace(_blank(node, status), note=note)

    def compare_weights(self, held: Iterable[tuple[str, Array]]) -> None:
        """Fail the layers whose weights stand in the model (`held`, by name) with other values than those given: a
        single wrong weight may move no result beyond its bound."""
        owners = {weight_name(node, weight): node for node in self.graph.nodes for weight in self.graph.weights(node)}
        for name, array in held:
            node = owners.get(name)
            note = _difference(name, self.weights[name], array) if node is not None else None
            if node is not None and note is not None:
                old = self.results.get(node.name, _blank(node, "failed"))
                self.results[node.name] = replace(old, status="failed", note=f"{old.note}; {note}".lstrip("; "))

    def _is_new(self, probe: tuple[str, ...], value: str, tensor: Array) -> bool:
        digest = crc32(np.ascontiguousarray(tensor).data)
        new = self.seen.get((probe, value)) != digest
        self.seen[probe, value] = digest
        return new

    def _judge_node(self, node: Node, values: Mapping[str, Array], sizes: dict[str, int]) -> LayerResult:
        lacking = [name for name in (*node.inputs, *self._due(node, values)) if name not in values]
        if lacking:
            return replace(_blank(node, "skipped"), note=f"the model has no tensor `{lacking[0]}`")
        for name in node.inputs:
            if values[name].shape != _shape(self.graph.values[name], sizes):
                return replace(_blank(node, "skipped"), note=f"its input `{name}` has the wrong shape")
        for name, kind in zip(node.outputs, node.types, strict=True):
            if name in values and values[name].shape != _shape(kind, sizes):
                shapes = f"{list(values[name].shape)} instead of {list(_shape(kind, sizes))}"
                return replace(_blank(node, "failed"), ratio=float("inf"), note=f"the shape is {shapes}")
        return self._found(node, values)

    def _due(self, node: Node, values: Mapping[str, Array]) -> list[str]:
        """The outputs to judge: all but those of several that nobody reads and the model does not hold."""
        return [name for name in node.outputs if name in values or name in self.read] or list(node.outputs)

    @cached_property
    def read(self) -> frozenset[str]:
        """The values that a layer reads or the model returns."""
        inputs = (name for node in self.graph.nodes for name in node.inputs)
        return frozenset((*inputs, *(output.value for output in self.graph.outputs)))

    def _found(self, node: Node, values: Mapping[str, Array]) -> LayerResult:
        """The verdict on the worst element over all outputs of the node."""
        xs = [values[name].astype(np.float64) for name in node.inputs]
        ws = cast(self.graph, node, self.weights, np.float64)
        with np.errstate(all="ignore"):
            ys = node.op.compute(xs, ws)
            bounds = node.op.error_bound(xs, ws, ys, U)
        found: list[Worst] = []
        known: list[str] = []
        for name, y, bound in zip(node.outputs, ys, bounds, strict=True):
            if name not in values:
                continue
            got, names = explained((node.op, xs, ws), y, values[name])
            found.append(worst(y, bound, got))
            known.extend(names)
        result = _verdict(_blank(node, "passed"), max(found, key=lambda item: item.ratio))
        return replace(_warned(result, node.op.terms(xs, ws)), deviations=tuple(dict.fromkeys(known)))

    def _judge_pixels(self, item: GraphInput, probe: Probe, values: Mapping[str, Array], optimised: bool) -> None:
        """The preprocessing inside the model: one product and one sum with constants rounded before."""
        pixels = probe.feeds[item.name]
        blank = LayerResult(item.name, item.name, "preprocess", self.graph.file, 0, "passed")
        if item.name not in values or values[item.name] is pixels:
            self._note(replace(blank, status="skipped", note="the model does not normalise"), probe, optimised)
            return
        expected = normalised(item, pixels)
        size = np.abs(expected) + 2 * np.abs(normalised(item, np.zeros_like(pixels)))
        self._note(_verdict(blank, worst(expected, 4 * U * size, values[item.name])), probe, optimised)

    def _note(self, result: LayerResult, probe: Probe, optimised: bool) -> None:
        """Keep the worse of the verdicts on one layer, and the largest error of both."""
        name = probe.names[result.index[0] if result.index else 0]
        result = replace(result, probe=name, optimised=optimised)
        old = self.results.get(result.node)
        if old is not None:
            worse = max(old, result, key=lambda item: (not item.passed, item.ratio))
            known = tuple(dict.fromkeys((*old.deviations, *result.deviations)))
            result = replace(worse, max_error=max(old.max_error, result.max_error), deviations=known)
        self.results[result.node] = result


def _difference(name: str, expected: Array, got: Array) -> str | None:
    """In words how a weight differs; nothing of another shape, which shows in the results."""
    if expected.shape != got.shape or np.array_equal(expected, got, equal_nan=True):
        return None
    differs = np.argwhere(expected != got)
    at = tuple(differs[0])
    return (
        f"the model's `{name}` differs from the given one in {len(differs)} of {expected.size} elements: "
        f"[{', '.join(map(str, at))}] is {float(got[at])!r} instead of {float(expected[at])!r}"
    )


def _blank(node: Node, status: Status) -> LayerResult:
    return LayerResult(node.name, node.layer, node.op.word, node.file, node.line, status)


def _shape(kind: TensorType, sizes: dict[str, int]) -> tuple[int, ...]:
    return tuple(evaluate(size, sizes) for size in kind.shape)


def _warned(result: LayerResult, terms: int | None) -> LayerResult:
    """`result` with its statistical bound, where that is tighter, and a warning beyond it."""
    share = 1.0 if terms is None else statistical(terms, U) / gamma(terms, U)
    if share >= 1:
        return result
    status: Status = "warned" if result.passed and result.ratio > share else result.status
    return replace(result, statistical=result.bound * share, status=status)


def _verdict(blank: LayerResult, found: Worst) -> LayerResult:
    return replace(
        blank,
        status="passed" if found.ratio <= 1 else "failed",
        max_error=found.max_error,
        error=found.error,
        bound=found.bound,
        ratio=found.ratio,
        index=found.index,
        expected=found.expected,
        got=found.got,
    )
