"""Which formulas may be the largest of several, depending on the open sizes."""

from __future__ import annotations

import pytest
from chains import H, W, graph, image
from hypothesis import given
from hypothesis import strategies as st

from specc.analysis.envelope import MOST, envelope, least_sizes, never_larger
from specc.dims import Dim, Divides, candidates, evaluate
from specc.ir.graph import Graph

LARGE = {"H": 1 << 20, "W": 1 << 20, "N": 1}


def open_image(*layers: tuple[str, str, dict[str, int]]) -> Graph:
    return graph(image(1, H, W), *layers)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([3 * H * W, 5 * H * W, 4], [5 * H * W]),
        ([H * W, 16], [H * W, 16]),
        ([H, W], [H, W]),
        ([2 * H + 7, H + 9], [2 * H + 7, H + 9]),
        ([2 * H + 7, H + 8], [2 * H + 7]),  # H is 1 at least
        ([H * W, H, W], [H * W]),
        ([4 * ((H + 1) // 2), H], [4 * ((H + 1) // 2)]),
        ([4 * ((H + 1) // 2), 8 * ((H + 3) // 4)], [8 * ((H + 3) // 4)]),  # (H + 1) // 2 <= 2 * ((H + 3) // 4)
        ([8 * H, H + 8 * W, 16 * W], [16 * W, 8 * H]),  # 7/8 * 8 * H is more than H, 1/2 * 16 * W as much as 8 * W
        ([5 * H * W - 8 * W, 4 * H * W - 8 * W], [5 * H * W - 8 * W]),
        ([7, 12], [12]),
    ],
)  # fmt: skip
def test_what_another_covers_is_left_out(sizes: list[Dim], expected: list[Dim]) -> None:
    found = candidates(envelope(sizes, open_image(), LARGE))
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_images_are_as_large_as_windows_and_conditions_ask_for() -> None:
    assert least_sizes(open_image()) == {"N": 1, "H": 1, "W": 1}
    pooled = open_image(("a", "maxpool", {"kernel": 3, "stride": 2}))
    assert least_sizes(pooled) == {"N": 1, "H": 3, "W": 3}
    even = pooled.model_copy(update={"conditions": (Divides(4, H),)})  # type: ignore[arg-type]
    assert least_sizes(even) == {"N": 1, "H": 4, "W": 3}
    assert candidates(envelope([H * W, 12], even, LARGE)) == (H * W,)


def test_what_may_be_below_zero_covers_nothing() -> None:
    assert len(candidates(envelope([H * ((W - H) // 2), 2 * H * ((W - H) // 2)], open_image(), LARGE))) == 2


quotients = st.builds(
    lambda n, c, d: (n + c) // d, st.sampled_from([H, W]), st.integers(0, 7), st.sampled_from([1, 2, 4, 8])
)
products = st.builds(lambda a, b, c: a * b * c, quotients, quotients, st.integers(-9, 99))
sums = st.lists(products | st.integers(-50, 500), min_size=1, max_size=3).map(lambda parts: sum(parts, 0))
at = st.fixed_dictionaries({"H": st.integers(1, 40), "W": st.integers(1, 40)})


@given(st.lists(sums, min_size=1, max_size=8), st.lists(at, min_size=5, max_size=5))
def test_the_envelope_is_the_largest_everywhere(sizes: list[Dim], places: list[dict[str, int]]) -> None:
    found = envelope(sizes, open_image(), LARGE)
    for place in places:
        assert evaluate(found, place) == max(evaluate(size, place) for size in sizes)


@given(sums, sums, at)
def test_what_is_never_larger_is_not_larger_anywhere(a: Dim, b: Dim, place: dict[str, int]) -> None:
    if never_larger(a, b, {"H": 1, "W": 1}):
        assert evaluate(a, place) <= evaluate(b, place)


def test_very_many_formulas_have_a_maximum_that_is_none_too_small() -> None:
    sizes = [(200 - i) * H + i * i * W for i in range(100)]
    found = envelope(sizes, open_image(), LARGE)
    assert len(candidates(found)) <= MOST
    for place in ({"H": 1, "W": 1}, {"H": 90, "W": 1}, {"H": 50, "W": 3}, {"H": 1, "W": 80}):
        assert evaluate(found, place) >= max(evaluate(size, place) for size in sizes)
