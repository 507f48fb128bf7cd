"""Warnings about merges that take one value twice, or have a single branch.

Behind a line labelled `x`, `add x` adds the value to itself: it is the incoming value and the operand.
"""

from __future__ import annotations

from collections.abc import Sequence

from specc.diagnostics import Diagnostic
from specc.elaborate.report import Reporter
from specc.elaborate.scope import Scope
from specc.ops import BY_WORD
from specc.syntax import ast
from specc.types import TensorType

_SILENT = (ast.Let, ast.Expect, ast.Output)
"""Statements that leave the incoming value as it is."""


def warn_of_doubled(statements: Sequence[ast.Statement], module: Scope, report: Reporter) -> None:
    """Report W0204 for merges of this body whose only operand is the label of the line before, or whose branches are
    all empty; W0106 for those with a single branch."""
    label: str | None = None
    for statement in statements:
        _check_bodies(statement, module, report)
        if label is not None and isinstance(statement, ast.Operation):
            _check(statement, label, module, report)
        if not isinstance(statement, _SILENT):
            label = _label(statement, module)


def _check(statement: ast.Operation, label: str, module: Scope, report: Reporter) -> None:
    word = statement.name.id
    operands = [argument.value for argument in statement.args if argument.key is None]
    keys = {argument.key.id for argument in statement.args if argument.key is not None}
    only = operands[0] if len(operands) == 1 and "from" not in keys else None
    if statement.branches is not None or not _is_merge(word, module):  # beside branches no operand may stand
        return
    if not (isinstance(only, ast.Name) and only.id == label):
        return
    report.add(
        Diagnostic(
            "W0204", f"`{word} {label}` takes the value of the line before twice", only.span,
            "this very value",
            help=f"label the line that was meant, `x: ...`, and write `{word} x`; where this is meant, write "
            f"`{word} {label}, {label}`",
        )
    )  # fmt: skip


def _check_bodies(statement: ast.Statement, module: Scope, report: Reporter) -> None:
    match statement:
        case ast.Residual(keyword=place, body=(), shortcut=None | ()):
            help = "its body is what is added: `residual { conv 64, 3x3, pad=1 }`; twice the value is `add in, in`"
            report.add(Diagnostic("W0204", "`residual` without a body adds the value to itself", place, help=help))
        case ast.Operation(name=name, branches=(ast.Branch(), *_) as branches) if _is_merge(name.id, module):
            if len(branches) == 1 and BY_WORD[name.id].arity[0] == 1:
                message = f"`{name.id}` of a single branch is that branch, without what comes in"
                help = "`residual { ... }` adds it" if name.id == "add" else "a second `branch { }` stands for it"
                report.add(Diagnostic("W0106", message, name.span, help=help))
            elif len(branches) > 1 and all(isinstance(b, ast.Branch) and not b.body for b in branches):
                message = f"`{name.id}` of empty branches takes the value before it {len(branches)} times"
                help = "what a branch does stands in its braces: `branch { conv 64, 3x3, pad=1 }`"
                report.add(Diagnostic("W0204", message, name.span, help=help))


def _is_merge(word: str, module: Scope) -> bool:
    return word in BY_WORD and BY_WORD[word].merges() and module.find(word) is None


def _label(statement: ast.Statement, module: Scope) -> str | None:
    """The name of a statement's value, where that is a single one for certain."""
    match statement:
        case ast.Input(name=name):
            return name.id
        case ast.Residual(labels=(label,)):
            return label.id
        case ast.Operation(name=name, labels=(label,)) if name.id in BY_WORD and module.find(name.id) is None:
            return None if BY_WORD[name.id].several else label.id
    return None


def warn_of_stretched(statement: ast.Residual, sides: Sequence[TensorType], report: Reporter) -> None:
    """Report W0109 for a residual of which one of the two `sides`, body and shortcut, has a single channel and the
    other has more: the one would be added to each."""
    if len(sides) < 2 or len({side.rank for side in sides}) > 1 or sides[0].rank < 2:
        return
    body, shortcut = (side.channels for side in sides)
    if 1 not in (body, shortcut) or body == shortcut:
        return
    many = shortcut if body == 1 else body
    what = "body" if body == 1 else "shortcut" if statement.shortcut else "incoming value"
    message = f"the {what} has a single channel, which is added to each of {many}"
    help = f"`shortcut {{ conv {many}, 1x1 }}` has as many channels; where each is meant to get the same, `add` says so"
    if body == 1:
        help = f"its last layer makes 1 channel, not {many}; where each is meant to get the same, `add` says so"
    report.add(Diagnostic("W0109", message, statement.keyword, help=help))
