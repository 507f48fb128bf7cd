"""The "light" networks in the onnx package: read, reseeded, and every tensor within its bound of ONNX Runtime's.

Their stock weights make all outputs uniform, so they get random ones.  The large ones are verified only where
SPECC_SLOW is set.
"""

import os
from pathlib import Path

import numpy as np
import onnx
import onnx.backend.test
import pytest
from exchange import imported
from onnx import numpy_helper

from specc.decompile import spec_of
from specc.onnx.importer import read_model
from specc.verify import verify

FOLDER = Path(onnx.backend.test.__file__).parent / "data" / "light"
LAYERS = {
    "bvlc_alexnet": 24, "densenet121": 547, "inception_v1": 143, "inception_v2": 302, "resnet50": 176,
    "shufflenet": 171, "squeezenet": 66, "vgg19": 46, "zfnet512": 22,
}  # fmt: skip
QUICK = ("squeezenet", "shufflenet", "inception_v1")
IMAGE = np.random.default_rng(1).standard_normal((1, 3, 224, 224)).astype(np.float32)


def reseeded(name):
    """The network with random weights in the place of constants."""
    model = onnx.load(FOLDER / f"light_{name}.onnx")
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    constant = [node for node in model.graph.node if node.op_type == "ConstantOfShape"]
    kept = [node for node in model.graph.node if node.op_type != "ConstantOfShape"]
    readers = {operand: (node.op_type, place) for node in kept for place, operand in enumerate(node.input)}
    del model.graph.node[:]
    model.graph.node.extend(kept)
    random = np.random.default_rng(0)
    for node in constant:
        shape = tuple(int(size) for size in shapes[node.input[0]])
        values = random.standard_normal(shape, dtype=np.float32)
        model.graph.initializer.append(
            numpy_helper.from_array(scaled(values, *readers[node.output[0]]), node.output[0])
        )
    return model.SerializeToString()


def scaled(values, operator, place):
    if operator == "BatchNormalization":  # scale, bias, mean, variance
        return 0.1 * values if place in (2, 3) else 0.9 + 0.2 * abs(values)
    return values * np.float32((1 / np.prod(values.shape[1:])) ** 0.5 if values.ndim > 1 else 0.1)


@pytest.mark.parametrize("name", LAYERS)
def test_is_read_and_written_as_a_spec(name):
    found, diagnostics = read_model(FOLDER / f"light_{name}.onnx")
    assert found is not None, diagnostics
    assert len(found.graph.nodes) == LAYERS[name]
    spec, diagnostics = spec_of(found.graph, "light.cnn")
    assert spec is not None, diagnostics
    assert len(spec.text.splitlines()) < 140


@pytest.mark.parametrize("name", LAYERS)
def test_every_tensor_is_within_its_bound(name):
    if name not in QUICK and not os.environ.get("SPECC_SLOW"):
        pytest.skip("a large network: set SPECC_SLOW to run it")
    data = reseeded(name)
    found = imported(data)
    report, diagnostics = verify(found.graph, found.weights, data, inputs={found.graph.inputs[0].name: IMAGE})
    assert report is not None, diagnostics
    assert report.passed
    assert {layer.status for layer in report.layers} == {"passed"}
