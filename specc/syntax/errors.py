"""What a parser that got stuck says to a reader: what was found, what could stand there, and the plain fixes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from specc.diagnostics import Diagnostic
from specc.source import Source, Span
from specc.syntax.characters import foreign_character
from specc.syntax.lexing import unclosed

if TYPE_CHECKING:
    from lark import Token
    from lark.exceptions import UnexpectedInput

_WORD = re.compile(r"[A-Za-z0-9_.]+")
_LINE_OF_CODE = re.compile(r"""(?:"[^"\n]*"|'[^'\n]*'|[^#\n"'])*""")

KEYWORDS = (
    "model block import input output let if else for in repeat expect as branch residual shortcut within "
    "and or not true false"
).split()
_TOP = ("model", "block", "import", "let")
_OTHER_WORDS_FOR = {
    "def": "block", "function": "block", "fn": "block", "func": "block", "layer": "block", "define": "block",
    "class": "model", "network": "model", "net": "model", "module": "model",
    "include": "import", "use": "import", "from": "import",
    "const": "let", "var": "let", "set": "let",
    "elif": "else if", "elseif": "else if", "while": "repeat", "assert": "expect",
}  # fmt: skip

_VALUE = frozenset({"NUMBER", "SIZE", "STRING", "NAME", "IN", "TRUE", "FALSE", "LPAR", "LSQB", "PLUS", "MINUS", "NOT"})
_OPERATORS = frozenset(
    {"PLUS", "MINUS", "TIMES", "DIVIDE", "PERCENT", "POWER", "COMPARISON", "AND", "OR", "IF", "DOT", "LSQB"}
)
_SPOKEN = {
    "COMMA": "`,`",
    "COLON": "`:`",
    "EQUAL": "`=`",
    "LPAR": "`(`",
    "LBRACE": "`{`",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "RBRACE": "`}`",
    "ARROW": "`->`",
    "_NL": "the end of the line",
    "$END": "the end of the file",
    "STRING": "a string",
    "NAME": "a name",
    "COMPARISON": "a comparison",
}
_ORDER = tuple(_SPOKEN)


def diagnose(error: UnexpectedInput, source: Source, open_brackets: Sequence[Token]) -> Diagnostic:
    """The diagnostic for lark's `error`; `open_brackets` are those open where it happened."""
    token: Token | None = getattr(error, "token", None)
    if token is None:
        return _bad_characters(source, error.pos_in_stream or 0)
    accepted = frozenset(getattr(error, "accepts", None) or ())
    found = _place(token, source)
    if opening := _unclosed(token, found, open_brackets):
        return unclosed(_span(opening, source), found, _found(token))
    message, help = _explain(token, accepted, source)
    return Diagnostic("E0101", message, found, _expected(accepted), help=help)


# ---------------------------------------------------------------- text that is not even a token


def _bad_characters(source: Source, offset: int) -> Diagnostic:
    char = source.text[offset]
    if char in "\"'":
        end = len(_rest_of_line(source, offset))
        span = Span(source, offset, offset + end)
        return Diagnostic("E0102", "unterminated string", span, f"no closing `{char}` on this line")
    if char.isdigit() or char == ".":
        return _bad_number(source, offset)
    return foreign_character(source, offset)


def _bad_number(source: Source, offset: int) -> Diagnostic:
    word = _WORD.match(source.text, offset)
    text = word[0] if word else source.text[offset]
    span = Span(source, offset, offset + len(text))
    if source.text.startswith("×", span.end):
        return foreign_character(source, span.end)
    if text.strip(".") == "":
        return Diagnostic("E0101", f"unexpected `{text}`", span)
    if re.fullmatch(r"\d+(X\d+)+", text):
        help = f"a size is written with a small `x`: `{text.lower()}`"
    elif re.match(r"\d[\d_]*x", text):
        help = "between the `x` of a size stand numbers, `_` and names without an `x`; `[3, max]` takes any value"
    else:
        help = "a number looks like `64`, `61_706`, `0.5` or `1e-5`; a name cannot start with a digit"
    return Diagnostic("E0105", f"`{text}` is neither a number nor a size", span, help=help)


# ---------------------------------------------------------------- a token in the wrong place


def _unclosed(token: Token, found: Span, open_brackets: Sequence[Token]) -> Token | None:
    """The bracket that somebody forgot: at the end of the file, or of a line inside ( or [."""
    if not open_brackets or open_brackets[-1] is token:
        return None
    opening = open_brackets[-1]
    if token.type == "$END":
        return opening
    on_new_line = _span(opening, found.source).row < found.row and _starts_line(found)
    return opening if opening.type != "LBRACE" and on_new_line else None


def _explain(token: Token, accepted: frozenset[str], source: Source) -> tuple[str, str | None]:
    """The headline and, where one is plain, the fix."""
    start = token.start_pos or 0
    found = _found(token)
    help = _sign_help(token, accepted, source) if token.type != "$END" else None
    help = help or _keyword_help(token, accepted, source)
    if help is None and "COMMA" in accepted and token.type in _VALUE and not _starts_line(_span(token, source)):
        previous = _WORD.search(source.text[max(0, start - 80) : start].rstrip()[::-1])
        colon = ", or a `:` behind a label" if previous and token.type == "NAME" else ""
        return f"expected `,` before {found}", f"arguments are separated by commas{colon}"
    return f"unexpected {found}", help


