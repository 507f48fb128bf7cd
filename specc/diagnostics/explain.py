"""Pages of help: for a diagnostic code what it means, an example, why, and how to mend it; for a statement of the
language what it does, and an example."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from specc.diagnostics.codes import CODES

STATEMENTS: Final = (
    "model", "block", "input", "output", "let", "if", "for", "repeat", "branch", "residual", "import", "expect", "in",
    "from", "weights",
)  # fmt: skip
"""The words of the language that have a page."""


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
