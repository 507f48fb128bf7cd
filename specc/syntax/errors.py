"""What a parser that got stuck says to a reader: what was found, what could stand there, and the plain fixes."""

from __future__ import annotations

import re

from specc.diagnostics import Diagnostic
from specc.source import Source, Span
from specc.syntax.characters import foreign_character
from specc.syntax.hints import hint, misspelt_statement
from specc.syntax.indentation import indentation, unclosed_brace
from specc.syntax.lalr import Token, UnexpectedText, UnexpectedToken
from specc.syntax.lexing import JOINING, LineEnds, unclosed
from specc.syntax.loops import dotted
from specc.syntax.stuck import VALUES, Stuck

_NAMES_OF_LAYERS = (
    "tables and files of weights name layers so; a value has a label, `x: ...`, and of a loop's labels `x[0]` is one"
)
_WORD = re.compile(r"[A-Za-z0-9_.]+")

# What a reader calls the terminals, in the order in which they are listed.
_SPOKEN = {
    "COMPARISON": "a comparison",
    "STRING": "a string",
    "NAME": "a name",
    "COLON": "`:`",
    "EQUAL": "`=`",
    "IN": "`in`",
    "COMMA": "`,`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "LBRACE": "`{`",
    "ARROW": "`->`",
    "ELSE": "`else`",
    "SHORTCUT": "`shortcut`",
    "WITHIN": "`within`",
    "AS": "`as`",
    "RBRACE": "`}`",
    "_NL": "the end of the line",
    "$END": "the end of the file",
}


def diagnose(error: UnexpectedText | UnexpectedToken, source: Source, lines: LineEnds) -> Diagnostic:
    """The diagnostic for `error`; `lines` stopped where it happened."""
    if isinstance(error, UnexpectedText):
        return _bad_characters(source, error.offset)
    token, accepted = error.token, error.accepted
    stuck = Stuck(token, accepted, source, lines.previous, tuple(b for b in lines.open if b is not token))
    if opening := _unclosed(stuck):
        return unclosed(_likelier(opening, stuck), _place(stuck), _found(token))
    help = hint(stuck)
    misspelt = misspelt_statement(stuck)
    if misspelt is not None and misspelt[1] == help:
        message = f"unknown statement `{_short(misspelt[0].text)}`"
        return Diagnostic("E0101", message, misspelt[0], "begins no statement", help=help)
    if stuck.within_merge and stuck.previous is not None:
        return _not_a_branch(stuck, stuck.previous, help)
    label = "goes on with the line above" if _joins(stuck) else _expected(accepted)
    return Diagnostic("E0101", _headline(stuck), _place(stuck), label, help=help)


# ---------------------------------------------------------------- text that is not even a token


def _bad_characters(source: Source, offset: int) -> Diagnostic:
    char = source.text[offset]
    if char in "\"'":
        end = source.text.find("\n", offset)
        rest = source.text[offset : end if end >= 0 else None].rstrip()
        span = Span(source, offset, offset + len(rest))
        return Diagnostic("E0102", "unterminated string", span, f"no closing `{char}` on this line")
    if char.isdigit() or char == ".":
        return _bad_number(source, offset)
    return foreign_character(source, offset)


def _bad_number(source: Source, offset: int) -> Diagnostic:
    word = _WORD.match(source.text, offset)
    text = word[0] if word else source.text[offset]
    span = Span(source, offset, offset + len(text))
    behind = source.text[span.end : span.end + 1]
    if behind == "?" or not behind.isascii():  # a times sign, or a minus that is a dash in `1e-3`
        return foreign_character(source, span.end)
    help = _NAMES_OF_LAYERS if re.search(r"\w\.$", source.text[:offset]) else _number_help(text, source)
    return Diagnostic("E0105", f"`{_short(text)}` is neither a number nor a size", span, help=help)


def _number_help(text: str, source: Source) -> str:
    if re.fullmatch(r"\d[\d_]*[xX]", text):
        return f"an `x` stands between two sizes, as in `2x2`; a number by itself has none: `{text[:-1]}`"
    if re.fullmatch(r"\d+(X\d+)+", text):
        return f"a size is written with a small `x`: `{text.lower()}`"
    if (parts := _named_parts(text, source)) is not None:
        return f"between the `x` of a size stand no names with an `x`: `[{', '.join(parts)}]`"
    if re.match(r"\d[\d_]*x", text):
        return "between the `x` of a size stand numbers, `_` and names without an `x`; `[3, max]` takes any value"
    if dots := dotted(text):
        return dots
    return "a number looks like `64`, `61_706`, `0.5` or `1e-5`; a name cannot start with a digit"


