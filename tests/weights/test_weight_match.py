"""Comparing files with models."""

import numpy as np
import pytest

from specc.ir.build import GraphBuilder
from specc.ir.graph import Graph, GraphInput, GraphOutput
from specc.ops.conv import Conv
from specc.ops.scale import LearnedBias, Scale
from specc.types import TensorType
from specc.weights.initialisers import seeded
from specc.weights.match import match
from specc.weights.tensors import Weights


def chain(*ops) -> Graph:
    """A model of convolutions `conv1`, `conv2`, ... on a 1x8x8 image."""
    build = GraphBuilder("Chain")
    value = build.add_input(GraphInput(name="image", type=TensorType((1, 1, 8, 8))))
    for i, op in enumerate(ops, 1):
        (value,) = build.add(f"conv{i}", op, (value,))
    build.outputs.append(GraphOutput(name="y", value=value))
    return build.finish()


TWO = chain(Conv(channels=2, kernel=(3, 3)), Conv(channels=4, kernel=(1, 1), bias=False))
NAMES = ["conv1.weight", "conv1.bias", "conv2.weight"]


def arrays(**change):
    """Weights for `TWO`; a change gives another array for a name, or `None` to leave it out."""
    found = {name: np.ones_like(array) for name, array in seeded(TWO).items()}
    found |= {name.replace("_", "."): array for name, array in change.items()}
    return Weights.of({name: array for name, array in found.items() if array is not None})


def test_the_names_are_those_of_the_layers():
    assert seeded(TWO).names == tuple(NAMES)


def test_a_file_that_fits():
    weights, table, diagnostics = match(TWO, arrays())
    assert not diagnostics
    assert table.complete
    assert [row.status for row in table.rows] == ["matched"] * 3
    assert weights.names == tuple(NAMES)
    assert (weights["conv2.weight"] == 1).all()


