"""Every example of the language reference does what the page says."""

import re
from pathlib import Path

import pytest

from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.pipeline import check
from specc.source import Source

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
EXAMPLES = re.findall(r"^```cnn(?: error=(E\d+))?\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 15


@pytest.mark.parametrize(("error", "text"), EXAMPLES, ids=[re.search(r"model (\w+)", t)[1] for _, t in EXAMPLES])
def test_example(error: str, text: str) -> None:
    outcome = check(Source("example.cnn", text), FileLoader(Path(), DEFAULT_LIMITS))
    errors = [d.code for d in outcome.diagnostics if d.severity == "error"]
    assert errors == ([error] if error else []), outcome.diagnostics
