"""Runs the tables: text to tokens, tokens to whatever the builder makes of them.

The loop keeps its own stacks, so nothing recurses on the depth of the text.  It does what lark's loop does, and
passes rules that only rename their one child on without a call, which makes it several times faster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from specc.syntax.tables import RuleData, Tables

Build: TypeAlias = Callable[[list[Any]], Any]

END = "$END"


class Token:
    """A terminal of the grammar at `[start, end)` of the text."""

    __slots__ = ("end", "kind", "start", "value")

    def __init__(self, kind: str, value: str, start: int, end: int) -> None:
        self.kind = kind
        self.value = value
        self.start = start
        self.end = end


class Known(Token):
    """A symbol of the grammar that the builder has already made something of, from `size` tokens."""

    __slots__ = ("made", "size")

    def __init__(self, kind: str, made: Any, size: int, start: int, end: int) -> None:
        super().__init__(kind, "", start, end)
        self.made = made
        self.size = size


class UnexpectedText(Exception):
    """No terminal matches at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class UnexpectedToken(Exception):
    """The grammar has no place for `token`; it has one for each terminal in `accepted`."""

    def __init__(self, token: Token, accepted: frozenset[str]) -> None:
        super().__init__(token.kind)
        self.token = token
        self.accepted = accepted


class TooDeep(Exception):
    """So much is unfinished at `token` that no permitted nesting explains it."""

    def __init__(self, token: Token) -> None:
        super().__init__(token.kind)
        self.token = token


class Lexer:
    """Cuts text into tokens, without those that the grammar ignores."""

    def __init__(self, tables: Tables) -> None:
        self._match = re.compile(tables.pattern).match
        self._keywords = tables.keywords
        self._ignored = frozenset(tables.ignored)

    def tokens(self, text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
        """The tokens of `text` between two offsets.  Raises `UnexpectedText`."""
        match_at, keywords, ignored = self._match, self._keywords, self._ignored
        position, end = start, len(text) if end is None else end
        while position < end:
            match = match_at(text, position, end)
            if match is None:
                raise UnexpectedText(position)
            start, position = match.span()
            kind = match.lastgroup or ""
            if kind in ignored:
                continue
            value = match[0]
            if kind == "NAME":
                kind = keywords.get(value, kind)
            yield Token(kind, value, start, position)


class Parser:
    """The LALR loop; `builder` has a method for each rule that takes the list of its children."""

    def __init__(self, tables: Tables, builder: object) -> None:
        self._states = tables.states
        self._start, self._end = tables.start, tables.end
        self._rules = [(rule.origin, rule.size, _builder(rule, builder)) for rule in tables.rules]
        self._renamed: dict[tuple[int, int, str], int] = {}

    def parse(self, tokens: Iterator[Token], length: int, deepest: int) -> Any:
        """What the builder makes of the start symbol of a text of `length` characters.

        Raises `UnexpectedToken`, and `TooDeep` once more than `deepest` symbols wait for what follows them.
        """
        stack = [self._start]
        values: list[Any] = []
        self._shift(tokens, stack, values, deepest)
        self._reduce(Token(END, "", length, length), stack, values)
        return values[-1]

    def after(self, tokens: Iterable[Token]) -> list[int]:
        """The states in which the parser stands behind `tokens`, for `part`."""
        stack = [self._start]
        self._shift(tokens, stack, [], 1000)
        return stack

    def part(self, states: Sequence[int], tokens: Iterable[Token], following: Token) -> list[Any]:
        """What the builder makes of the symbols of `tokens` in those states and before `following`.

        Raises `UnexpectedToken`.
        """
        stack, values = [*states], list[Any]()
        self._shift(tokens, stack, values, 1_000_000)
        self._reduce(following, stack, values)
        return values

    def _shift(self, tokens: Iterable[Token], stack: list[int], values: list[Any], deepest: int) -> None:
        states = self._states
        for token in tokens:
            target = states[stack[-1]].get(token.kind)
            if target is None or target < 0:
                self._reduce(token, stack, values)
                target = states[stack[-1]][token.kind]
            stack.append(target)
            if type(token) is Known:
                if len(stack) + token.size > deepest:
                    raise TooDeep(token)
                values.append(token.made)
                continue
            if len(stack) > deepest:
                raise TooDeep(token)
            values.append(token)

    def _reduce(self, token: Token, stack: list[int], values: list[Any]) -> None:
        """Reduce until `token` can be shifted, or the end of the text has been reached."""
        states, rules, renamed, kind = self._states, self._rules, self._renamed, token.kind
        while True:
            state = stack[-1]
            action = states[state].get(kind)
            if action is None:
                raise UnexpectedToken(token, self._accepted(stack))
            if action >= 0:
                return
            origin, size, build = rules[~action]
            if build is None:
                place = (stack[-2], state, kind)
                if place not in renamed:
                    renamed[place] = self._rename(*place)
                stack[-1] = renamed[place]
            else:
                if size:
                    values[-size:] = [build(values[-size:])]
                    del stack[-size:]
                else:
                    values.append(build([]))
                stack.append(states[stack[-1]][origin])
            if kind == END and stack[-1] == self._end:
                return

    def _rename(self, below: int, state: int, kind: str) -> int:
        """The state that `state` on top of `below` becomes by all the renaming rules that apply before `kind`."""
        while True:
            action = self._states[state].get(kind)
            if action is None or action >= 0 or self._rules[~action][2] is not None:
                return state
            state = self._states[below][self._rules[~action][0]]

    def _accepted(self, stack: list[int]) -> frozenset[str]:
        """The terminals that can follow, each tried on a copy of the stack."""
        candidates = (kind for kind in self._states[stack[-1]] if kind.isupper())
        return frozenset(kind for kind in candidates if self._accepts(kind, list(stack)))

    def _accepts(self, kind: str, stack: list[int]) -> bool:
        while True:
            action = self._states[stack[-1]].get(kind)
            if action is None or action >= 0:
                return action is not None
            origin, size, _ = self._rules[~action]
            if size:
                del stack[-size:]
            stack.append(self._states[stack[-1]][origin])
            if kind == END and stack[-1] == self._end:
                return True


def _builder(rule: RuleData, builder: object) -> Build | None:
    """How to build `rule` from all its symbols; `None` where it only renames its one symbol."""
    if rule.single and rule.size == 1:
        return None
    finish: Build | None = getattr(builder, rule.build) if rule.build else None
    gather = _gather(rule)
    if finish is None or gather is None:
        return finish or gather or list
    if rule.single:
        return lambda symbols: children[0] if len(children := gather(symbols)) == 1 else finish(children)
    return lambda symbols: finish(gather(symbols))


def _gather(rule: RuleData) -> Build | None:
    """How to choose the children among the symbols; `None` where all are kept as they are."""
    kept = rule.kept
    if kept == list(range(rule.size)):
        return None
    if all(position >= 0 for position in kept):
        return lambda symbols: [symbols[position] for position in kept]
    if kept[0] < 0:
        return lambda symbols: _extend(symbols[~kept[0]], kept[1:], symbols)
    return lambda symbols: _extend([], kept, symbols)


def _extend(children: list[Any], kept: list[int], symbols: list[Any]) -> list[Any]:
    """Append to `children` in place: a list rule that grows at its end stays linear."""
    for position in kept:
        if position < 0:
            children.extend(symbols[~position])
        else:
            children.append(symbols[position])
    return children
