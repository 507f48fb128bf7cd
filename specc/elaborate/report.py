"""Collecting findings, each place once."""

from __future__ import annotations

from specc.diagnostics import Diagnostic
from specc.source import Span


class Failed(Exception):
    """What was being elaborated has no result, and the reason has been reported."""


class Reporter:
    """Findings in the order made.

    A block that is called often would repeat its mistakes: a code is reported once for a place.  What the
    resolver has found fault with (`settled`) is not found fault with again during elaboration.
    """

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._seen: set[tuple[str, str, int]] = set()
        self._settled: set[tuple[str, int]] = set()

    def add(self, diagnostic: Diagnostic) -> None:
        span = diagnostic.span
        if span is not None:
            key = (diagnostic.code, span.source.name, span.start)
            if key in self._seen or (span.source.name, span.start) in self._settled:
                return
            self._seen.add(key)
        self.diagnostics.append(diagnostic)

    def error(self, code: str, span: Span, message: str, label: str = "", help: str | None = None) -> Failed:
        """Report, and return the exception to raise."""
        self.add(Diagnostic(code, message, span, label, help=help))
        return Failed()

    def excuse(self, span: Span) -> None:
        """Whatever is found here is an echo of something reported already."""
        self._settled.add((span.source.name, span.start))

    def settle(self) -> None:
        """The resolver is done: later findings at the places it complained about would be echoes."""
        for diagnostic in self.diagnostics:
            if diagnostic.span is not None and diagnostic.severity == "error":
                self._settled.add((diagnostic.span.source.name, diagnostic.span.start))

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings: file by file as first met, top to bottom; those about no place first."""
        files: dict[str, int] = {}
        for diagnostic in self.diagnostics:
            if diagnostic.span is not None:
                files.setdefault(diagnostic.span.source.name, len(files))

        def place(diagnostic: Diagnostic) -> tuple[int, int]:
            span = diagnostic.span
            return (-1, 0) if span is None else (files[span.source.name], span.start)

        return tuple(sorted(self.diagnostics, key=place))

    @property
    def failed(self) -> bool:
        return any(d.severity == "error" for d in self.diagnostics)
