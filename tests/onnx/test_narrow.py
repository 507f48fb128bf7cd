"""Models in float16 and bfloat16: types, rounding, inputs and outputs."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import onnx
import pytest
from graphs import layer, network, random_weights, shape
from onnx import TensorProto, numpy_helper
from onnx.shape_inference import infer_shapes

from specc.ir.graph import GraphOutput
from specc.onnx.narrow import emit_in
from specc.onnx.precision import BFLOAT16, FLOAT16, PRECISIONS, Counted, Rounded, precision_of
from specc.onnx.write import filled, write_model
from tests.onnx_check import check_shapes

GRAPH = network(
    shape(3, 8, 8),
    ("conv1", layer("conv", channels=4, kernel=(3,), pad=(1,))),
    ("up", layer("upsample", scale=(2,), mode="bilinear")),
    ("leaky", layer("leaky_relu", alpha=0.1)),
    output="y",
)
TYPES = [FLOAT16, BFLOAT16]


def emitted(precision, graph=GRAPH, weights=None, **options) -> onnx.ModelProto:
    model, diagnostics = emit_in(graph, precision, **options)
    assert model is not None, diagnostics
    complete, diagnostics = filled(model, random_weights(graph) if weights is None else weights)
    assert complete is not None, diagnostics
    return complete


def element_types(items) -> set[int]:
    return {item.type.tensor_type.elem_type for item in items}


@pytest.mark.parametrize("precision", TYPES, ids=lambda p: p.name)
@pytest.mark.parametrize("layout", ["chw", "hwc"])
@pytest.mark.parametrize("keep_io", [False, True])
def test_the_whole_model_has_the_type_and_onnx_accepts_it(precision, layout, keep_io):
    graph = network(shape(3, 8, 8), *[(node.name, node.op) for node in GRAPH.nodes], layout=layout, output="y")
    model = emitted(precision, graph, keep_io=keep_io)
    assert check_shapes(model, graph) == []
    ends = {TensorProto.FLOAT if keep_io else precision.element}
    assert element_types(model.graph.input) == element_types(model.graph.output) == ends
    assert element_types(model.graph.value_info) <= {precision.element}
    assert precision_of(model.graph) is precision
    assert [item.name for item in (*model.graph.input, *model.graph.output)] == ["image", "y"]


@pytest.mark.parametrize("precision", TYPES, ids=lambda p: p.name)
def test_weights_are_rounded_to_nearest_even(precision):
    unit = 2 * precision.u
    halves = np.array([1 + unit / 2, 1 + 1.5 * unit, 1 + unit / 2 + 2.0**-20, -1 - unit / 2], np.float32)
    assert precision.rounded(halves).tolist() == [1, 1 + 2 * unit, 1 + unit, -1]
    weights = random_weights(GRAPH)
    stored = {t.name: numpy_helper.to_array(t) for t in emitted(precision).graph.initializer}
    for name, array in Rounded(weights, precision).items():
        assert stored[name].dtype == precision.dtype
        np.testing.assert_array_equal(stored[name].astype(np.float32), array)


def test_rounding_is_that_of_the_types_themselves():
    values = np.random.default_rng(0).integers(0, 2**32, 100_000, np.uint32).view(np.float32)
    values = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(FLOAT16.rounded(values), values.astype(np.float16).astype(np.float32))
    np.testing.assert_array_equal(BFLOAT16.rounded(values), values.astype(ml_dtypes.bfloat16).astype(np.float32))
    upper = values.view(np.uint32).astype(np.uint64)
    even = ((upper + 0x7FFF + ((upper >> 16) & 1)) >> 16 << 16).astype(np.uint32).view(np.float32)
    np.testing.assert_array_equal(BFLOAT16.rounded(values), even)


def test_scales_of_resize_stay_float32():
    model = emitted(FLOAT16)
    (resize,) = [node for node in model.graph.node if node.op_type == "Resize"]
    stored = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert stored[resize.input[2]] == TensorProto.FLOAT


def test_pixels_stay_pixels():
    model = emitted(FLOAT16, preprocess=True)
    assert element_types(model.graph.input) == {TensorProto.UINT8}
    assert check_shapes(model, GRAPH) == []


def test_float32_is_the_model_as_it_was():
    assert emitted(PRECISIONS["float32"]).SerializeToString() == emitted(PRECISIONS["float32"]).SerializeToString()
    assert precision_of(emitted(PRECISIONS["float32"]).graph).name == "float32"


@pytest.mark.parametrize("limit", [2**31, 100])
def test_files_hold_two_bytes_for_a_weight(tmp_path, limit):
    graph = network(shape(64), ("dense1", layer("dense", units=512)))
    model, _ = emit_in(graph, FLOAT16)
    assert model is not None
    assert write_model(model, random_weights(graph), tmp_path / "m.onnx", limit=limit) == ()
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert 2 * 65 * 512 <= size < 2 * 65 * 512 + 10_000
    loaded = onnx.load(tmp_path / "m.onnx")
    (weight,) = [t for t in loaded.graph.initializer if t.name == "dense1.weight"]
    np.testing.assert_array_equal(
        numpy_helper.to_array(weight), random_weights(graph)["dense1.weight"].astype(np.float16)
    )


@pytest.mark.parametrize(
    "wrapped", [lambda weights: Rounded(weights, FLOAT16), lambda weights: Counted(weights, FLOAT16)]
)
def test_names_are_looked_up_without_reading_a_tensor(wrapped):
    class Unread(dict):
        def __getitem__(self, name):
            raise AssertionError(name)

    weights = wrapped(Unread(a=1, b=2))
    assert "a" in weights and "c" not in weights
    assert (list(weights), len(weights)) == (["a", "b"], 2)


def test_an_input_that_is_an_output_and_whole_numbers_stay_as_they_are():
    graph = network(shape(3, 8, 8), ("codes", layer("argmax")), output="y")
    graph = graph.model_copy(update={"outputs": (*graph.outputs, GraphOutput(name="same", value="image"))})
    model, diagnostics = emit_in(graph, FLOAT16, keep_io=True)
    assert model is not None, diagnostics
    types = {item.name: item.type.tensor_type.elem_type for item in (*model.graph.input, *model.graph.output)}
    assert types == {"image": TensorProto.FLOAT, "y": TensorProto.FLOAT, "same": TensorProto.FLOAT}


def test_pixels_stay_pixels_where_ends_keep_their_types():
    model = emitted(FLOAT16, preprocess=True, keep_io=True)
    types = {item.name: item.type.tensor_type.elem_type for item in (*model.graph.input, *model.graph.output)}
    assert types == {"image": TensorProto.UINT8, "y": TensorProto.FLOAT}


def test_the_least_that_is_divided_by_is_no_zero():
    """1e-12 rounds to 0 in float16, and 0 / 0 is no number."""
    graph = network(shape(3, 4), ("unit", layer("normalize")), output="y")
    model = emitted(FLOAT16, graph, {})
    (clip,) = [node for node in model.graph.node if node.op_type == "Clip"]
    (least,) = [numpy_helper.to_array(tensor) for tensor in model.graph.initializer if tensor.name == clip.input[1]]
    assert least == np.float16(2**-24)


@pytest.mark.parametrize("precision", TYPES, ids=lambda p: p.name)
def test_sizes_that_are_worked_out_stay_whole_numbers(precision):
    layers = [
        ("pool", layer("maxpool", kernel=(2,), positions=True)),
        ("y", layer("unpool", kernel=(2,)), ["pool", "pool.1"]),
    ]
    model = emitted(precision, network(shape(2, "H", "W"), *layers), {})
    inferred = infer_shapes(model, strict_mode=True, data_prop=True).graph.value_info
    types = {item.name: item.type.tensor_type.elem_type for item in inferred}
    made = {
        node.output[0]: types[node.output[0]]
        for node in model.graph.node
        if node.op_type in ("Range", "Shape", "ReduceProd")
    }
    assert {*made.values()} == {TensorProto.INT64}


def test_values_beyond_the_range_are_counted():
    weights = {"a": np.array([1, 65519, 65520, -1e9, np.inf], np.float32), "b": np.ones(3, np.float32)}
    counted = Counted(weights, FLOAT16)
    assert [counted[name].size for name in counted] == [5, 3]
    assert counted.beyond == {"a": 2}
    (warning,) = counted.diagnostics
    assert (warning.code, warning.message[:37]) == ("W0303", "2 values of `a` exceed float16's larg")


@pytest.mark.parametrize(
    ("op", "precision", "opset", "help"),
    [
        (layer("conv", channels=2, kernel=(3,)), BFLOAT16, 21, "export with --opset 22"),
        (layer("maxpool", kernel=(2,)), BFLOAT16, 17, "export with --opset 22"),
        (layer("celu"), FLOAT16, 21, None),
        (layer("quantize", scale=0.1), FLOAT16, 21, None),
    ],
)
def test_what_an_opset_lacks_is_refused(op, precision, opset, help):
    model, (diagnostic,) = emit_in(network(shape(3, 8, 8), ("it", op)), precision, opset=opset)
    assert model is None
    assert (diagnostic.code, diagnostic.help) == ("E0905", help)
    assert "`it`" in diagnostic.message
