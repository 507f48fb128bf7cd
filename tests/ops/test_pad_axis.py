"""pad with an axis: values at the ends of one axis, such as channels."""

from __future__ import annotations

import numpy as np
import pytest
from lowering import assert_within_bound, float64_outputs, image, numbers, rejected

from specc.dims import symbol
from specc.ops.pad import Pad


@pytest.mark.parametrize(
    ("amount", "axis", "wanted"),
    [
        ((0, 4), "channels", (7, "H", 5)),
        ((2,), "channels", (7, "H", 5)),
        ((1, 2), 0, (6, "H", 5)),
        ((1, 2), "width", (3, "H", 8)),
    ],
)
def test_one_axis_grows(amount, axis, wanted):
    assert Pad(amount=amount, axis=axis).infer((image(3, "H", 5),))[0] == image(*wanted)


def test_an_open_axis_and_a_row_of_features_grow_too():
    assert Pad(amount=(1, 2), axis="height").infer((image(3, "H", 5),))[0].shape[2] == symbol("H") + 3
    assert Pad(amount=(1, 2), axis="channels").infer((image(3),))[0] == image(6)


@pytest.mark.parametrize("layout", ["chw", "hwc"])
def test_values_stand_at_the_ends_of_the_axis_as_it_is_written(layout):
    op = Pad(amount=(1, 2), axis=0, value=0.5, layout=layout)
    x = numbers(2, 3, 4, 5)
    ((y,), _) = float64_outputs(op, [x], {})
    first = [(0, 0), (1, 2), (0, 0), (0, 0)] if layout == "chw" else [(0, 0), (0, 0), (1, 2), (0, 0)]
    np.testing.assert_array_equal(y, np.pad(x.astype(np.float64), first, constant_values=0.5))
    assert_within_bound(op, x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"amount": (1, 1, 1, 1)}, "one axis has 2 ends, not 4"),
        ({"amount": (1,), "mode": "edge"}, "`pad` with an axis adds a value, not edge"),
    ],
)
def test_what_one_axis_cannot_have(arguments, message):
    assert rejected(Pad(axis="channels", **arguments), image(3, 4, 5)).message == message