def _sign_help(token: Token, accepted: frozenset[str], source: Source) -> str | None:
    """Signs borrowed from other languages."""
    text, start = source.text, token.start_pos or 0
    if text.startswith("=>", start) or (token.type == "ARROW" and text[start - 1] == "-"):
        return "an arrow is written `->`"
    if token.type == "COLON" and "COMMA" in accepted:
        return "an argument is written `key=value`"
    if token.type == "EQUAL" and "COMPARISON" in accepted:
        return "a comparison is written `==`"
    if token.value == "==" and "EQUAL" in accepted:
        return "write a single `=`"
    if token.value == "//" and "NAME" in accepted:
        return "a comment starts with `#`"
    if token.value in ("x", "X") and "TIMES" in accepted:
        return "a size is one word: `3x3`"
    if token.type == "COMPARISON" and _line_before(source, start).count("<") + _line_before(source, start).count(">"):
        return "comparisons do not chain: write `a < b and b < c`"
    return None


def _keyword_help(token: Token, accepted: frozenset[str], source: Source) -> str | None:
    """A misspelt keyword, or one of another language, here or at the head of the statement."""
    if "MODEL" in accepted or "BRANCH" in accepted and token.type != "NAME":
        wanted = _TOP if "MODEL" in accepted else ("branch",)
        return _meant(token.value, wanted) if token.type == "NAME" else None
    if "BRANCH" in accepted:
        head = _word_before_brace(source, token.start_pos or 0)
        return _meant(token.value, ("branch",)) or _meant(head, ("residual", "repeat", "for", "if", "else", "model"))
    if token.value in KEYWORDS and "NAME" in accepted:
        return f"`{token.value}` is a word of the language and cannot be a name"
    head = _WORD.match(_line_before(source, token.start_pos or 0).lstrip())
    return _meant(head[0], [word for word in KEYWORDS if len(word) > 2]) if head else None


def _meant(word: str, wanted: Sequence[str]) -> str | None:
    if word in wanted:
        return None
    other = _OTHER_WORDS_FOR.get(word, "")
    close = [other] if other else get_close_matches(word.lower(), wanted, n=1, cutoff=0.7)
    return f"did you mean `{close[0]}`?" if close else None


def _word_before_brace(source: Source, offset: int) -> str:
    """The first word of the line whose `{` encloses `offset`."""
    head = source.text[: source.text.rfind("{", 0, offset)]
    match = _WORD.search(head[head.rfind("\n") + 1 :])
    return match[0] if match else ""


def _found(token: Token) -> str:
    if token.type == "$END":
        return "the end of the file"
    if token.type == "_NL":
        return "`;`" if ";" in token.value else "the end of the line"
    text = token.value if len(token.value) <= 40 else token.value[:37] + "..."
    return text if token.type == "STRING" else f"`{text}`"


def _expected(accepted: frozenset[str]) -> str:
    """"expected ..." in a reader's words, at most four things."""
    if "MODEL" in accepted:
        return "expected `model`, `block`, `import` or `let`"
    if "BRANCH" in accepted and "RESIDUAL" not in accepted:
        return "expected `branch` or `}`" if "RBRACE" in accepted else "expected `branch`"
    if "RESIDUAL" in accepted and "INPUT" in accepted:
        return "expected an operation or a statement"
    words = ["a value"] if accepted >= {"NUMBER", "NAME"} else []
    hidden = {"NAME", "STRING", "LPAR"} if words else set()
    words += [_SPOKEN[kind] for kind in _ORDER if kind in accepted and kind not in hidden and _worth_saying(kind, accepted)]
    words += [f"`{kind.lower()}`" for kind in sorted(accepted - _OPERATORS - _VALUE) if kind not in _SPOKEN]
    if not words:
        return ""
    words = words[:4]
    return "expected " + (", ".join(words[:-1]) + " or " if words[1:] else "") + words[-1]


def _worth_saying(kind: str, accepted: frozenset[str]) -> bool:
    return kind != "COMPARISON" or "_NL" not in accepted and "COMMA" not in accepted


# ---------------------------------------------------------------- places


def _span(token: Token, source: Source) -> Span:
    start = token.start_pos or 0
    return Span(source, start, start + len(token))


def _place(token: Token, source: Source) -> Span:
    """Where to point: the token; for an end of line or file, just behind the last thing written."""
    if token.type == "$END":
        end = len(source.text.rstrip())
        return Span(source, end, end)
    if token.type == "_NL" and ";" not in token.value:
        return Span(source, token.start_pos or 0, token.start_pos or 0)
    return _span(token, source)


def _starts_line(span: Span) -> bool:
    return not _line_before(span.source, span.start).strip()


def _line_before(source: Source, offset: int) -> str:
    return source.text[source.text.rfind("\n", 0, offset) + 1 : offset]


def _rest_of_line(source: Source, offset: int) -> str:
    end = source.text.find("\n", offset)
    return source.text[offset : end if end >= 0 else None].rstrip("\r")
