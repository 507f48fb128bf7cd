"""Diagnostics as a reader sees them: source lines with carets on a terminal, and annotations for GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from specc.diagnostics.diagnostic import Diagnostic
from specc.diagnostics.snippet import Line, Mark, Piece, excerpt, marks_of
from specc.source import Source, Span
from specc.textwidth import printable, wrap

_LONGEST_MESSAGE: Final = 1000
_LEFT_OUT: Final = ("E0707", "W0401")
"""Findings that say that there are others."""
_RESET: Final = "\x1b[0m"
_COLOURS: Final = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "headline": "\x1b[1m",
    "gutter": "\x1b[1;34m",
    "secondary": "\x1b[1;34m",
    "help": "\x1b[1;36m",
}


def render_text(diagnostics: Sequence[Diagnostic], width: int = 100, colour: bool = False) -> str:
    """Every diagnostic with its source lines, and a last line that counts them; "" for none.

    `width` is the terminal's, in cells: long source lines are cropped around the mark, labels and notes wrapped.
    """
    if not diagnostics:
        return ""
    blocks = ["\n".join(_paint(line, d, colour) for line in _lines(d, width)) for d in diagnostics]
    return "\n\n".join([*blocks, summary_line(diagnostics)]) + "\n"


def render_line(diagnostic: Diagnostic, colour: bool = False) -> str:
    """A diagnostic in one line: its severity, code and message, and what helps."""
    line = _paint(next(_lines(diagnostic, 0)), diagnostic, colour)
    return line if diagnostic.help is None else f"{line}; {printable(diagnostic.help)}"


def summary_line(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`; `200 errors shown` where there are more."""
    told = [d for d in diagnostics if d.code not in _LEFT_OUT]
    errors = sum(d.severity == "error" for d in told)
    counts = [("error", errors), ("warning", len(told) - errors)]
    text = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts if count)
    return text if len(told) == len(diagnostics) else f"{text} shown"


def _lines(diagnostic: Diagnostic, width: int) -> Iterator[Line]:
    yield [
        Piece(f"{diagnostic.severity}[{diagnostic.code}]", "primary"),
        Piece(f": {_cropped(printable(diagnostic.message))}", "headline"),
    ]
    files = _marks_by_file(diagnostic)
    gutter = max((len(str(mark.row)) for _, marks in files for mark in marks), default=1)
    if not files and diagnostic.file is not None:
        yield [Piece(f"{'':{gutter}}--> ", "gutter"), Piece(printable(diagnostic.file))]
    for index, (source, marks) in enumerate(files):
        yield from _file(source, marks, gutter, width, first=index == 0)
    for word, text in [*(("note", note) for note in diagnostic.notes), *_help(diagnostic)]:
        yield from _note(word, text, gutter, width)


def _cropped(text: str) -> str:
    """A message that quotes something endless, without its middle."""
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[: _LONGEST_MESSAGE // 2]} ... {text[-100:]}"


def _help(diagnostic: Diagnostic) -> list[tuple[str, str]]:
    return [] if diagnostic.help is None else [("help", diagnostic.help)]


def _marks_by_file(diagnostic: Diagnostic) -> list[tuple[Source, list[Mark]]]:
    """The marks of the primary span's file first, then of the others in the order of their labels."""
    found: dict[str, tuple[Source, list[Mark]]] = {}
    spans = [] if diagnostic.span is None else [(diagnostic.span, diagnostic.label, True)]
    spans += [(label.span, label.text, False) for label in diagnostic.labels]
    for span, text, primary in spans:
        marks = found.setdefault(span.source.name, (span.source, []))[1]
        marks.extend(marks_of(span, text, primary))
    return list(found.values())


def _file(source: Source, marks: list[Mark], gutter: int, width: int, *, first: bool) -> Iterator[Line]:
    where = next((mark for mark in marks if mark.primary), marks[0])
    arrow = "-->" if first else ":::"
    at = f"{printable(source.name)}:{where.row}:{where.start + 1}"
    yield [Piece(f"{'':{gutter}}{arrow} ", "gutter"), Piece(at)]
    yield [Piece(f"{'':{gutter}} |", "gutter")]
    yield from excerpt(source, marks, gutter, width)


def _note(word: str, text: str, gutter: int, width: int) -> Iterator[Line]:
    """` = help: ...`, further lines aligned behind the colon."""
    start = gutter + len(f" = {word}: ")
    lines = [piece for part in text.split("\n") for piece in wrap(printable(part), max(width - start, 30))]
    yield [Piece(f"{'':{gutter}} = ", "gutter"), Piece(word, "help"), Piece(f": {lines[0]}")]
    for line in lines[1:]:
        yield [Piece(f"{'':{start}}{line}")]


def _paint(line: Line, diagnostic: Diagnostic, colour: bool) -> str:
    if not colour:
        return "".join(piece.text for piece in line).rstrip()
    return "".join(_painted(piece, diagnostic.severity) for piece in line)


def _painted(piece: Piece, severity: str) -> str:
    start = _COLOURS.get(severity if piece.style == "primary" else piece.style)
    return f"{start}{piece.text}{_RESET}" if start and piece.text else piece.text


def render_github(diagnostics: Sequence[Diagnostic], *, denied: bool = False) -> str:
    """One workflow command per diagnostic, as GitHub Actions turns into annotations: of an error for warnings too where
    these are `denied`.

    Source: actions/toolkit, "command.ts" (escaping); actions/runner allows columns within one line only.
    """
    return "".join(_github(d, "error" if denied else d.severity) + "\n" for d in diagnostics)


def _github(diagnostic: Diagnostic, severity: str) -> str:
    properties = {key: value for key, value in _github_place(diagnostic) if value is not None}
    properties["title"] = diagnostic.code
    told = ",".join(f"{key}={_escape(str(value), _PROPERTY_ESCAPES)}" for key, value in properties.items())
    text = [diagnostic.message, diagnostic.label, *diagnostic.notes, *(f"help: {h}" for _, h in _help(diagnostic))]
    return f"::{severity} {told}::{_escape(chr(10).join(filter(None, text)), _DATA_ESCAPES)}"


def _github_place(diagnostic: Diagnostic) -> list[tuple[str, object]]:
    where = _primary_place(diagnostic)
    one_line = where["row"] == where["end_row"]
    return [
        ("file", where["file"]),
        ("line", where["row"]),
        ("col", where["column"] if one_line else None),
        ("endLine", where["end_row"]),
        ("endColumn", where["end_column"] if one_line else None),
    ]


_DATA_ESCAPES: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY_ESCAPES: Final = {**_DATA_ESCAPES, ":": "%3A", ",": "%2C"}


def _escape(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(char, char) for char in text)


def place(span: Span) -> dict[str, str | int | None]:
    """File, start and end of `span`: rows and columns from 1, the end exclusive."""
    row, column = span.source.position(span.start)
    end_row, end_column = span.source.position(span.end)
    return {"file": span.source.name, "row": row, "column": column, "end_row": end_row, "end_column": end_column}


def _primary_place(diagnostic: Diagnostic) -> dict[str, str | int | None]:
    if diagnostic.span is not None:
        return place(diagnostic.span)
    return {"file": diagnostic.file, "row": None, "column": None, "end_row": None, "end_column": None}


def to_json(diagnostic: Diagnostic) -> dict[str, object]:
    """The diagnostic as a JSON object; places as `place` gives them, nulls without one."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **_primary_place(diagnostic),
        "help": diagnostic.help,
        "label": diagnostic.label,
        "labels": [{"text": label.text, **place(label.span)} for label in diagnostic.labels],
        "notes": list(diagnostic.notes),
    }
