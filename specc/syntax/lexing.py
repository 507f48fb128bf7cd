"""What stands between the lexer and the parser: line ends that mean nothing, brackets, comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from specc.diagnostics import Diagnostic, Label
from specc.limits import Limits
from specc.source import Source, Span

if TYPE_CHECKING:
    from lark import Token

_OPENING = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_CLOSING = frozenset(_OPENING.values())
_SIGN = {"LPAR": "(", "LSQB": "[", "LBRACE": "{", "RPAR": ")", "RSQB": "]", "RBRACE": "}"}
_JOINS_PREVIOUS_LINE = frozenset({"LBRACE", "ARROW", "ELSE", "SHORTCUT"})

_COMMENT = re.compile(r"""#[^\n]*|"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*'""")
_BLANK = re.compile(r"(?:[\s;]|#[^\n]*)*")


class SyntaxFault(Exception):
    """The text is no spec; carries what there is to say about it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its marks; `doc` for `##`, `alone` when nothing else stands on its line."""

    span: Span
    text: str
    doc: bool
    alone: bool


class LineEnds:
    """Passes on the tokens without the line ends that mean nothing, and checks that brackets match.

    `open` holds the brackets that are open where the parser stopped.  Raises `SyntaxFault` for E0103 and E0106.
    """

    always_accept = ("_NL",)

    def __init__(self) -> None:
        self.open: list[Token] = []
        self.begin(Source("", ""), Limits())

    def begin(self, source: Source, limits: Limits) -> None:
        """Turn to the next file."""
        self.source = source
        self.limits = limits

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        self.open = []
        pending: Token | None = None
        previous = "LBRACE"  # the start of the file takes line ends like the start of a body
        for token in stream:
            kind = token.type
            if kind == "_NL":
                if pending is None or ";" in token:
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

    def _counts(self, line_end: Token, previous: str, following: str) -> bool:
        """Whether a line end, or `;`, between these two kinds of token separates statements."""
        if previous == "LBRACE" or following == "RBRACE":
            return False
        if ";" in line_end:
            return True
        inside = bool(self.open) and self.open[-1].type != "LBRACE"
        return not (inside or previous == "COMMA" or following in _JOINS_PREVIOUS_LINE)

    def _push(self, token: Token) -> None:
        self.open.append(token)
        if len(self.open) > self.limits.nesting:
            raise SyntaxFault(too_deep(self._span(token), "brackets", self.limits))

    def _pop(self, token: Token) -> None:
        if self.open and _OPENING[self.open[-1].type] == token.type:
            self.open.pop()
            return
        raise SyntaxFault(self._mismatch(token))

    def _mismatch(self, token: Token) -> Diagnostic:
        sign = _SIGN[token.type]
        if not self.open:
            return Diagnostic("E0103", f"`{sign}` closes nothing", self._span(token), "no bracket is open here")
        return unclosed(self._span(self.open[-1]), self._span(token), f"`{sign}`")

    def _span(self, token: Token) -> Span:
        start = token.start_pos or 0
        return Span(self.source, start, start + len(token))


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


def too_deep(span: Span, what: str, limits: Limits) -> Diagnostic:
    """E0106: `what` ("brackets") nests deeper than the limit at `span`."""
    return Diagnostic("E0106", f"{what} nested more than {limits.nesting} deep", span, "one level too many")


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
    """Each run of `##` lines without its marks, by the offset of the code that follows it."""
    if "##" not in source.text:
        return {}
    found: dict[int, str] = {}
    run: list[Comment] = []
    for comment in comments(source):
        if run and not _adjacent(run[-1], comment):
            run = []
        if not (comment.doc and comment.alone):
            continue
        run.append(comment)
        follower = _BLANK.match(source.text, comment.span.end)
        found[follower.end() if follower else comment.span.end] = "\n".join(_unmarked(line.text) for line in run)
    return found


def _adjacent(above: Comment, below: Comment) -> bool:
    between = above.span.source.text[above.span.end : below.span.start]
    return below.doc and not between.strip() and between.count("\n") == 1


def _unmarked(line: str) -> str:
    return line.lstrip("#").removeprefix(" ")
