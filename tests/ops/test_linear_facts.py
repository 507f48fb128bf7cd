"""What is known of convolutions and dense layers before any number is computed."""

from fractions import Fraction

import pytest
from layers import LECTURE, image, layer, numbers, shape_of, weights_of

# word, arguments, input, output, weights, multiply-accumulates, (extent, stride) on the first spatial axis
FACTS = [
    ("conv", {"channels": 6, "kernel": 5}, (1, 32, 32), (6, 28, 28), [(6, 1, 5, 5), (6,)], 117_600, (5, 1)),
    ("conv", {"channels": 64, "kernel": 7, "stride": 2, "pad": 3, "bias": False}, (3, 224, 224), (64, 112, 112),
     [(64, 3, 7, 7)], 118_013_952, (7, 2)),
    ("conv", {"channels": 4, "kernel": 3, "groups": 2, "dilation": 2}, (6, 9, 9), (4, 5, 5),
     [(4, 3, 3, 3), (4,)], 4 * 25 * 27, (5, 1)),
    ("conv", {"channels": 8, "kernel": (1, 7), "pad": (0, 3)}, (2, 17, 17), (8, 17, 17),
     [(8, 2, 1, 7), (8,)], 8 * 289 * 14, (1, 1)),
    ("conv", {"channels": 8, "kernel": 3, "pad": "same", "stride": 2}, (2, 15), (8, 8), [(8, 2, 3), (8,)], 384, (3, 2)),
    ("conv", {"channels": 8, "kernel": 3}, (1, 5, 6, 7), (8, 3, 4, 5), [(8, 1, 3, 3, 3), (8,)], 8 * 60 * 27, (3, 1)),
    ("depthwise", {"kernel": 3, "pad": 1}, (32, 8, 8), (32, 8, 8), [(32, 1, 3, 3), (32,)], 32 * 64 * 9, (3, 1)),
    ("depthwise", {"kernel": 3, "multiplier": 2, "bias": False}, (3, 8, 8), (6, 6, 6), [(6, 1, 3, 3)], 1944, (3, 1)),
    ("separable", {"channels": 64, "kernel": 3, "pad": 1}, (32, 8, 8), (64, 8, 8),
     [(32, 1, 3, 3), (64, 32, 1, 1), (64,)], 32 * 64 * 9 + 64 * 64 * 32, (3, 1)),
    ("deconv", {"channels": 512, "kernel": 2, "stride": 2}, (1024, 16, 16), (512, 32, 32),
     [(1024, 512, 2, 2), (512,)], 536_870_912, (1, Fraction(1, 2))),
    ("deconv", {"channels": 6, "kernel": 3, "stride": 2, "pad": 1, "output_pad": 1, "groups": 2}, (4, 7, 7),
     (6, 14, 14), [(4, 3, 3, 3), (6,)], 4 * 49 * 3 * 9, (2, Fraction(1, 2))),
    ("deconv", {"channels": 6, "kernel": 5, "stride": 2, "pad": "same"}, (4, 7, 9), (6, 14, 18),
     [(4, 6, 5, 5), (6,)], 4 * 63 * 6 * 25, (3, Fraction(1, 2))),
    ("deconv", {"channels": 1, "kernel": 1, "stride": 3, "pad": "same"}, (1, 7), (1, 21), [(1, 1, 1), (1,)], 7,
     (1, Fraction(1, 3))),
    ("deconv", {"channels": 1, "kernel": 1, "pad": 3}, (1, 7), (1, 1), [(1, 1, 1), (1,)], 7, (1, 1)),
    ("dense", {"units": 84}, (120,), (84,), [(84, 120), (84,)], 10_080, None),
    ("dense", {"units": 10, "bias": False}, (84,), (10,), [(10, 84)], 840, None),
    ("dense", {"units": 6, "axis": -1}, (5, 4), (5, 6), [(6, 4), (6,)], 5 * 4 * 6, None),
    ("dense", {"units": 6, "axis": "channels"}, (5, 4, 3), (6, 4, 3), [(6, 5), (6,)], 5 * 4 * 3 * 6, ()),
    ("dense", {"units": 6, "axis": -1, "layout": "hwc"}, (5, 4, 3), (6, 4, 3), [(6, 5), (6,)], 5 * 4 * 3 * 6, ()),
    ("dense", {"units": 6, "axis": "height", "bias": False}, (5, 4, 3), (5, 6, 3), [(6, 4)], 5 * 4 * 3 * 6, None),
]  # fmt: skip


@pytest.mark.parametrize(("word", "arguments", "given", "output", "weights", "macs", "reach"), FACTS)
def test_shape_weights_cost_and_reach(word, arguments, given, output, weights, macs, reach):
    op, x = layer(word, **arguments), image(*given)
    assert shape_of(op, x) == output
    assert [w.shape for w in op.weights((x,))] == weights
    assert op.macs((x,), op.infer((x,))) == macs
    field = op.reach((x,))
    assert field == reach or (field and field[0][:2]) == (reach[0], Fraction(reach[1]))


