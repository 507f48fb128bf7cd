"""Where a parser got stuck, for those who say why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from specc.source import Source, Span
from specc.syntax.lalr import Token

VALUES = frozenset({"NUMBER", "SIZE", "STRING", "NAME", "IN", "TRUE", "FALSE", "LPAR", "LSQB"})
_LOOKED_AT = 300


@dataclass(frozen=True)
class Stuck:
    """Where the parser stopped: at `token`, behind `previous`, inside the brackets `open`, accepting `accepted`."""

    token: Token
    accepted: frozenset[str]
    source: Source
    previous: Token | None
    open: tuple[Token, ...]

    def place(self, token: Token) -> Span:
        return Span(self.source, token.start, token.end)

    @cached_property
    def before(self) -> str:
        """The line up to the token."""
        start = self.token.start
        return self.source.text[self.source.text.rfind("\n", 0, start) + 1 : start]

    @cached_property
    def near(self) -> str:
        """As much of the line up to the token as a hint looks at."""
        return self.before[-_LOOKED_AT:]

    @cached_property
    def rest(self) -> str:
        """The line from the token on, as much of it as a hint looks at."""
        start = self.token.start
        end = self.source.text.find("\n", start, start + _LOOKED_AT)
        return self.source.text[start : end if end >= 0 else start + _LOOKED_AT]

    @property
    def following(self) -> str:
        """The character behind the token."""
        return self.source.text[self.place(self.token).end :][:1]

    def closes_on_line(self, bracket: Token) -> bool:
        """Whether the line of the token closes an open bracket."""
        depth = 0
        end = self.source.text.find("\n", self.token.start)
        for sign in self.source.text[bracket.end : end if end >= 0 else None]:
            depth += (sign in "([") - (sign in ")]")
            if depth < 0:
                return True
        return False

    @property
    def starts_line(self) -> bool:
        return not self.before.strip()

    @cached_property
    def goes_on(self) -> bool:
        """Whether the line above ends with a comma, so that this one goes on with it."""
        above = self.source.text[: self.token.start - len(self.before)][-_LOOKED_AT:].split("\n")
        code = next(filter(None, (line.split("#")[0].rstrip() for line in reversed(above))), "")
        return code.endswith(",")

    @cached_property
    def at_line_end(self) -> bool:
        """Whether what is wrong is that the line before the token has ended."""
        kind = self.token.kind
        if kind == "_NL":
            return ";" not in self.token.value
        return kind == "RBRACE" and self.starts_line and self.previous is not None and self.previous.kind != "COMMA"

    @property
    def lacks_comma(self) -> bool:
        """Whether a value stands where only a comma lets another one follow."""
        if "COMMA" not in self.accepted or "IN" in self.accepted or self.starts_line:
            return False
        return self.token.kind in VALUES and self.token.value not in ("x", "X")

    @property
    def within_merge(self) -> bool:
        """Whether the word before stands where only a branch, a loop of branches or their label can."""
        return self.accepted == {"COLON", "COMMA"} and not self.lists_labels

    @property
    def lists_labels(self) -> bool:
        """Whether a comma behind the first word of a statement made labels of the words."""
        before = self.source.text[: self.previous.start] if self.previous is not None else ""
        return "COLON" in self.accepted and before.rstrip().endswith(",")

    @cached_property
    def opener(self) -> Span | None:
        """Where the operation stands in whose braces something else stands than a branch."""
        if not (self.within_merge or ("BRANCH" in self.accepted and "INPUT" not in self.accepted)):
            return None
        text, last = self.source.text, self.open[-1].start if self.open else 0
        if self.within_merge and self.previous is not None:
            last = text.rfind("{", 0, self.previous.start)
        begin = max(last - _LOOKED_AT, 0)
        word = re.search(r"(?:^|[;{}:\n])[ \t]*([A-Za-z_]\w*)[^;{}:\n]*$", text[begin:last])
        if word is None or word[1] in ("for", "repeat", "if", "else"):
            return None
        return Span(self.source, begin + word.start(1), begin + word.end(1))

    @property
    def head(self) -> str:
        """The first word of the statement the token is in; inside an operation's braces, of that operation."""
        return self.head_place.text if self.head_place is not None else ""

    @cached_property
    def head_place(self) -> Span | None:
        """Where the first word of the statement stands."""
        end = self.token.start
        if self.within_merge and self.previous is not None:
            end = self.source.text.rfind("{", 0, self.previous.start)
        begin = self.source.text.rfind("\n", 0, end) + 1
        words = re.search(r"(?:^|[;{}])\s*([A-Za-z_]\w*)[^;{}]*$", self.source.text[begin:end])
        return Span(self.source, begin + words.start(1), begin + words.end(1)) if words is not None else None
