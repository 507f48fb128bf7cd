"""Using again what statements made in the last check.

What an operation makes depends on its arguments, on the type of its input and on the layout.  Where a statement has not
been edited since the last check, reads no value but its input, and all of these are the same, the nodes that it made
then are used again: as they are, or with other names and line numbers.
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
    """Elaborates operations, from their outcomes in the last check where it can; `found` are those of this check."""

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
        """The name that the statement's layer will get; `None` where another layer has it, or `weights=` renames it."""
        label = statement.labels[0].id if statement.labels else None
        name = frame.naming.next(label, BY_WORD[statement.name.id].word)
        return None if name in frame.naming.taken or frame.naming.scope(name) is not None else name

    def _again(self, past: Outcome, before: LayerValue, name: str, frame: Frame) -> Outcome | None:
        """Add the nodes that the statement made before, under its new name and line number."""
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
        """Elaborate the statement.  Returns its outcome, or `None` where it did more than make layers: found something,
        or took steps of work that are counted."""
        report, layers = self._report, self._layers
        heard, steps, first = report.heard, report.steps, len(layers.build.nodes)
        self._operations.operation(statement, frame)
        result = frame.current
        if layers.broken or (report.heard, report.steps) != (heard, steps) or not isinstance(result, LayerValue):
            return None
        made = tuple(map(layers.step, layers.build.nodes[first:]))
        return Outcome(statement, frame.layout, before, made, result)


def _moved(outcome: Outcome, before: LayerValue, name: str, line: int) -> Outcome:
    """`outcome` with another layer name, line number and input."""
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
