"""Runs that keep their memory on the device, here the CPU, for which ONNX Runtime takes the same calls."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import layer, network, random_weights, shape

from specc.onnx import emit_model
from specc.runtime.binding import Bound
from specc.runtime.session import runtime, session

GRAPH = network(shape(3, 6, 6), ("conv1", layer("conv", channels=2, kernel=(3, 3))), ("tanh1", layer("tanh")))


@pytest.fixture
def plain():
    model, _ = emit_model(GRAPH, random_weights(GRAPH))
    opened, _ = session(model.SerializeToString(), device="cpu")
    return opened


@pytest.fixture
def bound(plain):
    return replace(plain, bound=Bound(runtime(), plain.handle, "cpu"))


def images(count, seed):
    return np.random.default_rng(seed).standard_normal((count, 3, 6, 6), np.float32)


def test_bound_runs_return_what_plain_runs_do(plain, bound):
    (x,) = plain.inputs
    for batch in (images(2, 0), images(2, 1), images(5, 2), images(2, 3).astype(np.float32, order="F")):
        expected, _ = plain.run({x: batch})
        found, _ = bound.run({x: batch})
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[name], expected[name]) for name in found)


def test_batches_of_one_shape_share_their_memory(bound):
    (x,) = bound.inputs
    first, second = images(2, 0), images(2, 1)
    kept = first.copy()
    bound.run({x: first})
    placed = bound.bound.held[x]
    bound.run({x: second})
    assert bound.bound.held[x] is placed
    assert np.array_equal(first, kept)  # nothing is written into what came in


def test_what_onnx_runtime_refuses_is_a_diagnostic(bound):
    (x,) = bound.inputs
    results, (problem,) = bound.run({x: np.zeros((1, 4, 6, 6), np.float32)})
    assert (results, problem.code) == ({}, "E0901")
