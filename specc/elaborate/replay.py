"""Statements that come to what they came to in the last check.

What an operation comes to depends on its arguments, the value it works on, the layout, and its name.  Where a statement
is kept from the last check, reads no other name, and meets all of these again, its nodes are taken as they are.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from specc.elaborate.expressions import Frame
from specc.elaborate.layers import Layers, Made
from specc.elaborate.memory import Memory
from specc.elaborate.operations import Operations
from specc.elaborate.report import Reporter
from specc.elaborate.values import LayerValue
from specc.ops import BY_WORD
from specc.syntax import ast
from specc.types import Layout


class Outcome(NamedTuple):
    """What a statement made of the value `before` it."""

    statement: ast.Operation
    layout: Layout
    before: LayerValue
    made: tuple[Made, ...]
    result: LayerValue


Outcomes: TypeAlias = dict[tuple[int, str], Outcome]
"""By the `id` of the statement and the name of its layer: a body may be elaborated several times."""


class Replay:
    """Elaborates operations, again where they are known; `found` are the outcomes that hold in this check."""

    def __init__(self, operations: Operations, layers: Layers, report: Reporter, memory: Memory, model: str) -> None:
        self.found: Outcomes = {}
        self._operations = operations
        self._layers = layers
        self._report = report
        self._memory = memory
        self._past = memory.outcomes(model)

    def operation(self, statement: ast.Operation, frame: Frame) -> None:
        before = frame.current
        name = self._name(statement, frame) if self._memory.stands_alone(statement) else None
        if name is None or not isinstance(before, LayerValue):
            self._operations.operation(statement, frame)
            return
        key = id(statement), name
        outcome = self._past.get(key)
        if outcome is None or not self._repeated(outcome, before, statement, frame):
            outcome = self._watched(before, statement, frame)
        if outcome is not None:
            self.found[key] = outcome

    def _name(self, statement: ast.Operation, frame: Frame) -> str | None:
        """How the statement's layer is going to be called, if nothing of this name is in its way."""
        label = statement.labels[0].id if statement.labels else None
        name = frame.naming.next(label, BY_WORD[statement.name.id].word)
        return None if name in frame.naming.taken or frame.naming.scope(name) is not None else name

    def _repeated(self, outcome: Outcome, before: LayerValue, statement: ast.Operation, frame: Frame) -> bool:
        """Do again what the statement did, if it would do the same."""
        if outcome.layout != frame.layout or (outcome.before is not before and outcome.before != before):
            return False
        if not self._layers.take(outcome.made, statement.name.span):
            return False
        label = statement.labels[0] if statement.labels else None
        self._operations.name(label, outcome.made[0].node.op.word, frame)
        if label is not None:
            frame.scope.bind(label.id, outcome.result, label.span)
        frame.current = outcome.result
        return True

    def _watched(self, before: LayerValue, statement: ast.Operation, frame: Frame) -> Outcome | None:
        """Elaborate the statement; its outcome, if it says all that the statement did."""
        report, layers = self._report, self._layers
        heard, steps, first = report.heard, report.steps, len(layers.build.nodes)
        self._operations.operation(statement, frame)
        result = frame.current
        if (report.heard, report.steps) != (heard, steps) or not isinstance(result, LayerValue):
            return None
        if layers.broken or before.claimed is not None or result.claimed is not None:
            return None
        made = tuple([layers.made(node) for node in layers.build.nodes[first:]])
        if not made or any(len(one.node.outputs) > 1 for one in made):
            return None
        return Outcome(statement, frame.layout, before, made, result)
