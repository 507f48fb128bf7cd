"""The interpreter drives the operations: order, precision, liveness, and inputs that fit."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import layer, network, numbers, random_weights, shape

from specc.interpreter import bind, cast, interpret
from specc.interpreter.spare import Spare

CONV = layer("conv", channels=4, kernel=(3,), pad=(1,))


def test_a_network_by_hand():
    graph = network(shape(1, 2, 2), ("r", layer("relu")), ("a", layer("add"), ["image", "r"]))
    x = np.array([[[[1.0, -2.0], [3.0, -4.0]]]])
    np.testing.assert_array_equal(interpret(graph, {"image": x}, {})["a"], [[[[2.0, -2.0], [6.0, -4.0]]]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_everything_is_computed_in_one_precision(dtype):
    graph = network(shape(3, 5, 5), ("c", CONV), ("t", layer("tanh")))
    result = interpret(graph, {"image": numbers(1, 3, 5, 5)}, random_weights(graph), dtype=dtype)
    assert result["t"].dtype == dtype


def test_kept_values_come_by_their_names():
    graph = network(shape(3, 5, 5), ("c", CONV), ("r", layer("relu")), output="out")
    x, weights = numbers(1, 3, 5, 5), random_weights(graph)
    kept = interpret(graph, {"image": x}, weights, keep=["c", "r"])
    assert set(kept) == {"c", "r"}
    np.testing.assert_array_equal(np.maximum(kept["c"], 0), interpret(graph, {"image": x}, weights)["out"])


def test_channels_last_outside_and_the_same_inside():
    layers = [("c", CONV), ("r", layer("relu"))]
    first, last = network(shape(3, 5, 4), *layers), network(shape(3, 5, 4), *layers, layout="hwc")
    x, weights = numbers(2, 3, 5, 4), random_weights(first)
    expected = interpret(first, {"image": x}, weights)["r"].transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(interpret(last, {"image": x.transpose(0, 2, 3, 1)}, weights)["r"], expected)


def test_inputs_are_never_written_to():
    graph = network(shape(3, 5, 5), ("r", layer("relu")), ("c", CONV))
    x = numbers(1, 3, 5, 5)
    x.flags.writeable = False
    interpret(graph, {"image": x}, random_weights(graph))


BRANCHES = [
    network(shape(3, 5, 5), ("c", CONV), ("b", layer("bn")), ("r", layer("relu6")), ("a", layer("add"), ["r", "b"])),
    network(shape(3, 5, 5), ("c", CONV), ("i", layer("identity")), ("r", layer("relu")),
            ("a", layer("add"), ["r", "c"])),
    network(shape(3, 5, 5), ("c", CONV), ("f", layer("flatten")), ("r", layer("relu")), ("g", layer("flatten"), ["c"]),
            ("a", layer("add"), ["r", "g"])),
    network(shape(3, 5, 5), ("c", CONV), ("p", layer("slice", axis="channels", stop=3)), ("r", layer("relu")),
            ("q", layer("slice", axis="channels", start=1), ["c"]), ("a", layer("add"), ["r", "q"])),
    network(shape(3, 5, 5), ("c", CONV), ("b", layer("add"), ["c", "c"]), ("a", layer("add"), ["b", "c", "b"])),
    network(shape(3, 5, 5), ("c", CONV), ("p", layer("global_avgpool")), ("a", layer("add"), ["p", "c"])),
    network(shape(3, 5, 5), ("i", layer("identity")), ("r", layer("relu")), ("a", layer("add"), ["r", "image"])),
    network(shape(3, 5, 5), ("c", layer("conv", channels=30, kernel=(1,))), ("b", layer("bn")), ("r", layer("relu6")),
            ("d", layer("depthwise", kernel=(3,), pad=(1,))), ("f", layer("flatten")), ("g", layer("flatten"), ["b"]),
            ("a", layer("add"), ["f", "g"])),
]  # fmt: skip


@pytest.mark.parametrize("graph", BRANCHES, ids=lambda graph: " ".join(node.name for node in graph.nodes))
def test_results_laid_over_operands_are_the_same_results(graph):
    x, weights = numbers(1, 3, 5, 5), random_weights(graph)
    x.flags.writeable = False
    for array in weights.values():
        array.flags.writeable = False
    values = {"image": x}
    for node in graph.nodes:
        results = node.op.compute([values[name] for name in node.inputs], cast(graph, node, weights, np.float32))
        values.update(zip(node.outputs, results, strict=True))
    np.testing.assert_array_equal(interpret(graph, {"image": x}, weights)["a"], values["a"])
    for name, value in interpret(graph, {"image": x}, weights, keep=graph.values).items():
        np.testing.assert_array_equal(value, values[name])


@pytest.mark.parametrize("op", [layer("relu"), layer("clip", min=-0.5, max=0.5)])
def test_memory_is_used_again(op):
    spare, values = Spare(), {"image": numbers(1, 4, 5, 5)}
    graph = network(shape(4, 5, 5), ("n", layer("abs")), ("r", op))
    spare.run(graph.nodes[0], values, {}, ends=True)
    (expected,) = op.compute([values["n"].copy()], {})
    spare.run(graph.nodes[1], values, {}, ends=True)
    assert values["r"] is values["n"]
    np.testing.assert_array_equal(values["r"], expected)


OPEN = network(shape(3, "H", "W"), ("p", layer("maxpool", kernel=(2,), round="exact")))


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"image": numbers(1, 3, 4, 6)}, None),
        ({"image": numbers(1, 3, 4, 5)}, "multiple"),
        ({"image": numbers(1, 4, 4, 6)}, "needs N x 3 x H x W"),
        ({"image": numbers(3, 4, 6)}, "needs N x 3 x H x W"),
        ({"image": numbers(0, 3, 4, 6)}, "no data"),
        ({}, "missing"),
        ({"image": numbers(1, 3, 4, 6), "mask": numbers(1)}, "no input `mask`"),
    ],
)
def test_inputs_must_fit(inputs, says):
    sizes, diagnostics = bind(OPEN, inputs)
    if says is None:
        assert (sizes, diagnostics) == ({"N": 1, "H": 4, "W": 6}, ())
    else:
        assert diagnostics[0].code == "E0901"
        assert says in diagnostics[0].message
