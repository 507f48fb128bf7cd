"""Characters that do not belong in a spec: invisible ones anywhere, foreign ones outside strings and comments."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

from specc.diagnostics import Diagnostic
from specc.source import Source, Span

# Control characters; a carriage return without line feed; marks that reorder text on the screen (CVE-2021-42574);
# a byte order mark that is not the first character; line separators; surrogates.
_STRANGE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff]|\r(?!\n)|(?<!^)\ufeff"
)

INSTEAD = {
    "×": "a size is written with the letter `x`: `3x3`",
    "→": "an arrow is written `->`",
    "−": "a minus is written `-`",
    "–": "a minus is written `-`",
    "—": "a minus is written `-`",
    "·": "a product is written `*`",
    "≤": "`<=` is the comparison",
    "≥": "`>=` is the comparison",
    "≠": "`!=` is the comparison",
    "“": 'strings stand in `"`',
    "”": 'strings stand in `"`',
    "„": 'strings stand in `"`',
    "‘": 'strings stand in `"`',
    "’": 'strings stand in `"`',
    "^": "a power is written `**`",
    "&": "the logical operator is written `and`",
    "|": "the logical operator is written `or`",
    "!": "the logical operator is written `not`",
}


def strange_characters(source: Source, most: int) -> list[Diagnostic]:
    """E0104 for the first `most` invisible or text-reordering characters, wherever they stand."""
    return [_strange(source, match) for match in islice(_STRANGE.finditer(source.text), most)]


def _strange(source: Source, match: re.Match[str]) -> Diagnostic:
    name = code_point(match[0])
    return Diagnostic("E0104", f"{name} does not belong in a spec", Span(source, *match.span()), "remove it")


def foreign_character(source: Source, offset: int) -> Diagnostic:
    """E0104 for a visible character that no spec uses outside strings and comments."""
    char = source.text[offset]
    message = f"`{char}` does not belong here" if char.isascii() else f"{code_point(char)} does not belong here"
    return Diagnostic("E0104", message, Span(source, offset, offset + 1), help=INSTEAD.get(char) or _general_help(char))


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
