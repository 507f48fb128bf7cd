"""Pages of help: for a diagnostic code what it means, an example, why, and how to mend it; for a statement of the
language what it does, and an example; for its other words what they mean; for words of talk what they are in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from specc.diagnostics.codes import CODES

STATEMENTS: Final = (
    "model", "block", "input", "output", "let", "if", "for", "repeat", "branch", "residual", "import", "expect", "in",
    "from", "weights",
)  # fmt: skip
"""The words of the language that have a page."""
_SECTION: Final = re.compile(r"^## (?P<words>[^\n]*?)(?: -> (?P<page>\w+))?\n(?P<text>.*?)(?=^## |\Z)", re.M | re.S)


@cache
def explain(code: str) -> str:
    """The page of `code` as Markdown; `KeyError` for a code that is not in the table."""
    if code not in CODES:
        raise KeyError(code)
    return (files("specc.diagnostics") / "explain" / f"{code}.md").read_text(encoding="utf-8")


@cache
def explain_statement(word: str) -> str:
    """The page of a word of the language as Markdown; `KeyError` for one without."""
    if word not in STATEMENTS:
        raise KeyError(word)
    return (files("specc.diagnostics") / "statements" / f"{word}.md").read_text(encoding="utf-8")


@cache
def other_words() -> Mapping[str, tuple[str, ...]]:
    """What is said of words without a page of their own, as Markdown without a heading; of some in several places."""
    return _sections("words.md")


@cache
def topics() -> Mapping[str, tuple[str, ...]]:
    """What is said of words that people use and the language does not: `label`, `broadcasting`."""
    return _sections("topics.md")


def _sections(file: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    text = (files("specc.diagnostics") / file).read_text(encoding="utf-8")
    for section in _SECTION.finditer(text):
        told = section["text"].strip() or explain_statement(section["page"]).strip()
        for word in section["words"].split(", "):
            found[word] = (*found.get(word, ()), told)
    return found
