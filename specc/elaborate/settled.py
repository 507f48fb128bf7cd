"""The meanings of statements in loops and blocks, which are elaborated again and again."""

from __future__ import annotations

from typing import NamedTuple

from specc.elaborate.expressions import Frame
from specc.elaborate.plan import Plan
from specc.elaborate.reads import called_and_read
from specc.elaborate.values import LayerValue
from specc.ops.base import Op
from specc.syntax import ast
from specc.types import Layout


class Meaning(NamedTuple):
    """The operation and closing activation that a statement means while nothing binds `names`."""

    op: Op
    act: Op | None
    names: frozenset[str]
    layout: Layout


class Settled:
    """The meanings of statements that read no value but the one before them, and whose arguments follow from the text.

    A statement is looked into when it is met for the second time: outside of loops and blocks none is.
    """

    def __init__(self) -> None:
        self._met: dict[int, Meaning | None] = {}  # by the statement's `id`

    def find(self, statement: ast.Operation, frame: Frame) -> Meaning | None:
        """What the statement is known to mean here, behind a single value."""
        known = self._met.get(id(statement))
        if known is None or known.layout != frame.layout or not isinstance(frame.current, LayerValue):
            return None
        return known if frame.scope.binds_none(known.names) else None

    def note(self, statement: ast.Operation, made: Plan, op: Op, act: Op | None, frame: Frame) -> None:
        """The statement has come to this, without a finding or a step of work."""
        if id(statement) not in self._met:
            self._met[id(statement)] = None
            return
        called, read = called_and_read(statement)
        elsewhere = made.sources is not None or made.weights is not None or op.operands or "in" in read
        if elsewhere or statement.branches is not None or len(statement.labels) > 1:
            return
        names = frozenset(called | read)
        if frame.scope.binds_none(names):
            self._met[id(statement)] = Meaning(op, act, names, frame.layout)