def _named_parts(text: str, source: Source) -> list[str] | None:
    """The sizes in `3xpxxpx`, where the file has the name `px`."""
    known = {word for word in re.findall(r"\b[A-Za-z_]\w*(?=\s*=|\s*[,)])", source.text) if "x" in word}
    names = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
    part = rf"(?:{names}|\d+|[A-Za-wyz_]+)" if names else None
    if part is None or not re.fullmatch(rf"\d+(?:x{part})+", text):
        return None
    return re.findall(rf"(?:^|x)(\d+|{part})", text)


# ---------------------------------------------------------------- a token in the wrong place


def _unclosed(stuck: Stuck) -> Token | None:
    """The bracket that somebody forgot to close, if that is what is wrong."""
    if not stuck.open:
        return None
    token, inner = stuck.token, stuck.open[-1]
    if token.kind == "$END":
        return inner
    if token.kind in ("MODEL", "BLOCK", "IMPORT") and stuck.starts_line and stuck.following != ":":
        text = stuck.source.text
        deeper = indentation(text, token.start) > indentation(text, stuck.open[0].start)
        return None if deeper else stuck.open[0]
    if inner.kind == "LBRACE":
        return None
    argument = token.kind == "EQUAL" and not stuck.closes_on_line(inner)
    return inner if token.kind == "LBRACE" or stuck.starts_line or argument else None


def _likelier(opening: Token, stuck: Stuck) -> Span:
    """The brace that indentation shows to be the one that was forgotten; `opening` where it shows none."""
    start = unclosed_brace(stuck.source.text, stuck.token.start) if opening.kind == "LBRACE" else None
    return stuck.place(opening) if start is None else Span(stuck.source, start, start + 1)


def _joins(stuck: Stuck) -> bool:
    """Whether the token begins a line, and belongs to the one above."""
    return stuck.starts_line and stuck.token.kind in JOINING and "INPUT" not in stuck.accepted


def _not_a_branch(stuck: Stuck, name: Token, help: str | None) -> Diagnostic:
    """In the braces of an operation stands an operation, which the parser took for a branch's label."""
    message = f"unexpected `{name.value}`: the braces behind an operation hold branches"
    return Diagnostic("E0101", message, stuck.place(name), "expected `branch` or `}`", help=help)


def _headline(stuck: Stuck) -> str:
    if stuck.lacks_comma:
        return f"expected `,` before {_found(stuck.token)}"
    found = "the end of the line" if stuck.at_line_end else _found(stuck.token)
    return f"unexpected {found.removeprefix('the ')}"


def _found(token: Token) -> str:
    if token.kind == "$END":
        return "the end of the file"
    if token.kind == "_NL":
        return "`;`" if ";" in token.value else "the end of the line"
    return _short(token.value) if token.kind == "STRING" else f"`{_short(token.value)}`"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _expected(accepted: frozenset[str]) -> str:
    """`expected ...` in a reader's words, at most four things."""
    if "MODEL" in accepted:
        return "expected `model`, `block`, `import` or `let`"
    if "BRANCH" in accepted and "RESIDUAL" not in accepted:
        return "expected `branch`" + (" or `}`" if "RBRACE" in accepted else ", or a loop or choice of branches")
    if "INPUT" in accepted:
        return "expected an operation or a statement"
    if {"RESIDUAL", "NAME"} <= accepted:
        return "expected an operation"
    words = [text for kind, text in _SPOKEN.items() if kind in accepted - _unsaid(accepted)]
    words = (["a value"] if accepted >= VALUES else []) + words
    return "expected " + " or ".join(filter(None, (", ".join(words[:4][:-1]), words[:4][-1]))) if words else ""


def _unsaid(accepted: frozenset[str]) -> frozenset[str]:
    """What could stand there as well, and would only distract."""
    unsaid: set[str] = set()
    if accepted >= VALUES:
        unsaid |= {"NAME", "STRING", "LPAR", "IN"}
    if "TIMES" in accepted:  # behind a value, which may go on
        unsaid |= {"LPAR", "EQUAL"}
        if accepted & {"COMMA", "LBRACE", "_NL", "RPAR", "RSQB", "ELSE"}:
            unsaid.add("COMPARISON")
    if "_NL" in accepted:
        unsaid |= {"LBRACE", "RBRACE", "$END"}
    return frozenset(unsaid)


def _place(stuck: Stuck) -> Span:
    """Where to point: at the token; for the end of a line or file, just behind the last thing written."""
    if (stuck.at_line_end or stuck.token.kind == "$END") and stuck.previous is not None:
        end = stuck.place(stuck.previous).end
        return Span(stuck.source, end, end)
    return stuck.place(stuck.token)
