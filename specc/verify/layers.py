"""Judging single layers on the operands that ONNX Runtime itself gave them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from specc.interpreter import cast, normalised
from specc.ir.graph import Graph, GraphInput, Node, weight_name
from specc.verify.arithmetic import Arithmetic
from specc.verify.chains import Estimate, estimated, passed_on
from specc.verify.compare import Array, Worst, identical, worst
from specc.verify.derived import shape_of
from specc.verify.deviations import explained
from specc.verify.overflow import without_overflow
from specc.verify.probes import Probe
from specc.verify.report import LayerResult, Status
from specc.verify.screening import allowed_share, screened

PART = 1 << 22
"""Elements of the items of a batch that are judged at once."""


@dataclass(frozen=True)
class Values:
    """What a layer reads and makes (canonical), without what the model lacks.

    `errors` are how far operands that are estimates may be off, which is what the layers `together` make.  A layer is
    `implied` where its operands and results were derived from each other by that very layer.
    """

    arrays: Mapping[str, Array]
    errors: Mapping[str, Array] = field(default_factory=dict)
    together: tuple[str, ...] = ()
    implied: bool = False


@dataclass
class LayerJudge:
    """Collects the verdict on every layer over all probes."""

    graph: Graph
    weights: Mapping[str, Array]
    arithmetic: Arithmetic = field(default_factory=Arithmetic)
    results: dict[str, LayerResult] = field(default_factory=dict)

    def judge(self, node: Node, values: Values, probe: Probe, optimised: bool) -> None:
        """Judge one layer on one run."""
        result = replace(self._judge_node(node, values, probe.sizes), together=values.together)
        if values.implied and result.passed:
            result = replace(result, status="no node")
        self._note(result, probe, optimised)

    def judged_with_others(self, node: Node) -> None:
        """Note a layer that the model has no node for, and that the layers behind it are judged together with."""
        self.results[node.name] = _blank(node, "no node")

    def estimated(self, node: Node, operands: Sequence[Estimate]) -> list[Estimate]:
        """What a layer makes whose results the model does not hold."""
        return estimated(self.graph, node, self.weights, self.arithmetic, operands)

    def judge_pixels(self, item: GraphInput, got: Array | None, probe: Probe, optimised: bool) -> None:
        """Judge the preprocessing of an input inside the model, one product and one sum with constants rounded before,
        by the values (canonical) that it makes of the probe's pixels."""
        pixels = probe.feeds[item.name]
        blank = LayerResult(item.name, item.name, "preprocess", self.graph.file, 0, "passed")
        if got is None:
            self._note(replace(blank, status="skipped", note="the model does not normalise"), probe, optimised)
            return
        expected = normalised(item, pixels)
        size = np.abs(expected) + 2 * np.abs(normalised(item, np.zeros_like(pixels)))
        found = worst(expected, 4 * self.arithmetic.precision.u * size, got)
        self._note(_verdict(blank, found), probe, optimised)

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

    def compare_weights(self, held: Mapping[str, Array]) -> None:
        """Fail the layers whose weights stand in the model (`held`) with other values than those given: a
        single wrong weight may move no result beyond its bound."""
        owners = {weight_name(node, weight): node for node in self.graph.nodes for weight in self.graph.weights(node)}
        for name, array in held.items():
            node = owners.get(name)
            note = _difference(name, self.weights[name], array) if node is not None else None
            if node is not None and note is not None:
                old = self.results.get(node.name, _blank(node, "failed"))
                self.results[node.name] = replace(old, status="failed", note=f"{old.note}; {note}".lstrip("; "))

    def _judge_node(self, node: Node, given: Values, sizes: dict[str, int]) -> LayerResult:
        values = given.arrays
        for name in node.inputs:
            if name in values and values[name].shape != shape_of(self.graph.values[name], sizes):
                return replace(_blank(node, "skipped"), note=f"its input `{name}` has the wrong shape")
        for name, kind in zip(node.outputs, node.types, strict=True):
            if name in values and values[name].shape != shape_of(kind, sizes):
                shapes = f"{list(values[name].shape)} instead of {list(shape_of(kind, sizes))}"
                return replace(_blank(node, "failed"), ratio=float("inf"), note=f"the shape is {shapes}")
        lacking = [name for name in (*node.inputs, *self._due(node, values)) if name not in values]
        if lacking:
            return replace(_blank(node, "skipped"), note=f"the model has no tensor `{lacking[0]}`")
        return self._found(node, values, [given.errors.get(name) for name in node.inputs])

    def _due(self, node: Node, values: Mapping[str, Array]) -> list[str]:
        """The outputs to judge: all but those of several that nobody reads and the model does not hold."""
        return [name for name in node.outputs if name in values or name in self.read] or list(node.outputs)

    @cached_property
    def read(self) -> frozenset[str]:
        """The values that a layer reads or the model returns."""
        inputs = (name for node in self.graph.nodes for name in node.inputs)
        return frozenset((*inputs, *(output.value for output in self.graph.outputs)))

    def _found(self, node: Node, values: Mapping[str, Array], errors: Sequence[Array | None]) -> LayerResult:
        """The verdict on the worst element over all outputs of the node, some items of the batch at a time."""
        ws = cast(self.graph, node, self.weights, np.float64)
        operands = [values[name] for name in node.inputs]
        results = [values.get(name) for name in node.outputs]
        found: list[Worst] = []
        known: list[str] = []
        terms = None
        for items in _parts([array for array in (*operands, *results) if array is not None]):
            xs = [array[items].astype(np.float64) for array in operands]
            got = [None if array is None else array[items] for array in results]
            off = [None if error is None else error[items] for error in errors]
            for worst_of_one, names in self._compared(node, xs, ws, got, off):
                found.append(worst_of_one.shifted(items.start))
                known.extend(names)
            terms = node.op.terms(xs, ws)
        largest = max(item.max_error for item in found)
        result = _verdict(_blank(node, "passed"), max(found, key=lambda item: item.ratio))
        result = replace(result, max_error=largest, deviations=tuple(dict.fromkeys(known)))
        alone = not self.arithmetic.narrow and all(error is None for error in errors)
        return _warned(result, terms) if alone else result

    def _compared(
        self,
        node: Node,
        xs: list[Array],
        ws: Mapping[str, Array],
        results: list[Array | None],
        errors: list[Array | None],
    ) -> Iterator[tuple[Worst, tuple[str, ...]]]:
        """For every output that the model holds its worst element, and the known deviations that it shows."""
        with np.errstate(all="ignore"):
            ys = node.op.compute(xs, ws)
            exact = all(error is None for error in errors)
            if exact and not self.arithmetic.narrow:
                found = screened(node.op, xs, ws, ys[0], results[0])
                if found is not None:
                    yield found, ()
                    return
            bounds = self.arithmetic.bounds(node, xs, ws, ys)
        if not exact:
            moved = passed_on(node, xs, ws, ys, errors)
            bounds = [bound + more for bound, more in zip(bounds, moved, strict=True)]
        for index, (y, bound, result) in enumerate(zip(ys, bounds, results, strict=True)):
            if result is not None:
                got, names = explained((node.op, xs, ws), y, result)
                got = without_overflow(self.arithmetic, node, (xs, ws), (ys, index), bound, got)
                yield worst(y, bound, got, self.arithmetic.precision.largest), names

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


def _parts(arrays: list[Array]) -> Iterator[slice]:
    """The items of a batch in parts of `PART` elements, where all `arrays` have as many items."""
    items = len(arrays[0])
    step = max(1, PART * items // max(1, *(array.size for array in arrays)))
    if any(len(array) != items for array in arrays):
        step = max(map(len, arrays))
    return (slice(first, first + step) for first in range(0, items, step))


def _difference(name: str, expected: Array, got: Array) -> str | None:
    """In words how a weight differs; nothing of another shape, which shows in the results."""
    if expected is got or expected.shape != got.shape or identical(expected, got):
        return None
    differs = np.argwhere(expected != got)
    at = tuple(differs[0])
    return (
        f"the model's `{name}` differs from the given one in {len(differs)} of {expected.size} elements: "
        f"[{', '.join(map(str, at))}] is {float(got[at])!r} instead of {float(expected[at])!r}"
    )


def _blank(node: Node, status: Status) -> LayerResult:
    return LayerResult(node.name, node.layer, node.op.word, node.file, node.line, status)


def _warned(result: LayerResult, terms: int | None) -> LayerResult:
    """`result` with its statistical bound, where that is tighter, and a warning beyond it."""
    share = allowed_share(terms)
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
