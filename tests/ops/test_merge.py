"""add, sub, mul, div, max, min, mean, concat: where values meet, and where they do not."""

from functools import reduce

import numpy as np
import pytest
from lowering import assert_within_bound, float64_outputs, image, model_of, nodes_of, numbers, rejected
from onnx.helper import get_attribute_value

from specc.dims import Divides, symbol
from specc.ops import BY_WORD
from specc.ops.base import Reach
from specc.types import TensorType

H = symbol("H")


@pytest.mark.parametrize(
    ("word", "arguments", "inputs", "wanted"),
    [
        ("add", {}, [(8, 5, 4), (8, 5, 4), (8, 5, 4)], (8, 5, 4)),
        ("add", {}, [(8, 2 * (H // 2)), (8, "H")], (8, H)),
        ("mul", {}, [(8, 5, 4), (8, 1, 1)], (8, 5, 4)),
        ("mul", {}, [(1, "H", 4), (8, "H", 4)], (8, H, 4)),
        ("mul", {}, [(8, 5, 1), (8, 1, 4)], (8, 5, 4)),  # coordinate attention: a row of factors and a column
        ("mul", {}, [(2, 64, 7, 7), (2, 64, 1, 1)], (2, 64, 7, 7)),  # SK attention: as many as there are branches
        ("max", {}, [(8, 1, "H"), (1, 4, "H"), (8, 1, 1)], (8, 4, H)),
        ("max", {}, [(10,), (10,)], (10,)),
        ("concat", {}, [(8, "H"), (3, "H"), (1, 2 * (H // 2))], (12, H)),
        ("concat", {"axis": "height"}, [(8, 5, 4), (8, 2, 4)], (8, 7, 4)),
        ("concat", {"axis": 0, "layout": "hwc"}, [(8, 5, 4), (8, 2, 4)], (8, 7, 4)),
        ("concat", {}, [(8,), (3,)], (11,)),
    ],
)
def test_shapes(word, arguments, inputs, wanted):
    types = tuple(image(*x) for x in inputs)
    assert BY_WORD[word](**arguments).infer(types)[0].shape[1:] == wanted


def test_values_are_joined_along_the_axis_as_it_is_written():
    a, b = numbers(2, 3, 4, 5), numbers(2, 3, 4, 5, seed=1)
    for layout, axis in (("chw", 1), ("hwc", 2)):
        op = BY_WORD["concat"](axis=0, layout=layout)
        (joined,) = op.compute([a, b], {})
        np.testing.assert_array_equal(joined, np.concatenate([a, b], axis))
        (node,) = model_of(op, [image(3, 4, 5)] * 2, {}).graph.node
        assert get_attribute_value(node.attribute[0]) == axis


def test_along_a_joined_axis_it_is_not_known_where_the_first_sample_lies():
    concat, x, joined = BY_WORD["concat"], image(8, 5, 4), Reach(1, first=None, order="joined")
    assert concat().reach((x, x)) == ()
    for along_height in (concat(axis="height"), concat(axis=1), concat(axis=0, layout="hwc")):
        assert along_height.reach((x, x)) == (joined, Reach(1))


KEPT = "`pad=same` keeps {} where it comes in; `crop like=` or `resize like=` fits one value to another"


@pytest.mark.parametrize(
    ("word", "inputs", "label", "notes", "help"),
    [
        (
            "concat",
            [(64, 28, 28), (128, 26, 26)],
            "needs the same height and width from every branch",
            ["height: 28 != 26", "width: 28 != 26"],
            KEPT.format("28x28"),
        ),
        (
            "add",
            [(64, 28, 28), (64, 14, 14)],
            "needs the same height and width from every branch",
            ["height: 28 != 14", "width: 28 != 14"],
            "a stride of 2 in the larger branch, or `upsample 2` after the smaller",
        ),
        (
            "add",
            [(64, 28, 28), (128, 28, 28)],
            "needs the same channels from every branch",
            ["channels: 64 != 128"],
            "a convolution with a 1x1 kernel gives a branch other channels",
        ),
        (
            "mul",
            [(64,), (64, 28, 28)],
            "needs values with the same number of axes from every branch",
            [],
            "`reshape` makes a flat value an image, `flatten` an image flat",
        ),
        ("add", [(10,), (11,)], "needs the same size from every branch", ["size: 10 != 11"], None),
        (
            "max",
            [(8, 6, 4), (8, 3, 1), (1, 1, 4)],
            "needs the same height from every branch",
            ["height: 6 != 3"],
            None,
        ),
        (
            "concat",
            [(8, 6, 6), (8, 1, 1)],
            "needs the same height and width from every branch",
            ["height: 6 != 1", "width: 6 != 1"],
            "`upsample 6` after the smaller",
        ),
        (
            "concat",
            [(8, 28, 28), (3, 28, 26)],
            "needs the same height and width from every branch",
            ["width: 28 != 26"],
            KEPT.format("28x28"),
        ),
        (
            "mul",
            [(8, 5, 5), (8, 5)],
            "needs values with the same number of axes from every branch",
            [],
            None,
        ),
        (
            "add",
            [(8, 40), (8, 28)],
            "needs the same length from every branch",
            ["length: 40 != 28"],
            KEPT.format("40"),
        ),
        ("add", [(8, 41), (8, 28)], "needs the same length from every branch", ["length: 41 != 28"], None),
        (
            "add",
            [(8, 8), (8, 4)],
            "needs the same length from every branch",
            ["length: 8 != 4"],
            "a stride of 2 in the larger branch, or `upsample 2` after the smaller",
        ),
        (
            "add",
            [(8, 15, 15), (8, 14, 7)],
            "needs the same height and width from every branch",
            ["height: 15 != 14", "width: 15 != 7"],
            None,
        ),
        ("add", [(8, "H"), (8, "W")], "needs the same length from every branch", ["length: H != W"], None),
        ("add", [(8, "H"), (8, 4)], "needs the same length from every branch", ["length: H != 4"], None),
        ("add", [(8, "H"), (8, 4), (8, 8)], "needs the same length from every branch", ["length: H != 4 != 8"], None),
        (
            "max",
            [(8, 28), (8, 14), (8, 7)],
            "needs the same length from every branch",
            ["length: 28 != 14 != 7"],
            "a stride of 4 in the larger branch, or `upsample 4` after the smaller",
        ),
        (
            "add",
            [(8, 5), (4, 5)],
            "needs the same channels from every branch",
            ["channels: 8 != 4"],
            "a convolution with a 1 kernel gives a branch other channels",
        ),
    ],
)
def test_values_that_do_not_meet(word, inputs, label, notes, help):
    types = [image(*x) for x in inputs]
    finding = rejected(BY_WORD[word](), *types)
    assert (finding.code, finding.label) == ("E0403", label)
    assert finding.inputs == {i: x.text() for i, x in enumerate(types)}
    assert list(finding.notes) == notes
    assert finding.help == help


def test_what_is_most_likely_meant_where_values_do_not_meet():
    """The largest of known sizes, for padding is easily forgotten; the first where one is open."""
    assert BY_WORD["concat"](axis=0).likely((image(8, 5, 6), image(3, 7, 4)))[0].shape[1:] == (11, 7, 6)
    assert BY_WORD["concat"]().likely((image(8, "H", 6), image(3, 7, 6)))[0].shape[1:] == (11, H, 6)
    assert BY_WORD["concat"]().likely((image(8, 5, 6), image(3, 7))) is None
    assert BY_WORD["concat"](axis="depth").likely((image(8, 5, 6), image(3, 7, 4))) is None


def test_batches_that_differ():
    one = TensorType((2, 8, 5))
    for other, label in [((3, 8, 5), "batch"), ((1, 8, 5), "batch"), ((3, 8, 6), "length")]:
        finding = rejected(BY_WORD["add"](), one, TensorType(other))
        assert finding.label == f"needs the same {label} from every branch"
        assert finding.notes[0] == f"batch: 2 != {other[0]}"
        named = "the batch is called `N` where an input does not name it: name it alike in all inputs, or in none"
        assert finding.help == (named if label == "batch" else None)


def test_open_sizes_meet_under_conditions():
    halved_and_doubled = image(8, 2 * (H // 2))
    for word in ("add", "concat"):
        assert BY_WORD[word]().conditions((halved_and_doubled, image(8, "H"))) == (Divides(2, H),)
    assert BY_WORD["mul"]().conditions((image(8, 1), halved_and_doubled, image(8, "H"))) == (Divides(2, H),)
    assert BY_WORD["concat"](axis=1).conditions((halved_and_doubled, image(8, "H"))) == ()


NUMPY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "max": np.maximum,
    "min": np.minimum,
    "mean": np.add,
    "concat": lambda a, b: np.concatenate([a, b], 1),
}


@pytest.mark.parametrize(
    ("word", "count"),
    [("sub", 2), ("div", 2), *((word, count) for word in NUMPY if word not in ("sub", "div") for count in (1, 2, 3))],
)
def test_numpy_and_onnx_runtime(word, count):
    op = BY_WORD[word]()
    xs = [numbers(2, 3, 4, 5, seed=seed) * 10 ** (2 * seed) for seed in range(count)]
    (y,), _ = float64_outputs(op, xs, {})
    wanted = reduce(NUMPY[word], [x.astype(np.float64) for x in xs]) / (count if word == "mean" else 1)
    np.testing.assert_allclose(y, wanted, rtol=1e-14)
    assert_within_bound(op, *xs)


@pytest.mark.parametrize("word", [word for word in NUMPY if word != "concat"])
@pytest.mark.parametrize("shape", [(2, 3, 1, 1), (2, 1, 4, 5), (2, 1, 1, 1), (2, 3, 1, 5), (2, 1, 4, 1)])
def test_a_size_of_1_stretches(word, shape):
    image_, single = numbers(2, 3, 4, 5), numbers(*shape, seed=1)
    assert_within_bound(BY_WORD[word](), image_, single)
    assert_within_bound(BY_WORD[word](), single, image_)
    assert_within_bound(BY_WORD[word](), numbers(2, 3, 1, 5), numbers(2, 1, 4, 1, seed=2))


@pytest.mark.parametrize("word", ["add", "mul", "max", "min", "mean"])
def test_each_of_three_may_stretch(word):
    assert_within_bound(BY_WORD[word](), numbers(2, 3, 1, 1), numbers(2, 1, 4, 1, seed=1), numbers(2, 3, 1, 5, seed=2))


def test_powers_stretch_too():
    assert_within_bound(BY_WORD["pow"](), abs(numbers(2, 3, 1, 5)), numbers(2, 1, 4, 1, seed=2))


@pytest.mark.parametrize(
    ("word", "count", "operators"),
    [
        ("add", 2, ["Add"]),
        ("add", 3, ["Sum"]),
        ("mul", 3, ["Mul", "Mul"]),
        ("concat", 3, ["Concat"]),
        ("mean", 3, ["Sum", "Div"]),
        ("dropout", 1, ["Identity"]),  # only because the model's output needs a name of its own
    ],
)
def test_operators(word, count, operators):
    assert nodes_of(BY_WORD[word](), *[image(8, 5, 4)] * count) == operators
