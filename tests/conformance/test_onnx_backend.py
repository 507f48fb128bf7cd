"""ONNX's own single-node cases: everything passes or is declined with a reason, and the published table is true."""

from collections import Counter
from functools import cache
from pathlib import Path

import onnx
import pytest

from specc.conformance import OPERATORS, Outcome, cases, judged
from specc.conformance.page import by_operator, page

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
COUNTS = {"passed": 512, "declined": 26}


@cache
def outcomes() -> tuple[Outcome, ...]:
    return tuple(judged(case) for case in cases())


def test_nothing_fails():
    assert [f"{o.case}: {o.why}" for o in outcomes() if o.verdict == "failed"] == []
    assert all(o.why for o in outcomes() if o.verdict == "declined")


def test_every_operator_has_cases():
    assert set(by_operator(outcomes())) == set(OPERATORS)


@pytest.mark.skipif(not onnx.__version__.startswith("1.23."), reason="the counts are those of onnx 1.23")
def test_counts():
    assert Counter(o.verdict for o in outcomes()) == COUNTS


@pytest.mark.skipif(not onnx.__version__.startswith("1.23."), reason="the page is written with onnx 1.23")
def test_the_page_is_what_the_command_writes():
    assert PAGE.read_text(encoding="utf-8").split(" with onnx ")[0] == page(outcomes()).split(" with onnx ")[0]
    assert PAGE.read_text(encoding="utf-8").split("| operator |")[1:] == page(outcomes()).split("| operator |")[1:]
