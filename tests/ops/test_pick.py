"""slice and gather: some positions of one axis."""

import numpy as np
import pytest
from lowering import assert_within_bound, float64_outputs, image, nodes_of, numbers, rejected

from specc.ops import BY_WORD

SLICES = [
    # arguments, and what Python calls them on the width
    ({"start": 1, "stop": -1}, slice(1, -1)),
    ({"step": 2}, slice(None, None, 2)),
    ({"start": 1, "step": 2}, slice(1, None, 2)),
    ({"start": -3}, slice(-3, None)),
    ({"step": -1}, slice(None, None, -1)),
    ({"start": -2, "stop": 1, "step": -2}, slice(-2, 1, -2)),
    ({"start": 100, "stop": 2, "step": -3}, slice(100, 2, -3)),
]


@pytest.mark.parametrize(("arguments", "wanted"), SLICES)
def test_slices_are_pythons(arguments, wanted):
    op, x = BY_WORD["slice"](axis="width", **arguments), numbers(2, 3, 5, 7)
    ((y,), _) = float64_outputs(op, [x], {})
    np.testing.assert_array_equal(y, x[..., wanted])
    assert_within_bound(op, x)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"step": 2}, "(H + 1)//2"),
        ({"start": 1, "stop": -1}, "H - 2"),
        ({"step": -1}, "H"),
        ({"start": -2, "stop": 0, "step": -1}, "H - 2"),
        ({"start": -1}, "1"),  # the last step of a network over time
        ({"stop": 1}, "1"),
        ({"start": 0, "stop": 1, "step": 2}, "1"),
    ],
)
def test_open_sizes(arguments, wanted):
    op = BY_WORD["slice"](axis="height", **arguments)
    (kind,) = op.infer((image(8, "H", 4),))
    assert str(kind.shape[2]) == wanted
    assert_within_bound(op, numbers(2, 8, 7, 4), opened=True)


@pytest.mark.parametrize(("axis", "layout", "wanted"), [("channels", "chw", (2, 5, 4)), (0, "hwc", (8, 2, 4))])
def test_the_axis_is_counted_as_written(axis, layout, wanted):
    op = BY_WORD["slice"](axis=axis, start=-5, step=4, layout=layout)
    assert op.infer((image(8, 5, 4),))[0].shape[1:] == wanted


@pytest.mark.parametrize("axis", ["channels", "height", -1])
def test_gather_takes_positions_in_any_order(axis):
    op, x = BY_WORD["gather"](indices=(2, 0, 2, -1), axis=axis), numbers(2, 3, 5, 7)
    ((y,), _) = float64_outputs(op, [x], {})
    np.testing.assert_array_equal(y, np.take(x, [2, 0, 2, -1], {"channels": 1, "height": 2, -1: 3}[axis]))
    assert_within_bound(op, x)


@pytest.mark.parametrize(
    ("word", "arguments", "x", "code", "message"),
    [
        ("slice", {"axis": "height", "start": 5}, image(8, 5, 4), "E0406", "positions [5:] leave nothing of 5"),
        ("slice", {"axis": "length"}, image(8, 5, 4), "E0305", "the input has no length"),
        (
            "slice", {"axis": "height", "stop": 3}, image(8, "H", 4), "E0407",
            "how much [:3] leaves of an open height depends on its size",
        ),
        ("gather", {"indices": (0, 8)}, image(8, 5, 4), "E0305", "there is no position 8 among 8"),
        (
            "gather", {"indices": 0, "axis": "width"}, image(8, 5, "W"), "E0407",
            "`gather` needs a known size to pick from, not W",
        ),
    ],
)  # fmt: skip
def test_refusals(word, arguments, x, code, message):
    finding = rejected(BY_WORD[word](**arguments), x)
    assert (finding.code, finding.message) == (code, message)


def test_operators():
    assert nodes_of(BY_WORD["slice"](axis="height", step=2), image(8, "H", 4)) == ["Slice"]
    assert nodes_of(BY_WORD["gather"](indices=(2, 1, 0)), image(3, "H", 4)) == ["Gather"]
