"""Collecting findings, each place once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from specc.diagnostics import Diagnostic, Label
from specc.frozen import changed
from specc.limits import DEFAULT_LIMITS, Limits, raising
from specc.source import Span

ITEMS_PER_STEP = 8
"""Items of a list that take about as long as one statement."""


class Failed(Exception):
    """What was being elaborated has no result, and the reason has been reported."""


class Stopped(Exception):
    """There are so many errors that looking for more helps nobody."""


def no_notes(_: Diagnostic) -> tuple[str, ...]:
    """There is no background to a finding."""
    return ()


class Reporter:
    """Findings in the order made, and the steps that elaboration has taken.

    A block that is called often would repeat its mistakes: a code is reported once for a place.  What the
    resolver has found fault with (`settled`) is not found fault with again during elaboration.  `background` gives the
    notes on what is being elaborated where something is found.
    """

    background: Callable[[Diagnostic], tuple[str, ...]]

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self.diagnostics: list[Diagnostic] = []
        self.heard = 0  # findings, whether told or not
        self.faults = 0  # errors among them
        self.background = no_notes
        self._found = {"error": 0, "warning": 0}
        self._counting = True
        self.steps = 0
        self._seen: set[tuple[str, str, int]] = set()
        self._settled: set[tuple[str, int]] = set()

    def add(self, diagnostic: Diagnostic) -> None:
        span = diagnostic.span
        self.heard += 1
        self.faults += diagnostic.severity == "error"
        if span is not None:
            key = (diagnostic.code, span.source.name, span.start)
            if key in self._seen or (span.source.name, span.start) in self._settled:
                return
            self._seen.add(key)
            if notes := self.background(diagnostic):
                diagnostic = changed(diagnostic, notes=(*diagnostic.notes, *notes))
        self._collect(diagnostic)

    def _collect(self, diagnostic: Diagnostic) -> None:
        """Keep it, up to the limit on errors (E0707) and that on warnings (W0401).

        Of errors that need no elaboration the rest is counted; beyond the limit elaboration ends.  Raises `Stopped`.
        """
        severity, most = diagnostic.severity, self.limits.findings
        self._found[severity] += 1
        if self._found[severity] <= most:
            self.diagnostics.append(diagnostic)
        elif severity == "error" and not self._counting:
            self.diagnostics.append(Diagnostic("E0707", f"stopped after {most:_} errors", help=_MORE_FINDINGS))
            raise Stopped
        elif severity == "warning" and self._found[severity] == most + 1:
            message = f"warnings beyond the first {most:_} are left out"
            self.diagnostics.append(Diagnostic("W0401", message, help=_MORE_FINDINGS))

    def spend(self, steps: int, span: Span) -> None:
        """Count `steps` of work at `span`.  Beyond the limit it is E0702, once, and raises `Failed`."""
        before, self.steps = self.steps, self.steps + steps
        if self.steps <= self.limits.steps:
            return
        if before <= self.limits.steps:
            message = f"more than {self.limits.steps:_} compile-time steps"
            raise self.error("E0702", span, message, help=raising("steps"))
        raise Failed

    def held(self, value: Any, span: Span) -> Any:
        """`value`, after its items have been counted as work.

        A list or text that is too large is E0702, lists nested too deep are E0106; both raise `Failed`.
        """
        if isinstance(value, tuple | str):
            self.spend(self.size(value, span) // ITEMS_PER_STEP, span)
        return value

    def size(self, value: Any, span: Span) -> int:
        """How many items a list has with those of the lists in it, or characters a text; 0 for other values.

        One that is too large is E0702, lists nested too deep are E0106; both raise `Failed`.
        """
        if not isinstance(value, tuple | str):
            return 0
        most, deepest = self.limits.elements, self.limits.nesting
        items, depth, level = 0, 0, [value]
        while level:
            items += sum(map(len, level))
            depth += 1
            if items > most:
                raise self.too_large(value, span)
            if depth > deepest:
                raise self.error("E0106", span, f"lists nested more than {deepest} deep")
            level = [item for part in level if isinstance(part, tuple) for item in part if isinstance(item, tuple)]
        return items

    def too_large(self, value: object, span: Span) -> Failed:
        """Report E0702 for a text, or else a list, beyond the limit on elements."""
        what = "text of more than {} characters" if isinstance(value, str) else "list of more than {} items"
        return self.error("E0702", span, f"a {what}".format(f"{self.limits.elements:_}"), help=_MORE_ELEMENTS)

    def error(
        self,
        code: str,
        span: Span,
        message: str,
        label: str = "",
        help: str | None = None,
        labels: tuple[Label, ...] = (),
    ) -> Failed:
        """Report, and return the exception to raise."""
        self.add(Diagnostic(code, message, span, label, labels, help=help))
        return Failed()

    def excuse(self, span: Span) -> None:
        """Whatever is found here is an echo of something reported already."""
        self.heard += 1
        self._settled.add((span.source.name, span.start))

    def settle(self) -> None:
        """The resolver is done: later findings at the places it complained about would be echoes.

        Raises `Stopped` where it found more errors than are told.
        """
        self._counting = False
        if self.full:
            more = self._found["error"] - self.limits.findings
            message = f"and {more:_} more error{'' if more == 1 else 's'}"
            self.diagnostics.append(Diagnostic("E0707", message, help=_MORE_FINDINGS))
            raise Stopped
        for diagnostic in self.diagnostics:
            if diagnostic.span is not None and diagnostic.severity == "error":
                self._settled.add((diagnostic.span.source.name, diagnostic.span.start))

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings: those about no place, then file by file as first met, top to bottom, then what is left out."""
        files: dict[str, int] = {}
        for diagnostic in self.diagnostics:
            if diagnostic.span is not None:
                files.setdefault(diagnostic.span.source.name, len(files))

        def place(diagnostic: Diagnostic) -> tuple[int, int]:
            span = diagnostic.span
            if diagnostic.code in ("E0707", "W0401"):
                return (len(files), 0)
            return (-1, 0) if span is None else (files[span.source.name], span.start)

        return tuple(diagnostic.at_rest() for diagnostic in sorted(self.diagnostics, key=place))

    @property
    def full(self) -> bool:
        """Whether there are more errors than are told: further ones are counted, and need no help."""
        return self._found["error"] > self.limits.findings


_MORE_FINDINGS = raising("findings")
_MORE_ELEMENTS = raising("elements")
