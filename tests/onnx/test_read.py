"""Files from elsewhere: external data is read from beside the model and nowhere else."""

from __future__ import annotations

import os

import numpy as np
import onnx
import pytest
from graphs import layer, network, random_weights, shape
from onnx import numpy_helper

from specc.onnx import emit, read_model, write_model
from specc.verify import verify

GRAPH = network(shape(3, 8, 8), ("conv1", layer("conv", channels=40, kernel=(3,))))
WEIGHTS = random_weights(GRAPH)


@pytest.fixture
def split(tmp_path):
    """A model and its data file."""
    path = tmp_path / "net.onnx"
    assert write_model(emit(GRAPH)[0], WEIGHTS, path, limit=1000) == ()
    (data,) = tmp_path.glob("*.data")
    return path, data


def change(path, key, value):
    """Set one entry of the external data of the model at `path`."""
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == key:
                entry.value = value
    path.write_bytes(model.SerializeToString())


def test_external_data_comes_back(split):
    model, diagnostics = read_model(split[0])
    assert not diagnostics
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    np.testing.assert_array_equal(arrays["conv1.weight"], WEIGHTS["conv1.weight"])
    report, _ = verify(GRAPH, WEIGHTS, split[0])
    assert report.passed


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("location", "../secret.data", "outside the model's folder"),
        ("location", "/etc/passwd", "outside the model's folder"),
        ("location", "..", "outside the model's folder"),
        ("location", "", "outside the model's folder"),
        ("location", "missing.data", "in `missing.data`, which is not beside the model"),
        ("length", "4", "cut off"),
        ("offset", "99999", "cut off"),
        ("offset", "-1", "cannot be read"),
    ],
)
def test_other_places_are_refused(split, key, value, says):
    change(split[0], key, value)
    model, (diagnostic,) = read_model(split[0])
    assert model is None
    assert diagnostic.code == "E0907"
    assert says in diagnostic.message


def test_whole_numbers_beside_the_model_are_refused(split):
    path, _ = split
    model = onnx.load(path, load_external_data=False)
    next(tensor for tensor in model.graph.initializer if tensor.external_data).data_type = onnx.TensorProto.INT64
    path.write_bytes(model.SerializeToString())
    _, (diagnostic,) = read_model(path)
    assert "is not floating-point" in diagnostic.message


@pytest.mark.parametrize("numbers", [3, 4])
def test_numbers_in_a_field_of_their_own_are_counted(tmp_path, numbers):
    model = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], []))
    model.graph.initializer.add(name="w", data_type=onnx.TensorProto.FLOAT, dims=[2, 2], float_data=[1.0] * numbers)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    _, diagnostics = read_model(tmp_path / "m.onnx")
    assert [d.message.endswith("the values of tensor `w` do not fit its shape") for d in diagnostics] == [True] * (
        4 - numbers
    )


@pytest.mark.skipif(os.name != "posix", reason="links as on POSIX systems")
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_links_are_refused(split, link):
    path, data = split
    link(data, path.with_name("link.data"))
    change(path, "location", "link.data")
    _, (diagnostic,) = read_model(path)
    assert diagnostic.code == "E0907"


def test_a_missing_file_and_a_folder(tmp_path):
    assert read_model(tmp_path / "no.onnx")[1][0].code == "E0601"
    assert read_model(tmp_path)[1][0].code == "E0601"
