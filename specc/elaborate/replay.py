"""Statements that come to what they came to in the last check.

What an operation makes depends on its arguments, the type of the value it works on, and the layout.  Where a statement
is kept from the last check, reads no other value, and meets these again, its nodes are taken as they are, or with other
names and lines.
"""

from __future__ import annotations

from specc.elaborate.expressions import Frame
from specc.elaborate.layers import Layers
from specc.elaborate.memory import Memory
from specc.elaborate.operations import Operations
from specc.elaborate.outcomes import Outcome, Outcomes
from specc.elaborate.report import Reporter
from specc.elaborate.steps import Step
from specc.elaborate.values import LayerValue
from specc.ops import BY_WORD
from specc.syntax import ast


class Replay:
    """Elaborates operations, again where they are known; `found` are the outcomes of this check."""

    def __init__(self, operations: Operations, layers: Layers, report: Reporter, memory: Memory, model: str) -> None:
        self.found = Outcomes()
        self._operations = operations
        self._layers = layers
        self._report = report
        self._memory = memory
        self._past = memory.outcomes(model)

    def operation(self, statement: ast.Operation, frame: Frame) -> None:
        before = frame.current
        name = self._name(statement, frame) if self._memory.stands_alone(statement) else None
        if name is None or not isinstance(before, LayerValue) or self._is_uncertain(before):
            self._operations.operation(statement, frame)
            return
        outcome = self._past.find(statement, name) if self._past is not None else None
        if outcome is not None and outcome.layout == frame.layout and outcome.before.type == before.type:
            outcome = self._again(outcome, before, name, frame)
        else:
            outcome = self._watched(before, statement, frame)
        if outcome is not None:
            self.found.add(name, outcome)

    def _is_uncertain(self, value: LayerValue) -> bool:
        """Whether an error above has left its mark on the value."""
        return value.type is None or value.claimed is not None or value.name in self._layers.doubtful

    def _name(self, statement: ast.Operation, frame: Frame) -> str | None:
        """How the statement's layer is going to be called, if nothing of this name is in its way."""
        label = statement.labels[0].id if statement.labels else None
        name = frame.naming.next(label, BY_WORD[statement.name.id].word)
        return None if name in frame.naming.taken or frame.naming.scope(name) is not None else name

    def _again(self, past: Outcome, before: LayerValue, name: str, frame: Frame) -> Outcome | None:
        """Do what the statement did, under its name and in its line of now."""
        statement = past.statement
        outcome = _moved(past, before, name, statement.name.span.row)
        if not self._layers.take(outcome.made):
            return self._watched(before, statement, frame)
        label = statement.labels[0] if statement.labels else None
        self._operations.name(label, past.made[0].node.op.word, frame)
        if label is not None:
            frame.scope.bind(label.id, outcome.result, label.span)
        frame.current = outcome.result
        return outcome

    def _watched(self, before: LayerValue, statement: ast.Operation, frame: Frame) -> Outcome | None:
        """Elaborate the statement; its outcome, if it says all that the statement did."""
        report, layers = self._report, self._layers
        heard, steps, first = report.heard, report.steps, len(layers.build.nodes)
        self._operations.operation(statement, frame)
        result = frame.current
        if layers.broken or (report.heard, report.steps) != (heard, steps) or not isinstance(result, LayerValue):
            return None
        made = tuple(map(layers.step, layers.build.nodes[first:]))
        known = {before.name, *(one.node.name for one in made)}
        if not made or any(len(one.node.outputs) > 1 or not known.issuperset(one.node.inputs) for one in made):
            return None
        return Outcome(statement, frame.layout, before, made, result)


def _moved(outcome: Outcome, before: LayerValue, name: str, line: int) -> Outcome:
    """The outcome of the same statement called `name`, in `line`, behind `before`."""
    first = outcome.made[0].node
    if (first.name, first.line, outcome.before.name) == (name, line, before.name):
        return outcome
    names = {outcome.before.name: before.name}
    made = []
    for node, suffix, types, weights, mark, origin in outcome.made:
        names[node.name] = called = name + suffix
        moved = node.called(called, name, tuple([names[value] for value in node.inputs]), node.scope, line)
        made.append(Step(moved, suffix, types, weights, mark, origin))
    result = LayerValue(names[outcome.result.name], name, outcome.result.type)
    return Outcome(outcome.statement, outcome.layout, before, tuple(made), result)
