"""The shapes that ONNX infers from a model, and where the model says that it holds which value."""

import onnx
from graphs import layer, network, random_weights, shape

from specc.onnx import emit_model
from specc.onnx.check import shape_conflicts
from specc.onnx.expose import held_values

GRAPH = network(shape(3, 8, 8), ("conv1", layer("conv", channels=4, kernel=(3,))), ("relu1", layer("relu")))


def emitted() -> onnx.ModelProto:
    model, _ = emit_model(GRAPH, random_weights(GRAPH))
    assert model is not None
    return model


def test_a_shape_that_is_not_the_graphs_is_told_with_both():
    model, other = emitted(), network(shape(3, 8, 8), ("conv1", layer("conv", channels=4, kernel=(5,))))
    assert shape_conflicts(model, other) == {"conv1": "ONNX infers N x 4 x 6 x 6, the graph says N x 4 x 4 x 4"}


def test_shapes_are_inferred_up_to_the_first_that_cannot_be():
    """ONNX 1.23 ends the process when it infers the slice of a tensor that a convolution left less than nothing of."""
    graph = network(
        shape(3, 1, 1),
        ("conv1", layer("conv", channels=2, kernel=(3,), pad=(1,))),
        ("slice1", layer("slice", axis="height", start=0, stop=1)),
        ("relu1", layer("relu")),
    )
    model, _ = emit_model(graph, random_weights(graph))
    (pads,) = (item for item in model.graph.node[0].attribute if item.name == "pads")
    pads.ints[:] = [0, 0, 0, 0]
    assert next(iter(shape_conflicts(model, graph))) == "conv1"


def test_metadata_that_others_wrote_names_no_tensors():
    model = emitted()
    model.metadata_props.add(key="specc.tensors", value="{")
    model.metadata_props.add(key="specc.layouts", value="[1]")
    assert {value: held.layout for value, held in held_values(model, GRAPH).items()} == dict.fromkeys(
        GRAPH.values, "chw"
    )
