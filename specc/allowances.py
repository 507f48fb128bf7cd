"""`# allow W0101`: comments by which a spec says that a warning is known and what it warns of is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from specc.diagnostics import CODES, Diagnostic, has_errors
from specc.source import Source, Span

_COMMENT: Final = (
    r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|"""
    r"#[ \t]*(?:allow(?:[ \t]*:[ \t]*|[ \t]+)|(?P<foreign>noqa)[ \t]*:[ \t]*)"
    r"(?P<codes>[A-Za-z]\d{4}(?:[ \t]*,[ \t]*[A-Za-z]\d{4})*)\b[^\n]*|#[^\n]*"
)
_EMPTY: Final = r"\s*(#.*)?"


class Allowance(NamedTuple):
    """A code at its place in a comment, and the row of the text that it is for; `None` for all of them.

    A comment of another tool, `# noqa: W0101`, allows nothing.
    """

    code: str
    span: Span
    row: int | None
    foreign: bool = False

    def covers(self, diagnostic: Diagnostic) -> bool:
        """Whether it allows a warning of its file."""
        if diagnostic.code != self.code or diagnostic.severity != "warning" or self.foreign:
            return False
        return self.row is None or (diagnostic.span is not None and diagnostic.span.row == self.row)


def allowances(source: Source) -> list[Allowance]:
    """All of a file: behind a statement they are for its line, on a line of their own for the statement below, and
    above everything else in the file for the whole of it."""
    if "allow" not in source.text and "noqa" not in source.text:
        return []
    return [found for match in re.finditer(_COMMENT, source.text) if match["codes"] for found in _of(source, match)]


def _of(source: Source, comment: re.Match[str]) -> Iterator[Allowance]:
    row = _row(source, comment.start())
    for code in re.finditer(r"[A-Za-z]\d{4}", comment["codes"]):
        start = comment.start("codes") + code.start()
        yield Allowance(code[0].upper(), Span(source, start, start + len(code[0])), row, comment["foreign"] is not None)


def _row(source: Source, start: int) -> int | None:
    """The row that a comment at `start` is for."""
    row, _ = source.position(start)
    lines = source.text.split("\n")
    if not re.fullmatch(_EMPTY, lines[row - 1]):
        return row
    if all(re.fullmatch(_EMPTY, line) for line in lines[: row - 1]):
        return None
    return next((below for below in range(row, len(lines)) if not re.fullmatch(_EMPTY, lines[below])), row - 1) + 1


def without_allowed(diagnostics: Sequence[Diagnostic], source: Source, whole: bool) -> list[Diagnostic]:
    """The findings of the file `source` and its imports without those that comments allow.

    Where nothing is wrong and the `whole` file was checked, comments of `source` that allow nothing are found fault
    with (W0402).
    """
    known: dict[str, list[Allowance]] = {source.name: allowances(source)}
    used: set[Allowance] = set()
    kept = []
    for diagnostic in diagnostics:
        at = diagnostic.span.source if diagnostic.span is not None else source
        if at.name not in known:
            known[at.name] = allowances(at)
        allowing = [one for one in known[at.name] if one.covers(diagnostic)]
        used.update(allowing)
        kept += [] if allowing else [diagnostic]
    if whole and not has_errors(diagnostics):
        kept += [_idle(one) for one in known[source.name] if one not in used and one.code != "W0402"]
    return kept


def _idle(allowance: Allowance) -> Diagnostic:
    code = allowance.code
    where = "this file" if allowance.row is None else f"line {allowance.row}"
    if allowance.foreign and code in CODES:
        message = f"`noqa` is another tool's word, and allows no {code} here"
        return Diagnostic("W0402", message, allowance.span, help=f"write `# allow {code}`")
    if code not in CODES:
        why = f"there is no warning {code}"
    elif code.startswith("E"):
        why = f"{code} is an error, which cannot be allowed"
    else:
        why = f"{where} has no warning {code}"
    return Diagnostic("W0402", f"allowing {code} does nothing: {why}", allowance.span, help="remove it")
