"""Open sizes: their laws, and how they read."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from specc.agreement import meet, merge_conditions
from specc.dims import Dim, Divides, candidates, ceil_div, evaluate, formula, maximum, names, parse, substituted, symbol

H, W = symbol("H"), symbol("W")

numbers = st.integers(-40, 40)
divisors = st.integers(1, 9)
sizes = st.fixed_dictionaries({"H": st.integers(1, 200), "W": st.integers(1, 200)})
dims = st.recursive(
    numbers | st.sampled_from([H, W]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] + pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] - pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] * pair[1]),
        st.tuples(inner, divisors).map(lambda pair: pair[0] // pair[1]),
        st.lists(inner, min_size=1, max_size=3).map(lambda several: maximum(tuple(several))),
    ),
    max_leaves=6,
)


@given(dims, dims, divisors, sizes)
def test_evaluating_commutes_with_arithmetic(a: Dim, b: Dim, n: int, at: dict[str, int]) -> None:
    x, y = evaluate(a, at), evaluate(b, at)
    assert evaluate(a + b, at) == x + y
    assert evaluate(a - b, at) == x - y
    assert evaluate(a * b, at) == x * y
    assert evaluate(a // n, at) == x // n
    assert evaluate(ceil_div(a, n), at) == -(-x // n)
    assert evaluate(maximum((a, b, n)), at) == max(x, y, n)


@given(dims, sizes)
def test_numbers_for_open_sizes_may_be_put_in_one_after_the_other(a: Dim, at: dict[str, int]) -> None:
    half = substituted(a, lambda name: at[name] if name == "H" else symbol(name))
    assert names(half) <= {"W"}
    assert substituted(half, lambda name: at[name]) == evaluate(a, at)


def test_a_maximum_is_the_same_in_any_order() -> None:
    assert maximum((H, W, 3)) == maximum((2, maximum((W, H)), 3)) != maximum((H, W))
    assert maximum((H, H)) == H
    assert maximum((4, 5)) == 5
    assert candidates(maximum((H, 5, 4))) == (H, 5)
    assert candidates(H + 1) == (H + 1,)


@given(dims)
def test_a_formula_reads_back_as_the_same_size(a: Dim) -> None:
    assert parse(formula(a)) == a


@given(dims, st.lists(st.tuples(divisors, st.sampled_from("HW")), max_size=3), st.integers(1, 9), st.integers(1, 9))
def test_a_formula_under_conditions_is_right_wherever_they_hold(
    a: Dim, multiples: list[tuple[int, str]], h: int, w: int
) -> None:
    conditions = merge_conditions(tuple(Divides(n, symbol(name)) for n, name in multiples))
    at = {"H": h, "W": w}
    for condition in conditions:
        for name in names(condition.value):
            at[name] *= condition.divisor
    assert eval(formula(a, conditions), dict(at)) == evaluate(a, at)


@given(
    st.tuples(dims, dims)
    | st.tuples(st.sampled_from([H, W, H + W]), divisors).map(lambda t: (t[0], t[0] // t[1] * t[1])),
    sizes,
)
def test_sizes_that_meet_are_equal_wherever_the_conditions_hold(pair: tuple[Dim, Dim], at: dict[str, int]) -> None:
    needed = meet(*pair)
    assume(needed is not None)
    assume(all(evaluate(c.value, at) % c.divisor == 0 for c in needed or ()))
    assert evaluate(pair[0], at) == evaluate(pair[1], at)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (H // 2, "H//2"),
        (2 * (H // 16), "2*(H//16)"),
        ((H + 1) // 2, "(H + 1)//2"),
        (-(H // 2), "-(H//2)"),
        (W - H // 2, "W - H//2"),
        (3 * (H // 2) * (W // 4), "3*(H//2)*(W//4)"),
        ((H // 2 + 3) // 2, "(H + 2)//4 + 1"),
        (H * W * 4 - 1, "4*H*W - 1"),
        (H - H, "0"),
        (6 * H // 3, "2*H"),
        (2 * maximum((H, W // 2, 7)) - 1, "2*max(H, W//2, 7) - 1"),
    ],
)
def test_sizes_read_like_formulas(value: Dim, text: str) -> None:
    assert formula(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2 * (H // 16), "H/8"),
        (3 * (H // 2), "3*H/2"),
        ((H + 6) // 4, "H/4 + 1"),
        ((H // 4) * (W // 2), "H*(W//2)/4"),
        (H - 2 * (H // 2), "0"),
        ((W + 1) // 2 + H, "(W + 1)/2 + H"),
        ((W + 2) // 3, "(W + 2)//3"),
    ],
)
def test_conditions_carry_exact_divisions_out(value: Dim, text: str) -> None:
    assert formula(value, (Divides(16, H), Divides(2, W + 1))) == text


@pytest.mark.parametrize(
    ("left", "right", "needed"),
    [
        (28, 28, ()),
        (28, 26, None),
        (H, 28, None),
        (H, 2 * (H // 2), (Divides(2, H),)),
        (H // 2, W // 2, None),
    ],
)
def test_meeting_sizes_name_their_conditions(left: Dim, right: Dim, needed: tuple[Divides, ...] | None) -> None:
    assert meet(left, right) == needed


def test_conditions_on_one_name_join_to_one() -> None:
    joined = merge_conditions((Divides(4, H), Divides(6, H), Divides(2, H + W), Divides(2, H + W)))
    assert [str(condition) for condition in joined] == ["H must be a multiple of 12", "H + W must be a multiple of 2"]


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Divides(4, H), "H must be a multiple of 4"),
        (Divides(4, 2 * H), "H must be a multiple of 2"),
        (Divides(4, H * W), "H*W must be a multiple of 4"),
        (Divides(4, H // 2), "H//2 must be a multiple of 4"),
        (Divides(4, H + 1), "H + 1 must be a multiple of 4"),
    ],
)
def test_conditions_read_like_sentences(condition: Divides, text: str) -> None:
    assert str(condition) == text


@pytest.mark.parametrize("text", ["", "H**2", "H/0", "H//W", "__import__('os')", "1.5", "(" * 10_000])
def test_what_is_not_a_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse(text)


def test_strided_branches_meet_where_the_size_is_a_multiple() -> None:
    """A feature pyramid: the size behind a strided 3x3 convolution, halved again and upsampled."""
    height = symbol("H")
    fine = (height + 2 - 3) // 8 + 1
    coarse = (fine + 2 - 3) // 2 + 1
    conditions = merge_conditions(meet(2 * coarse, fine) or ())
    assert [str(c) for c in conditions] == ["H must be a multiple of 16"]
    assert formula(fine, conditions) == "H/8"
