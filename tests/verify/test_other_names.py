"""Exports are verified against specs that call layers and inputs otherwise, whatever they were exported with."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "importer"))
from exchange import compiled
from onnx import numpy_helper, parser

from specc.decompile import spec_of
from specc.decompile.align import adopted
from specc.onnx.importer import read_model
from specc.onnx.narrow import emit_in
from specc.onnx.precision import PRECISIONS
from specc.onnx.write import filled
from specc.verify import Report, verify
from specc.weights import seeded

MIXED = """<ir_version: 8, opset_import: ["" : 17]> N (float[N, 4, 6, 6] x) => (float[N, 4, 6, 6] y) {
    h = Cast <to = 10> (x)
    c = Conv <kernel_shape = [1, 1]> (h, first)
    a = Add (c, h)
    b = Cast <to = 1> (a)
    s = Softmax <axis = 1> (b)
    g = Cast <to = 10> (s)
    d = Conv <kernel_shape = [1, 1]> (g, second)
    e = Mul (g, d)
    y = Cast <to = 1> (e)
}"""
NETWORKS = {
    "chain": "stem: conv 4, 3x3, relu",
    "first": "tanh; stem: conv 4, 3x3; maxpool 2",
    "skip": "stem: conv 4, 3x3, pad=1; add photo",
    "residual": "stem: conv 4, 3x3, pad=1; residual { conv 4, 3x3, pad=1, relu }; flatten; dense 3; softmax",
    "join": "stem: conv 4, 1x1; layernorm; sigmoid; concat photo",
    "idle": "identity; stem: conv 4, 3x3; bn; dropout 0.5",
}
SETTINGS = list(product((13, 21), ("float32", "float16", "kept"), (False, True), ("chw", "hwc")))
OTHERS = {"stem:": "body:", "photo": "image"}


def spec(network: str, preprocess: bool = False, layout: str = "chw") -> str:
    declared = ("8x8x4, layout=hwc" if layout == "hwc" else "4x8x8") + (", mean=0.5, std=0.25" if preprocess else "")
    return f"model A {{ input photo {declared}\n{NETWORKS[network]} }}"


def renamed(text: str) -> str:
    """The spec with other labels, one of them for a value that had none, and another name for its input."""
    for ours, theirs in OTHERS.items():
        text = text.replace(ours, theirs)
    return text.removesuffix("}") + "\nlast: identity }"


def exported(text: str, file: Path, opset: int = 21, dtype: str = "float32", preprocess: bool = False) -> None:
    graph = compiled(text)
    precision = PRECISIONS["float32" if dtype == "float32" else "float16"]
    model, diagnostics = emit_in(graph, precision, opset=opset, preprocess=preprocess, keep_io=dtype == "kept")
    assert model is not None, diagnostics
    complete, diagnostics = filled(model, seeded(graph))
    assert complete is not None, diagnostics
    onnx.save(complete, file)


def judged(text: str, weights: dict, file: Path) -> Report:
    graph, model, diagnostics = adopted(compiled(text), file)
    assert not diagnostics
    report, diagnostics = verify(graph, weights, model)
    assert report is not None, diagnostics
    return report


def judged_renamed(text: str, file: Path) -> Report:
    weights = {name.replace("stem.", "body."): array for name, array in dict(seeded(compiled(text))).items()}
    return judged(renamed(text), weights, file)


def judged_import(file: Path) -> Report:
    found, diagnostics = read_model(file)
    assert found is not None, diagnostics
    written, diagnostics = spec_of(found.graph, "back.cnn")
    assert written is not None, diagnostics
    weights = dict(seeded(written.checked.graph)) | {new: found.weights[old] for new, old in written.names.items()}
    return judged(written.text, weights, file)


@pytest.mark.parametrize(("opset", "dtype", "preprocess", "layout"), SETTINGS)
@pytest.mark.parametrize("network", NETWORKS)
def test_right_files_pass_under_other_names(network, opset, dtype, preprocess, layout, tmp_path):
    text, file = spec(network, preprocess, layout), tmp_path / "a.onnx"
    exported(text, file, opset, dtype, preprocess)
    for report in (judged_renamed(text, file), judged_import(file), judged(text, dict(seeded(compiled(text))), file)):
        assert report.passed, report.diagnostics
        assert not any(layer.status == "skipped" for layer in report.layers)
        assert preprocess == (report.layers[0].op == "preprocess")


def other_scale(model):
    """Pixels are scaled by a twentieth too much."""
    tensor = next(t for t in model.graph.initializer if t.name == "photo/scale")
    array = numpy_helper.to_array(tensor)
    tensor.CopyFrom(numpy_helper.from_array((array * 1.05).astype(array.dtype), tensor.name))


def wider_pads(model):
    node = next(n for n in model.graph.node if n.op_type == "Conv")
    pads = next(a for a in node.attribute if a.name == "pads")
    pads.ints[:] = [2, 2, 0, 0]


def subtracted(model):
    node = next(n for n in model.graph.node if n.op_type == "Add" and "photo/" not in n.output[0])
    node.op_type = "Sub"


@pytest.mark.parametrize(
    ("sabotage", "preprocess", "guilty"),
    [
        (other_scale, True, "photo"),
        (wider_pads, True, "body"),
        (wider_pads, False, "body"),
        (subtracted, False, "add1"),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float16", "kept"])
@pytest.mark.parametrize("layout", ["chw", "hwc"])
def test_wrong_files_fail_at_the_layer(sabotage, preprocess, guilty, dtype, layout, tmp_path):
    text, file = spec("skip", preprocess, layout), tmp_path / "a.onnx"
    exported(text, file, 21, dtype, preprocess)
    model = onnx.load(file)
    sabotage(model)
    onnx.save(model, file)
    report = judged_renamed(text, file)
    assert not report.passed
    assert report.first_failure.node == guilty
    assert [layer.node for layer in report.layers if layer.status == "failed"] == [guilty]


def test_a_file_that_goes_round_its_preprocessing_is_not_read(tmp_path):
    file = tmp_path / "a.onnx"
    exported(spec("chain", preprocess=True), file, preprocess=True)
    model = onnx.load(file)
    next(n for n in model.graph.node if n.op_type == "Conv").input[0] = "photo/scaled"
    onnx.save(model, file)
    found, (diagnostic,) = read_model(file)
    assert found is None
    assert "node `stem` (Conv)" in diagnostic.message


def test_a_file_that_casts_between_its_layers_passes(tmp_path):
    model, random = parser.parse_model(MIXED), np.random.default_rng(0)
    for name in ("first", "second"):
        array = random.standard_normal((4, 4, 1, 1)).astype(np.float16)
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    onnx.save(model, tmp_path / "mixed.onnx")
    report = judged_import(tmp_path / "mixed.onnx")
    assert [(layer.op, layer.status) for layer in report.layers] == [
        (op, "passed") for op in ("conv", "add", "softmax", "conv", "mul")
    ]


def test_pixels_are_normalised_in_the_precision_of_the_file(tmp_path):
    """The largest value of few is all that is left of the roundings."""
    text = "model A { input photo 8x12x12, mean=0.5, std=0.25\nglobal_maxpool }"
    exported(text, tmp_path / "a.onnx", dtype="kept", preprocess=True)
    assert judged(text, {}, tmp_path / "a.onnx").passed