@pytest.mark.parametrize("case", LECTURE["filters_volume"])
def test_the_lectures_filter_volumes(case):
    height, width, channels = case["input"]
    x = image(channels, height, width)
    op = layer("conv", channels=case["filters"], kernel=case["f"], stride=case["stride"], pad=case["pad"])
    assert shape_of(op, x) == (case["output"][2], *case["output"][:2])
    assert sum(w.elements for w in op.weights((x,))) == case["params"]
    assert op.macs((x,), op.infer((x,))) == case["macs"]


def test_names_and_depth():
    x = image(4, 8, 8)
    separable = layer("separable", channels=8, kernel=3)
    assert [w.name for w in separable.weights((x,))] == ["depthwise.weight", "pointwise.weight", "pointwise.bias"]
    assert separable.weighted_layers == 2
    assert [w.name for w in layer("conv", channels=8, kernel=3).weights((x,))] == ["weight", "bias"]


@pytest.mark.parametrize(
    ("word", "arguments", "given", "fans"),
    [
        ("conv", {"channels": 8, "kernel": 3, "groups": 2}, (4, 9, 9), (18, 36)),
        ("depthwise", {"kernel": 3, "multiplier": 2}, (4, 9, 9), (9, 18)),
        ("deconv", {"channels": 8, "kernel": 3, "groups": 2}, (4, 9, 9), (18, 36)),
        ("dense", {"units": 8}, (5,), (5, 8)),
    ],
)
def test_fans_count_what_one_unit_reads_and_writes(word, arguments, given, fans):
    assert layer(word, **arguments).weights((image(*given),))[0].fans == fans


@pytest.mark.parametrize(
    ("word", "arguments"),
    [("conv", {"channels": 8, "kernel": 3}), ("deconv", {"channels": 8, "kernel": 3}), ("depthwise", {"kernel": 3})],
)
def test_the_kernel_starts_as_the_layer_says(word, arguments):
    for init in ("he_normal", "glorot_uniform"):
        assert layer(word, **arguments, init=init).weights((image(4, 9, 9),))[0].init == init


@pytest.mark.parametrize(
    ("word", "arguments", "given", "values"),
    [
        ("depthwise", {"kernel": 2, "weight": [[1, 2], [3, 4]]}, (2, 5, 5), (1, 2, 3, 4) * 2),
        ("conv", {"channels": 2, "kernel": 2, "weight": [[1, 2], [3, 4]]}, (1, 5, 5), (1, 2, 3, 4) * 2),
        ("conv", {"channels": 2, "kernel": 1, "weight": [[[[1]], [[2]], [[3]]]] * 2}, (3, 5, 5), (1, 2, 3) * 2),
        ("conv", {"channels": 2, "kernel": 3, "weight": [1, 2, 3]}, (1, 9), (1, 2, 3) * 2),
        ("conv", {"channels": 1, "kernel": 2, "weight": 0.25}, (3, 5, 5), (0.25,) * 12),
        ("deconv", {"channels": 1, "kernel": 2, "weight": [[1, 2], [3, 4]]}, (1, 5, 5), (1, 2, 3, 4)),
        ("dense", {"units": 2, "weight": [[1, 2, 3], [4, 5, 6]]}, (3,), (1, 2, 3, 4, 5, 6)),
    ],
)
def test_fixed_weights_repeat_over_the_axes_they_lack(word, arguments, given, values):
    weight = layer(word, **arguments).weights((image(*given),))[0]
    assert weight.fixed == values
    assert not weight.trainable


@pytest.mark.parametrize(
    ("word", "arguments", "given", "terms"),
    [
        ("conv", {"channels": 8, "kernel": 3, "groups": 2}, (4, 9, 9), 2 * 9 + 1),
        ("conv", {"channels": 8, "kernel": 3, "bias": False}, (4, 9, 9), 4 * 9),
        ("deconv", {"channels": 8, "kernel": 3, "stride": 2}, (4, 9, 9), 4 * 2 * 2 + 1),
        ("avgpool", {"kernel": (3, 2)}, (4, 9, 9), 6),
        ("adaptive_avgpool", {"size": 4}, (4, 9, 9), 4 * 4),
    ],
)
def test_terms_of_the_longest_sum(word, arguments, given, terms):
    """What the bounds on rounding errors grow with; never less than one output adds up."""
    op, x = layer(word, **arguments), image(*given)
    assert op.terms([numbers(1, *given)], weights_of(op, x)) == terms


def test_arithmetic_of_the_output_size():
    op = layer("deconv", channels=1, kernel=3, stride=2, pad=1, output_pad=1)
    assert op.arithmetic((image(1, 7),)) == ("length: (7 - 1) * 2 + 3 + 1 - 2 = 14",)
