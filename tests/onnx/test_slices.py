"""Large models are run in slices; each passes on the values that the next ones read."""

from __future__ import annotations

import onnx
from graphs import layer, network, random_weights, shape
from onnx import TensorProto, helper

from specc.onnx import emit_model
from specc.onnx.slices import slices

GRAPH = network(
    shape(3, 8, 8),
    ("conv1", layer("conv", channels=4, kernel=(3,), pad=(1,))),
    ("relu1", layer("relu")),
    ("add1", layer("add"), ["conv1", "relu1"]),
)


def names(model: onnx.ModelProto, values: dict[str, int], limit: int) -> list[list[str]]:
    return [[node.name for node in part.model.graph.node] for part in slices(model, values, limit)]


def test_cuts_lie_where_values_pass():
    model, _ = emit_model(GRAPH, random_weights(GRAPH))
    sizes = dict.fromkeys(GRAPH.values, 1000)
    assert names(model, sizes, limit=1000) == [["conv1"], ["relu1"], ["add1"]]
    assert names(model, sizes, limit=2000) == [["conv1", "relu1"], ["add1"]]
    assert names(model, sizes, limit=10**6) == [["conv1", "relu1", "add1"]]
    assert names(model, {"add1": 1000}, limit=1) == [["conv1", "relu1", "add1"]]


def test_a_model_with_a_graph_inside_stays_whole():
    inner = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["y"])],
        "inner",
        [],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    nodes = [
        helper.make_node("Not", ["flag"], ["other"], "first"),
        helper.make_node("If", ["other"], ["z"], "second", then_branch=inner, else_branch=inner),
    ]
    ends = [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1])]
    starts = [
        helper.make_tensor_value_info("flag", TensorProto.BOOL, []),
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]),
    ]
    model = helper.make_model(helper.make_graph(nodes, "g", starts, ends))
    assert names(model, {"other": 1000, "z": 1000}, limit=1) == [["first", "second"]]
