"""Verification passes correct models and finds faults, at the right layer."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import layer, network, numbers, random_weights, shape

import specc
from specc.onnx import emit_model
from specc.verify import verify
from specc.verify.walk import Walk
from specc.weights import seeded


def residual(**options):
    return network(
        shape(3, 12, 12),
        ("conv1", layer("conv", channels=8, kernel=(3,), pad=(1,))),
        ("bn1", layer("bn")),
        ("relu1", layer("relu")),
        ("conv2", layer("conv", channels=8, kernel=(3,), pad=(1,))),
        ("sub1", layer("sub"), ["relu1", "conv2"]),
        ("pool1", layer("maxpool", kernel=(2,))),
        ("drop1", layer("dropout")),
        ("conv3", layer("conv", channels=8, kernel=(3,), stride=(2,), pad=(1,))),
        ("flatten1", layer("flatten")),
        ("dense1", layer("dense", units=5)),
        ("softmax1", layer("softmax")),
        **options,
    )


GRAPH = residual()
WEIGHTS = random_weights(GRAPH)


@pytest.mark.parametrize("layout", ["chw", "hwc"])
@pytest.mark.parametrize("preprocess", [False, True])
def test_an_exported_model_passes(layout, preprocess):
    graph = residual(layout=layout, output="probabilities", mean=(0.5,), std=(0.2,))
    weights = random_weights(graph)
    model, _ = emit_model(graph, weights, preprocess=preprocess)
    report, diagnostics = verify(graph, weights, model.SerializeToString())
    assert not diagnostics
    assert report.passed, report.first_failure
    assert [item.node for item in report.layers][-1] == "softmax1"
    assert all(item.ratio <= 1 for item in report.layers)
    assert max(item.ratio for item in report.layers) > 0
    json.dumps(report.to_json(), allow_nan=False)


@pytest.mark.parametrize("options", [{}, {"optimised": True}, {"batch": 2, "kinds": ["normal"]}], ids=str)
def test_progress_comes_to_its_total(options):
    seen = []

    @contextmanager
    def progress(total):
        done = []
        yield done.append
        seen.append((sum(done), total))

    report, _ = verify(GRAPH, WEIGHTS, progress=progress, **options)
    assert report.passed
    assert len(seen) == 1
    assert seen[0][0] == seen[0][1] > len(GRAPH.nodes)


def test_open_sizes_are_chosen_to_fit():
    graph = network(
        shape(3, "H", "W"),
        ("down", layer("maxpool", kernel=(4,), stride=(4,), round="exact")),
        ("conv1", layer("conv", channels=4, kernel=(3,))),
    )
    report, _ = verify(graph, random_weights(graph))
    assert report.passed
    assert report.sizes["H"] % 4 == 0
    assert report.sizes["H"] != report.sizes["W"]


def test_probes_that_do_not_fit_into_memory_together_run_one_by_one(monkeypatch):
    together, _ = verify(GRAPH, WEIGHTS)
    monkeypatch.setattr("specc.verify.probes.STACKED_BYTES", 0)
    apart, _ = verify(GRAPH, WEIGHTS)
    assert apart.passed
    assert apart.probes == together.probes == ("normal", "wide", "borders", "zeros")


def test_slices_of_one_layer_give_the_verdicts_of_the_whole(monkeypatch):
    whole, _ = verify(GRAPH, WEIGHTS)
    monkeypatch.setattr("specc.verify.walk.SLICE_BYTES", 0)
    assert verify(GRAPH, WEIGHTS)[0].layers == whole.layers


def test_values_are_dropped_behind_their_last_reader(monkeypatch):
    monkeypatch.setattr("specc.verify.walk.SLICE_BYTES", 0)
    alive = []
    run_slice = Walk._run_slice
    monkeypatch.setattr(
        Walk, "_run_slice", lambda self, *given: alive.append(len(self.tensors)) or run_slice(self, *given)
    )
    assert verify(GRAPH, WEIGHTS)[0].passed
    assert len(alive) == len(GRAPH.nodes) - 1  # dropout is no layer of the model
    assert max(alive) == 2  # both operands of sub1


def test_given_inputs_replace_the_probes():
    report, _ = verify(GRAPH, WEIGHTS, inputs={"image": numbers(1, 3, 12, 12)})
    assert report.passed
    assert report.probes == ("given",)
    _, (diagnostic,) = verify(GRAPH, WEIGHTS, inputs={"image": numbers(1, 3, 12, 13)})
    assert diagnostic.code == "E0901"


def test_a_batch_has_an_item():
    _, (diagnostic,) = verify(GRAPH, WEIGHTS, batch=0)
    assert (diagnostic.code, diagnostic.message) == ("E0901", "a batch has at least one item, not 0")


def node_of(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.name == name)


def with_attribute(name: str, key: str, value: object):
    def change(model: onnx.ModelProto) -> None:
        node = node_of(model, name)
        kept = [a for a in node.attribute if a.name != key]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(key, value)])

    return change


def with_weight(name: str, change_array):
    def change(model: onnx.ModelProto) -> None:
        tensor = next(i for i in model.graph.initializer if i.name == name)
        array = change_array(numpy_helper.to_array(tensor).copy())
        tensor.raw_data = np.ascontiguousarray(array).tobytes()

    return change


def one_wrong(array: np.ndarray) -> np.ndarray:
    array.flat[array.size // 2] += np.float32(0.01)
    return array


def swapped_inputs(model: onnx.ModelProto) -> None:
    node = node_of(model, "sub1")
    node.input[:] = [node.input[1], node.input[0]]


def without_bias(model: onnx.ModelProto) -> None:
    del node_of(model, "conv2").input[2]


FAULTS = [
    ("conv1", with_attribute("conv1", "pads", [2, 1, 0, 1])),
    ("conv3", with_attribute("conv3", "strides", [3, 3])),
    ("conv2", with_attribute("conv2", "dilations", [2, 2])),
    ("bn1", with_attribute("bn1", "epsilon", 1e-3)),
    ("softmax1", with_attribute("softmax1", "axis", 0)),
    ("conv1", with_weight("conv1.weight", one_wrong)),
    ("conv2", with_weight("conv2.weight", lambda w: w[..., ::-1])),
    ("conv2", with_weight("conv2.weight", lambda w: w.swapaxes(0, 1))),
    ("dense1", with_weight("dense1.weight", one_wrong)),
    ("dense1", with_weight("dense1.bias", lambda b: b + np.float32(1e-4))),
    ("bn1", with_weight("bn1.running_var", lambda v: v * np.float32(1.0001))),
    ("sub1", swapped_inputs),
    ("conv2", without_bias),
    ("relu1", lambda model: setattr(node_of(model, "relu1"), "op_type", "Softplus")),
]


@pytest.mark.parametrize(("guilty", "fault"), FAULTS)
def test_faults_are_found_where_they_are(guilty, fault):
    model, _ = emit_model(GRAPH, WEIGHTS)
    fault(model)
    report, diagnostics = verify(GRAPH, WEIGHTS, model)
    assert report is not None, diagnostics
    assert not report.passed
    assert report.first_failure.node == guilty
    assert report.first_failure.status == "failed"
    assert f"`{guilty}`" in report.diagnostics[0].message


def test_a_fault_that_stops_onnx_runtime_is_found_by_shapes():
    model, _ = emit_model(GRAPH, WEIGHTS)
    with_attribute("conv2", "pads", [0, 0, 0, 0])(model)
    report, _ = verify(GRAPH, WEIGHTS, model)
    assert report.first_failure.node == "conv2"
    assert "10 x 10" in report.first_failure.note


def test_end_to_end_catches_what_only_the_whole_shows():
    heavier = WEIGHTS | {"bn1.weight": WEIGHTS["bn1.weight"] * np.float32(1.01)}
    model, _ = emit_model(GRAPH, heavier)
    report, _ = verify(GRAPH, WEIGHTS, model)
    assert not report.end_to_end[0].passed


def test_a_layer_whose_value_a_model_lacks_is_judged_with_what_reads_it():
    model, _ = emit_model(GRAPH, WEIGHTS)
    for node in model.graph.node:
        for names in (node.input, node.output):
            names[:] = ["other" if name == "conv2" else name for name in names]
    report, _ = verify(GRAPH, WEIGHTS, model)
    assert report.passed
    assert [layer.node for layer in report.without_node] == ["conv2"]
    assert {layer.together for layer in report.layers} == {(), ("conv2",)}


@pytest.mark.parametrize("data", [b"", b"no model", b"\x08\x0a" * 50])
def test_what_is_no_export_of_the_model_is_said(data):
    report, (diagnostic,) = verify(GRAPH, WEIGHTS, data)
    assert report is None
    assert diagnostic.code == "E0907"


def test_a_file_of_a_fixed_size_is_verified_at_that_size():
    model = specc.loads("model Net {\n input x [N, 3, H, W]\n conv 4, 3x3\n}")
    sized = specc.loads("model Net {\n input x [N, 3, 8, 9]\n conv 4, 3x3\n}")
    file = emit_model(sized.graph, random_weights(sized.graph))[0].SerializeToString()
    report, (diagnostic,) = verify(model.graph, random_weights(model.graph), file)
    assert report is None
    assert diagnostic.message == "the file has a fixed size for what `Net` leaves open: H, W"
    assert diagnostic.help == "verify it at that size: `--size H=8 --size W=9`"


def test_cuda_that_is_not_there_is_an_error():
    from specc.runtime.session import cuda_available

    if cuda_available():
        pytest.skip("this machine has a GPU")
    report, (diagnostic,) = verify(GRAPH, WEIGHTS, device="cuda")
    assert report is None
    assert diagnostic.code == "E0902"


def test_a_part_that_nobody_reads_may_be_missing_from_the_file():
    """Where our `split` makes two parts and one is read, another exporter writes a Slice."""
    graph = network(shape(4, 6, 6), ("split1", layer("split", parts=2)), ("relu1", layer("relu"), ["split1"]))
    model, _ = emit_model(graph, {})
    (split,) = (node for node in model.graph.node if node.op_type == "Split")
    bounds = [numpy_helper.from_array(np.array([n], np.int64), name) for n, name in ((0, "b"), (2, "e"), (1, "a"))]
    model.graph.initializer.extend(bounds)
    split.CopyFrom(helper.make_node("Slice", [split.input[0], "b", "e", "a"], ["split1"], "split1"))
    del model.graph.value_info[:]
    report, diagnostics = verify(graph, {}, model.SerializeToString())
    assert not diagnostics
    assert report.passed, report.first_failure


@pytest.mark.parametrize(
    "text",
    [
        "input x 1x4x4, mean=0.4, std=0.3\nadaptive_maxpool 1",  # one value, of pixels that the graph normalises
        "input x 3x2x5x4\navgpool [3, 3, 5], dilation=3, pad=same",
        "input x 4\ntanh\nbn eps=1e-3",
    ],
)
def test_a_few_values_have_room_for_their_roundings(text):
    graph = specc.loads(f"model Net {{ {text}\n}}").graph
    weights = seeded(graph, 0)
    whole, _ = emit_model(graph, weights, preprocess="mean" in text)
    for seed in range(20):
        report, _ = verify(graph, weights, whole, seed=seed)
        assert report.passed, report.diagnostics
