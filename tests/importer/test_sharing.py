"""Weights that layers share, written to ONNX files and read from them."""

import onnx
import pytest
from exchange import compiled, imported, meaning, model_of, read_back
from onnx import numpy_helper

from specc.analysis import summarise
from specc.cli import main
from specc.decompile import spec_of
from specc.onnx.emit import emit_model
from specc.verify import verify
from specc.weights import seeded

SIAMESE = """
block embed { conv 4, 3x3, bias=false; bn; relu; flatten; dense 8, sigmoid }
model Siamese {
    input left 1x6x6
    input right 1x6x6
    l: embed from=left, weights=embed
    r: embed from=right, weights=embed
    sub l, r; abs; dense 1, sigmoid
}
"""
RECURRENT = """
model Recurrent {
    input image 4x8x8
    repeat 4 { residual { conv 4, 3x3, pad=1, bias=false, weights=step; bn weights=norm; relu } }
    repeat 3 { conv 4, 3x3, pad=1, relu, weights=again }
}
"""


def exported(text):
    graph = compiled(text)
    model, diagnostics = emit_model(graph, seeded(graph))
    assert model is not None, diagnostics
    return graph, model


def test_a_shared_tensor_is_one_initialiser():
    _, model = exported(SIAMESE)
    assert [tensor.name for tensor in model.graph.initializer] == [
        "embed.conv1.weight",
        "embed.bn1.weight", "embed.bn1.bias", "embed.bn1.running_mean", "embed.bn1.running_var",
        "embed.dense1.weight", "embed.dense1.bias", "dense1.weight", "dense1.bias",
    ]  # fmt: skip


@pytest.mark.parametrize("text", [SIAMESE, RECURRENT])
def test_sharing_comes_back_and_into_the_written_spec(text):
    graph, model = exported(text)
    data = model.SerializeToString()
    back = imported(data)
    assert meaning(back.graph) == meaning(graph)
    assert back.graph.sharing.keys() == graph.sharing.keys()
    assert set(back.weights) - {"output.weight", "output.bias"} <= set(seeded(graph))
    spec, diagnostics = spec_of(back.graph, "back.cnn")
    assert spec is not None, diagnostics
    assert spec.checked.graph.sharing.keys() == graph.sharing.keys()
    assert spec.checked.summary.totals == summarise(graph).totals
    report, diagnostics = verify(back.graph, back.weights, data)
    assert report is not None, diagnostics
    assert report.passed


def test_layers_that_repeat_with_the_same_weights_are_written_as_loops():
    spec, _ = spec_of(read_back(compiled(RECURRENT)).graph, "back.cnn")
    assert spec is not None
    assert "repeat 4 {" in spec.text
    assert "repeat 3 { conv 4, 3x3, pad=1, relu, weights=again }" in spec.text


def test_no_layer_of_the_written_spec_gets_the_name_by_counting():
    graph = compiled("model M { input x 4; repeat 2 { dense 4, weights=dense7 } }")
    spec, diagnostics = spec_of(read_back(graph).graph, "back.cnn")
    assert spec is not None, diagnostics
    assert "weights=shared_dense7" in spec.text
    assert spec.names["shared_dense7.weight"] == "dense7.weight"


@pytest.mark.parametrize("values", ["other", "the same"])
def test_foreign_layers_share_what_is_one_initialiser(values):
    """Tensors that are equal by chance, as all biases are at first, are not shared."""
    data = model_of(
        f"""g (float[N, 2, 6, 6] x) => (float[N, 2, 6, 6] y) {{
            a = Conv <pads = [1, 1, 1, 1]> (x, w, zero)
            b = Relu (a)
            y = Conv <pads = [1, 1, 1, 1]> (b, {"v" if values == "other" else "w"}, zero)
        }}""",
        [("w", (2, 2, 3, 3)), ("v", (2, 2, 3, 3)), ("zero", (2,))],
    )
    assert imported(data).graph.sharing == ({} if values == "other" else {"a": ("a", "y")})


def test_pieces_of_one_initialiser_are_not_the_same():
    data = model_of(
        """g (float[N, 2] x) => (float[N, 2] y) <int64[1] zero = {0}, int64[1] two = {2}, int64[1] four = {4}> {
            p = Slice (w, zero, two)
            q = Slice (w, two, four)
            a = MatMul (x, p)
            y = MatMul (a, q)
        }""",
        [("w", (4, 2))],
    )
    assert imported(data).graph.sharing == {}


def test_equal_numbers_throughout_say_nothing_in_foreign_files():
    """Exporters write the statistics of untrained normalisations once for all of them."""
    data = model_of(
        """g (float[N, 2, 6, 6] x) => (float[N, 2, 6, 6] y)
           <float[2] one = {1.0, 1.0}, float[2] zero = {0.0, 0.0}> {
            a = BatchNormalization (x, one, zero, zero, one)
            b = Relu (a)
            y = BatchNormalization (b, one, zero, zero, one)
        }""",
    )
    assert imported(data).graph.sharing == {}


def test_heads_that_share_by_themselves_have_names_of_their_own():
    """PyTorch calls both after the operator, `/cls/cls.0/Conv`, where it folds normalisations into convolutions."""
    data = model_of(
        """g (float[N,2,6,6] x) => (float[N,2,6,6] a, float[N,2,4,4] b, float[N,2,6,6] c, float[N,2,4,4] d) {
            small = AveragePool <kernel_shape = [3, 3]> (x)
            "/cls/cls.0/Conv_output_0" = Conv <pads = [1, 1, 1, 1]> (x, "onnx::Conv_1")
            a = Relu ("/cls/cls.0/Conv_output_0")
            "/cls/cls.0_1/Conv_output_0" = Conv <pads = [1, 1, 1, 1]> (small, "onnx::Conv_1")
            b = Relu ("/cls/cls.0_1/Conv_output_0")
            "/box/box.0/Conv_output_0" = Conv <pads = [1, 1, 1, 1]> (x, "onnx::Conv_2")
            c = Relu ("/box/box.0/Conv_output_0")
            "/box/box.0_1/Conv_output_0" = Conv <pads = [1, 1, 1, 1]> (small, "onnx::Conv_2")
            d = Relu ("/box/box.0_1/Conv_output_0")
        }""",
        [("onnx::Conv_1", (2, 2, 3, 3)), ("onnx::Conv_2", (2, 2, 3, 3))],
    )
    spec, diagnostics = spec_of(imported(data).graph, "back.cnn")
    assert spec is not None, diagnostics
    assert list(spec.checked.graph.sharing) == ["cls_0", "box_0"]


TWICE = """g (float[N,3,4] x) => (float[N,5,4] y) {
    n = Shape<start = 0, end = 1>(x)  one = Constant<value_ints = [1]>()  t = Concat<axis = 0>(n, one, one)
    e = Expand(tokens, t)  c = Concat<axis = 1>(e, x)  y = Add(c, first)
}"""


@pytest.mark.parametrize(("row", "told"), [(0, True), (1, True), (None, False)])
def test_a_part_of_another_tensor_is_told(row, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model = onnx.load_from_string(model_of(TWICE, [("tokens", (1, 2, 4)), ("first", (4,))]))
    tokens, first = model.graph.initializer
    if row is not None:
        first.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tokens)[0, row], "first"))
    onnx.save(model, "net.onnx")
    assert main(["import", "net.onnx"]) == 0
    assert ("`learned2.weight` has values of `learned1.weight`" in capsys.readouterr().err) == told
