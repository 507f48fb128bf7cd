"""Which inputs the model as a whole is judged on, and what they show."""

import pytest

import specc
from specc.report import verification


@pytest.mark.parametrize(
    ("kinds", "line"),
    [
        ("normal,zeros", "Inputs: normal, zeros"),
        ("zeros", "Inputs: zeros"),
        ("zeros,wide", "Inputs: zeros, wide; end to end: zeros"),
        ("nan,zeros", "Inputs: nan, zeros; end to end: zeros"),
        ("nan", "Inputs: nan; end to end: normal"),
    ],
)
def test_the_report_says_what_went_through_the_whole_model(kinds, line):
    report = specc.loads("model M { input x 4x6x6; conv 2, 3x3; relu }").verify(kinds=kinds.split(","))
    assert verification.render(report).splitlines()[1] == line


def test_numbers_that_float16_loses_are_found_by_inputs_that_need_them():
    """`add 1e-8` adds 0 in float16, and 0 / 0 is no number."""
    model = specc.loads("model M { input x 4x6x6; mul x, x; reduce_sum channels; add 1e-8; sqrt; div x, in }")
    with pytest.warns(UserWarning, match="the number 1e-08 of layer `add1` is 0 in float16"):
        assert not model.verify(kinds="zeros", dtype="float16").passed
    with pytest.warns(UserWarning, match="1e-08"):
        assert model.verify(kinds="normal", dtype="float16").passed
    assert model.verify(kinds="zeros").passed
