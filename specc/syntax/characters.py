"""Characters that do not belong in a spec: invisible ones anywhere, foreign ones outside strings and comments."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from specc.diagnostics import Diagnostic
from specc.source import Source, Span

# Control characters; a carriage return without line feed; marks that reorder text on the screen (CVE-2021-42574);
# a byte order mark that is not the first character; line separators; surrogates.
_STRANGE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff]|\r(?!\n)|(?<!^)\ufeff"
)

TIMES_SIGN = "\N{MULTIPLICATION SIGN}"
_SHOWN = 100
_MINUS = "a minus is written `-`"
_QUOTES = "strings stand in straight quotes"

_INSTEAD = {
    TIMES_SIGN: "a size is written with the letter `x`: `3x3`",
    "\N{RIGHTWARDS ARROW}": "an arrow is written `->`",
    "\N{MINUS SIGN}": _MINUS,
    "\N{EN DASH}": _MINUS,
    "\N{EM DASH}": _MINUS,
    "\N{LESS-THAN OR EQUAL TO}": "the comparison is written `<=`",
    "\N{GREATER-THAN OR EQUAL TO}": "the comparison is written `>=`",
    "\N{NOT EQUAL TO}": "the comparison is written `!=`",
    "\N{LEFT DOUBLE QUOTATION MARK}": _QUOTES,
    "\N{RIGHT DOUBLE QUOTATION MARK}": _QUOTES,
    "\N{DOUBLE LOW-9 QUOTATION MARK}": _QUOTES,
    "\N{LEFT SINGLE QUOTATION MARK}": _QUOTES,
    "\N{RIGHT SINGLE QUOTATION MARK}": _QUOTES,
    "\N{PLUS-MINUS SIGN}": "a tolerance stands behind `within`: `within 1%`",
    "^": "a power is written `**`",
    "&": "the logical operator is written `and`",
    "\\": "no sign stands at a line's end: a line goes on behind a comma, and within brackets",
    "!": "the logical operator is written `not`",
}


def strange_characters(source: Source, most: int) -> list[Diagnostic]:
    """E0104 for the first `most` invisible or text-reordering characters, wherever they stand."""
    if "\n" not in source.text and source.text.count("\r") > 1:
        return [_only_returns(source)]
    return [_strange(source, run) for run in islice(_runs(source), most)]


def _runs(source: Source) -> Iterator[Span]:
    """Each of those characters, or as many of the same as stand side by side."""
    end = 0
    for match in _STRANGE.finditer(source.text):
        if match.start() >= end:
            end = match.end()
            while source.text.startswith(match[0], end):
                end += 1
            yield Span(source, match.start(), end)


def _only_returns(source: Source) -> Diagnostic:
    """For a file whose lines end as on the Macintosh before 2001: said once."""
    start = source.text.index("\r")
    message = "U+000D CARRIAGE RETURN alone does not end a line"
    help = "save the file with line feeds at the ends of lines, as Unix and Windows have them"
    return Diagnostic("E0104", message, Span(source, start, start + 1), help=help)


def _strange(source: Source, run: Span) -> Diagnostic:
    name, count = code_point(source.text[run.start]), run.end - run.start
    label = "remove it" if count == 1 else f"remove all {count} of them"
    return Diagnostic("E0104", f"{name} does not belong in a spec", run, label)


def foreign_character(source: Source, offset: int) -> Diagnostic:
    """E0104 for a visible character that no spec uses outside strings and comments."""
    char = source.text[offset]
    message = f"`{char}` does not belong here" if char.isascii() else f"{code_point(char)} does not belong here"
    asked = {"?": _question, "|": _bar, "@": _at}.get(char)
    help = _INSTEAD.get(char) or (asked(source.text, offset) if asked is not None else _general_help(char))
    return Diagnostic("E0104", message, Span(source, offset, offset + 1), help=help)


def _question(text: str, offset: int) -> str:
    """`?x32x32`, or `k ? 3 : 4`."""
    if "x" in (text[max(offset - 1, 0)], text[offset + 1 : offset + 2]):
        return "the size that an input leaves open has a name, `3xHxW`; behind `->` is `_` for any size, `3x_x_`"
    return "a choice is written `3 if test else 4`; a size that an input leaves open has a name, `3xHxW`"


def _bar(text: str, offset: int) -> str:
    """`conv 8, 3x3 | relu`, or `if a | b`."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    if re.search(r"\b(?:if|let|expect|and|or|not)\b|[=<>]{2}|\|", line):
        return "the logical operator is written `or`"
    before = re.split(r"[;{}]", line)[-1].strip()
    behind = re.split(r"[|;}#\n]", text[offset + 1 : offset + _SHOWN])[0].strip(" >\r")
    lines = [before if len(before) <= _SHOWN else "...", behind]
    return f"operations follow one another on lines of their own, or behind `;`: `{'; '.join(filter(None, lines))}`"


def _at(text: str, offset: int) -> str:
    """`conv 6@5x5`, or `a @ b`."""
    maps, window = (
        re.search(r"(\d+)\s*$", text[max(offset - _SHOWN, 0) : offset]),
        re.match(r"@\s*(\d\w*)", text[offset:]),
    )
    if maps is None or window is None:
        return "values are multiplied as matrices by an operation: `matmul a, b`"
    kernel = re.match(r",\s*(\d\w*)", text[offset + window.end() :])
    if kernel is not None:  # as papers write, 6 maps of 28x28
        return f"the shape of the maps is asserted behind: `conv {maps[1]}, {kernel[1]} -> {maps[1]}x{window[1]}`"
    return f"channels and window are two arguments: `conv {maps[1]}, {window[1]}`"


def _general_help(char: str) -> str | None:
    if char.isspace():
        return "use an ordinary space"
    if char.isalpha():
        return "names are written with the letters a to z, digits and `_`"
    return None


def code_point(char: str) -> str:
    """`U+202E RIGHT-TO-LEFT OVERRIDE`."""
    name = unicodedata.name(char, "") or _CONTROL_NAMES.get(char, "control character")
    return f"U+{ord(char):04X} {name}"


_CONTROL_NAMES = {"\x00": "NUL", "\x07": "BELL", "\x0b": "VERTICAL TAB", "\x0c": "FORM FEED", "\r": "CARRIAGE RETURN"}
