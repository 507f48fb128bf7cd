"""Whatever the text, checking it gives findings and never an exception."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from specc.data import specs_folder
from specc.diagnostics.render import render_github, render_text, to_json
from specc.limits import Limits
from specc.loader import FileLoader
from specc.pipeline import check
from specc.report import json, table
from specc.source import Source
from tests.property.generate import network

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LIMITS = Limits(layers=2000, steps=20_000, elements=10_000)
WORDS = [
    "model", "block", "input", "output", "let", "if", "else", "for", "in", "repeat", "expect", "import", "as",
    "branch", "residual", "shortcut", "within", "and", "or", "not", "true", "false", "conv", "dense", "flatten",
    "concat", "add", "split", "bn", "relu", "x", "in.channels", "-1", "0", "1", "1.5", "99999999", "3x3", "1x_",
    "HxW", "[", "]", "(", ")", "{", "}", ";", ",", ":", "=", "==", "->", "*", "/", "//", "**", "%", "pad=same",
    "stride=0", "groups=3", "from=x", "act=tanh", "weight=[[1]]", "layout=hwc", "kernels", '"a"', "#", "##",
]  # fmt: skip
FILES = sorted(specs_folder().glob("*/*.cnn"))
BUNDLED = [path.read_text(encoding="utf-8") for path in FILES if path.stat().st_size < 2000]


@st.composite
def mutations(draw: DrawFn) -> str:
    """A valid spec with a few words replaced, removed, doubled or put elsewhere."""
    numbers = st.integers(0, 1000)
    text = draw(st.one_of(numbers.map(lambda number: network(0, number).text), st.sampled_from(BUNDLED)))
    pieces = [piece for line in text.splitlines() for piece in (*line.split(" "), "\n")]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(pieces) - 1))
        match draw(st.sampled_from(["replace", "remove", "double", "move", "cut"])):
            case "replace":
                pieces[at] = draw(st.sampled_from(WORDS))
            case "remove":
                del pieces[at : at + draw(st.integers(1, 3))]
            case "double":
                pieces[at:at] = pieces[at : at + draw(st.integers(1, 8))]
            case "move":
                pieces.insert(draw(st.integers(0, len(pieces) - 1)), pieces.pop(at))
            case "cut":
                pieces[at] = pieces[at][: len(pieces[at]) // 2]
        pieces = pieces or [" "]
    return " ".join(pieces)


def examine(text: str) -> None:
    """Check `text` and say everything there is to say about it."""
    source = Source("net.cnn", text)
    outcome = check(source, FileLoader(Path("/nowhere"), LIMITS), limits=LIMITS)
    assert outcome.models or outcome.diagnostics
    for diagnostic in outcome.diagnostics:
        to_json(diagnostic)
        if diagnostic.span is not None and diagnostic.span.source is source:
            assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
    render_text(outcome.diagnostics, width=60, colour=True)
    render_github(outcome.diagnostics)
    summaries = [checked.summary for checked in outcome.models]
    json.render(summaries, list(outcome.diagnostics))
    for summary in summaries:
        table.render(summary, 80)


@settings(SETTINGS, max_examples=200)
@given(mutations())
def test_mutated_specs_never_raise(text: str) -> None:
    examine(text)


@settings(SETTINGS, max_examples=100)
@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
def test_heaps_of_words_never_raise(text: str) -> None:
    examine(text)


@settings(SETTINGS, max_examples=100)
@given(st.text(max_size=40))
def test_any_text_never_raises(text: str) -> None:
    examine(f"model Net {{ input x 4; relu }} {text}")
