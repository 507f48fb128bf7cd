"""Pools: their shapes, the lectures' numbers, and PyTorch's."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from layers import LECTURE, computed, image, layer, shape_of

from specc.dims import symbol
from specc.ops.adaptive_pool import bins, widest
from specc.ops.base import Reach, Rejection
from specc.ops.pool_base import samples_read
from specc.ops.windowed import Windowed

SHAPES = [
    ("maxpool", {"kernel": 2}, (6, 28, 28), (6, 14, 14)),
    ("maxpool", {"kernel": 3, "stride": 2, "pad": 1}, (64, 112, 112), (64, 56, 56)),
    ("maxpool", {"kernel": 3, "stride": 2, "round": "ceil"}, (64, 112, 112), (64, 56, 56)),
    ("maxpool", {"kernel": 3, "stride": 1, "pad": "same"}, (8, 7, 7), (8, 7, 7)),
    ("maxpool", {"kernel": 2}, (8, 2**63 - 1), (8, 2**62 - 1)),
    ("maxpool", {"kernel": 1}, (8, "L"), (8, symbol("L"))),
    ("maxpool", {"kernel": 2, "stride": 1, "dilation": 200_000, "pad": 100_000}, (8, 200_000), (8, 200_000)),
    ("minpool", {"kernel": (2, 1)}, (8, 6, 6), (8, 3, 6)),
    ("avgpool", {"kernel": 3, "dilation": 2, "stride": 1}, (8, 9, 9), (8, 5, 5)),
    ("lppool", {"kernel": 2}, (8, 6), (8, 3)),
    ("weightedpool", {"kernel": 3}, (8, 6, 6, 9), (8, 2, 2, 3)),
    ("global_avgpool", {}, (512, 7, 7), (512, 1, 1)),
    ("global_maxpool", {}, (512, "L"), (512, 1)),
    ("global_lppool", {}, (512, 2, 3, 4), (512, 1, 1, 1)),
    ("adaptive_avgpool", {"size": 7}, (512, 13, 9), (512, 7, 7)),
    ("adaptive_maxpool", {"size": (1, 5)}, (512, "H", 9), (512, 1, 5)),
]


@pytest.mark.parametrize(("word", "arguments", "given", "output"), SHAPES)
def test_shapes(word, arguments, given, output):
    op, x = layer(word, **arguments), image(*given)
    assert shape_of(op, x) == output
    assert op.weights((x,)) == ()
    assert op.macs((x,), op.infer((x,))) == 0


def test_reach_of_an_adaptive_pool():
    """All of an open size, or the widest bin; no number where every sample is seen."""
    assert layer("adaptive_maxpool", size=(1, 5)).reach((image(3, "H", 9),)) == (
        Reach(symbol("H")),
        Reach(3, Fraction(9, 5), Fraction(-4, 5), Fraction(8, 5)),
    )
    assert layer("adaptive_maxpool", size=1).reach((image(3, "H", 9),)) is None


PICTURE = LECTURE["pool_2x2_s2"]
POOLED = [
    ("maxpool", {"kernel": 2}, "max"),
    ("avgpool", {"kernel": 2}, "average"),
    ("minpool", {"kernel": 2}, "min"),
    ("maxpool", {"kernel": 3, "stride": 1}, "max_3x3_s1"),
    ("maxpool", {"kernel": 3, "stride": 2}, "max_3x3_s2_floor"),
    ("maxpool", {"kernel": 3, "stride": 2, "round": "ceil"}, "max_3x3_s2_ceil"),
    ("avgpool", {"kernel": 3, "stride": 2, "round": "ceil"}, "avg_3x3_s2_ceil"),
    ("avgpool", {"kernel": 3, "stride": 1, "pad": 1, "count_include_pad": True}, "avg_3x3_s1_p1_count_include_pad"),
    ("avgpool", {"kernel": 3, "stride": 1, "pad": 1}, "avg_3x3_s1_p1_exclude_pad"),
]


@pytest.mark.parametrize(("word", "arguments", "key"), POOLED)
def test_the_lectures_pools(word, arguments, key):
    picture = np.array(PICTURE["input"], np.float64)[None, None]
    assert np.allclose(computed(layer(word, **arguments), picture)[0, 0], PICTURE[key], atol=1e-6)


@pytest.mark.parametrize("ceil", [0, 1])
@pytest.mark.parametrize("counted", [0, 1])
def test_the_overhang_never_counts(ceil, counted):
    picture = np.arange(1.0, 37).reshape(1, 1, 6, 6)
    pool = layer(
        "avgpool", kernel=3, stride=2, pad=1, round="ceil" if ceil else "floor", count_include_pad=bool(counted)
    )
    key = f"opset=22,ceil_mode={ceil},count_include_pad={counted}"
    expected = LECTURE["avgpool_6x6_k3_s2_p1_on_arange_1_36"][key]["torch"]
    assert np.allclose(computed(pool, picture)[0, 0], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("falloff", "edge", "corner"),
    [("inverse", 1 / 2, 1 / (1 + 2**0.5)), ("gaussian", np.exp(-1), np.exp(-2)), ("linear", 2**0.5, 1)],
)
def test_weights_fall_with_the_distance_from_the_centre(falloff, edge, corner):
    centre = 1 + 2**0.5 if falloff == "linear" else 1
    total = centre + 4 * edge + 4 * corner
    impulses = np.zeros((3, 1, 3, 3))
    impulses[0, 0, 1, 1] = impulses[1, 0, 0, 1] = impulses[2, 0, 2, 2] = 1
    pooled = computed(layer("weightedpool", kernel=3, falloff=falloff), impulses).ravel()
    assert np.allclose(pooled, np.array([centre, edge, corner]) / total)


@pytest.mark.parametrize("word", ["maxpool", "minpool"])
def test_a_nan_in_a_window_is_its_result(word):
    line = np.array([[[1.0, np.nan, 2.0, 3.0]]])
    pooled = computed(layer(word, kernel=2), line)[0, 0]
    assert np.isnan(pooled[0])
    assert not np.isnan(pooled[1])


@pytest.mark.parametrize("dilation", [1, 2, 3, 4])
def test_windows_that_read_nothing_are_found_as_by_trying_each(dilation):
    for size, kernel, stride, pad in product(
        range(1, 8), (1, 2, 3), (1, 2, 3, 5), (0, 1, 2, 4, (3, 0), (0, 2), (1, 5))
    ):
        op, x = layer("maxpool", kernel=kernel, stride=stride, pad=pad, dilation=dilation), image(1, size)
        try:
            (window,) = Windowed.placed(op, x)
        except Rejection:
            continue  # the kernel does not fit
        if 0 in samples_read(size, window, op.geometry(x), 0):
            with pytest.raises(Rejection, match="nothing but padding"):
                op.infer((x,))
        else:
            op.infer((x,))


def test_the_widest_bin():
    for size, outputs in product(range(1, 20), range(1, 20)):
        assert widest(size, outputs) == max(end - begin for begin, end in bins(size, outputs))


@pytest.mark.parametrize(
    ("word", "arguments", "given"),
    [
        ("adaptive_maxpool", {"size": 2**40}, (1, 9, 9)),
        ("maxpool", {"kernel": 2**40, "stride": 1, "pad": 2**39}, (1, 2**39, 9 + 2**39)),
        ("avgpool", {"kernel": 3, "stride": 1, "dilation": 2**50, "pad": 2**50}, (1, 2**48)),
        ("lppool", {"kernel": 2, "stride": 1, "pad": 1}, (1, 2**60)),
    ],
)
def test_enormous_windows_take_no_time(word, arguments, given):
    op, x = layer(word, **arguments), image(*given)
    try:
        op.reach(op.infer((x,)))
    except Rejection as rejection:
        assert rejection.finding.code == "E0406"
