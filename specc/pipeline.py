"""The compiler's phases in order.  Each takes values and gives values and diagnostics; none does input or output."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from specc.allowances import without_allowed
from specc.analysis.summary import Summary, summarise
from specc.claims import judge
from specc.diagnostics import Diagnostic, has_errors
from specc.dims import names, symbol
from specc.elaborate import Loader, Project, elaborate, evaluated, is_complete, open_project
from specc.elaborate.elaborator import Elaborated
from specc.elaborate.report import Failed, Reporter, Stopped
from specc.elaborate.values import Value
from specc.ir import Graph
from specc.limits import DEFAULT_LIMITS, Limits
from specc.lint import lint
from specc.source import Source, Span

if TYPE_CHECKING:
    from specc.elaborate.memory import Memory

RECURSION: Final = 20_000
"""Frames that nested blocks and expressions within their limits may take."""


class Checked:
    """One model that could be elaborated: its graph, and what is known of it once that is asked for.

    `sound` says that no error but a false expectation lies in its text, or in that of a block that it calls.
    """

    def __init__(self, graph: Graph, *, sound: bool = True) -> None:
        self.graph = graph
        self.sound = sound

    @cached_property
    def summary(self) -> Summary:
        return summarise(self.graph)

    def reason(self, fact: str) -> str | None:
        """Why a fact is as it is: a receptive field that is the whole input."""
        if fact != "receptive_field":
            return None
        from specc.analysis.everything import reads_everything  # where something is wrong

        layer = reads_everything(self.graph, self.summary)
        return layer and (
            f"`{layer.name}` ({layer.file}:{layer.line}) reads every position, so all that follows sees the whole input"
        )


class Outcome(NamedTuple):
    """The models of a file, in its order, and all findings.  With an error among them nothing may be exported."""

    models: tuple[Checked, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        return not has_errors(self.diagnostics)


def check(
    source: Source,
    loader: Loader,
    *,
    model: str | None = None,
    settings: Mapping[str, Value] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    memory: Memory | None = None,
) -> Outcome:
    """Text to checked models: the one called `model`, or all that need no parameters set.

    `memory` is what the check of an earlier version of the file has left.  The outcome is the same without it.
    """
    with _deep_recursion(), no_collections():
        return _check(source, loader, model, settings or {}, limits, memory)


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Elaboration follows the nesting of the text and of blocks, both within limits beyond Python's usual depth."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


@contextmanager
def no_collections() -> Iterator[None]:
    """For what makes many objects that live on and next to no cycles: looking for some takes a quarter of a check."""
    usual = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if usual:
            gc.enable()


def _check(
    source: Source,
    loader: Loader,
    model: str | None,
    settings: Mapping[str, Value],
    limits: Limits,
    memory: Memory | None,
) -> Outcome:
    report = Reporter(limits)
    checked: list[Checked] = []
    whole = False
    with suppress(Stopped, Failed):
        project = open_project(source, loader, report, memory, settings)
        if project is not None:
            settings = evaluated(project, settings, report)
            chosen = _chosen(project, model, settings, report)
            whole = not settings and len(chosen) == len(project.model_names)
            before = [diagnostic.span for diagnostic in report.diagnostics if diagnostic.severity == "error"]
            for name in chosen:
                found = _elaborated(project, name, settings, before, report)
                if found is not None:
                    checked.append(found)
            if memory is not None:
                memory.keep(project.model_names, [one.graph for one in checked])
    report.diagnostics = without_allowed(report.diagnostics, source, whole)
    return Outcome(tuple(checked), report.sorted())


def _elaborated(
    project: Project, name: str, settings: Mapping[str, Value], before: Sequence[Span | None], report: Reporter
) -> Checked | None:
    """One model, judged; `None` where errors leave no graph.  `before` are the places of errors found before."""
    faults = report.faults
    elaborated = elaborate(project, name, settings, report)
    if elaborated is None:
        return None
    sound = report.faults == faults and not _reaches(before, name, elaborated, project)
    return _judged(elaborated, sound, project, report)


def _chosen(project: Project, model: str | None, settings: Mapping[str, Value], report: Reporter) -> Sequence[str]:
    if model is not None:
        return (model,)
    names = project.model_names
    if not names:
        report.add(_no_models(project))
    return [name for name in names if is_complete(project, name, settings)] or names


def _no_models(project: Project) -> Diagnostic:
    name = project.module.source.name
    return Diagnostic(
        "E0210", f"{name} defines no model", file=name,
        help="a model is written `model Name { input ... }`; `specc zoo` shows complete ones",
    )  # fmt: skip


def _reaches(errors: Sequence[Span | None], name: str, elaborated: Elaborated, project: Project) -> bool:
    """Whether one of the `errors` lies in the text of a model, in a block or model from which it has layers, or in none
    of the blocks and models of the file."""
    if not errors:
        return False
    model, module = project.model(name), project.module
    own = [*(mark.place for mark in elaborated.marks.values()), *(() if model is None else (model.tree.name.span,))]
    items = [*(block.tree.span for block in module.blocks), *(model.tree.span for model in module.models)]
    others = [item for item in items if not any(_lies_in(place, item) for place in own)]
    return not all(error is not None and any(_lies_in(error, item) for item in others) for error in errors)


def _lies_in(place: Span, item: Span) -> bool:
    return place.source is item.source and item.start <= place.start < item.end


def _judged(elaborated: Elaborated, sound: bool, project: Project, report: Reporter) -> Checked:
    checked = Checked(elaborated.graph, sound=sound)
    if elaborated.claims:
        sizes = {name: symbol(name) for i in elaborated.graph.inputs for size in i.type.shape for name in names(size)}
        judge(elaborated.claims, sizes | facts(checked.summary), checked.reason, report)
    lint(elaborated, lambda: checked.summary, project.resolver.unused_labels, report)
    return checked


def facts(summary: Summary) -> dict[str, Value]:
    """What `expect` lines may speak of."""
    totals = summary.totals
    return {
        "params": totals.params,
        "trainable": totals.trainable,
        "buffers": totals.buffers,
        "macs": totals.macs,
        "depth": totals.depth,
        "layers": len(summary.layers),
        "receptive_field": totals.receptive_field,
        "memory": totals.peak_activation_bytes,
        "weight_bytes": totals.weight_bytes,
        "output": tuple(summary.outputs[0].type.spoken(summary.layout)[1:]),
    }
