"""The page behind a diagnostic code: what it means, an example, why, and how to mend it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from specc.diagnostics.codes import CODES


@cache
def explain(code: str) -> str:
    """The page of `code` as Markdown; `KeyError` for a code that is not in the table."""
    if code not in CODES:
        raise KeyError(code)
    return (files("specc.diagnostics") / "explain" / f"{code}.md").read_text(encoding="utf-8")
