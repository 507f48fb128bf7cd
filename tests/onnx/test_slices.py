"""Large models are run in slices; each passes on the values that the next ones read."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from graphs import layer, network, numbers, random_weights, shape
from onnx import TensorProto, helper

from specc.onnx import emit_model
from specc.onnx.expose import held_values
from specc.onnx.slices import slices
from specc.runtime.session import session

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


def test_tensors_of_every_type_pass():
    """Each layer by itself, on what those before it have made: positions and codes are whole numbers."""
    graph = network(
        shape(2, 4, 4),
        ("pool", layer("maxpool", kernel=(2,), positions=True)),
        ("back", layer("unpool", kernel=(2,)), ["pool", "pool.1"]),
        ("codes", layer("quantize", scale=0.1), ["back"]),
        ("numbers", layer("dequantize", scale=0.1), ["codes"]),
        ("largest", layer("argmax"), ["numbers"]),
    )
    model, _ = emit_model(graph, {})
    values = {"image": numbers(1, 2, 4, 4)}
    wanted, _ = session(model.SerializeToString(), device="cpu")[0].run(values)
    parts = list(slices(model, {held.tensor: 1000 for held in held_values(model, graph).values()}, 1))
    assert len(parts) == len(graph.nodes)
    for part in parts:
        alone = onnxruntime.InferenceSession(part.model.SerializeToString(), providers=["CPUExecutionProvider"])
        values |= zip(part.outputs, alone.run(part.outputs, {name: values[name] for name in part.inputs}), strict=True)
    np.testing.assert_array_equal(values["largest"], wanted["largest"])
