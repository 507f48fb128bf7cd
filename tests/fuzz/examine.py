"""What must hold for any text whatsoever."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from specc.diagnostics import Diagnostic
from specc.diagnostics.render import render_github, render_text, to_json
from specc.limits import Limits
from specc.loader import FileLoader
from specc.pipeline import Checked, Outcome, check
from specc.report import csv, json, markdown, table
from specc.source import Source, Span
from tests.shortcuts import assert_same, without_shortcuts

LIMITS = Limits(layers=2_000, steps=10_000, elements=5_000)
"""Small enough that a case which reaches them takes half a second."""
MOST_PARAMETERS = 200_000


class Hang(Exception):
    """A case took longer than its time."""


def examine(text: str, thorough: bool, seconds: float) -> Outcome:
    """Check `text` and print its findings; if `thorough` check it without short cuts as well, print it in every format,
    and export what is right of it.

    Whatever is amiss raises.
    """
    with within(seconds):
        outcome = _check(text)
        assert outcome.models or outcome.diagnostics, "neither a model nor a reason"
        for diagnostic in outcome.diagnostics:
            _examine_diagnostic(diagnostic)
        render_text(outcome.diagnostics, width=60, colour=True)
        for checked in outcome.models if thorough and outcome.ok else ():
            _emit(checked)
        if thorough:
            _render(outcome)
            with without_shortcuts():
                assert_same(outcome, _check(text))
    return outcome


def _check(text: str) -> Outcome:
    return check(Source("case.cnn", text), FileLoader(Path("/nowhere"), LIMITS), limits=LIMITS)


def _examine_diagnostic(diagnostic: Diagnostic) -> None:
    for span in (diagnostic.span, *(label.span for label in diagnostic.labels)):
        assert span is None or _inside(span), f"{diagnostic.code} lies outside its file"
    assert diagnostic.message
    to_json(diagnostic)


def _inside(span: Span) -> bool:
    return 0 <= span.start <= span.end <= len(span.source.text)


def _render(outcome: Outcome) -> None:
    diagnostics = list(outcome.diagnostics)
    summaries = [checked.summary for checked in outcome.models]
    render_github(diagnostics)
    json.render(summaries, diagnostics)
    csv.render(summaries)
    markdown.render(summaries)
    for summary in summaries:
        table.render(summary, 80)


def _emit(checked: Checked) -> None:
    """The ONNX model passes the checker with its shapes inferred again."""
    import onnx

    from specc.onnx.emit import emit
    from specc.onnx.write import filled
    from specc.weights import seeded

    if checked.summary.totals.params > MOST_PARAMETERS:
        return
    model, diagnostics = emit(checked.graph)
    if model is None:
        assert {d.code for d in diagnostics} <= {"E0905", "E0706", "E0703"}, diagnostics
        return
    whole, diagnostics = filled(model, seeded(checked.graph, 0))
    assert whole is not None, diagnostics
    onnx.checker.check_model(whole, full_check=True)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise `Hang` in the block when it takes longer, other work on the machine not counted."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang(f"more than {seconds:g} seconds")

    previous = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
