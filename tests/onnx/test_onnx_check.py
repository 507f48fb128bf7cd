"""What ONNX itself makes of a model: said in its words where it finds something wrong."""

import onnx
from graphs import layer, network, random_weights, shape

from specc.onnx import emit_model
from specc.onnx.check import check_shapes
from specc.onnx.expose import held_values

GRAPH = network(shape(3, 8, 8), ("conv1", layer("conv", channels=4, kernel=(3,))), ("relu1", layer("relu")))


def emitted() -> onnx.ModelProto:
    model, _ = emit_model(GRAPH, random_weights(GRAPH))
    assert model is not None
    return model


def test_the_checkers_words_are_passed_on():
    model = emitted()
    model.graph.node[1].op_type = "Rely"
    (said,) = check_shapes(model, GRAPH)
    assert "No Op registered for Rely" in said


def test_a_shape_that_is_not_the_graphs_is_told_with_both():
    model, other = emitted(), network(shape(3, 8, 8), ("conv1", layer("conv", channels=4, kernel=(5,))))
    assert check_shapes(model, other) == ["conv1: ONNX infers N x 4 x 6 x 6, the graph says N x 4 x 4 x 4"]


def test_metadata_that_others_wrote_names_no_tensors():
    model = emitted()
    model.metadata_props.add(key="specc.tensors", value="{")
    model.metadata_props.add(key="specc.layouts", value="[1]")
    assert {value: held.layout for value, held in held_values(model, GRAPH).items()} == dict.fromkeys(
        GRAPH.values, "chw"
    )
