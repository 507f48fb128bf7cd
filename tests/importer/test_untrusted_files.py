"""Files that want something else than to be a model: one line each, and nothing followed, run or filled with memory."""

import numpy as np
import onnx
import pytest
from exchange import model_of, refusal
from onnx import TensorProto, helper, numpy_helper

from specc.onnx.importer import ImportLimits, read_model

GOOD = model_of("g (float[N,6] x) => (float[N,3] y) { y = MatMul(x, w) }", [("w", (6, 3))])


def changed(change):
    model = onnx.load_from_string(GOOD)
    change(model)
    return model.SerializeToString()


def external(location, **entries):
    """The model with its weight in another file."""

    def change(model):
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in {"location": location, **entries}.items():
            tensor.external_data.add(key=key, value=str(value))

    return changed(change)


def control_flow(model):
    branch = helper.make_graph([], "b", [], [])
    model.graph.node.append(helper.make_node("If", ["x"], ["z"], then_branch=branch, else_branch=branch, name="choice"))


def custom(model):
    model.graph.node[0].domain = "com.example"


def huge_initialiser(model):
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([1 << 40, 1 << 20])


def huge_constant(model):
    model.graph.node.insert(0, helper.make_node("ConstantOfShape", ["size"], ["w2"], name="huge"))
    model.graph.initializer.append(numpy_helper.from_array(np.array([1 << 40, 3]), "size"))
    model.graph.node[1].input[1] = "w2"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04 this is a zip file", "it is no ONNX model, or cut off"),
        (GOOD[:-9], "it is no ONNX model, or cut off"),
        (b"", "it holds no graph with an output"),
        (changed(control_flow), "node `choice` (If) is control flow: a spec has none at run time"),
        (changed(custom), "node `y` (MatMul) is of the custom operator domain `com.example`"),
        (changed(huge_initialiser), "tensor `w` claims 4611686018427387904 bytes, but has 72"),
        (
            changed(huge_constant),
            "node `huge` (ConstantOfShape) has no counterpart in a spec: its constant operands do not suit it "
            "(it is too large)",
        ),
        (model_of("g (float[N,6] x) => (float[N,6] y) {}", opset=6), "opset 6 is not supported; 7 to 26 are"),
        (external("w.bin"), "the data of tensor `w` is outside the model's folder"),
    ],
    ids=["zip", "cut off", "empty", "control flow", "custom", "claims much", "computes much", "old", "in memory"],
)  # fmt: skip
def test_one_line(data, message):
    assert refusal(data) == f"<memory>: {message}"


def test_budgets():
    _, diagnostics = read_model(GOOD, ImportLimits(nodes=0))
    assert diagnostics[0].message == "<memory>: it has 1 nodes; at most 0 are read"


@pytest.mark.parametrize("location", ["../w.bin", "/etc/passwd", "link.bin", "hard.bin", "sub/w.bin", "missing.bin"])
def test_external_data_only_from_plain_files_beside_the_model(tmp_path, location):
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    for path in (tmp_path / "w.bin", folder / "sub" / "w.bin", folder / "target.bin"):
        path.write_bytes(np.ones((6, 3), np.float32).tobytes())
    (folder / "link.bin").symlink_to(folder / "target.bin")
    (folder / "hard.bin").hardlink_to(tmp_path / "w.bin")
    (folder / "model.onnx").write_bytes(external(location, length=72))
    found, diagnostics = read_model(folder / "model.onnx")
    assert found is None
    assert [d.code for d in diagnostics] == ["E0907"]


def test_a_plain_file_beside_the_model_is_read(tmp_path):
    values = np.arange(18, dtype=np.float32).reshape(6, 3)
    (tmp_path / "w.bin").write_bytes(values.tobytes())
    (tmp_path / "model.onnx").write_bytes(external("w.bin", length=72))
    found, _ = read_model(tmp_path / "model.onnx")
    assert found is not None
    assert np.array_equal(found.weights["y.weight"], values.T)


def test_a_missing_file(tmp_path):
    _, diagnostics = read_model(tmp_path / "none.onnx")
    assert [d.code for d in diagnostics] == ["E0601"]
