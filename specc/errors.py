"""The exception of everything that callers from Python can do about."""

from __future__ import annotations

from collections.abc import Sequence

from specc.diagnostics import Diagnostic
from specc.diagnostics.render import render_text


class SpecError(Exception):
    """A spec, a file or a request is wrong: `diagnostics` says how, errors before warnings, and the text is what the
    command line prints, in that order."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        ordered = sorted(diagnostics, key=lambda found: found.severity != "error")
        super().__init__(render_text(ordered, width=100))
        self.diagnostics = tuple(ordered)
