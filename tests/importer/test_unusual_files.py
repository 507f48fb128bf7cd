"""Files of other element types, names that are no names of a spec, and arithmetic with sizes."""

import onnx
import pytest
from exchange import compiled
from onnx import parser

from specc.cli import main
from specc.decompile import spec_of
from specc.decompile.align import adopted
from specc.onnx.importer import read_model
from specc.verify import verify
from specc.weights import Weights

MODEL = '<ir_version: 8, opset_import: ["" : 17]> {name} ({inputs}) => (float[N, M] out) {{ {body} }}'
PLAIN = "float[N, 3, 4, 4] image"


def model(body, inputs=PLAIN, name="Net"):
    return parser.parse_model(MODEL.format(name=name, inputs=inputs, body=body))


def imported(body, inputs=PLAIN):
    return read_model(model(body, inputs).SerializeToString())


def test_the_root_of_a_size_is_a_constant():
    body = """
        sizes = Shape <start = 2, end = 3> (image)
        number = Cast <to = 1> (sizes)
        root = Sqrt (number)
        out = Div (image, root)
    """
    found, diagnostics = imported(body)
    assert found is not None, diagnostics
    assert [node.op.model_dump()["constants"] for node in found.graph.nodes] == [(None, 2.0)]


REFUSED = [
    (
        "s = Shape <end = 1> (image)  n = Cast <to = 1> (s)  r = Sqrt (n)  out = Div (image, r)",
        "it computes a constant from a size that the file leaves open",
    ),
    (
        "b = Shape <end = 1> (image)  k = Constant <value = int64[3] {1, 4, 4}> ()  s = Concat <axis = 0> (b, k)"
        "  e = ConstantOfShape (s)  out = Concat <axis = 1> (image, e)",
        "it makes a constant as large as a size that the file leaves open, such as the batch",
    ),
    ("out = ReduceMean <axes = [1, 2, 3], keepdims = 0> (image)", "it leaves one number per item and no axis"),
    ("m = ReduceMean <axes = [2, 3], keepdims = 0> (image)  out = ArgMax <axis = 1, keepdims = 0> (m)", "one number"),
]


@pytest.mark.parametrize(("body", "why"), REFUSED)
def test_what_cannot_be_read_is_said_in_words(body, why):
    found, (diagnostic,) = imported(body)
    assert found is None
    assert why in diagnostic.message


def test_whole_numbers_are_fed_as_the_file_takes_them(tmp_path):
    pixels = model(
        "f = Cast <to = 1> (image)  k = Constant <value = float {255}> ()  out = Div (f, k)", "uint8[N, 3, 4, 4] image"
    )
    onnx.save(pixels, tmp_path / "u8.onnx")
    found, _ = read_model(tmp_path / "u8.onnx")
    assert found.elements == {"image": "uint8"}
    spec, _ = spec_of(found.graph, "u8.cnn", None)
    graph, noted, _ = adopted(compiled(spec.text), tmp_path / "u8.onnx")
    report, diagnostics = verify(graph, Weights({}), noted)
    assert report is not None, diagnostics
    assert report.passed
    assert [layer.node for layer in report.layers] == ["div1"]


def test_a_file_in_float64_is_read_and_not_verified(tmp_path):
    double = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> N (double[N, 3, 4, 4] image) => (double[N, 3, 4, 4] out)'
        " { out = Relu (image) }"
    )
    onnx.save(double, tmp_path / "double.onnx")
    found, _ = read_model(tmp_path / "double.onnx")
    assert found.elements == {"image": "float64"}
    report, (diagnostic,) = verify(found.graph, Weights({}), tmp_path / "double.onnx")
    assert report is None
    assert "the file computes in float64" in diagnostic.message


def test_import_says_what_is_called_otherwise(tmp_path, capsys):
    onnx.save(model("out = Relu (input)", "float[N, 3, 4, 4] input", "main_graph"), tmp_path / "small.onnx")
    assert main(["import", str(tmp_path / "small.onnx"), "-o", str(tmp_path / "small.cnn")]) == 0
    assert "the file's input `input` is called `input_2` in the spec" in capsys.readouterr().err
    assert (tmp_path / "small.cnn").read_text().startswith("model small {")


def test_results_that_nobody_reads_are_marked_so(tmp_path, capsys):
    onnx.save(model("a, b = Split <axis = 1> (image)  out = Relu (a)", "float[N, 4, 4, 4] image"), tmp_path / "s.onnx")
    assert main(["import", str(tmp_path / "s.onnx"), "-o", str(tmp_path / "s.cnn")]) == 0
    assert main(["check", str(tmp_path / "s.cnn")]) == 0
    assert "warning" not in capsys.readouterr().err
