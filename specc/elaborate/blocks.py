"""The parameters of blocks, as calls set them."""

from __future__ import annotations

from specc.elaborate.expressions import Frame, evaluate
from specc.elaborate.modules import BlockDefinition
from specc.elaborate.plan import Plan
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.scope import Scope
from specc.elaborate.values import Word
from specc.elaborate.words import NO_ACTIVATION, activations
from specc.syntax import ast


def block_scope(block: BlockDefinition, made: Plan, frame: Frame, report: Reporter) -> Scope:
    """What a call at `frame` binds the parameters of a block to.  Raises `Failed`."""
    scope = Scope(block.module.scope)
    callee = Frame(scope, frame.naming, frame.current, frame.layout)
    failed = False
    fields = _placed(made, frame, report)
    for parameter in block.tree.parameters:
        written = fields.get(parameter.name.id)
        try:
            if written is not None:
                value = evaluate(written, frame, report)
            else:
                assert parameter.default is not None
                value = evaluate(parameter.default, callee, report)
            scope.bind(parameter.name.id, value, parameter.name.span)
        except Failed:
            failed = True
    if failed:
        raise Failed
    return scope


def _placed(made: Plan, frame: Frame, report: Reporter) -> dict[str, ast.Expr]:
    """What is written for each parameter of a block."""
    if made.moved is None:
        return made.fields
    slot, own = made.moved
    value = evaluate(made.fields[slot], frame, report)
    if not isinstance(value, Word) or (str(value) not in activations() and value != NO_ACTIVATION):
        return made.fields
    others = {name: written for name, written in made.fields.items() if name != slot}
    return others | {own: made.fields[slot]}
