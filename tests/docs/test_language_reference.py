"""Every example of the language reference and of the answers by task does what the page says."""

import re
from pathlib import Path

import pytest

from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.pipeline import check
from specc.source import Source

DOCS = Path(__file__).parents[2] / "docs"
MODEL = re.compile(r"model (\w+)")
FENCE = re.compile(r"^```cnn(?: error=(E\d+))?\n(.*?)^```", re.M | re.S)
PAGES = ("language.md", "howto.md")
EXAMPLES = [(page, *found) for page in PAGES for found in FENCE.findall((DOCS / page).read_text(encoding="utf-8"))]
NAMES = [f"{page}:{re.search(MODEL, text)[1]}" for page, _, text in EXAMPLES]


@pytest.mark.parametrize("page", PAGES)
def test_the_page_has_examples(page: str) -> None:
    assert len([example for example in EXAMPLES if example[0] == page]) >= 15


@pytest.mark.parametrize(("error", "text"), [example[1:] for example in EXAMPLES], ids=NAMES)
def test_example(error: str, text: str) -> None:
    outcome = check(Source("example.cnn", text), FileLoader(Path(), DEFAULT_LIMITS))
    errors = [d.code for d in outcome.diagnostics if d.severity == "error"]
    assert errors == ([error] if error else []), outcome.diagnostics
