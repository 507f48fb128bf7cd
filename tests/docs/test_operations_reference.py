"""docs/operations.md is what the operations say of themselves."""

from pathlib import Path

import pytest

from specc.ops import OPS
from specc.report.operations import arguments
from specc.report.reference import page


def test_the_page_is_up_to_date() -> None:
    stored = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert stored == page(), "run `python -m specc.report.reference > docs/operations.md`"


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.word)
def test_every_argument_is_documented(op: type) -> None:
    assert [name for name, doc, _ in arguments(op) if not doc] == []
