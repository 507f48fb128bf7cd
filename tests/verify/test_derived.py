"""Values that a model does not hold follow from those that it holds, and nothing wrong hides behind them."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import layer, network, numbers, random_weights, shape

from specc.onnx import emit_model
from specc.onnx.importer import annotated
from specc.verify import verify
from specc.verify.derived import Derived

GRAPH = network(
    shape(4, 3, 5),
    ("relu1", layer("relu")),
    ("transpose1", layer("transpose", order=(2, 0, 1))),
    ("flatten1", layer("flatten")),
    ("dense1", layer("dense", units=3)),
    ("gather1", layer("gather", indices=(0, 2)), ["relu1"]),
    ("flatten2", layer("flatten"), ["gather1"]),
    ("concat1", layer("concat"), ["dense1", "flatten2"]),
)
WEIGHTS = random_weights(GRAPH)


def held_only(*lacking):
    """The export of the graph as a file in which nobody calls the values `lacking` so."""
    model, _ = emit_model(GRAPH, WEIGHTS)
    return annotated(model, {name: (name, "chw") for name in GRAPH.values if name not in lacking})


def statuses(*lacking, change=lambda model: None):
    model = held_only(*lacking)
    change(model)
    report, diagnostics = verify(GRAPH, WEIGHTS, model)
    assert report is not None, diagnostics
    return {layer.node: layer.status for layer in report.layers if layer.status not in ("passed", "warned")}


@pytest.mark.parametrize(
    ("lacking", "absent"),
    [
        (("transpose1",), ["transpose1"]),
        (("transpose1", "gather1"), ["transpose1", "gather1"]),
        (("relu1",), ["transpose1"]),  # found back in what it is transposed to
        (("relu1", "transpose1"), ["transpose1", "flatten1"]),
    ],
)
def test_what_only_moves_values_needs_no_node(lacking, absent):
    assert statuses(*lacking) == dict.fromkeys(absent, "no node")


@pytest.mark.parametrize(
    ("lacking", "absent"),
    [
        (("dense1",), []),  # found back in the concatenation
        (("relu1", "transpose1", "flatten1"), ["relu1", "transpose1", "flatten1"]),
    ],
)
def test_what_is_computed_and_lacks_is_judged_with_what_reads_it(lacking, absent):
    assert statuses(*lacking) == dict.fromkeys(absent, "no node")


def turned(perm):
    def change(model):
        (node,) = (item for item in model.graph.node if item.op_type == "Transpose")
        node.attribute[0].ints[:] = perm

    return change


@pytest.mark.parametrize(
    "lacking",
    [
        (),
        ("transpose1",),
        ("relu1",),
        ("relu1", "transpose1"),
        ("relu1", "gather1"),
        ("relu1", "transpose1", "flatten1"),
    ],
)
def test_a_fault_is_found_whatever_the_model_lacks(lacking):
    """Also where the value stands between two layers that give it back: they do not agree."""
    assert "failed" in statuses(*lacking, change=turned([0, 3, 2, 1])).values()


def test_another_operation_is_found_in_a_value_that_is_found_back():
    def change(model):
        model.graph.node[0].CopyFrom(onnx.helper.make_node("Neg", ["image"], ["relu1"], "relu1"))

    assert statuses("relu1", change=change)["relu1"] == "failed"


def test_operands_are_found_where_the_results_hold_them():
    held = {name: numbers(2, *GRAPH.values[name].shape[1:]) for name in ("image", "flatten1")}
    derived = Derived(GRAPH, held, {"N": 2})
    values = {name: derived.value(name, held.get) for name in ("transpose1", "relu1")}
    np.testing.assert_array_equal(values["relu1"].transpose(0, 3, 1, 2), values["transpose1"])
    np.testing.assert_array_equal(values["transpose1"].reshape(2, -1), held["flatten1"])
    assert derived.implied == {"transpose1", "flatten1", "gather1", "flatten2"}
    assert set(derived.held(["relu1"])) == {"flatten1"}
