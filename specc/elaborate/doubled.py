"""Merges of the line before with itself: its label as the only operand stands for the very value that comes in."""

from __future__ import annotations

from collections.abc import Sequence

from specc.diagnostics import Diagnostic
from specc.elaborate.report import Reporter
from specc.elaborate.scope import Scope
from specc.ops import BY_WORD
from specc.syntax import ast

_SILENT = (ast.Let, ast.Expect, ast.Output)
"""Statements that leave the incoming value as it is."""


def warn_of_doubled(statements: Sequence[ast.Statement], module: Scope, report: Reporter) -> None:
    """Report W0204 for merges of this body whose only operand is the label of the line before."""
    label: str | None = None
    for statement in statements:
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
