"""Outputs of well-known implementations on closed-form weights: every layer, in NumPy and in ONNX Runtime.

The stored numbers are float64 results for weights and inputs rounded to float32.
"""

from math import prod, sqrt
from types import SimpleNamespace

import numpy as np
import pytest
from bundled import model
from oracle import ORDERS, SUMS, assert_same_output, kind, listed, read, symmetric, torch_values, uniform

from specc.interpreter import canonical, interpret, spoken
from specc.ir.graph import weight_name
from specc.onnx.emit import emit_model
from specc.onnx.expose import expose, held_values
from specc.runtime.session import session
from specc.weights.match import match
from specc.weights.tensors import Tensor, Weights

ORACLE = read("functional")

MODELS = {
    "resnet18": ("lecture/resnet", "ResNet18"),
    "googlenet_torchvision_noaux": ("lecture/googlenet", "GoogLeNetBN"),
    "mobilenet_v2": ("zoo/mobilenet_v2", "MobileNetV2"),
    "vgg11_bn": ("lecture/vgg", "VGG11BN"),
    "squeezenet1_1": ("zoo/squeezenet1_1", "SqueezeNet"),
    "convnext_tiny": ("zoo/convnext", "ConvNeXtT"),
    "unet_same_64": ("zoo/unet", "UNet"),
    "lenet5_torch": ("lecture/lenet5", "LeNet5"),
    "lenet5_keras": ("lecture/lenet5_keras", "LeNet5Keras"),
    "keras_mnist_chollet": ("lecture/mnist", "MnistChollet"),
}


def test_every_case_has_a_model():
    assert MODELS.keys() == {**ORACLE["torch"]["cases"], **ORACLE["keras"]["cases"]}.keys()


def test_closed_form_numbers():
    check = ORACLE["torch"]["rule_check"]
    assert uniform("input", 0, 4).tolist() == check['u("input")[:4]']
    found = torch_values("conv1.weight", (64, 3, 7, 7)).ravel()[:4]
    assert found.tolist() == check['val("conv1.weight",(64,3,7,7)).ravel()[:4]']


def test_interpreter(case):
    values = [node.outputs[0] for _, node in case.pairs]
    output = case.graph.outputs[0].value
    found = interpret(case.graph, case.inputs, case.weights, dtype=np.float64, keep={*values, output})
    tolerance = SUMS
    for (row, _), value in zip(case.pairs, values, strict=True):
        if case.keras and "Dense" in row[0]:
            # Keras multiplies these matrices in float32 whatever it is told (PyTorch's float32 product gives the stored
            # numbers to the bit): from here on the reference is only as good as its own float32 run
            tolerance = case.float32
        _same_digest(row, found[value], tolerance)
    assert_same_output(case.stored, found[output], tolerance)


def test_onnx_runtime(case):
    written, diagnostics = emit_model(case.graph, case.weights)
    assert not diagnostics
    held = held_values(written, case.graph)
    exposed = expose(written, [item.tensor for item in held.values()])
    loaded, diagnostics = session(exposed.SerializeToString(), device="cpu", threads=1)
    assert not diagnostics
    results, diagnostics = loaded.run(case.inputs)
    assert not diagnostics
    for row, node in case.pairs:
        place = held[node.outputs[0]]
        value = spoken(canonical(results[place.tensor], place.layout), case.graph.layout)
        _same_digest(row, value.astype(np.float64), ORDERS * case.float32)
    assert_same_output(case.stored, results[case.graph.outputs[0].name], ORDERS * case.float32)


@pytest.fixture(scope="module", params=MODELS)
def case(request):
    """A case's graph, inputs and weights, the oracle's layers beside our nodes, and the error that the reference shows
    in float32, relative to the root mean square of its output.  One at a time: VGG's weights fill half a gigabyte."""
    graph = model(*MODELS[request.param]).graph
    keras = request.param in ORACLE["keras"]["cases"]
    stored = ORACLE["keras" if keras else "torch"]["cases"][request.param]
    pairs = _fused_pairs(graph, stored) if keras else _pairs(graph, stored)
    deviation = stored["float32_max_abs_dev" if keras else "torch_float32_max_abs_dev"]
    return SimpleNamespace(
        graph=graph,
        keras=keras,
        stored=stored,
        pairs=pairs,
        weights=_from_keras(graph, stored) if keras else _from_torch(graph, pairs),
        inputs={graph.inputs[0].name: symmetric("input", stored["input"], 1)},
        float32=deviation / stored["out_rms"],
    )


# ---------------------------------------------------------------- the oracle's layers and ours


def _pairs(graph, stored):
    """Each layer of the oracle that has a counterpart, with that node."""
    rows = [(_kind(graph, row), row) for row in stored["layers"]]
    rows = [(kind, row) for kind, row in rows if kind is not None]
    nodes = listed(graph, {kind for kind, _ in rows})
    assert [kind for kind, _ in rows] == ["conv" if n.op.word == "depthwise" else n.op.word for n in nodes]
    return [(row, node) for (_, row), node in zip(rows, nodes, strict=True)]


def _kind(graph, row):
    _, layer, shape, *_ = row
    if layer == "StochasticDepth" and any(node.op.word == "scale" for node in graph.nodes):
        return "scale"  # ConvNeXt multiplies by its factors just before
    return kind(layer, {}, shape)


def _fused_pairs(graph, stored):
    """Keras's activations belong to their layers: the digest is that of the layer's last node."""
    last = {node.layer: node for node in graph.nodes}
    return list(zip(stored["layers"], last.values(), strict=True))


# ---------------------------------------------------------------- weights


def _from_torch(graph, pairs):
    """Weights by the names of PyTorch's modules."""
    weights = {}
    for (module, layer, *_), node in pairs:
        for weight in graph.weights(node):
            theirs = f"{module}.{weight.name}"
            if layer == "StochasticDepth":
                theirs = module.replace("stochastic_depth", "layer_scale")
            weights[weight_name(node, weight)] = torch_values(theirs, weight.shape)
    assert len(weights) == sum(len(graph.weights(node)) for node in graph.nodes)
    return weights


def _from_keras(graph, stored):
    """Weights in Keras's layout, matched by the order of the layers."""
    given = Weights({name: _keras_tensor(name, tuple(shape)) for name, shape in stored["weights"]})
    weights, _, diagnostics = match(graph, given)
    assert not diagnostics
    return weights


def _keras_tensor(name, shape):
    limit = 0.2 if name.endswith("bias") else sqrt(6 / prod(shape[:-1]))
    return Tensor(shape, lambda: symmetric(name, shape, limit), order="keras")


# ---------------------------------------------------------------- comparisons


def _same_digest(row, value, tolerance):
    """Mean, root mean square, first and last element, to `tolerance` of the root mean square."""
    name, _, shape, mean, rms, first, last = row
    if value.ndim == 4 and list(value.shape) != shape:
        value = np.moveaxis(value, 1, -1)  # between PyTorch's permutations of a ConvNeXt unit
    assert [size for size in value.shape if size > 1] == [size for size in shape if size > 1], name
    flat = value.ravel()
    found = [flat.mean(), np.sqrt(np.mean(flat**2)), flat[0], flat[-1]]
    np.testing.assert_allclose(found, [mean, rms, first, last], rtol=0, atol=tolerance * rms, err_msg=name)
