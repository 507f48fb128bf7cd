"""Text to AST: `parse` is the whole of the interface."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from threading import Lock
from typing import TYPE_CHECKING

from specc.diagnostics import Diagnostic
from specc.limits import DEFAULT_LIMITS, Limits, raising
from specc.source import Source, Span
from specc.syntax import ast
from specc.syntax.build import Builder
from specc.syntax.characters import strange_characters
from specc.syntax.lalr import Lexer, Parser, Token, TooDeep, UnexpectedText, UnexpectedToken
from specc.syntax.lexing import LineEnds, SyntaxFault, too_deep
from specc.syntax.tables import load

if TYPE_CHECKING:
    from specc.syntax.lines import LineParser, Lines

_LARGER = raising("file_bytes")
_MOST_ERRORS = 20
_SYMBOLS_PER_LEVEL = 20  # no level of brackets, operators and `else if` takes more of the parser's stack
_RECOVERABLE_CHARACTERS = 500_000  # each error found costs another parse; in larger texts the first must do


def parse(
    source: Source, limits: Limits = DEFAULT_LIMITS, kept: Lines | None = None
) -> tuple[ast.File | None, list[Diagnostic]]:
    """Parse one file.  Gives the file, or `None` and what is wrong with it, in the order of the text.

    With what is `kept` of its last version only lines that are new are parsed, to the same result.
    """
    if len(source.text) > limits.file_bytes:
        message = f"the file is larger than {limits.file_bytes:_} bytes"
        return None, [Diagnostic("E0704", message, file=source.name, help=_LARGER)]
    if strange := strange_characters(source, _MOST_ERRORS):
        return None, strange
    return _engine().parse(source, limits, kept)


class Engine:
    """The parser that the grammar's tables make, with the builder it calls; one file at a time."""

    def __init__(self) -> None:
        self.lines = LineEnds()
        self.builder = Builder()
        tables = load()
        self.lexer = Lexer(tables)
        self.parser = Parser(tables, self.builder)
        self._tables = tables
        self._lock = Lock()

    @cached_property
    def line_parser(self) -> LineParser:
        from specc.syntax.lines import LineParser

        return LineParser(self._tables)

    def parse(self, source: Source, limits: Limits, kept: Lines | None) -> tuple[ast.File | None, list[Diagnostic]]:
        with self._lock:
            text = source.text.replace("\ufeff", " ", 1) if source.text.startswith("\ufeff") else source.text
            file, fault = self._attempt_twice(source, text, limits, kept)
            return (file, []) if fault is None else (None, self._all_faults(source, text, limits, kept, fault))

    def _all_faults(
        self, source: Source, text: str, limits: Limits, kept: Lines | None, fault: Diagnostic
    ) -> list[Diagnostic]:
        """This fault and those that show once its line is left out, as long as leaving it out is harmless."""
        from specc.syntax.recovery import without_line  # a good file has no use for it

        faults = [fault]
        while len(text) <= _RECOVERABLE_CHARACTERS and len(faults) < _MOST_ERRORS:
            shorter = without_line(text, fault)
            if shorter is None:
                break
            text = shorter
            _, next_fault = self._attempt_twice(source, text, limits, kept)
            if next_fault is None:
                break
            faults.append(fault := next_fault)
        if len(faults) == _MOST_ERRORS:
            faults.append(Diagnostic("E0707", f"stopped after {_MOST_ERRORS} syntax errors", file=source.name))
        return faults

    def _attempt_twice(
        self, source: Source, text: str, limits: Limits, kept: Lines | None
    ) -> tuple[ast.File | None, Diagnostic | None]:
        """Parse what is kept of `text`, or where something is wrong the whole, which says best what it is."""
        if kept is not None:
            file, fault = self._attempt(source, text, limits, kept)
            if fault is None:
                return file, None
        return self._attempt(source, text, limits)

    def _attempt(
        self, source: Source, text: str, limits: Limits, kept: Lines | None = None
    ) -> tuple[ast.File | None, Diagnostic | None]:
        """Parse `text`, which is the source's or the source's with lines blanked out; places refer to `source`."""
        self.builder.begin(source, limits)
        self.lines.begin(source, limits)
        try:
            tokens = self.lines.process(self._tokens(source, text, limits, kept))
            file: ast.File = self.parser.parse(tokens, len(text), limits.nesting * _SYMBOLS_PER_LEVEL)
        except SyntaxFault as fault:
            return None, fault.diagnostic
        except TooDeep as error:
            span = Span(source, error.token.start, error.token.end)
            return None, too_deep(span, "operators or statements", limits)
        except (UnexpectedText, UnexpectedToken) as error:
            from specc.syntax.errors import diagnose  # a good file has no use for it

            return None, diagnose(error, source, self.lines)
        return file, None

    def _tokens(self, source: Source, text: str, limits: Limits, kept: Lines | None) -> Iterator[Token]:
        if kept is None:
            return self.lexer.tokens(text)
        return self.line_parser.tokens(kept, source, text, limits, self.lines)


@cache
def _engine() -> Engine:
    return Engine()
