"""Outcomes of statements: the layers that each has made of its input."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from specc.elaborate.steps import Step
from specc.elaborate.values import LayerValue
from specc.syntax import ast
from specc.types import Layout


class Outcome(NamedTuple):
    """What a statement made of the value `before` it."""

    statement: ast.Operation
    layout: Layout
    before: LayerValue
    made: tuple[Step, ...]
    result: LayerValue


class Outcomes:
    """Outcomes of statements, by the statement and the name of its layer: a body may be elaborated several times."""

    def __init__(self) -> None:
        self._named: dict[tuple[int, str], Outcome] = {}
        self._latest: dict[int, Outcome] = {}

    def add(self, name: str, outcome: Outcome) -> None:
        key = id(outcome.statement)
        self._named[key, name] = self._latest[key] = outcome

    def find(self, statement: ast.Operation, name: str) -> Outcome | None:
        """The outcome under this name, or else under another."""
        return self._named.get((id(statement), name)) or self._latest.get(id(statement))

    def complete(self, former: Outcomes, kept: Callable[[ast.Operation], bool]) -> None:
        """Add those of `former` whose statements are `kept` and, for errors, have no outcome here."""
        for (_, name), outcome in former._named.items():
            if id(outcome.statement) not in self._latest and kept(outcome.statement):
                self._named[id(outcome.statement), name] = outcome
        self._latest = {id(outcome.statement): outcome for outcome in self._named.values()}
