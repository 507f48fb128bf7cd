"""What stands between the lexer and the parser: line ends that mean nothing, brackets, comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from specc.diagnostics import Diagnostic, Label
from specc.limits import Limits, raising
from specc.source import Source, Span
from specc.syntax.lalr import Token

_OPENING = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_CLOSING = frozenset(_OPENING.values())
_OPENED_BY = {closing: opening for opening, closing in _OPENING.items()}
_SIGN = {"LPAR": "(", "LSQB": "[", "LBRACE": "{", "RPAR": ")", "RSQB": "]", "RBRACE": "}"}
JOINING = frozenset({"LBRACE", "ARROW", "ELSE", "SHORTCUT"})
"""What joins its line to the one above."""

_COMMENT = re.compile(r"""#[^\n]*|"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*'""")
_BLANK = re.compile(r"(?:[\s;]++|#[^\n]*+)*+")


class SyntaxFault(Exception):
    """The text is no spec; carries what there is to say about it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Comment(NamedTuple):
    """A comment with its marks; `doc` for `##`, `alone` when nothing else stands on its line."""

    span: Span
    text: str
    doc: bool
    alone: bool


class LineEnds:
    """Passes on the tokens without the line ends that mean nothing, and checks that brackets match.

    Where the parser stopped, `open` holds the brackets that are open (its last token's among them) and
    `previous` the token before.  Raises `SyntaxFault` for E0103 and E0106.
    """

    def __init__(self) -> None:
        self.open: list[Token] = []
        self.previous: Token | None = None
        self.begin(Source("", ""), Limits())

    def begin(self, source: Source, limits: Limits) -> None:
        """Turn to the next file."""
        self.source = source
        self.limits = limits

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        self.open = []
        self.previous = None
        pending: Token | None = None
        previous = "LBRACE"  # the start of the file takes line ends like the start of a body
        for token in stream:
            kind = token.kind
            if kind == "_NL":
                if pending is None or ";" in token.value:
                    pending = token
                continue
            if pending is not None:
                if self._counts(pending, previous, kind):
                    yield pending
                pending = None
            if kind in _OPENING:
                self._push(token)
            elif kind in _CLOSING:
                self._pop(token)
            yield token
            previous = kind
            self.previous = token

    def _counts(self, line_end: Token, previous: str, following: str) -> bool:
        """Whether a line end, or `;`, between these two kinds of token separates statements."""
        if previous == "LBRACE" or following == "RBRACE":
            return False
        if ";" in line_end.value:
            return True
        inside = bool(self.open) and self.open[-1].kind != "LBRACE"
        return not (inside or previous == "COMMA" or following in JOINING)

    def _push(self, token: Token) -> None:
        self.open.append(token)
        if len(self.open) > self.limits.nesting:
            raise SyntaxFault(too_deep(self._span(token), "brackets", self.limits))

    def _pop(self, token: Token) -> None:
        if self.open and _OPENING[self.open[-1].kind] == token.kind:
            self.open.pop()
            return
        raise SyntaxFault(self._mismatch(token))

    def _mismatch(self, token: Token) -> Diagnostic:
        sign = _SIGN[token.kind]
        if not self.open:
            return Diagnostic("E0103", f"`{sign}` closes nothing", self._span(token), "no bracket is open here")
        if self.open[-1].kind == "LBRACE":
            opening = _SIGN[_OPENED_BY[token.kind]]
            return Diagnostic("E0103", f"`{sign}` closes nothing", self._span(token), f"no `{opening}` is open here")
        return unclosed(self._span(self.open[-1]), self._span(token), f"`{sign}`")

    def _span(self, token: Token) -> Span:
        return Span(self.source, token.start, token.end)


def unclosed(opening: Span, found: Span, what: str) -> Diagnostic:
    """E0103 for the bracket at `opening`, noticed at `found`, where `what` stands."""
    sign = opening.source.text[opening.start]
    closing = {"(": ")", "[": "]", "{": "}"}[sign]
    return Diagnostic(
        "E0103",
        f"`{sign}` is never closed",
        found,
        f"expected `{closing}`, found {what}",
        labels=(Label(opening, "opened here"),),
    )


_DEEPER = raising("nesting")


def too_deep(span: Span, what: str, limits: Limits) -> Diagnostic:
    """E0106: `what` ("brackets") nests deeper than the limit at `span`."""
    message = f"{what} nested more than {limits.nesting} deep"
    return Diagnostic("E0106", message, span, "one level too many", help=_DEEPER)


def comments(source: Source) -> list[Comment]:
    """All comments of a file in order, for tools that must keep them."""
    text = source.text
    return [
        Comment(
            Span(source, match.start(), match.start() + len(match[0].rstrip())),
            match[0].rstrip(),
            match[0].startswith("##"),
            not text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip(" \t\ufeff"),
        )
        for match in _COMMENT.finditer(text)
        if match[0][0] == "#"
    ]


def docs(source: Source) -> dict[int, str]:
    """The last run of `##` lines before each piece of code, without its marks, by the offset of that code."""
    text = source.text
    found: dict[int, str] = {}
    code = -1
    for match in _COMMENT.finditer(text) if "##" in text else ():
        if match[0][0] == "#" and match.start() > code:
            code = _end_of_blank(text, match.start())
            line_start = text.rfind("\n", 0, match.start()) + 1
            if run := _last_run(text[line_start:code].split("\n")):
                found[code] = run
    return found


def _end_of_blank(text: str, start: int) -> int:
    """The offset of the first code behind `start`, where a comment begins."""
    match = _BLANK.match(text, start)
    return match.end() if match else start


def _last_run(lines: list[str]) -> str:
    """The last lines that are `##` comments and nothing else, without their marks."""
    run: list[str] = []
    for line in map(str.strip, reversed(lines)):
        if line.startswith("##"):
            run.append(_unmarked(line))
        elif run:
            break
    return "\n".join(reversed(run))


def _unmarked(line: str) -> str:
    return line.lstrip("#").removeprefix(" ")
