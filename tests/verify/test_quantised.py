"""Quantised models: values beside a half may go to either side, and faults are found all the same."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import layer, network, random_weights, shape

from specc.onnx import emit_model
from specc.verify import verify
from specc.verify.probes import KINDS


def quantised(scale: float = 0.03, **more: object):
    """A pair of quantize and dequantize around a mean, whose results are often halves of steps."""
    pairs = [
        (f"{word}{place}", layer(word, scale=scale, zero=100, **more))
        for place in (1, 2)
        for word in ("quantize", "dequantize")
    ]
    last = ("conv1", layer("conv", channels=8, kernel=(1,)))
    return network(shape(3, 8, 8), *pairs[:2], ("pool1", layer("global_avgpool")), *pairs[2:], last)


@pytest.mark.parametrize("seed", range(8))
def test_a_correct_model_passes_whichever_way_halves_go(seed):
    graph = quantised()
    report, _ = verify(graph, random_weights(graph), seed=seed)
    assert report.passed, (report.first_failure, report.end_to_end)


def test_integers_have_no_nan():
    graph = quantised(dtype="int8")
    report, _ = verify(graph, random_weights(graph), kinds=tuple(KINDS))
    assert report.passed, report.first_failure
    assert report.deviations == ("quantize-nan",)


def replaced(model: onnx.ModelProto, node: str, operand: int, change):
    """The constant operand of a node changed."""
    (found,) = (n for n in model.graph.node if n.output[0].startswith(node))
    (old,) = (t for t in model.graph.initializer if t.name == found.input[operand])
    found.input[operand] += "'"
    model.graph.initializer.append(numpy_helper.from_array(change(numpy_helper.to_array(old)), found.input[operand]))
    return model


@pytest.mark.parametrize(
    ("node", "operand", "change"),
    [
        ("quantize2", 1, lambda scale: scale * np.float32(1.5)),
        ("quantize2", 2, lambda zero: zero + np.uint8(1)),
        ("dequantize1", 1, lambda scale: np.nextafter(scale, np.float32(1)) + np.float32(1e-8)),
        ("dequantize2", 2, lambda zero: zero - np.uint8(1)),
    ],
)
def test_wrong_steps_and_zero_points_are_found_at_their_layer(node, operand, change):
    graph = quantised()
    weights = random_weights(graph)
    model, _ = emit_model(graph, weights)
    report, _ = verify(graph, weights, replaced(model, node, operand, change))
    assert report.first_failure.node == node
