"""What an exported model looks like from outside: names, shapes, metadata, opsets."""

from __future__ import annotations

import json
from typing import ClassVar

import numpy as np
import onnx
import pytest
from graphs import layer, network, numbers, random_weights, shape

import specc
from specc.interpreter import interpret, normalised
from specc.ir.build import GraphBuilder
from specc.ir.graph import GraphInput, GraphOutput
from specc.onnx import OPSETS, emit, emit_model, to_bytes
from specc.onnx.expose import expose, held_values
from specc.onnx.lower import LayerBuilder
from specc.onnx.program import EmitError
from specc.onnx.proto import relative
from specc.runtime.session import session
from tests.onnx_check import check_shapes


def lenet(**options):
    return network(
        shape(1, 32, 32),
        ("conv1", layer("conv", channels=6, kernel=(5,))),
        ("conv1.tanh", layer("tanh")),
        ("pool1", layer("avgpool", kernel=(2,))),
        ("conv2", layer("conv", channels=4, kernel=(3,), pad=(1,), border="reflect")),
        ("bn1", layer("bn")),
        ("drop1", layer("dropout")),
        ("flatten1", layer("flatten")),
        ("dense1", layer("dense", units=10)),
        **options,
    )


def exported(graph, **options) -> onnx.ModelProto:
    model, diagnostics = emit_model(graph, random_weights(graph), **options)
    assert model is not None, diagnostics
    return model


def test_nodes_are_named_after_layers_and_initialisers_after_weights():
    model = exported(lenet())
    assert [node.name for node in model.graph.node] == [
        "conv1", "conv1.tanh", "pool1", "conv2/pad", "conv2", "bn1", "flatten1", "dense1",
    ]  # fmt: skip
    assert {"conv1.weight", "conv1.bias", "bn1.running_var"} <= {i.name for i in model.graph.initializer}


def test_a_node_tells_where_it_comes_from():
    node = exported(lenet()).graph.node[3]
    assert {m.key: m.value for m in node.metadata_props} == {
        "specc.file": "net.cnn", "specc.line": "5", "specc.layer": "conv2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "root", "expected"),
    [
        ("specs/zoo/a.cnn", "specs/zoo/a.cnn", "a.cnn"),
        ("/home/me/specs/lib/blocks.cnn", "/home/me/specs/a.cnn", "lib/blocks.cnn"),
        ("/usr/lib/kernels.cnn", "/home/me/a.cnn", "kernels.cnn"),
        ("C:\\specs\\lib\\b.cnn", "C:\\specs\\a.cnn", "lib/b.cnn"),
        ("<memory>", "<memory>", "<memory>"),
    ],
)
def test_no_machine_path_gets_into_a_model(file, root, expected):
    assert relative(file, root) == expected


@pytest.mark.parametrize("opset", OPSETS)
def test_every_opset_passes_the_checker_with_our_shapes(opset):
    graph = lenet()
    model = exported(graph, opset=opset)
    assert check_shapes(model, graph) == []
    assert model.opset_import[0].version == opset


@pytest.mark.parametrize("opset", [12, 24])
def test_other_opsets_are_an_error(opset):
    model, (diagnostic,) = emit(lenet(), opset=opset)
    assert model is None
    assert diagnostic.code == "E0905"


def test_a_layer_that_the_opset_lacks_is_named():
    graph = network(shape(3, 8, 8), ("c", layer("conv", channels=2, kernel=(3,), pad=(1,), border="wrap")))
    _, (diagnostic,) = emit(graph, opset=18)
    assert diagnostic.code == "E0905"
    assert "`c`" in diagnostic.message
    assert "19" in diagnostic.message


@pytest.mark.parametrize(
    ("image", "op", "opset", "says"),
    [
        (shape(3, 8, 8), layer("lppool", kernel=(2,), dilation=(2,)), 17, "dilation of `lppool`"),
        (shape(3, "H", 8), layer("avgpool", kernel=(2,), dilation=(2,)), 18, "avgpool of an open size"),
        (shape(3, 8, 8), layer("quantize", scale=0.1, dtype="uint16"), 19, "uint16"),
        (
            shape(3, 8, 8),
            layer("resize", size=(12, 12), coordinates="half_pixel_symmetric"),
            18,
            "half_pixel_symmetric",
        ),
        (shape(3, 8, 8), layer("layernorm", over="channels", statistics=True), 13, "`layernorm` with its statistics"),
    ],
)
def test_what_an_opset_lacks(image, op, opset, says):
    model, (diagnostic,) = emit(network(image, ("it", op)), opset=opset)
    assert model is None
    assert (diagnostic.code, diagnostic.file) == ("E0905", "specs/net.cnn")
    assert says in diagnostic.message
    assert (diagnostic.help or "").startswith("export with --opset") == ("open size" not in says)


