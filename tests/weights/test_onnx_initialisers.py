"""Weights out of ONNX files."""

import os

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save_model

from specc.onnx.initialisers import read_onnx
from specc.weights.files import READERS, read
from specc.weights.tensors import Unreadable

KERNEL = np.arange(18, dtype=np.float32).reshape(2, 1, 3, 3)
MATRIX = np.arange(6, dtype=np.float32).reshape(2, 3)


def model(nodes, **arrays):
    """A model with these nodes (operator, operands, attributes) and initialisers; no more than a reader looks at."""
    made = [helper.make_node(op, list(names), [f"y{i}"], **more) for i, (op, names, more) in enumerate(nodes)]
    tensors = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    return helper.make_model(helper.make_graph(made, "g", [], [], tensors))


def loaded(tmp_path, proto, **options):
    save_model(proto, tmp_path / "m.onnx", **options)
    weights, diagnostics = read(tmp_path / "m.onnx", {**READERS, ".onnx": read_onnx})
    return weights, [d.message for d in diagnostics]


def test_initialisers_come_in_the_order_in_which_nodes_read_them(tmp_path):
    nodes = [("Conv", ("x", "k", "b"), {}), ("Add", ("y0", "one"), {}), ("Reshape", ("y1", "shape"), {})]
    arrays = {"b": np.ones(2, "f4"), "shape": np.array([1, -1]), "one": np.float32(1), "k": KERNEL}
    weights, messages = loaded(tmp_path, model(nodes, **arrays))
    assert not messages
    assert list(weights) == ["k", "b"]
    np.testing.assert_array_equal(weights["k"], KERNEL)


@pytest.mark.parametrize(
    ("operator", "attributes", "expected"),
    [("MatMul", {}, MATRIX.T), ("Gemm", {}, MATRIX.T), ("Gemm", {"transB": 1}, MATRIX)],
)
def test_matrices_come_as_outputs_by_inputs(tmp_path, operator, attributes, expected):
    weights, _ = loaded(tmp_path, model([(operator, ("x", "m"), attributes)], m=MATRIX))
    np.testing.assert_array_equal(weights["m"], expected)


def test_a_file_larger_than_a_message_is_not_read(tmp_path):
    with (tmp_path / "m.onnx").open("wb") as file:
        file.truncate(2**31)  # a hole, which takes no room
    with pytest.raises(Unreadable, match="no single protobuf message"):
        read_onnx(tmp_path / "m.onnx")


@pytest.mark.parametrize("dtype", ["f2", "f8"])
def test_other_precisions_are_converted(tmp_path, dtype):
    weights, _ = loaded(tmp_path, model([("Conv", ("x", "k"), {})], k=KERNEL.astype(dtype)))
    assert weights.tensors["k"].dtype == np.dtype(dtype).name
    np.testing.assert_array_equal(weights["k"], KERNEL)


def external(tmp_path, **place):
    """A model whose kernel is in `m.data`, its place changed."""
    proto = model([("Conv", ("x", "k"), {})], k=KERNEL)
    (tmp_path / "m.data").write_bytes(b"\0" * 8 + KERNEL.tobytes())
    tensor = proto.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "m.data", "offset": "8", "length": str(KERNEL.nbytes), **place}.items():
        tensor.external_data.add(key=key, value=value)
    (tmp_path / "m.onnx").write_bytes(proto.SerializeToString())
    weights, diagnostics = read(tmp_path / "m.onnx", {**READERS, ".onnx": read_onnx})
    return weights, "".join(d.message for d in diagnostics)


def test_external_data_beside_the_model(tmp_path):
    weights, message = external(tmp_path)
    assert not message
    np.testing.assert_array_equal(weights["k"], KERNEL)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ({"location": "../m.data"}, "outside the model's folder"),
        ({"location": "/etc/passwd"}, "outside the model's folder"),
        ({"location": ".."}, "outside the model's folder"),
        ({"location": "none.data"}, "in `none.data`, which is not beside the model"),
        ({"location": "link.data"}, "no plain file"),
        ({"location": "hard.data"}, "no plain file"),
        ({"offset": "9"}, "cut off"),
        ({"offset": "-1"}, "cannot be read"),
        ({"length": str(1 << 40)}, "cut off"),
    ],
)
def test_external_data_elsewhere_is_refused(tmp_path, place, reason):
    (tmp_path / "secret").write_bytes(bytes(200))
    (tmp_path / "link.data").symlink_to(tmp_path / "secret")
    os.link(tmp_path / "secret", tmp_path / "hard.data")
    weights, message = external(tmp_path, **place)
    assert weights is None
    assert reason in message


@pytest.mark.parametrize(
    ("dims", "reason"), [((1 << 40,), "claims 4398046511104 bytes"), ((-2, -9), "impossible shape")]
)
def test_shapes_that_do_not_fit(tmp_path, dims, reason):
    proto = model([("Conv", ("x", "k"), {})], k=KERNEL)
    proto.graph.initializer[0].dims[:] = dims
    assert reason in loaded(tmp_path, proto)[1][0]


def test_files_that_are_no_models(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"text")
    assert "no ONNX model" in read(tmp_path / "m.onnx", {".onnx": read_onnx})[1][0].message
    assert "no weights" in loaded(tmp_path, model([]))[1][0]
