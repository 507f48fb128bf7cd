"""Sums whose parts may leave the range of float32: which values a correct runtime may make of them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import specc
from specc.verify import verify
from specc.verify.endtoend import references
from specc.verify.layers import LayerJudge, Values
from specc.verify.probes import Probe

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import random_weights


def build(text: str):
    return specc.loads(text).graph


OVERFLOWING = "model N {{ input wave 1x200; {pool} 4; conv 32, 3 }}"


@pytest.mark.parametrize("pool", ["maxpool", "minpool"])
@pytest.mark.parametrize("kind", ["nan", "infinities"])
def test_partial_sums_behind_a_pool_may_overflow(pool, kind):
    """ONNX Runtime's pools make 3.4e38 of NaN and of infinities, and a sum that is finite in float64 may then pass
    through an infinity in float32."""
    graph = build(OVERFLOWING.format(pool=pool))
    for seed in range(4):
        report, _ = verify(graph, random_weights(graph), kinds=[kind], seed=seed)
        assert report.passed, report.first_failure


@pytest.mark.parametrize(
    ("x", "got", "accepted"),
    [
        ((2.0**127, 2.0**127, -(2.0**127), -(2.0**127)), (np.inf, -np.inf, np.nan, 0.0), (True, True, True, True)),
        ((np.inf, 1.0, 1.0, 1.0), (np.inf, -np.inf, np.nan, 0.0), (True, False, False, False)),
        ((np.inf, -(2.0**127), -(2.0**127), 0.0), (np.inf, -np.inf, np.nan, 0.0), (True, False, True, False)),
        ((np.inf, -np.inf, 2.0**127, 2.0**127), (np.inf, -np.inf, np.nan, 0.0), (False, False, True, False)),
        ((np.nan, 2.0**127, 2.0**127, 2.0**127), (np.inf, -np.inf, np.nan, 0.0), (False, False, True, False)),
        ((2.0**125, 2.0**125, 1.0, 1.0), (2.0**126, np.inf, np.nan, -np.inf), (True, False, False, False)),
    ],
)
def test_what_may_be_made_of_a_sum_that_overflows(x, got, accepted):
    """The sum of `x`: each of four values that a runtime may give for it, and which of them are accepted."""
    graph = build("model N { input x 4; dense 1, bias=false, weight=1 }")
    (node,) = graph.nodes
    ws = {"dense1.weight": np.ones((1, 4), np.float32)}
    for value, right in zip(got, accepted, strict=True):
        judge = LayerJudge(graph, ws)
        arrays = {"x": np.array([x], np.float32), "dense1": np.array([[value]], np.float32)}
        judge.judge(node, Values(arrays), Probe(("nan",), {}, {"N": 1}), optimised=False)
        assert judge.layers()[0].passed is right, value


@pytest.mark.parametrize(("layers", "free"), [("sub 128; sigmoid; log", True), ("sub 8; sigmoid; log", False)])
def test_where_float32_loses_all_of_a_value_outputs_may_be_infinite(layers, free):
    """sigmoid(-128) is 3e-56, and may be 0 in float32: its logarithm is -128 or -inf."""
    graph = build(f"model N {{ input x 4; {layers} }}")
    (reference,) = references(graph, {"x": np.zeros((1, 4), np.float32)}, {}, seed=0).values()
    assert reference.unbounded.all() == reference.unbounded.any() == free


def test_where_a_bound_is_infinite_outputs_may_be_nan():
    """The variance of a map that is one number everywhere may come out below 0, by another way than NumPy's."""
    text = "model N {{ input x 1x1x1; resize 9x9; mul {scale}; groupnorm 1, affine=false; identity }}"
    for scale, free in ((1e18, True), (1, False)):
        graph = build(text.format(scale=scale))
        found = references(graph, {"x": np.full((1, 1, 1, 1), 0.7, np.float32)}, {}, seed=0)
        assert next(iter(found.values())).unbounded.any() == free
