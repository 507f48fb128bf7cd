"""Lines that go on with the one above where nobody meant them to: behind a comma too many, or since they begin with a
sign that belongs to the line above.  One function for each, all in `CONTINUED`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from specc.diagnostics.suggest import SYNONYMS
from specc.syntax.lexing import JOINING
from specc.syntax.stuck import Stuck
from specc.syntax.unparted import ARGUMENTS

_BEGINNING: Final = frozenset({"INPUT", "OUTPUT", "LET", "IF", "FOR", "REPEAT", "EXPECT", "RESIDUAL", "BRANCH"})
_FIRST_WORDS: Final = re.compile(r"\s*([A-Za-z_]\w*)(?:\s*,\s*[A-Za-z_]\w*)*\s*")
_LOOKED_AT: Final = 300
_REMOVE: Final = "the line above ends with a comma and goes on here: remove the comma"
_JOINS: Final = {
    "LBRACE": "braces belong to the word before them, as in `repeat 3 { ... }`: by themselves they group nothing",
    "ELSE": "`else` stands right behind the braces of its `if`: `if test { ... } else { ... }`",
    "ARROW": "`->` asserts the shape that an operation makes, on its line or on the one below",
}


def _comma_above(stuck: Stuck) -> str | None:
    """`conv 8, 3x3,` with a statement on the next line."""
    if not stuck.goes_on or (stuck.open and stuck.open[-1].kind != "LBRACE"):
        return None
    if stuck.starts_line:
        begins = stuck.token.kind in _BEGINNING and stuck.following not in ("=", ":")
        return _REMOVE if begins else None
    words = _FIRST_WORDS.fullmatch(stuck.before)
    if words is None or not (stuck.token.kind in ("COLON", "LBRACE") or _begins_a_value(stuck)):
        return None
    first = words[1]
    return None if first in ARGUMENTS or SYNONYMS.get(first) in ARGUMENTS else _REMOVE


def _begins_a_value(stuck: Stuck) -> bool:
    """Whether a value follows a word, a name `x` among them."""
    return stuck.lacks_comma or ("COMMA" in stuck.accepted and stuck.token.value in ("x", "X"))


def _nothing_behind_comma(stuck: Stuck) -> str | None:
    """`conv 8, 3x3, }`, `conv 8, 3x3, ; relu`, and `}` on the next line."""
    if stuck.previous is None or stuck.previous.kind != "COMMA" or stuck.token.kind not in ("RBRACE", "_NL"):
        return None
    return "nothing stands behind the comma: remove it"


def _sign_of_line_above(stuck: Stuck) -> str | None:
    """`{ conv 8, 3x3 }`, `else { ... }` and `-> 3x32x32` below a line that none of them belongs to."""
    return _JOINS.get(stuck.token.kind) if stuck.starts_line and stuck.token.kind in JOINING else None


def _comma_first(stuck: Stuck) -> str | None:
    """`conv 8, 3x3` with `, relu` on the next line."""
    begins = stuck.token.kind == "COMMA" and stuck.starts_line and "INPUT" in stuck.accepted
    return "a line that goes on below ends with a comma: put it at the end of the line above" if begins else None


def _label_alone(stuck: Stuck) -> str | None:
    """`a:` with its operation on the next line."""
    named = (
        re.search(r"([A-Za-z_]\w*)\s*:$", stuck.source.text[: stuck.previous.end][-_LOOKED_AT:])
        if stuck.previous
        else None
    )
    if named is None or not stuck.at_line_end:
        return None
    below = re.compile(r"[\s]*([A-Za-z_][^#;{}\n]*)").match(stuck.source.text, stuck.token.start)
    line = below[1].strip() if below is not None else "conv 64, 3x3"
    return f"a label stands on the line of its operation: `{named[1]}: {line}`"


CONTINUED: tuple[Callable[[Stuck], str | None], ...] = (
    _comma_above,
    _nothing_behind_comma,
    _sign_of_line_above,
    _comma_first,
    _label_alone,
)
