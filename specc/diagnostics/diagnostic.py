"""What a phase says about a spec: one value per finding, with its place, its arithmetic and its fix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from specc.diagnostics.codes import CODES
from specc.frozen import changed, frozen
from specc.source import Span

Severity: TypeAlias = Literal["error", "warning"]


class Label(NamedTuple):
    """A place that belongs to a finding, and what is to be said about it."""

    span: Span
    text: str


@frozen
class Diagnostic:
    """One finding.

    `message` is the headline; `label` stands beside the carets under `span`; `labels` are further places;
    `notes` carry arithmetic and background; `help` is the fix where one is plain.  A finding about no place
    in a text (a missing file, say) has `span=None` and names the file in `file`.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    file: str | None = None

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"diagnostic code {self.code} is not in the table")

    def at_rest(self) -> Diagnostic:
        """The same finding in places that stay where they are."""
        if type(self.span) is Span and all(type(label.span) is Span for label in self.labels):
            return self
        labels = tuple(Label(label.span.at_rest(), label.text) for label in self.labels)
        return changed(self, span=None if self.span is None else self.span.at_rest(), labels=labels)

    @property
    def severity(self) -> Severity:
        return "error" if self.code.startswith("E") else "warning"


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(d.severity == "error" for d in diagnostics)
