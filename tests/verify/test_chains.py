"""Layers that one node of a file makes together are judged together, and nothing wrong hides between them."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, parser

sys.path.insert(0, str(Path(__file__).parents[1] / "importer"))
from exchange import compiled

from specc.decompile import spec_of
from specc.decompile.align import adopted
from specc.onnx.importer import read_model
from specc.verify import verify
from specc.verify.chains import Estimate, estimated
from specc.verify.layers import LayerJudge
from specc.verify.probes import KINDS
from specc.weights import Weights

HEADER = '<ir_version: 8, opset_import: ["" : 17]> g (float[N, 3, 6, 5] image) => (float{shape} out) {{ {body} }}'
L2 = "out = ReduceL2 <axes = [2, 3], keepdims = 1> (image)"
RMS = """
    a = ReduceL2 <axes = [2, 3], keepdims = 1> (image)
    m = ReduceMean <axes = [1], keepdims = 1> (a)
    e = Constant <value = float {1e-6}> ()
    d = Add (m, e)
    r = Div (a, d)
    out = Mul (image, r)
"""
NETWORKS = {
    "norm": (L2, "[N, 3, 1, 1]"),
    "magnitude": ("out = ReduceL1 <axes = [1, 2], keepdims = 0> (image)", "[N, 5]"),
    "energy": ("out = ReduceSumSquare <axes = [1, 3], keepdims = 1> (image)", "[N, 1, 6, 1]"),
    "smallest": ("out = ReduceMin <axes = [1, 2, 3], keepdims = 1> (image)", "[N, 1, 1, 1]"),
    "response": (RMS, "[N, 3, 6, 5]"),
}


def written(name):
    body, shape = NETWORKS[name]
    return parser.parse_model(HEADER.format(shape=shape, body=body))


def verified(model, tmp_path, change=lambda model: None):
    """The report on the spec made of `model`, judged in what `change` has made of that."""
    imported, diagnostics = read_model(model.SerializeToString())
    assert imported is not None, diagnostics
    spec, diagnostics = spec_of(imported.graph, "test.cnn", None)
    assert spec is not None, diagnostics
    onnx.save(model, tmp_path / "model.onnx")
    graph, noted, diagnostics = adopted(compiled(spec.text), tmp_path / "model.onnx")
    assert not diagnostics
    change(noted)
    report, diagnostics = verify(graph, Weights({}), noted, kinds=("normal", "wide", "zeros", "borders"))
    assert report is not None, diagnostics
    return report


@pytest.mark.parametrize("name", NETWORKS)
def test_a_file_with_fewer_nodes_than_layers_is_verified(name, tmp_path):
    report = verified(written(name), tmp_path)
    assert report.passed
    assert any(layer.together for layer in report.layers)


def replaced(index, op_type, **attributes):
    def change(model):
        old = model.graph.node[index]
        given = {a.name: helper.get_attribute_value(a) for a in old.attribute} | attributes
        old.CopyFrom(helper.make_node(op_type, old.input, old.output, old.name, **given))

    return change


def other_epsilon(model):
    node = next(node for node in model.graph.node if node.op_type == "Constant")
    node.attribute[0].t.CopyFrom(onnx.numpy_helper.from_array(np.array(1e-3, np.float32)))


FAULTS = [
    ("norm", replaced(0, "ReduceL1")),
    ("norm", replaced(0, "ReduceSumSquare")),
    ("norm", replaced(0, "ReduceMax")),
    ("energy", replaced(0, "ReduceL2")),
    ("smallest", replaced(0, "ReduceMax")),
    ("response", replaced(0, "ReduceL1")),
    ("response", replaced(0, "ReduceL2", axes=[2, 2])),
    ("response", other_epsilon),
]


@pytest.mark.parametrize(("name", "change"), FAULTS)
def test_a_fault_between_two_values_of_the_file_is_found(name, change, tmp_path):
    assert not verified(written(name), tmp_path, change).passed


def test_the_running_bound_holds_for_float32_and_is_tight():
    graph = compiled("model M { input image 3x8x8; pow 2; reduce_sum height; reduce_sum width; sqrt }")
    judge, rng = LayerJudge(graph, {}), np.random.default_rng(0)
    for kind in ("normal", "wide", "denormals", "zeros"):
        image = KINDS[kind](rng, (2, 3, 8, 8)).astype(np.float32)
        estimate, single = Estimate(image), image
        for node in graph.nodes:
            (estimate,) = estimated(graph, node, {}, judge.arithmetic, [estimate])
            (single,) = node.op.compute([single], {})
        error = np.abs(single - estimate.value)
        assert np.all(error <= estimate.error), kind
        if kind in ("normal", "wide"):
            assert np.all(estimate.error <= 1e-5 * estimate.value)
