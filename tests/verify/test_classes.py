"""Inputs that find trouble, warnings below failure, and what ONNX Runtime does with NaN and infinities."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import layer, network, random_weights, shape

import specc
from specc.onnx import emit_model
from specc.runtime.session import CPU, CUDA, assignments, runtime, strayed
from specc.verify import verify
from specc.verify.layers import _warned
from specc.verify.probes import KINDS, probes
from specc.verify.report import LayerResult


def alone(word: str, **arguments: object):
    return network(shape(8, 8, 8), ("it", layer(word, **arguments)))


@pytest.mark.parametrize(
    ("op", "kind", "named"),
    [
        (("maxpool", {"kernel": (3,), "stride": (1,), "pad": (1,)}), "nan", {"pool-drops-nan"}),
        # not every kernel starts there within an image: that of processors with AVX-512 does at its borders only
        (("maxpool", {"kernel": (3,), "stride": (1,), "pad": (1,)}), "infinities", {"pool-starts-at-lowest"}),
        (("minpool", {"kernel": (2,)}), "nan", {"pool-drops-nan"}),
        (("lrn", {"size": 3}), "nan", set()),
        (("argmax", {}), "nan", {"argmax-passes-over-nan"}),
        (("argmax", {}), "ties", set()),
        (("upsample", {"mode": "bilinear"}), "infinities", {"resize-weight-zero"}),
        (("resize", {"size": 12, "mode": "cubic"}), "nan", set()),
        (("relu", {}), "nan", set()),
        (("conv", {"channels": 4, "kernel": (3,), "pad": (1,)}), "infinities", set()),
        (("avgpool", {"kernel": (2,)}), "nan", set()),
    ],
)
def test_known_deviations_are_named_and_pass(op, kind, named):
    graph = alone(op[0], **op[1])
    report, _ = verify(graph, random_weights(graph), kinds=[kind], optimised=True)
    assert report.passed, report.first_failure
    assert set(report.deviations) == named
    assert set(report.to_json()["deviations"]) == named


def test_the_power_of_minus_infinity_is_that_of_c():
    """NumPy takes the root for a power of 0.5, which -inf has none of."""
    for exponent in (0.5, -0.5, 2, 3):
        report = specc.loads(f"model N {{ input x 2x6x6\npow {exponent} }}").verify(kinds=["infinities", "zeros"])
        assert report.passed, report.first_failure


def test_an_output_behind_a_known_deviation_is_not_judged_where_it_has_nan():
    """The pool drops the NaN of logarithms of negative numbers, or keeps it."""
    report = specc.loads("model N { input x 2x6x6\nlog\nmaxpool 2, stride=1\nabs }").verify(kinds="normal")
    assert report.passed, report.diagnostics
    assert report.deviations == ("pool-drops-nan",)
    (output,) = report.end_to_end
    assert (output.status, 0 < output.unjudged < 50) == ("passed", True)


def test_the_nan_of_the_next_signal_is_explained():
    """ONNX Runtime interpolates signals along their channels too, with a weight of 0."""
    graph = network(shape(8, 8), ("it", layer("upsample", mode="bilinear")))
    report, _ = verify(graph, {}, kinds=["nan"])
    assert report.passed, report.first_failure
    assert set(report.deviations) == {"resize-weight-zero"}


def test_a_deviation_of_an_operator_that_others_write_is_named():
    graph = alone("lrn", size=3)
    model, _ = emit_model(graph, {})
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.append(onnx.helper.make_node("LRN", ["image"], ["it"], size=3))
    report, _ = verify(graph, {}, model, kinds=["nan"])
    assert report.passed, report.first_failure
    assert set(report.deviations) == {"lrn-running-sum"}


def test_another_class_of_value_that_no_deviation_explains_fails():
    graph = alone("relu")
    model, _ = emit_model(graph, {})
    model.graph.node[0].op_type = "Identity"
    report, _ = verify(graph, {}, model, kinds=["infinities"])
    assert report.first_failure.node == "it"
    assert (report.first_failure.expected, report.first_failure.got) == (0.0, -np.inf)


def test_every_kind_of_input_passes_and_pixels_are_never_nan():
    graph = network(
        shape(3, 8, 8), ("conv1", layer("conv", channels=4, kernel=(3,))), ("pool1", layer("avgpool", kernel=(2,)))
    )
    report, _ = verify(graph, random_weights(graph), kinds=tuple(KINDS))
    assert report.passed, report.first_failure
    assert report.probes == tuple(KINDS)
    pixels = list(probes(graph, {"N": 2}, {"image"}, 0, ["nan", "infinities"]))
    assert all(probe.feeds["image"].dtype == np.uint8 for probe in pixels)


def test_beyond_the_statistical_bound_a_layer_is_warned_and_passes():
    result = LayerResult("a", "a", "conv", "net.cnn", 1, "passed", error=0.5, bound=1.0, ratio=0.5)
    warned = _warned(result, terms=400)  # 4 sqrt(400) = 80 of 400 roundings: a fifth of the bound
    assert warned.status == "warned"
    assert warned.passed
    assert warned.statistical == pytest.approx(0.2, rel=1e-3)
    assert _warned(result, terms=9).status == "passed"  # 12 of 9 is no tighter bound
    assert _warned(result, terms=None).statistical is None


def test_one_wrong_weight_that_moves_nothing_is_found():
    graph = network(shape(4000), ("dense1", layer("dense", units=4)))
    weights = random_weights(graph)
    wrong = {name: array.copy() for name, array in weights.items()}
    wrong["dense1.weight"][2, 7] = np.nextafter(wrong["dense1.weight"][2, 7], np.float32(9))
    model, _ = emit_model(graph, wrong)
    report, _ = verify(graph, weights, model)
    assert report.first_failure.node == "dense1"
    assert "[2, 7]" in report.first_failure.note
    assert "1 of 16000" in report.diagnostics[0].message


def test_the_device_of_every_node_is_recorded():
    graph = alone("conv", channels=4, kernel=(3,))
    report, _ = verify(graph, random_weights(graph))
    assert report.devices == {"it": "CPUExecutionProvider"}
    assert report.tf32 is None


def test_onnx_runtime_tells_where_each_node_goes():
    """So that a model with a part for which CUDA has no kernel is refused, and one that only works out sizes on the
    CPU is not."""
    ort = runtime()
    graph = network(shape(4, 6, 6), ("conv1", layer("conv", channels=2, kernel=(3,))), ("tanh1", layer("tanh")))
    model, _ = emit_model(graph, random_weights(graph))
    options = ort.SessionOptions()
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    handle = ort.InferenceSession(model.SerializeToString(), options, providers=[CPU])
    assert set(assignments(handle)) == {(CPU, "Conv", "conv1"), (CPU, "Tanh", "tanh1")}


def test_what_cuda_cannot_compute_is_named_and_sizes_may_stay_on_the_cpu():
    nodes = [(CUDA, "Conv", "conv1"), (CPU, "Shape", "like/shape"), (CPU, "Concat", "like/sizes")]
    assert strayed(nodes) == ()
    assert strayed([*nodes, (CPU, "LpPool", "lppool1")]) == ("LpPool (lppool1)",)