@pytest.mark.parametrize(
    ("change", "counts", "line"),
    [
        ({"conv1_bias": None}, "1 missing of 3", "missing `conv1.bias` 2"),
        ({"extra": np.ones(3)}, "1 surplus of 3", "surplus `extra` 3"),
        ({"conv1_bias": np.ones(5)}, "1 misshapen of 3", "misshapen `conv1.bias` 2: 5 in the file"),
        (
            {"conv1_bias": np.ones(2, int)},
            "1 wrong type of 3",
            "wrong type `conv1.bias` 2: int64 in the file",
        ),
        (
            {"conv1_bias": None, "conv1_b": np.ones(2), "other": np.ones(2)},
            "1 missing, 2 surplus of 3",
            "missing `conv1.bias` 2: `conv1.b` has its shape",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_one_error_with_counts(change, counts, line):
    weights, _, (diagnostic,) = match(TWO, arrays(**change))
    assert weights is None
    assert diagnostic.code == "E0801"
    assert diagnostic.message.endswith(f"{counts} tensors")
    assert diagnostic.notes[0] == line


def test_a_long_list_is_cut():
    _, table, (diagnostic,) = match(TWO, arrays(**{f"x{i}": np.ones(1) for i in range(30)}))
    assert len(table.surplus) == 30
    assert diagnostic.notes[-1] == "and 20 more"


def test_not_strict_initialises_what_is_missing():
    weights, table, diagnostics = match(TWO, arrays(conv1_weight=None, extra=np.ones(1)), strict=False, seed=5)
    assert not diagnostics
    assert table.rows[0].note == "initialised from the seed"
    assert (weights["conv1.weight"] == seeded(TWO, 5)["conv1.weight"]).all()
    assert (weights["conv2.weight"] == 1).all()


def test_not_strict_still_wants_something_to_fit():
    """Else the weights of another network would quietly become random ones."""
    weights, _, (diagnostic,) = match(TWO, Weights.of({"other": np.ones(3)}), strict=False)
    assert weights is None
    assert diagnostic.code == "E0801"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_must_be_finite(value):
    weights, _, (diagnostic,) = match(TWO, arrays(conv1_bias=np.array([0, value], np.float32)))
    assert weights is None
    assert diagnostic.code == "E0803"
    assert diagnostic.message == "`conv1.bias` holds 1 value that is not finite"
    assert diagnostic.notes == (f"the first is {np.float32(value)} at [1]",)


def test_doubles_beyond_float32_are_not_finite_and_say_why():
    _, _, (diagnostic,) = match(TWO, arrays(conv1_bias=np.array([0, 1e300])))
    assert diagnostic.code == "E0803"
    assert "converted from float64" in diagnostic.notes


def test_values_written_in_the_spec_stay():
    graph = chain(Conv(channels=1, kernel=(1, 1), weight=2.0, bias=False))
    for given in (Weights.of({}), Weights.of({"conv1.weight": np.ones((1, 1, 1, 1))})):
        weights, table, diagnostics = match(graph, given)
        assert not diagnostics
        assert table.rows[0].status == "fixed"
        assert weights["conv1.weight"].item() == 2.0


def renamed(*names):
    return Weights.of(dict(zip(names, (array for array in seeded(TWO).values()), strict=True)))


def test_other_names_match_by_the_order_of_layers():
    weights, table, diagnostics = match(TWO, renamed("features.0.weight", "features.0.bias", "classifier.weight"))
    assert not diagnostics
    assert [row.source for row in table.rows] == ["features.0.weight", "features.0.bias", "classifier.weight"]
    assert table.rows[0].note == "matched by the order of layers"
    assert all((weights[name] == array).all() for name, array in seeded(TWO).items())


def test_within_a_layer_roles_decide_and_not_the_order():
    """`bias` before `weight`, both of one element."""
    graph = chain(Conv(channels=1, kernel=(1, 1)))
    given = Weights.of({"a.bias": np.full(1, 7.0), "a.weight": np.full((1, 1, 1, 1), 3.0)})
    weights, _, _ = match(graph, given)
    assert (weights["conv1.weight"].item(), weights["conv1.bias"].item()) == (3.0, 7.0)


def test_batch_counters_of_pytorch_are_no_surplus():
    given = arrays()
    given.tensors["bn1.num_batches_tracked"] = Weights.of({"n": np.zeros((), int)}).tensors["n"]
    assert match(TWO, given)[1].complete


@pytest.mark.parametrize("held", [False, True])
def test_values_fixed_in_the_spec_may_be_in_a_file_or_not(held):
    graph = chain(Conv(channels=2, kernel=(3, 3), bias=False), Scale(weight=0.5), Conv(channels=2, kernel=(1, 1)))
    found = {f"net.{name}": array for name, array in seeded(graph).items() if held or name != "conv2.weight"}
    _, table, diagnostics = match(graph, Weights.of(found))
    assert not diagnostics
    assert [row.status for row in table.rows] == ["matched", "fixed", "matched", "matched"]


def test_an_order_that_means_nothing_is_not_used():
    given = renamed("a.weight", "a.bias", "b.weight")
    unordered = Weights(given.tensors, ())
    assert match(TWO, unordered)[2][0].code == "E0801"


def test_layers_in_another_order_do_not_match():
    theirs = seeded(TWO)
    given = Weights.of({"b.w": theirs["conv2.weight"], "a.w": theirs["conv1.weight"], "a.b": theirs["conv1.bias"]})
    assert match(TWO, given)[2][0].code == "E0801"


@pytest.mark.parametrize(("theirs", "ours"), [((4,), (4, 1, 1)), ((4, 1, 1), (4, 1, 1)), ((4, 1), (4, 1, 1))])
def test_axes_of_size_one_behind_make_no_difference(theirs, ours):
    build = GraphBuilder("Scaled")
    build.add_input(GraphInput(name="image", type=TensorType((1, 4, 8, 8))))
    build.add("scale1", Scale(), ("image",))
    weights, _, problems = match(build.finish(), Weights.of({"scale1.weight": np.arange(4.0).reshape(theirs)}))
    assert not problems
    assert weights["scale1.weight"].shape == ours


def test_values_for_every_element_may_have_an_axis_for_the_batch():
    build = GraphBuilder("Embedded")
    build.add_input(GraphInput(name="tokens", type=TensorType((1, 3, 4))))
    build.add("bias1", LearnedBias(elementwise=True), ("tokens",))
    positions = np.arange(12.0).reshape(1, 3, 4)
    weights, _, problems = match(build.finish(), Weights.of({"bias1.bias": positions}))
    assert not problems
    assert (weights["bias1.bias"] == positions[0]).all()
