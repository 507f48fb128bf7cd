"""Under layout=hwc the graph is channels-last outside, and inside has as few transposes as can be."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from graphs import layer, network, numbers, random_weights, shape

from specc.interpreter import interpret
from specc.onnx import emit, emit_model
from specc.onnx.flow import divide
from specc.runtime.session import session
from tests.onnx_check import check_shapes

CONV = layer("conv", channels=3, kernel=(3,), pad=(1,))
RELU, TANH, ADD, FLATTEN = (layer(word) for word in ("relu", "tanh", "add", "flatten"))
GLOBAL = layer("global_avgpool")
EACH = layer("add", constants=(None, (1.0, 2.0, 3.0)))
FLAT_AND_BACK = [("f", FLATTEN), ("flat", TANH), ("s", layer("reshape", sizes=(3, 3, 3)))]
CHAIN = [("c", CONV, ["image"]), ("t", TANH), ("d", CONV)]
CASES = [
    ("one convolution", shape(3, 6, 5), [("c", CONV)], 2),
    ("element-wise only", shape(3, 6, 5), [("r", RELU), ("t", TANH)], 0),
    ("element-wise between convolutions", shape(3, 6, 5), [("c", CONV), ("r", RELU), ("d", CONV)], 2),
    ("one tensor, converted once", shape(3, 6, 5), [("c", CONV), ("d", CONV, ["image"]), ("a", ADD, ["c", "d"])], 2),
    ("residual", shape(3, 6, 5), [("r", RELU), ("c", CONV), ("a", ADD, ["r", "c"]), ("t", TANH)], 2),
    ("flatten takes channels last", shape(3, 6, 5), [("r", RELU), ("f", FLATTEN)], 0),
    ("flatten behind a convolution", shape(3, 6, 5), [("c", CONV), ("r", RELU), ("f", FLATTEN)], 2),
    ("flatten of one position", shape(3, 6, 5), [("g", GLOBAL), ("f", FLATTEN)], 1),
    ("one channel only", shape(1, 6, 5), [("c", layer("conv", channels=1, kernel=(3,)))], 0),
    ("one position only", shape(3, 1, 1), [("c", CONV)], 0),
    ("reshape to an image", shape(36), [("s", layer("reshape", sizes=(3, 4, 3))), ("r", RELU)], 0),
    ("reshape before a convolution", shape(36), [("s", layer("reshape", sizes=(3, 4, 3))), ("c", CONV)], 2),
    ("flat and back", shape(3, 4, 3), [("f", FLATTEN), ("s", layer("reshape", sizes=(3, 4, 3))), ("r", RELU)], 0),
    ("one channel of open height", shape(1, "H", 5), [("c", layer("conv", channels=1, kernel=(3,)))], 0),
    ("one channel of open sizes", shape(1, "H", "W"), [("c", layer("conv", channels=1, kernel=(3,)))], 2),
    ("a gate", shape(3, 6, 5), [("c", CONV), ("g", GLOBAL), ("m", layer("mul"), ["c", "g"])], 2),
    ("a gate on the image", shape(3, 6, 5), [("g", GLOBAL), ("m", layer("mul"), ["image", "g"])], 1),
    ("two readers", shape(3, 3, 3), [("r", RELU), *FLAT_AND_BACK, ("c", CONV, ["r"]), ("a", ADD, ["s", "c"])], 2),
    ("more behind one", shape(3, 3, 3), [*FLAT_AND_BACK, *CHAIN, ("a", ADD, ["s", "d"])], 2),
    ("turned by the author", shape(3, 6, 5), [("t", layer("transpose", order=(1, 0, 2))), ("c", CONV)], 3),
    ("a sequence", shape(3, 9), [("c", CONV), ("r", RELU)], 2),
    ("a sequence between convolutions", shape(3, 9), [("c", CONV), ("r", RELU), ("d", CONV)], 2),
    ("a volume", shape(3, 4, 5, 6), [("c", CONV), ("r", RELU)], 2),
    ("open sizes", shape(3, "H", "W"), [("c", CONV), ("r", RELU)], 2),
    ("another number for each channel", shape(3, 6, 5), [("a", EACH)], 0),
    ("another for each channel of a sequence", shape(3, 9), [("a", EACH)], 0),
    ("one number for all", shape(3, 6, 5), [("a", layer("add", constants=(None, 2.0)))], 0),
    ("several nodes of a layer", shape(3, 6, 5), [("r", RELU), ("m", layer("mean"), ["image", "r"])], 0),
    ("one beside convolutions", shape(3, 6, 5), [("c", CONV), ("a", EACH), ("d", CONV)], 2),
    ("a layer that does nothing", shape(3, 6, 5), [("d", layer("dropout")), ("c", CONV)], 2),
]  # fmt: skip


def transposes(model) -> int:
    return sum(node.op_type == "Transpose" for node in model.graph.node)


def test_a_dense_layer_along_the_channels_turns_its_matrix_alone():
    graph = network(shape(3, 6, 5), ("d", layer("dense", units=4, axis=-1, layout="hwc")), layout="hwc", output="out")
    model, _ = emit_model(graph, random_weights(graph))
    assert [node.input[0] for node in model.graph.node if node.op_type == "Transpose"] == ["d.weight"]


@pytest.mark.parametrize(("image", "layers", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_transposes_are_few_and_results_right(image, layers, expected):
    graph = network(image, *layers, layout="hwc", output="out")
    weights = random_weights(graph)
    model, _ = emit_model(graph, weights)
    assert transposes(model) == expected
    assert check_shapes(model, graph) == []
    assert len({node.name for node in model.graph.node} - {""}) == len(model.graph.node)
    sizes = [size if isinstance(size, int) else 7 for size in image.spoken("hwc")]
    x = numbers(2, *sizes[1:])
    results, diagnostics = session(model.SerializeToString(), device="cpu")[0].run({"image": x})
    assert not diagnostics
    np.testing.assert_allclose(results["out"], interpret(graph, {"image": x}, weights)["out"], rtol=1e-4, atol=1e-5)


def test_a_chw_model_has_none():
    for _, image, layers, _ in CASES:
        graph = network(image, *layers)
        model, _ = emit_model(graph, random_weights(graph))
        assert transposes(model) == sum(op.word == "transpose" for _, op, *_ in layers)


def test_every_node_of_a_layer_tells_the_layout_of_what_it_makes():
    model, _ = emit(network(shape(3, 3, 3), ("r", RELU), *FLAT_AND_BACK, ("c", CONV), layout="hwc"))
    told = {node.name: {item.key: item.value for item in node.metadata_props} for node in model.graph.node}
    layouts = {name: about["specc.layout"] for name, about in told.items() if about}
    assert layouts == {"r": "hwc", "f": "chw", "flat": "chw", "s": "hwc", "c": "chw"}


def test_the_cut_is_the_cheapest_of_all():
    random = np.random.default_rng(5)
    for _ in range(50):
        things = list("abcde")
        nets = []
        for _ in range(8):
            members = random.choice([*things, "chw", "hwc"], size=random.integers(2, 4), replace=False)
            nets.append((int(random.integers(1, 5)), [str(member) for member in members]))

        def cost(first: set[object], nets=nets) -> int:
            return sum(price for price, members in nets if 0 < len(first.intersection(members)) < len(members))

        sides = [
            {"chw", *(t for t, on in zip(things, chosen, strict=True) if on)} for chosen in product((0, 1), repeat=5)
        ]
        assert cost(divide(nets, "chw", "hwc") - {"hwc"}) == min(map(cost, sides))
