"""Weights under other frameworks' names and axes, in the bundled specs: the outputs are those frameworks' own.

`oracles/functional.json` gives weights and inputs in closed form (its "rule"), and the float64 outputs of PyTorch and
Keras models that hold them; those of Keras agree to float32 accuracy only.
"""

import json
import math
import zlib
from pathlib import Path

import numpy as np
import pytest

import specc
from specc.interpreter import interpret
from specc.weights import Weights, match, read
from specc.weights.generator import bits

ORACLES = json.loads((Path(__file__).parents[1] / "oracles" / "functional.json").read_text())
SPECS = Path(__file__).parents[2] / "specs" / "lecture"


def uniform(name, shape):
    numbers = bits(zlib.crc32(name.encode()) << 32, 0, math.prod(shape)) >> np.uint64(11)
    return numbers.reshape(shape) * 2.0**-53


def closed_form(name, shape, fan_in):
    u = uniform(name, shape)
    spread = math.sqrt(6 / fan_in) if len(shape) > 1 else 0.2
    return ((2 * u - 1) * spread).astype(np.float32)


def output(graph, weights, case):
    x = (2 * uniform("input", case["input"]) - 1).astype(np.float32)
    x = np.moveaxis(x, -1, 1) if graph.layout == "chw" and case.get("layout") else x
    with np.errstate(under="ignore"):
        results = interpret(graph, {graph.inputs[0].name: x}, weights, dtype=np.float64)
    return next(iter(results.values())).reshape(-1)


LENET = {"0": (6, 1, 5, 5), "3": (16, 6, 5, 5), "6": (120, 16, 5, 5), "9": (84, 120), "11": (10, 84)}


def test_lenet_under_the_names_of_a_pytorch_sequential():
    shapes = {f"{i}.weight": shape for i, shape in LENET.items()} | {f"{i}.bias": s[:1] for i, s in LENET.items()}
    names = [f"{i}.{part}" for i in LENET for part in ("weight", "bias")]
    given = Weights.of({name: closed_form(name, shapes[name], math.prod(shapes[name][1:])) for name in names})
    graph = specc.load(SPECS / "lenet5.cnn", model="LeNet5").graph
    weights, table, problems = match(graph, given)
    assert not problems
    assert table.rows[0].source == "0.weight"
    case = ORACLES["torch"]["cases"]["lenet5_torch"]
    np.testing.assert_allclose(output(graph, weights, case), case["out_first64"], rtol=1e-9)


MNIST = (SPECS / "mnist.cnn").read_text()
CHANNELS_FIRST = """model Mnist {
    input image 1x28x28
    conv 32, 3x3, relu; maxpool 2x2; conv 64, 3x3, relu; maxpool 2x2; conv 64, 3x3, relu
    flatten; dense 64, relu; dense 10, softmax
}"""


@pytest.mark.parametrize(
    ("case", "text", "model"),
    [
        ("lenet5_keras", (SPECS / "lenet5_keras.cnn").read_text(), "LeNet5Keras"),
        ("lenet5_keras", (SPECS / "lenet5.cnn").read_text(), "LeNet5"),
        ("keras_mnist_chollet", MNIST, "MnistChollet"),
        ("keras_mnist_chollet", CHANNELS_FIRST, "Mnist"),
    ],
    ids=["LeNet", "LeNet, channels first", "MNIST", "MNIST, channels first"],
)
def test_keras_networks_keep_their_outputs_in_either_layout(tmp_path, case, text, model):
    h5py = pytest.importorskip("h5py", reason="the extra [keras]")
    case = ORACLES["keras"]["cases"][case]
    with h5py.File(tmp_path / "w.h5", "w") as root:
        layers = list(dict.fromkeys(name.split("/")[0] for name, _ in case["weights"]))
        root.attrs["layer_names"] = layers
        for layer in layers:
            root.create_group(layer).attrs["weight_names"] = [n for n, _ in case["weights"] if n.split("/")[0] == layer]
        for name, shape in case["weights"]:
            root[f"{name.split('/')[0]}/{name}"] = closed_form(name, shape, math.prod(shape[:-1]))
    graph = specc.loads(text, model=model).graph
    weights, _, problems = match(graph, read(tmp_path / "w.h5")[0])
    assert not problems
    np.testing.assert_allclose(output(graph, weights, case), case["out_first64"], rtol=1e-6)
