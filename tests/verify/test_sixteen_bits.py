"""Models in float16, judged by float16's own bounds; bfloat16, which nothing here can run."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
sys.path.insert(0, str(Path(__file__).parents[1] / "importer"))
from graphs import layer, network, random_weights, shape
from onnx import numpy_helper
from test_every_operation import EXAMPLES, OTHERS, PLAIN, spec

import specc
from specc.onnx.narrow import emit_in
from specc.onnx.precision import BFLOAT16, FLOAT16, PRECISIONS
from specc.onnx.write import filled, write_model
from specc.runtime.session import session
from specc.verify import verify
from specc.verify.arithmetic import Arithmetic
from specc.verify.probes import Probe

LACKING = {"celu", "quantize", "dequantize"}
"""Operations that ONNX has in float32 alone, or whose constants are float32 numbers."""
CASES = [(word, text) for word, texts in EXAMPLES.items() if word not in LACKING for text in texts]
CASES += [(word, word) for word in PLAIN] + [(word, text) for word, (text, _) in OTHERS.items()]
NETWORK = network(
    shape(3, 12, 12),
    ("conv1", layer("conv", channels=8, kernel=(3,), pad=(1,))),
    ("relu1", layer("relu")),
    ("pool1", layer("maxpool", kernel=(2,))),
    ("conv2", layer("conv", channels=8, kernel=(3,))),
    ("tanh1", layer("tanh")),
    ("flatten1", layer("flatten")),
    ("dense1", layer("dense", units=5)),
    ("probabilities", layer("softmax")),
)


def exported(weights, precision=FLOAT16, graph=NETWORK, **options) -> onnx.ModelProto:
    model, _ = emit_in(graph, precision, **options)
    assert model is not None
    complete, _ = filled(model, weights)
    assert complete is not None
    return complete


@pytest.mark.parametrize(("word", "text"), CASES)
def test_every_operation_stays_within_its_bound(word, text):
    report = specc.loads(spec(text)).verify(dtype="float16")
    assert report.passed, report.diagnostics
    assert report.precision == "float16"


def test_the_sign_of_nan_is_a_known_deviation():
    report = specc.loads("model N { input x 24\nsign }").verify(dtype="float16", kinds="nan")
    assert report.passed, report.diagnostics
    assert report.deviations == ("sign-of-nan",)


@pytest.mark.parametrize(("word", "text"), CASES)
def test_every_operation_is_sound_in_bfloat16(word, text):
    """ONNX finds nothing wrong, and ONNX Runtime nothing but that it has no kernel."""
    model = specc.loads(spec(text))
    data = exported(model.weights(), BFLOAT16, model.graph).SerializeToString()
    onnx.checker.check_model(data, full_check=True)
    _, problems = session(data, device="cpu")
    assert all("Could not find an implementation" in problem.message for problem in problems)


@pytest.mark.parametrize("layout", ["chw", "hwc"])
@pytest.mark.parametrize("keep_io", [False, True])
@pytest.mark.parametrize("preprocess", [False, True])
def test_a_network_passes_and_its_layers_are_as_good_as_float16_can_be(layout, keep_io, preprocess):
    graph = network(shape(3, 12, 12), *[(node.name, node.op) for node in NETWORK.nodes], layout=layout)
    weights = random_weights(graph)
    report, diagnostics = verify(
        graph, weights, exported(weights, graph=graph, keep_io=keep_io, preprocess=preprocess), optimised=True
    )
    assert report is not None, diagnostics
    assert report.passed, report.diagnostics
    ratios = {result.node: result.ratio for result in report.layers if result.op in ("conv", "dense")}
    assert all(0.2 < ratio < 0.7 for ratio in ratios.values()), ratios  # one rounding, of the two that are allowed


def change(model: onnx.ModelProto, name: str, how) -> None:
    (tensor,) = [tensor for tensor in model.graph.initializer if tensor.name == name]
    tensor.CopyFrom(numpy_helper.from_array(how(numpy_helper.to_array(tensor)), name))


def towards_zero(array):
    """Float16 without rounding: the digits that are too many are cut off."""
    half = array.astype(np.float16)
    return np.where(np.abs(half.astype(np.float32)) > np.abs(array), np.nextafter(half, np.float16(0)), half)


def test_a_weight_must_be_the_nearest_float16_bit_for_bit():
    weights = random_weights(NETWORK)
    model = exported(weights)
    change(model, "dense1.weight", lambda _: towards_zero(weights["dense1.weight"]))
    report, _ = verify(NETWORK, weights, model)
    assert report.first_failure.node == "dense1"
    assert "differs from the given one" in report.first_failure.note


def attribute(model: onnx.ModelProto, op_type: str, name: str) -> onnx.AttributeProto:
    (node,) = [node for node in model.graph.node if node.op_type == op_type][:1]
    return next(item for item in node.attribute if item.name == name)


@pytest.mark.parametrize(
    ("fault", "layer"),
    [
        (lambda m: setattr(m.graph.node[1], "op_type", "Identity"), "relu1"),
        (lambda m: setattr(m.graph.node[4], "op_type", "Sigmoid"), "tanh1"),
        (lambda m: attribute(m, "MaxPool", "kernel_shape").ints.__setitem__(0, 1), "pool1"),
        (lambda m: change(m, "conv2.bias", lambda a: (a + np.float16(0.05)).astype(np.float16)), "conv2"),
        (lambda m: change(m, "conv1.weight", lambda a: np.ascontiguousarray(a[..., ::-1])), "conv1"),
    ],
)
def test_faults_are_found_at_their_layer(fault, layer):
    weights = random_weights(NETWORK)
    model = exported(weights)
    fault(model)
    report, _ = verify(NETWORK, weights, model)
    assert report.first_failure.node == layer


def test_float32_weights_in_float16_are_no_export_of_either():
    """The same file passes for its own precision alone: what was rounded is no float32 export."""
    weights = random_weights(NETWORK)
    rounded = {name: FLOAT16.rounded(array) for name, array in weights.items()}
    report, _ = verify(NETWORK, weights, exported(rounded, PRECISIONS["float32"]))
    assert not report.passed


def test_bfloat16_is_refused_and_never_passed():
    weights = random_weights(NETWORK)
    report, (diagnostic,) = verify(NETWORK, weights, exported(weights, BFLOAT16))
    assert report is None
    assert (diagnostic.code, "in bfloat16" in diagnostic.message) == ("E0907", True)


def test_inputs_are_what_the_type_holds_and_neither_lost_nor_large():
    arithmetic = Arithmetic(FLOAT16)
    values = np.array([1.0, 2**-12, 3000.3, -np.inf, np.nan], np.float32)
    tiny = np.array([2.0**-128, 0], np.float32)
    found = arithmetic.probe(Probe(("a",), {"x": values, "tiny": tiny}, {})).feeds
    np.testing.assert_array_equal(found["x"], FLOAT16.rounded(values / 16))
    assert found["tiny"].tolist() == [2.0**-16, 0]
    assert Arithmetic().probe(probe := Probe(("a",), {"x": values}, {})) is probe


def test_a_file_with_its_weights_beside_it_says_its_type_itself(tmp_path):
    weights = random_weights(NETWORK)
    model, _ = emit_in(NETWORK, FLOAT16)
    assert model is not None
    assert write_model(model, weights, tmp_path / "half.onnx", limit=100) == ()
    assert len(list(tmp_path.iterdir())) == 2
    report, diagnostics = verify(NETWORK, weights, tmp_path / "half.onnx")
    assert report is not None, diagnostics
    assert (report.passed, report.precision) == (True, "float16")
