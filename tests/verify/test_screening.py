"""Large convolutions: what is told of their error bound without computing all of it, and the verdict that it allows."""

import numpy as np
import pytest

from specc.kernels import large_bounds
from specc.ops.conv import Conv
from specc.ops.dense import Dense
from specc.verify.compare import worst
from specc.verify.endtoend import U
from specc.verify.screening import FEW, screened

CONV = Conv(channels=48, kernel=(3, 3), pad="same")
RNG = np.random.default_rng(0)
X = np.maximum(RNG.standard_normal((2, 64, 12, 10), np.float32), 0).astype(np.float64)
WEIGHTS = {"weight": RNG.standard_normal((48, 64, 3, 3), np.float32), "bias": RNG.standard_normal(48, np.float32)}
EXACT = CONV.compute([X], WEIGHTS)[0]
GOT = CONV.compute([X.astype(np.float32)], WEIGHTS)[0]


@pytest.fixture(autouse=True)
def every_layer_is_large(monkeypatch):
    monkeypatch.setattr(large_bounds, "LARGE", 0)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"border": "reflect"}, {"stride": (2, 1), "pad": "valid"}, {"dilation": (2,), "pad": (3, 1)}],
    ids=str,
)
def test_a_part_of_the_bound_lies_below_it_and_each_element_has_its_own(arguments):
    op = CONV.model_copy(update=arguments)
    (bound,) = op.error_bound([X], WEIGHTS, [], U)
    part = op.partial_bound([X], WEIGHTS, U)
    places = np.arange(0, bound.size, 97)
    assert np.all(part.least > 0)
    assert np.all(part.least < bound)
    assert np.median(part.least / bound) > 16 / 64
    assert part.at(places) == pytest.approx(bound.reshape(-1)[places], rel=1e-4)


def test_where_the_heaviest_channels_are_silent_the_part_is_small_and_still_no_more_than_the_bound():
    x = X.copy()
    x[1, :40] = 0
    (bound,) = CONV.error_bound([x], WEIGHTS, [], U)
    assert np.all(CONV.partial_bound([x], WEIGHTS, U).least <= bound)


def test_the_likely_bound_is_near_the_bound():
    (bound,), (likely,) = (way([X], WEIGHTS, [EXACT], U) for way in (CONV.error_bound, CONV.likely_bound))
    assert likely == pytest.approx(bound, rel=0.3)
    assert np.mean(np.abs(likely / bound - 1)) < 0.05


def test_the_likely_bound_counts_the_bias():
    weights = WEIGHTS | {"bias": np.full(48, 1e4, np.float32)}
    (bound,), (likely,) = (way([X], weights, [EXACT], U) for way in (CONV.error_bound, CONV.likely_bound))
    assert likely == pytest.approx(bound, rel=0.01)


def test_what_leaves_the_range_of_float32_has_the_whole_bound():
    x = X.copy()
    x[0, 0, 0, 0] = np.nan
    (bound,), (likely,) = (way([x], WEIGHTS, [EXACT], U) for way in (CONV.error_bound, CONV.likely_bound))
    assert np.array_equal(likely, bound, equal_nan=True)


def test_groups_and_narrow_inputs_have_the_whole_bound_only():
    grouped = Conv(channels=48, kernel=(3, 3), groups=2)
    narrow = {"weight": WEIGHTS["weight"][:, :32]}
    assert grouped.partial_bound([X], narrow, U) is None
    assert grouped.excerpt(narrow) is narrow
    assert CONV.partial_bound([X[:, :8]], {"weight": WEIGHTS["weight"][:, :8]}, U) is None


def test_an_excerpt_makes_the_first_channels():
    assert CONV.compute([X], CONV.excerpt(WEIGHTS))[0] == pytest.approx(EXACT[:, :16])
    matrix = {"weight": RNG.standard_normal((160, 30)), "bias": np.ones(160)}
    some, everything = (
        Dense(units=160).compute([X[:, :30, 0, 0]], ws)[0] for ws in (Dense.excerpt(None, matrix), matrix)
    )
    assert some == pytest.approx(everything[:, :20])


def judged(got):
    return screened(CONV, [X], WEIGHTS, EXACT, got)


def whole(got):
    return worst(EXACT, CONV.error_bound([X], WEIGHTS, [EXACT], U)[0], got)


def test_a_right_result_passes_with_the_largest_error_and_nearly_the_tightest():
    found, best = judged(GOT), whole(GOT)
    assert found.max_error == best.max_error
    assert 0.7 * best.ratio <= found.ratio <= 1.001 * best.ratio < 1


@pytest.mark.parametrize("by", [1.01, 0.99, 0.5])
def test_an_element_beyond_its_bound_or_near_it_is_found_as_before(by):
    got = EXACT.copy()
    got[1, 5, 3, 7] += by * CONV.error_bound([X], WEIGHTS, [EXACT], U)[0][1, 5, 3, 7]
    found, best = judged(got), whole(got)
    assert found.index == best.index == (1, 5, 3, 7)
    assert found.ratio == pytest.approx(by, rel=1e-3)
    assert (found.expected, found.got, found.error) == (best.expected, best.got, best.error)


@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
def test_nan_and_infinities_are_left_to_the_whole_bound(spoilt):
    got = GOT.copy()
    got[0, 0, 0, 0] = spoilt
    assert judged(got) is None
    x = X.copy()
    x[0, 0, 0, 0] = spoilt
    assert screened(CONV, [x], WEIGHTS, CONV.compute([x], WEIGHTS)[0], GOT) is None


def test_many_doubtful_elements_are_left_to_the_whole_bound():
    (bound,) = CONV.error_bound([X], WEIGHTS, [EXACT], U)
    got = EXACT.copy()
    got.reshape(-1)[: FEW + 1] += bound.reshape(-1)[: FEW + 1] * 0.9
    assert judged(got) is None
