"""Labels that stand for less than their line: `x: conv 64, 3x3; bn; relu`, where `x` is the convolution alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import Final

from specc.diagnostics import Diagnostic, Label
from specc.elaborate.reads import defined_in, parts_in
from specc.elaborate.report import Reporter
from specc.elaborate.scope import Scope
from specc.ops import ACTIVATIONS
from specc.syntax import ast

_FINISHING: Final = frozenset(
    {*ACTIVATIONS, "bn", "layernorm", "groupnorm", "instancenorm", "lrn", "normalize", "dropout"}
)
"""What stands behind a layer and is thought of as a part of it."""
_MEASURES: Final = ("like", "weights")
"""Arguments that read no value: sizes alone, or a name of weights."""


def warn_of_trailing(
    statements: Sequence[ast.Statement],
    module: Scope,
    report: Reporter,
    behind: Sequence[Sequence[ast.Statement]] = (),
) -> None:
    """Report W0206 for labels in a body, and in those within, whose line goes on with norms, activations and dropouts
    alone, and that are read below it; the statements `behind` the body see them too."""
    for index, statement in enumerate(statements):
        below = index + 1
        match statement:
            case ast.Operation(labels=(label,)) if below < len(statements) and _finishes(statements[below], module):
                _check(
                    statement, label, _rest_of_line(statement, statements, below), statements, behind, module, report
                )
            case ast.For(body=body) | ast.Repeat(body=body):
                warn_of_trailing(body, module, report, (statements[below:], *behind))
            case ast.If(then=then, orelse=orelse):
                warn_of_trailing(then, module, report, (statements[below:], *behind))
                warn_of_trailing(orelse, module, report, (statements[below:], *behind))
            case ast.Residual(body=body, shortcut=shortcut):
                warn_of_trailing(body, module, report)
                warn_of_trailing(shortcut or (), module, report)
        match statement:
            case ast.Operation(branches=tuple() as branches):
                warn_of_trailing(branches, module, report)
            case ast.Branch(body=body):
                warn_of_trailing(body, module, report)


def _rest_of_line(statement: ast.Operation, statements: Sequence[ast.Statement], below: int) -> list[ast.Statement]:
    row = statement.span.row
    return list(takewhile(lambda other: other.span.row == row, islice(statements, below, None)))


def _check(
    statement: ast.Operation,
    label: ast.Name,
    rest: Sequence[ast.Statement],
    statements: Sequence[ast.Statement],
    behind: Sequence[Sequence[ast.Statement]],
    module: Scope,
    report: Reporter,
) -> None:
    if not rest or not all(_finishes(other, module) for other in rest):
        return
    after = statements[[*map(id, statements)].index(id(rest[-1])) + 1 :]
    read = next((name for body in (after, *behind) for name in _reads(body, label.id)), None)
    if read is None:
        return
    line = "; ".join(other.name.id for other in rest if isinstance(other, ast.Operation))
    report.add(
        Diagnostic(
            "W0206", f"`{label.id}` is what `{statement.name.id}` makes, before the `{line}` on its line", label.span,
            labels=(Label(read.span, "this reads it"),),
            help=f"a label names one statement: put it on the last, `...; {label.id}: {rest[-1].span.text}`; where "
            f"`{statement.name.id}` is meant, give it a line of its own",
        )
    )  # fmt: skip


def _finishes(statement: ast.Statement, module: Scope) -> bool:
    """Whether it is a norm, activation or dropout of the line before, which nothing else can name."""
    return (
        isinstance(statement, ast.Operation)
        and statement.name.id in _FINISHING
        and not statement.labels
        and module.find(statement.name.id) is None
        and not any(argument.key is not None and argument.key.id == "from" for argument in statement.args)
    )


def _reads(statements: Sequence[ast.Statement], label: str) -> Iterator[ast.Name]:
    """Where the value called `label` is read in a body, up to a statement that gives the name to another."""
    for statement in statements:
        match statement:
            case ast.Operation(args=args, branches=branches):
                yield from _given(args, label)
                yield from _reads(branches or (), label)
            case ast.Residual(args=args, body=body, shortcut=shortcut):
                yield from _given(args, label)
                yield from _reads(body, label)
                yield from _reads(shortcut or (), label)
            case ast.Let(value=value) | ast.For(iterable=value):
                yield from _values(value, label)
            case ast.If(then=then, orelse=orelse):
                yield from _reads(then, label)
                yield from _reads(orelse, label)
            case ast.Output(name=name, args=args):
                yield from (name,) if name.id == label and not args else _given(args, label)
        match statement:
            case ast.For(body=body) | ast.Repeat(body=body) | ast.Branch(body=body):
                yield from _reads(body, label)
        if any(name.id == label for name in defined_in((statement,))):
            return


def _given(args: Sequence[ast.Argument], label: str) -> Iterator[ast.Name]:
    for argument in args:
        if argument.key is None or argument.key.id not in _MEASURES:
            yield from _values(argument.value, label)


def _values(expression: ast.Expr, label: str) -> Iterator[ast.Name]:
    """Where an expression names the value itself, and not one of its sizes."""
    measured = {id(part.value) for part in parts_in(expression) if isinstance(part, ast.Attribute)}
    for part in parts_in(expression):
        if isinstance(part, ast.Name) and part.id == label and id(part) not in measured:
            yield part
