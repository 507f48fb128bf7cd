"""Lines that are statements by themselves, kept while a file is edited.

A line that is one statement, as most are, is parsed as a text of its own, and kept until it is edited; other lines,
such as those with braces, are cut into tokens each time.  Whether a line stands for itself is settled anew for each
version of the file: not within brackets, behind a comma, or before a line that goes on with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from specc.limits import Limits
from specc.source import Line, LineSpan, Source
from specc.syntax import ast
from specc.syntax.build import Builder
from specc.syntax.lalr import Known, Lexer, Parser, Token, UnexpectedText, UnexpectedToken
from specc.syntax.lexing import LineEnds, SyntaxFault
from specc.syntax.tables import Tables

_BY_ITSELF: Final = re.compile(r"[ \t]*[A-Za-z_][^{};]*\Z")
_BLANK: Final = re.compile(r"\s*(?:#|\Z)")
_GOES_ON: Final = re.compile(r"[ \t]*(?:->|\{|else\b|shortcut\b)")
_BEFORE: Final = [Token("MODEL", "model", 0, 0), Token("NAME", "_", 0, 0), Token("LBRACE", "{", 0, 0)]
_BEHIND: Final = Token("RBRACE", "}", 0, 0)
_LINE_END: Final = Token("_NL", "\n", 0, 0)


class Statement(NamedTuple):
    """A line and what it says, in `size` tokens with so many opening brackets among them."""

    line: Line
    tree: ast.Statement
    size: int
    brackets: int


class Lines:
    """The lines of a file as they were parsed last, each with its statement where it is one.

    Every parse that is given it changes it; the trees of the parse before are then out of date.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.statements: list[Statement | None] = []
        self.limits: Limits | None = None


class LineParser:
    """Parses single lines, and puts what is kept of them among the tokens of the others."""

    def __init__(self, tables: Tables) -> None:
        self._builder = Builder(LineSpan)
        self._lexer = Lexer(tables)
        self._parser = Parser(tables, self._builder)
        self._in_body = self._parser.after(_BEFORE)

    def tokens(self, kept: Lines, source: Source, text: str, limits: Limits, ends: LineEnds) -> Iterator[Token]:
        """The tokens of `text`, with a `Known` one for each line that is kept; `ends` is what they go through.

        Raises `UnexpectedText`.
        """
        self._update(kept, source.name, text, limits)
        start = 0
        for index, (content, statement) in enumerate(zip(kept.texts, kept.statements, strict=True)):
            end = start + len(content)
            if statement is not None and _is_free(statement, ends, limits) and not _goes_on(kept, index + 1):
                statement.line.move(source, start)
                yield Known("statement", statement.tree, statement.size, start, end)
                yield _LINE_END
            else:
                yield from self._lexer.tokens(text, start, min(end + 1, len(text)))
            start = end + 1

    def _update(self, kept: Lines, name: str, text: str, limits: Limits) -> None:
        """Turn to the lines of `text`: those before and behind an edit stay what they are."""
        if kept.limits != limits:
            kept.texts, kept.statements, kept.limits = [], [], limits
        texts = text.split("\n")
        above = _equal(kept.texts, texts)
        below = _equal(reversed(kept.texts[above:]), reversed(texts[above:]))
        old, new = slice(above, len(kept.texts) - below), slice(above, len(texts) - below)
        spare: dict[str, list[Statement | None]] = {}
        for content, statement in zip(kept.texts[old], kept.statements[old], strict=True):
            spare.setdefault(content, []).append(statement)
        kept.statements[old] = [
            spare[content].pop() if spare.get(content) else self._statement(name, content, limits)
            for content in texts[new]
        ]
        kept.texts = texts

    def _statement(self, name: str, content: str, limits: Limits) -> Statement | None:
        """What the line says by itself, if that is one statement."""
        if not _BY_ITSELF.match(content):
            return None
        line = Line(name, content.removesuffix("\r"))
        self._builder.begin(line, limits)
        try:
            tokens = list(self._lexer.tokens(line.text))
            made = self._parser.part(self._in_body, tokens, _BEHIND)
        except (SyntaxFault, UnexpectedText, UnexpectedToken):
            return None
        if len(made) != 1 or isinstance(made[0], ast.Input):  # the comment above belongs to an input
            return None
        brackets = sum(token.kind in ("LPAR", "LSQB") for token in tokens)
        return Statement(line, made[0], len(tokens), brackets)


def _is_free(statement: Statement, ends: LineEnds, limits: Limits) -> bool:
    """Whether the line begins in the braces of a body and leaves the nesting within its limit."""
    depth, previous = len(ends.open), ends.previous
    within = depth > 0 and ends.open[-1].kind == "LBRACE" and depth + statement.brackets <= limits.nesting
    return within and previous is not None and previous.kind != "COMMA"


def _goes_on(kept: Lines, index: int) -> bool:
    """Whether the next line with something in it, from `index` on, belongs to the statement above."""
    while index < len(kept.texts) and kept.statements[index] is None:
        if not _BLANK.match(kept.texts[index]):
            return _GOES_ON.match(kept.texts[index]) is not None
        index += 1
    return False


def _equal(left: Iterable[str], right: Iterable[str]) -> int:
    """How many of the first texts are the same."""
    count = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        count += 1
    return count
