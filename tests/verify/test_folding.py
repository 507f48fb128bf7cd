"""What ONNX Runtime folds into the weights of a float16 model belongs to what a correct run may do."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import random_weights

import specc
from specc.onnx.narrow import emit_in
from specc.onnx.precision import FLOAT16, Rounded
from specc.onnx.write import filled
from specc.runtime.session import runtime
from specc.verify.endtoend import references
from specc.verify.folding import folded, with_constants
from specc.verify.whole import judged

PAIRS = {
    "conv": "conv 8, 3x3, groups=2",
    "depthwise": "depthwise 3x3, multiplier=2",
    "deconv": "deconv 8, 2x2, groups=2",
    "separable": "separable 8, 3x3",
}
DEEP = """block layer(n) {{ conv n, 3x3, pad=1, bias=false; {norm}; relu }}
model N {{
    input x 3x24x24
    repeat 16 {{ layer 16 }}
    global_avgpool; flatten; dense 10
}}"""
"""Errors with one cause in every layer: the pool takes away those of random signs."""


def optimised(model: onnx.ModelProto, folder: Path) -> onnx.ModelProto:
    """The model as ONNX Runtime makes it before it runs."""
    ort, file = runtime(), folder / "optimised.onnx"
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(file)
    ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return onnx.load(file)


@pytest.mark.parametrize("affine", ["true", "false"])
@pytest.mark.parametrize("layer", PAIRS.values(), ids=PAIRS)
def test_folded_weights_are_those_of_onnx_runtime_bit_for_bit(layer, affine, tmp_path):
    graph = specc.loads(f"model N {{ input x 4x6x6\n{layer}\nbn eps=1e-3, affine={affine} }}").graph
    weights = dict(Rounded(random_weights(graph), FLOAT16))
    model, _ = filled(emit_in(graph, FLOAT16)[0], weights)
    tensors = {t.name: numpy_helper.to_array(t) for t in optimised(model, tmp_path).graph.initializer}
    theirs = {array.shape: array for name, array in tensors.items() if "BnFusion" in name}
    changed = folded(graph, weights, FLOAT16)
    (kernel,), (mean,) = changed.kernels, changed.means
    ws = {name.split(".", 1)[1]: weights[name] for name in weights if name.startswith("bn1.")}
    scale = ws.get("weight", np.ones(8)) / np.sqrt(ws["running_var"].astype(np.float64) + 1e-3)
    by_channel = (
        scale.reshape(2, 1, 4).repeat(2, axis=1).reshape(4, 4, 1, 1)
        if "deconv" in kernel
        else scale.reshape(-1, 1, 1, 1)
    )
    np.testing.assert_array_equal(np.float16(changed[kernel] * by_channel), theirs[weights[kernel].shape])
    before = next(array for name, array in weights.items() if name.endswith("bias") and "bn1" not in name)
    shift = (before - changed[mean].astype(np.float64)) * scale + ws.get("bias", 0)
    np.testing.assert_allclose(shift, theirs[(8,)], rtol=1e-4)


@pytest.mark.parametrize("norm", ["bn eps=1e-3", "bn eps=1e-3, affine=false", "bn", "mul 1.3", "scale bias=true"])
def test_errors_with_one_cause_in_every_layer_are_allowed_for(norm):
    model = specc.loads(DEEP.format(norm=norm))
    for seed in range(3):
        report = model.verify(dtype="float16", seed=seed, kinds=["normal"])
        assert report.passed, report.diagnostics
        assert report.end_to_end[0].ratio < 0.5


def test_what_is_off_by_more_than_folding_is_found():
    graph = specc.loads(DEEP.format(norm="bn eps=1e-3")).graph
    weights = dict(Rounded(random_weights(graph), FLOAT16))
    feeds = {"x": FLOAT16.rounded(np.random.default_rng(0).standard_normal((1, 3, 24, 24)))}
    (found,) = references(graph, feeds, weights, 0, FLOAT16).values()
    heavier = weights | {name: 1.1 * array for name, array in weights.items() if name.endswith("bn1.weight")}
    (other,) = references(graph, feeds, heavier, 0, FLOAT16).values()
    assert not judged("output", found, other.exact, FLOAT16.largest).passed


def test_only_what_is_folded_changes():
    """A convolution that another layer reads too, or whose weights another has too, keeps its weights."""
    read = "a: conv 3, 1x1; tanh; bn from=a"
    shared = "a: conv 3, 1x1, weights=k; bn; b: conv 3, 1x1, weights=k; bn"
    for text in (read, shared, "relu; bn"):
        graph = specc.loads(f"model N {{ input x 3x6x6; {text} }}".replace("; ", "\n")).graph
        weights = random_weights(graph)
        assert folded(graph, weights, FLOAT16) is weights


def test_numbers_among_operands_are_rounded():
    (node,) = specc.loads("model N { input x 3\nmul 0.1 }").graph.nodes
    assert with_constants(node.op, FLOAT16).constants[1] == np.float16(0.1)
    (listed,) = specc.loads("model N { input x 2x4x4\nsub [0.1, 0.2] }").graph.nodes
    assert with_constants(listed.op, FLOAT16).constants[1] == (np.float16(0.1), np.float16(0.2))
