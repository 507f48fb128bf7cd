"""Rules that `specc import --map` writes bring the right values: what a spec holds otherwise than the file has none."""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from exchange import imported, model_of
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import specc
from specc.cli import main

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

STATISTICS = 'model (float[N,3,8,8] x) => (float[N,3,8,8] y) { a = Sub(x, "mean")  y = Div(a, "std") }'
TOKENS = 'model (float[N,6,16] x) => (float[N,6,16] y) { a = Mul("g", x)  b = Add(x, a)  y = Add(b, "p") }'
FEATURES = (
    'model (float[N,6] x) => (float[N,6] y) { a = Sub("p", x)  b = Div(a, "q")  c = Mul(b, "g")  y = Add(c, "h") }'
)
ROOT = """model (float[N,6,16] x) => (float[N,6,16] y) <int64[1] last = {-1}> {
    two = Constant <value_float = 2.0> ()  eps = Constant <value_float = 0.00001> ()
    a = Pow(x, two)  b = ReduceMean(a, last)  c = Add(b, eps)  d = Sqrt(c)  e = Reciprocal(d)
    f = Mul(x, e)  y = Mul(f, "n.weight")
}"""
QUOTIENT = 'model (float[N,6] x) => (float[N,6] y) { a = Abs(x)  b = Add(a, "p")  y = Div("q", b) }'
TURNED = """model (float[N,6] x) => (float[N,6] y) {
    a = Transpose <perm = [1, 0]> ("fc.weight")  b = MatMul(x, a)  y = Add(b, "fc.bias")
}"""
CASES = {
    "statistics of images": (STATISTICS, [("mean", (3, 1, 1)), ("std", (3, 1, 1))], 6),
    "vectors on tokens": (TOKENS, [("g", (16,)), ("p", (1, 6, 16))], 16 + 96),
    "vectors on features": (FEATURES, [("p", (6,)), ("q", (6,)), ("g", (6,)), ("h", (6,))], 24),
    "root mean squares": (ROOT, [("n.weight", (16,))], 16),
    "a constant divided": (QUOTIENT, [("p", (6,)), ("q", (6,))], 12),
    "a linear layer": (TURNED, [("fc.weight", (6, 6)), ("fc.bias", (6,))], 42),
}


def with_values(data, random):
    """The model with other values, and these by their names."""
    model = onnx.ModelProto.FromString(data)
    values = {}
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            values[tensor.name] = random.uniform(0.5, 2, tuple(tensor.dims)).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values[tensor.name], tensor.name))
    return model, values


@pytest.mark.parametrize(("text", "shapes", "params"), CASES.values(), ids=CASES)
def test_a_later_checkpoint_computes_what_the_network_computes(text, shapes, params, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(1)
    data = model_of(text, shapes, opset=18)
    Path("net.onnx").write_bytes(data)
    later, values = with_values(data, random)
    np.savez("later.npz", **values)
    assert main(["import", "net.onnx", "-o", "net.cnn", "--map", "net.rules"]) == 0
    assert main(["weights", "net.cnn", "--from", "later.npz", "--map", "net.rules"]) == 0
    assert f"{len(values)} matched" in capsys.readouterr().out
    model = specc.load("net.cnn")
    x = random.standard_normal((2, *model.graph.inputs[0].type.shape[1:])).astype(np.float32)
    found = model.run(x, weights=model.weights("later.npz", mapping="net.rules"), device="cpu")
    [wanted] = ReferenceEvaluator(later).run(None, {"x": x})
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
    assert sum(tensor.size for tensor in values.values()) == params
    assert f"expect params == {params}" in Path("net.cnn").read_text(encoding="utf-8")


PRODUCT = 'model (float[N,6] x) => (float[N,6] y) { y = MatMul(x, "w") }'
CUT = """model (float[N,6] x) => (float[N,6] y) <int64[1] row = {6}> {
    a = Transpose <perm = [1, 0]> ("w")  b = Reshape(a, row)  y = Mul(x, b)
}"""
SCALED = 'model (float[N,6] x) => (float[N,6] y) { a = Mul(x, "add_5")  y = MatMul(a, "t") }'
ATTENTION = """model (float[N,4,6] x) => (float[N,4,18] z) {
    y = MatMul(x, "onnx::MatMul_7")  z = Add(y, "m.in_proj_bias")  s = Softmax <axis = 2> (z)
}"""
UNNAMED = 'model (float[N,4,6] x) => (float[N,4,6] z) { y = MatMul(x, "onnx::MatMul_7")  z = Softmax <axis = 2> (y) }'
LINEAR = {
    "pkg.torch.onnx.class_hierarchy": "['Net', 'torch.nn.modules.linear.Linear', 'aten.linear.default']",
    "pkg.torch.onnx.name_scopes": "['', 'm', 'linear']",
}
OWN = LINEAR | {"pkg.torch.onnx.class_hierarchy": "['Net', 'net.Doubled', 'aten.linear.default']"}
NAMES = {
    "a square matrix is turned over": (PRODUCT, [("w", (6, 6))], {}, {}, [""]),
    "a constant is turned over and cut anew": (CUT, [("w", (3, 2))], {}, {}, [""]),
    "an exporter has computed them": (
        SCALED, [("add_5", (6,)), ("t", (6, 6))], {"add_5": "['g', 'val_0']", "t": "['w']"}, {}, ["", ""],
    ),
    "an exporter has turned a linear layer's": (
        PRODUCT, [("w", (6, 6))], {"w": "['m.in_proj_weight']"}, {"y": LINEAR}, ["m.in_proj_weight"],
    ),
    "a module of the author's own": (PRODUCT, [("w", (6, 6))], {"w": "['m.weight']"}, {"y": OWN}, [""]),
    "attention": (
        ATTENTION, [("onnx::MatMul_7", (6, 18)), ("m.in_proj_bias", (18,))], {}, {},
        ["m.in_proj_weight", "m.in_proj_bias"],
    ),
    "a module that does more than a linear layer": (UNNAMED, [("onnx::MatMul_7", (6, 6))], {}, {}, [""]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "shapes", "folded", "notes", "names"), NAMES.values(), ids=NAMES)
def test_only_what_a_checkpoint_may_hold_has_a_name(text, shapes, folded, notes, names):
    model = onnx.ModelProto.FromString(model_of(text, shapes, opset=18))
    for name, made_of in folded.items():
        item = helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, dict(shapes)[name])
        item.metadata_props.add(key="pkg.onnxscript.optimizer.folded_from", value=made_of)
        model.graph.value_info.append(item)
    for node in model.graph.node:
        node.name = "" if notes else f"/m/{node.op_type}"
        for key, value in notes.get(node.output[0], {}).items():
            node.metadata_props.add(key=key, value=value)
    found = imported(model.SerializeToString())
    assert [tensor.source for tensor in found.weights.tensors.values()] == names


def test_without_names_the_rules_say_so(tmp_path):
    (tmp_path / "net.onnx").write_bytes(model_of(PRODUCT, [("w", (6, 6))]))
    assert specc.import_onnx(tmp_path / "net.onnx").rules == "# no names are known\n"
