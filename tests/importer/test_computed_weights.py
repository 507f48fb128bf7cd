"""Weights that a file computes from constants alone: they are read, named nowhere, and told."""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from exchange import imported, model_of, refusal, words
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from specc.cli import main
from specc.interpreter import interpret
from specc.onnx.importer import ImportLimits, read_model

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
STANDARDISED = """g (float[N,3,8,8] x) => (float[N,4,6,6] y) <int64[3] axes = {1, 2, 3}, float eps = {0.00001}> {
    mean = ReduceMean("conv1.weight", axes)  centred = Sub("conv1.weight", mean)  square = Mul(centred, centred)
    variance = ReduceMean(square, axes)  more = Add(variance, eps)  deviation = Sqrt(more)
    w = Div(centred, deviation)  y = Conv(x, w, "conv1.bias")
}"""
KERNEL = [("conv1.weight", (4, 3, 3, 3)), ("conv1.bias", (4,))]
IMAGE = "g (float[N,3,8,8] x) => (float[N,3,8,8] y)"
VECTOR = [("t", (3, 1, 1))]


@pytest.mark.parametrize(
    ("text", "weights", "found"),
    [
        (STANDARDISED, KERNEL, ["conv"]),
        (f"{IMAGE} {{ e = Exp(t)  y = Mul(x, e) }}", VECTOR, ["scale"]),
        (f"{IMAGE} {{ e = Softplus(t)  f = Erf(e)  y = Add(x, f) }}", VECTOR, ["bias"]),
        (f"{IMAGE} {{ e = Clip(t)  f = Sum(e, t, t)  s = Softmax<axis = 0>(f)  y = Mul(x, s) }}", VECTOR, ["scale"]),
        (f"{IMAGE} {{ w = MatMul(u, v)  y = Conv<pads = [1, 1, 1, 1]>(x, w) }}",
         [("u", (3, 3, 3, 2)), ("v", (1, 3, 2, 3))], ["conv"]),
        (f"{IMAGE} {{ w = Gemm<transB = 1>(u, v)  z = Transpose<perm = [0, 2, 3, 1]>(x)  m = MatMul(z, w)"
         "y = Transpose<perm = [0, 3, 1, 2]>(m) }", [("u", (3, 2)), ("v", (3, 2))], ["conv"]),
    ],
    ids=["standardised", "exponential", "error function", "with an absent limit", "matrices", "low rank"],
)  # fmt: skip
def test_constants_are_computed(text, weights, found):
    data = model_of(text, weights, opset=18)
    read = imported(data)
    assert words(read.graph) == found
    x = np.random.default_rng(1).standard_normal((2, 3, 8, 8))
    [wanted] = ReferenceEvaluator(onnx.load_from_string(data)).run(None, {"x": x.astype(np.float32)})
    values = interpret(read.graph, {"x": x}, read.weights)
    np.testing.assert_allclose(values["y"], wanted, rtol=1e-5, atol=1e-5)


def test_later_weights_are_never_taken_as_they_are(tmp_path, monkeypatch, capsys):
    """The layer is called like the network's own, whose weight would fit by its name and shape."""
    monkeypatch.chdir(tmp_path)
    Path("net.onnx").write_bytes(model_of(STANDARDISED, KERNEL, opset=18))
    np.savez("later.npz", **{name: np.ones(shape, np.float32) for name, shape in KERNEL})
    assert main(["import", "net.onnx", "-o", "net.cnn", "--map", "net.rules"]) == 0
    told = "1 weight of the spec is computed from the network's own, which do not fit: conv1.weight from conv1.weight"
    assert told in capsys.readouterr().err
    assert Path("net.rules").read_text(encoding="utf-8").split("\n") == [
        r"conv1\.(bias) -> conv1.\1",
        r"conv1\.weight ->",
        "",
    ]
    assert main(["weights", "net.cnn", "--from", "later.npz", "--map", "net.rules"]) == 2
    assert "missing `conv1.weight`" in capsys.readouterr().err


def test_what_an_exporter_computed_is_left_out_too():
    model = onnx.ModelProto.FromString(model_of(f"{IMAGE} {{ y = Mul(x, div) }}", [("div", (3, 1, 1))]))
    item = helper.make_tensor_value_info("div", onnx.TensorProto.FLOAT, (3, 1, 1))
    item.metadata_props.add(key="pkg.onnxscript.optimizer.folded_from", value="['m.gain', 'mean', 'val_3']")
    model.graph.value_info.append(item)
    (tensor,) = imported(model.SerializeToString()).weights.tensors.values()
    assert (tensor.source, tensor.computed_from) == ("", ("m.gain",))


@pytest.mark.parametrize(
    ("text", "most"),
    [
        (f"{IMAGE} {{ e = Exp(t)  y = Mul(x, e) }}", 2),
        (f"{IMAGE} {{ r = Reshape(t, row)  e = PRelu(t, r)  f = ReduceMean(e)  y = Mul(x, f) }}", 8),
        (f"{IMAGE} {{ r = Reshape(t, row)  c = Reshape(t, column)  m = MatMul(c, r)  y = Add(x, m) }}", 8),
    ],
    ids=["elements", "a stretched operand", "a product"],
)
def test_what_is_too_large_is_not_computed(text, most):
    model = onnx.ModelProto.FromString(model_of(text, VECTOR, opset=18))
    for name, sizes in (("row", [1, 3]), ("column", [3, 1])):
        model.graph.initializer.append(numpy_helper.from_array(np.array(sizes, np.int64), name))
    found, diagnostics = read_model(model.SerializeToString(), ImportLimits(folded_elements=most, folded_share=0))
    assert found is None
    assert [d.code for d in diagnostics] == ["E0907"]
    assert "(it is too large)" in diagnostics[0].message


def test_reading_a_view_again_and_again_is_too_much():
    nodes = "".join(f"a{i} = ReduceMean<keepdims = 0>(e) " for i in range(100))
    text = f"{IMAGE} <int64[2] s = {{4096, 2048}}> {{ e = Expand(t, s) {nodes} y = Mul(x, a99) }}"
    assert "(it is too large)" in refusal(model_of(text, [("t", (1, 1))]))


def test_what_the_reference_refuses_is_one_error():
    assert "do not suit it" in refusal(model_of(f"{IMAGE} {{ e = ReduceMax<axes = [7]>(t)  y = Mul(x, e) }}", VECTOR))


@pytest.mark.parametrize(("file_bytes", "elements"), [(100, 1000), (4000, 6000), (10**9, 8000)])
def test_larger_files_may_compute_more(file_bytes, elements):
    assert ImportLimits(folded_elements=1000).constants(file_bytes) == elements
