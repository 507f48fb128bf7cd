"""The operations of one model.  Equal ones are one object, so that its `id` can stand for all of its arguments."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from specc.elaborate.bind import Mended, bind, bind_activation
from specc.elaborate.expressions import Frame
from specc.elaborate.layers import Layers
from specc.elaborate.plan import Plan
from specc.elaborate.report import Failed, Reporter
from specc.ops.base import Op, same
from specc.syntax import ast

_LITERALS: Final = (ast.Number, ast.Size, ast.Text, ast.Bool)


class Binder:
    """Makes operations of planned arguments; an error marks the `layers` as broken."""

    def __init__(self, layers: Layers, report: Reporter) -> None:
        self._layers = layers
        self._report = report
        self._ops: dict[Hashable, Op] = {}

    def made(self, statement: ast.Operation | ast.Residual, op: type[Op], made: Plan, frame: Frame) -> Op:
        """The operation with its arguments; without those in error, where the layers below can be checked all the
        same."""
        try:
            return self._bind(statement, op, made, frame)
        except Mended as mended:
            self._layers.broken = True
            return self.shared(mended.op)

    def _bind(self, statement: ast.Operation | ast.Residual, op: type[Op], made: Plan, frame: Frame) -> Op:
        """The operation with its arguments; calls with the same arguments share one object."""
        key = (id(statement), op, frame.layout)
        known = self._ops.get(key)
        if known is not None:
            return known
        if not all(isinstance(e, _LITERALS) for e in made.fields.values()):
            return self.shared(bind(op, made, frame, self._report))
        self._ops[key] = bound = self.shared(self._bound(op, made, frame))
        return bound

    def _bound(self, op: type[Op], made: Plan, frame: Frame) -> Op:
        """The operation made of arguments that are written out: a plan that is kept is bound once."""
        if made.bound is None or made.bound[0] != (op, frame.layout):
            result = bind(op, made, frame, self._report)
            if any(isinstance(e, ast.Text) for e in made.fields.values()):  # which are counted as work each time
                return result
            made.bound = (op, frame.layout), result
        return made.bound[1]

    def shared(self, op: Op) -> Op:
        """The object for an operation, the same for all that are equal."""
        return self._ops.setdefault(same(op, ()), op)

    def activation(self, expression: ast.Expr | None, frame: Frame, target: type[Op] | None = None) -> Op | None:
        """The activation behind the arguments, of `target` where that is known.  One in error is left out: it would not
        change the shape."""
        if expression is None:
            return None
        try:
            act = bind_activation(expression, frame, self._report, target)
            return None if act is None else self.shared(act)
        except Failed:
            self._layers.broken = True
            return None