def test_what_would_take_too_many_nodes():
    graph = network(shape(1, 10**6 + 1), ("it", layer("adaptive_maxpool", size=(10**6,))))
    _, (diagnostic,) = emit(graph)
    assert (diagnostic.code, diagnostic.file) == ("E0706", "specs/net.cnn")
    assert diagnostic.message.startswith("layer `it` (adaptive_maxpool) needs nodes for single windows: 1_000_000; ")


def test_equal_constants_of_a_layer_are_one():
    model = exported(network(shape(1, 9, 10), ("it", layer("adaptive_maxpool", size=(4, 4)))))
    contents = [(tensor.data_type, tuple(tensor.dims), tensor.raw_data) for tensor in model.graph.initializer]
    assert len(set(contents)) == len(contents)
    names = [tensor.name for tensor in model.graph.initializer]
    assert names == ["it/constant", *(f"it/constant_{i}" for i in range(2, len(names) + 1))]


def test_numbers_beyond_those_of_onnx():
    """The dilation fits into 64 bits; what a window of five samples spans, and the padding that cuts it off, not."""
    wide = layer("deconv", channels=1, kernel=(5,), dilation=(2**62,), pad="same")
    model, (diagnostic,) = emit(network(shape(1, 8), ("it", wide)))
    assert model is None
    assert (diagnostic.code, diagnostic.file) == ("E0703", "specs/net.cnn")


def test_open_sizes_are_formulas():
    graph = network(shape(3, "H", "W"), ("c", layer("conv", channels=2, kernel=(3,), stride=(2,), pad=(1,))))
    model = exported(graph)
    sizes = [d.dim_param or d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim]
    assert sizes == ["N", 2, "(H + 1)//2", "(W + 1)//2"]
    assert check_shapes(model, graph) == []


def test_a_wrong_shape_is_noticed():
    graph = lenet()
    model = exported(graph)
    wrong = network(shape(1, 32, 32), ("conv1", layer("conv", channels=7, kernel=(5,))))
    assert check_shapes(model, wrong) == ["conv1: ONNX infers N x 6 x 28 x 28, the graph says N x 7 x 28 x 28"]


class TestOutputs:
    """An output has its own name; only where no renaming will do is there an Identity."""

    cases: ClassVar = [
        (("scores", "r"), None, ["Relu", "Flatten"]),
        (("r", "r"), None, ["Relu", "Flatten"]),
        (("a", "r"), ("b", "r"), ["Relu", "Flatten", "Identity"]),
        (("copy", "image"), None, ["Relu", "Flatten", "Identity"]),
        (("image", "image"), None, ["Relu", "Flatten"]),
        (("dropped", "d"), None, ["Relu", "Flatten"]),
        (("r", "f"), None, ["Relu", "Flatten"]),
        (("f", "r"), ("r", "f"), ["Relu", "Flatten"]),
    ]

    @pytest.mark.parametrize(("first", "second", "operators"), cases)
    def test_outputs(self, first, second, operators):
        layers = (("r", layer("relu")), ("d", layer("dropout")), ("f", layer("flatten")))
        outputs = tuple(GraphOutput(name=n, value=v) for n, v in filter(None, (first, second)))
        graph = network(shape(2, 3, 3), *layers).model_copy(update={"outputs": outputs})
        model = exported(graph)
        assert [node.op_type for node in model.graph.node] == operators
        assert check_shapes(model, graph) == []
        x = numbers(2, 2, 3, 3)
        results, _ = session(model.SerializeToString(), device="cpu")[0].run({"image": x})
        for name, expected in interpret(graph, {"image": x}, {}).items():
            np.testing.assert_array_equal(results[name], expected)

    def test_an_output_may_not_take_the_name_of_an_input(self):
        graph = network(shape(2, 3, 3), ("r", layer("relu")), output="image")
        _, (diagnostic,) = emit(graph)
        assert diagnostic.code == "E0203"


@pytest.mark.parametrize("layout", ["chw", "hwc"])
def test_preprocessing_in_the_graph_equals_preprocessing_before_it(layout):
    declared = {"range": (-1.0, 1.0), "mean": (0.4, 0.5, 0.6), "std": (0.1, 0.2, 0.3)}
    graph = network(shape(3, 6, 7), ("r", layer("relu")), layout=layout, **declared)
    model = exported(graph, preprocess=True)
    assert check_shapes(model, graph) == []
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 6, 7), np.uint8)
    ready = normalised(graph.inputs[0], pixels).astype(np.float32)
    if layout == "hwc":
        pixels, ready = pixels.transpose(0, 2, 3, 1), ready.transpose(0, 2, 3, 1)
    results, diagnostics = session(model.SerializeToString(), device="cpu")[0].run({"image": pixels})
    assert not diagnostics
    np.testing.assert_allclose(results["r"], interpret(graph, {"image": ready}, {})["r"], rtol=1e-6, atol=1e-6)


