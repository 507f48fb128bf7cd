"""crop like=x: a part of an image in the sizes of another value, open or not: the centre, or from `begin` on."""

import numpy as np
import pytest
from lowering import image, nodes_of, rejected

from specc.dims import symbol
from specc.ops import BY_WORD

H, W = symbol("H"), symbol("W")
AT_RUN_TIME = ["Shape", "Shape", "Sub", "Div", "Add", "Slice", "Shape", "Concat", "Reshape"]


@pytest.mark.parametrize(
    ("x", "like", "conditions"),
    [
        ((3, 9, 8), (5, 4, 8), []),
        ((3, H, W), (5, 4, 8), []),
        ((3, H + 5, W), (5, H, W), []),
        ((3, H // 2, W), (5, 2 * (H // 4), W - 1), []),  # a remainder of 0 or 1 is cut
        ((3, 2 * (H // 2), W), (5, H, W), ["H must be a multiple of 2"]),
        ((3, H * W, 8), (5, H, 8), []),  # products of open sizes are taken to fit
        ((3, (H * W) // 2, 8), (5, H, 8), []),
        ((3, (H + (H * W) // 2) // 2, 8), (5, H, 8), []),
    ],
)
def test_shapes_and_conditions(x, like, conditions):
    crop, inputs = BY_WORD["crop"](), (image(*x), image(*like))
    assert crop.infer(inputs)[0].shape[1:] == (x[0], *like[1:])
    assert [str(condition) for condition in crop.conditions(inputs)] == conditions


@pytest.mark.parametrize(
    ("begin", "x", "like", "conditions", "cuts"),
    [
        (2, (3, 9, 8), (5, 4, 6), [], [(2, 3), (2, 0)]),
        ((5, 0), (3, H + 9, W), (5, H, W), [], [(5, 4), (0, 0)]),
        (19, (3, 4 * ((H + 1) // 4) + 40, W + 38), (5, H, W), [], None),  # FCN-8s: 1 row more at least than it needs
        ((5, 0), (3, 2 * (H // 2) + 5, W), (5, H, W), ["H must be a multiple of 2"], None),
    ],
)
def test_with_a_begin_it_and_the_size_fit_together(begin, x, like, conditions, cuts):
    crop, inputs = BY_WORD["crop"](begin=begin), (image(*x), image(*like))
    assert crop.infer(inputs)[0].shape[1:] == (x[0], *like[1:])
    assert [str(condition) for condition in crop.conditions(inputs)] == conditions
    assert crop.cuts(inputs) == cuts
    assert [axis.first for axis in crop.reach(inputs)] == list(begin if isinstance(begin, tuple) else (begin, begin))


@pytest.mark.parametrize(
    ("arguments", "x", "like", "code"),
    [
        ({"amount": 1}, (3, 5, 6), (3, 5, 6), "E0303"),
        ({"size": 1}, (3, 5, 6), (3, 5, 6), "E0303"),
        ({"amount": 1, "begin": 1}, (3, 5, 6), (), "E0303"),
        ({"begin": 1}, (3, 5, 6), (), "E0302"),
        ({"begin": (1, 1, 1)}, (3, 5, 6), (3, 4, 5), "E0304"),
        ({"begin": 2}, (3, 5, 6), (3, 3, 5), "E0406"),
        ({"begin": 5}, (3, H + 4, W + 8), (3, H, W), "E0406"),
        ({"begin": 1, "size": 3}, (3, H, W), (), "E0407"),
        ({}, (3, 5, 6), (3, 5), "E0404"),
        ({}, (3, 5, 6), (3, 5, 7), "E0406"),
        ({}, (3, H // 2, 6), (3, H, 6), "E0406"),
        ({}, (3, H - 1, 6), (3, H, 6), "E0406"),
        ({}, (3, 2 * (H // 2) - 2, 6), (3, H, 6), "E0406"),
    ],
)
def test_rejections(arguments, x, like, code):
    inputs = [image(*shape) for shape in (x, like) if shape]
    assert rejected(BY_WORD["crop"](**arguments), *inputs).code == code


def test_one_more_is_cut_at_the_end():
    row, like = np.arange(7.0).reshape(1, 1, 7), np.zeros((1, 5, 4))
    assert BY_WORD["crop"]().compute((row, like), {})[0].tolist() == [[[1, 2, 3, 4]]]
    assert BY_WORD["crop"](begin=0).compute((row, like), {})[0].tolist() == [[[0, 1, 2, 3]]]


@pytest.mark.parametrize(
    ("arguments", "x", "like", "nodes"),
    [
        ({}, (3, H + 5, W), (5, H, W), ["Slice"]),
        ({}, (3, 9, 8), (5, 4, 7), ["Slice"]),
        ({}, (3, H // 2, W), (5, 2 * (H // 4), W), AT_RUN_TIME),
        ({"begin": 1}, (3, H + 5, W + 1), (5, H, W), ["Slice"]),
        ({"begin": 0}, (3, H // 2, W), (5, 2 * (H // 4), W), ["Shape", "Add", "Slice", "Shape", "Concat", "Reshape"]),
    ],
)
def test_sizes_are_worked_out_at_run_time_only_where_the_difference_is_open(arguments, x, like, nodes):
    assert nodes_of(BY_WORD["crop"](**arguments), image(*x), image(*like)) == nodes
