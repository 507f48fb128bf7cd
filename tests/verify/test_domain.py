"""Values at the edge of a function's domain: exact zeros, of which roots, logarithms and reciprocals are made."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import random_weights

import specc
from specc.verify.endtoend import FEW, MANY, MORE, Reference, attempts, references
from specc.verify.whole import judged
from tests.verify.sabotage import sabotaged

EDGES = {
    "root": "input x 24; relu; mul 0.3; sqrt; dense 3",
    "power": "input x 24; relu; mul 0.3; pow 0.5; dense 3",
    "pooled": "input x 3x8x8; relu; avgpool 2; sqrt; flatten; dense 3",
    "logarithm": "input x 24; relu; mul 0.3; log; exp; dense 3",
    "reciprocal": "input x 24; relu; a: mul 0.3; div 1, a; tanh; dense 3",
    "deviations": "input x 3x9x9; maps: conv 8, 3x3, relu; m: global_avgpool; sub maps, m; pow 2; global_avgpool; "
    "sqrt; flatten; dense 3",
    "dead": "input x 3x9x9; conv 8, 3x3, weight=0.0, bias=-0.7; relu; avgpool 7; sqrt; flatten; dense 3",
}
"""An exact 0 is the operand of each, and no correct run has a number below it there."""
UNSURE = {
    "complement": "input x 24; mul 50; a: softmax; sub 1, a; sqrt; dense 3",
    "variance": "input x 24; c: dense 8, weight=0.0, bias=0.7; s: pow 2; p: mul c, c; sub s, p; sqrt; dense 3",
}
"""Rounding decides whether what is exactly 0 comes out below it."""


def model(text: str):
    return specc.loads("model N {\n" + text.replace("; ", "\n") + "\n}")


def reference(text: str, seed: int = 0, copies: int = MANY) -> Reference:
    graph = model(text).graph
    shape = [1, *graph.inputs[0].type.shape[1:]]
    feeds = {"x": np.random.default_rng(seed).standard_normal(shape).astype(np.float32)}
    (found,) = references(graph, feeds, random_weights(graph), seed, copies=copies).values()
    return found


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("text", [*EDGES.values(), *UNSURE.values()], ids=[*EDGES, *UNSURE])
def test_a_correct_export_passes(text, dtype):
    for seed in range(3):
        report = model(text).verify(seed=seed, dtype=dtype)
        assert report.passed, report.diagnostics
        assert report.end_to_end[0].status == "passed"


@pytest.mark.parametrize("text", EDGES.values(), ids=EDGES)
def test_the_tolerance_is_small_and_nan_is_no_answer(text):
    """A runtime that makes NaN of the root of a variance, by a formula that cancels, is caught end to end."""
    found = reference(text)
    assert found.tolerance < 1e-4
    assert not found.unbounded.any()
    wrong = np.full(found.exact.shape, np.nan, np.float32)
    assert not judged("output", found, wrong, 3e38).passed
    assert not judged("output", found, (found.exact + 1e-3).astype(np.float32), 3e38).passed


@pytest.mark.parametrize(
    ("size", "items", "copies"),
    [("8", 1, [MANY]), ("8", 3, [6]), ("3x512x512", 1, [FEW, MORE]), ("3x512x512", 2, [1, 2]), ("3x512x512", 9, [1])],
)
def test_large_networks_have_few_copies_and_every_item_has_one(size, items, copies):
    graph = model(f"input x {size}; relu; relu; relu").graph
    assert attempts(graph, {"x": np.zeros((items, *graph.inputs[0].type.shape[1:]))}) == copies


def test_an_output_farther_off_than_one_copy_shows_is_judged_by_more(monkeypatch):
    """Its errors may be small by chance."""
    asked = []

    def lucky(*arguments, **_):
        copies = arguments[6]
        asked.append(copies)
        found = references(*arguments)
        return {name: each._replace(tolerance=0.0) if copies == 1 else each for name, each in found.items()}

    monkeypatch.setattr("specc.verify.whole.references", lucky)
    assert model("input x 3x300x300; conv 2, 3x3; tanh; global_avgpool; flatten; dense 5").verify().passed
    assert asked == [FEW, MORE]


def test_where_rounding_decides_on_the_sign_a_run_may_be_nan_or_near():
    found = reference(UNSURE["variance"])
    assert found.unbounded.all()
    assert not found.unknown.any()
    assert 0 < found.tolerance < 0.1
    assert not judged("output", found, found.exact + 1.0, 3e38).passed


def test_what_cannot_be_judged_end_to_end_is_said():
    """The probability underflows to 0 in float32 or hardly does not: its logarithm may be an infinity, or a number."""
    report = model("input x 24; mul 100; p: softmax; q: log; mul p, q; dense 2").verify()
    (output,) = report.end_to_end
    assert report.passed
    assert output.status == "not judged"
    assert output.unjudged == 2
    assert "2 of 2 numbers not judged" in output.note


@pytest.mark.parametrize("text", EDGES.values(), ids=EDGES)
def test_faults_beside_zeros_are_found_at_their_layer(text):
    found = [trial for trial in sabotaged("edge", model(text).graph) if not trial.same]
    assert [f"{trial.fault.node}: {trial.fault.what}, {trial.blamed}" for trial in found if not trial.placed] == []
    assert len(found) > 5


def test_a_single_copy_that_goes_to_nan_is_not_the_only_one():
    """A large network has one copy of each item."""
    found = reference(UNSURE["variance"], copies=1)
    assert not found.unknown.any()
    assert found.tolerance > 0