def test_metadata_carries_preprocessing_and_labels():
    graph = lenet(mean=(0.5,), std=(0.25,))
    outputs = (GraphOutput(name="digit", value="dense1", labels=tuple("0123456789")),)
    model = exported(graph.model_copy(update={"outputs": outputs}))
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(metadata["specc.inputs"]) == [
        {"name": "image", "shape": ["N", 1, 32, 32], "range": [0.0, 1.0], "mean": [0.5], "std": [0.25], "baked": None}
    ]
    assert json.loads(metadata["specc.outputs"])[0]["labels"] == list("0123456789")
    assert metadata["specc.model"] == "Net"


def test_metadata_asks_for_nothing_that_the_graph_does_itself():
    model = exported(lenet(mean=(0.5,), std=(0.25,)), preprocess=True)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    (image,) = json.loads(metadata["specc.inputs"])
    assert image["baked"] == {"range": [0.0, 1.0], "mean": [0.5], "std": [0.25]}
    assert (image["range"], image["mean"], image["std"]) == ([0.0, 255.0], None, None)


def test_weights_that_do_not_fit_are_named():
    graph = lenet()
    weights = random_weights(graph)
    model, _ = emit(graph)
    short = {name: array for name, array in weights.items() if name != "bn1.bias"}
    assert "bn1.bias" in to_bytes(model, short)[1][0].message
    _, (diagnostic,) = emit_model(graph, weights | {"conv1.bias": np.zeros(5, np.float32)})
    assert diagnostic.code == "E0801"
    assert "[5]" in diagnostic.message


@pytest.mark.parametrize(
    "line",
    [
        "weightedpool 2**30, stride=1, pad=2**29",
        "adaptive_avgpool 2**20",
        "lrn 2**40",
        "reshape [25, 2, 1, 1]; conv 2**13, 1; lrn",
        "conv 2**25, 1; channel_shuffle 2",
        "conv 2**26, 1; groupnorm 2, affine=false",
    ],
)
def test_what_would_have_to_be_spelt_out_is_refused(line):
    model, (diagnostic,) = emit(specc.loads(f"model Net {{ input x 2x5x5\n{line}\n}}").graph)
    assert model is None
    assert diagnostic.code == "E0706"


def test_what_has_no_line_names_none():
    build = GraphBuilder("Net")
    build.add_input(GraphInput(name="image", type=shape(3, 8)))
    build.add("it", layer("lppool", kernel=(2,), dilation=(2,)), ("image",))
    _, (diagnostic,) = emit(build.finish(), opset=17)
    assert (diagnostic.code, diagnostic.notes) == ("E0905", ())


def test_what_a_layer_may_ask_for():
    (node,) = network(shape(3, 8), ("it", layer("relu"))).nodes
    build = LayerBuilder(node, 21, {})
    build.afford(5, "steps", most=5)
    with pytest.raises(EmitError, match="needs steps: 6; the limit is 5"):
        build.afford(6, "steps", most=5)
    copy = build.float_copy("counted", "int64")
    assert [build.integer_copy(copy, "int64"), build.integer_copy(copy, "uint8")] == ["counted", None]
    assert build.integer_copy("counted", "int64") is None
    assert build.ints([2, 3]) == build.ints([2, 3]) != build.ints([3, 2])
    assert build.floats([1, 1]) != build.floats([1, 1], (2, 1))


def test_positions_of_maxima_reach_unpool_as_whole_numbers():
    """Only where something else reads them are they floating-point numbers."""
    pool, back = layer("maxpool", kernel=(2,), positions=True), layer("unpool", kernel=(2,))
    layers = [("p", pool), ("u", back, ["p", "p.1"])]
    graph = network(shape(1, 4, 4), *layers)
    model = exported(graph)
    assert "Cast" not in [node.op_type for node in model.graph.node]
    assert held_values(model, graph)["p.1"].tensor == "p/mod"
    layers.append(("sum", layer("add"), ["p", "p.1"]))
    assert "Cast" in [node.op_type for node in exported(network(shape(1, 4, 4), *layers)).graph.node]


def test_tensors_are_returned_once_and_only_what_nodes_make():
    model = exported(lenet())
    (given,) = [item.name for item in model.graph.output]
    shown = expose(model, ["conv1", given, "image", "conv1.weight", "conv1"])
    assert [item.name for item in shown.graph.output] == [given, "conv1"]
