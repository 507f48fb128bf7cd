"""What `specc verify` prints."""

from __future__ import annotations

from dataclasses import replace

import pytest

from specc.report.verification import number, ratio, render
from specc.textwidth import text_width
from specc.verify.report import LayerResult, OutputResult, Report

GOOD = LayerResult(
    node="conv1", layer="conv1", op="conv", file="net.cnn", line=3, status="passed",
    max_error=2.4e-7, error=1.2e-7, bound=6e-7, ratio=0.2, index=(0, 1, 2, 3), probe="normal",
)  # fmt: skip
BAD = replace(
    GOOD, node="conv2", layer="conv2", line=5, status="failed",
    max_error=0.5, error=0.5, bound=1e-6, ratio=5e5, expected=1.0, got=1.5,
)  # fmt: skip
OUTPUT = OutputResult("logits", True, 1e-6, 1e-4, (0, 7), 0.25, 0.250001)


def report(*layers: LayerResult, output: OutputResult = OUTPUT) -> Report:
    return Report("Net", "CPUExecutionProvider", 7, {"H": 64}, ("normal", "zeros"), layers, (output,))


def test_a_pass_has_a_row_for_each_layer_and_says_so() -> None:
    assert (
        render(report(GOOD), 100)
        == """\
Verification: Net on CPUExecutionProvider, seed 7, H=64
Inputs: normal, zeros
─────────────────────────────────────────────────────────────────────────────
Layer (type)  Tightest error  Its bound  Ratio  Status  Input   Largest error
─────────────────────────────────────────────────────────────────────────────
conv1 (conv)         1.2e-07    6.0e-07   0.20  passed  normal        2.4e-07
─────────────────────────────────────────────────────────────────────────────
Each element has its own bound; tightest is the error nearest to its bound.

─────────────────────────────────────────────────────
Output, end to end    Error  Tolerance  Ratio  Status
─────────────────────────────────────────────────────
logits              1.0e-06    1.0e-04   0.01  passed
─────────────────────────────────────────────────────
PASSED: 1 layer, each within its bound
"""
    )


def test_a_narrow_table_keeps_the_tightest_error_beside_its_bound_and_names_apart() -> None:
    named = [replace(GOOD, node=f"group{i}.inverted_residual2.expand.conv1") for i in (1, 2)]
    assert render(report(*named), 76).splitlines()[2:8] == [
        "────────────────────────────────────────────────────────────────────────────",
        "Layer (type)                        Tightest error  Its bound  Ratio  Status",
        "────────────────────────────────────────────────────────────────────────────",
        "group1.inver…2.expand.conv1 (conv)         1.2e-07    6.0e-07   0.20  passed",
        "group2.inver…2.expand.conv1 (conv)         1.2e-07    6.0e-07   0.20  passed",
        "────────────────────────────────────────────────────────────────────────────",
    ]
    assert "No room for Input, Largest error: use COLUMNS=" in render(report(*named), 76)


@pytest.mark.parametrize("width", [40, 48, 60, 80])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = replace(BAD, node="group1.inverted_residual2.expand.conv1", note="a tie is rounded the other way " * 3)
    failed = replace(OUTPUT, name="a_name_that_is_very_long_indeed", passed=False)
    for one in (report(GOOD, long, output=failed), report(GOOD, output=failed), report(GOOD)):
        assert max(map(text_width, render(one, width).splitlines())) <= width
    assert ("Tolerance" in render(report(GOOD), width)) == (width > 40)


def test_a_failure_names_the_first_layer_and_its_element() -> None:
    text = render(report(GOOD, BAD, replace(BAD, node="conv3")), 100)
    assert text.endswith("""\
First to fail: conv2 (conv), net.cnn:5
  element [0, 1, 2, 3]: expected 1.0, got 1.5
  error 5.0e-01, bound 1.0e-06, ratio 5.0e+05
FAILED: 2 of 3 layers not within bounds
""")


def test_an_output_may_fail_by_itself() -> None:
    text = render(report(GOOD, output=replace(OUTPUT, passed=False, error=1.0)), 100)
    assert "the output logits does, with ONNX Runtime's graph optimisations on\n  element [0, 7]: expected 0.25" in text
    assert text.endswith("FAILED: 1 of 1 outputs not within bounds\n")


def test_only_what_is_remarkable() -> None:
    closer = replace(GOOD, node="close", ratio=0.9)
    text = render(report(GOOD, BAD, closer), 100, every=False)
    assert ("conv1 (conv)" in text, "conv2 (conv)" in text, "close (conv)" in text) == (False, True, False)
    assert "close (conv)" in render(report(GOOD, closer), 100, every=False)


def test_notes_are_told() -> None:
    noted = replace(GOOD, note="a tie is rounded the other way")
    assert "\nconv1: a tie is rounded the other way\nPASSED" in render(report(noted), 100)


def test_numbers() -> None:
    assert [number(0), number(1.234e-7), number(float("inf"))] == ["0", "1.2e-07", "inf"]
    assert [ratio(0.314), ratio(42), ratio(5e5), ratio(float("nan"))] == ["0.31", "42.00", "5.0e+05", "nan"]
