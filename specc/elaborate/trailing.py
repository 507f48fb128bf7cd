"""Labels that stand for less than their line: `x: conv 64, 3x3; bn; relu`, where `x` is the convolution alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import Final

from specc.diagnostics import Diagnostic, Label
from specc.elaborate.reads import bodies, defined_in, parts_in
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


def warn_of_trailing(statements: Sequence[ast.Statement], module: Scope, report: Reporter) -> None:
    """Report W0206 for labels in a definition whose line goes on with norms, activations and dropouts alone, and that
    are read below it."""
    cut = [*_cut_short(statements, module)]
    if not cut:
        return
    reads, definitions = _places(statements)
    for statement, label, rest in cut:
        below = (name for name in reads.get(label.id, ()) if name.span.start > rest[-1].span.end)
        read = next(below, None)
        if read is not None and definitions[label.id] == 1:  # else another may be meant
            _warn(statement, label, rest, read, report)


def _cut_short(
    statements: Sequence[ast.Statement], module: Scope
) -> Iterator[tuple[ast.Operation, ast.Name, list[ast.Operation]]]:
    """The labelled statements whose line goes on so, with their labels and the rest of the line."""
    for body in bodies(statements):
        for index, statement in enumerate(body):
            match statement:
                case ast.Operation(labels=(label,)) if index + 1 < len(body) and _finishes(body[index + 1], module):
                    rest = _rest_of_line(statement.span.row, islice(body, index + 1, None))
                    if rest and all(_finishes(other, module) for other in rest):
                        yield statement, label, [other for other in rest if isinstance(other, ast.Operation)]


def _rest_of_line(row: int, below: Iterator[ast.Statement]) -> list[ast.Statement]:
    return list(takewhile(lambda other: other.span.row == row, below))


def _warn(
    statement: ast.Operation, label: ast.Name, rest: Sequence[ast.Operation], read: ast.Name, report: Reporter
) -> None:
    line = "; ".join(other.name.id for other in rest)
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


def _places(statements: Sequence[ast.Statement]) -> tuple[dict[str, list[ast.Name]], Counter[str]]:
    """Where a definition reads the values called so, in the order of the text, and how often it defines each name."""
    reads: dict[str, list[ast.Name]] = {}
    definitions: Counter[str] = Counter()
    for body in bodies(statements):
        for statement in body:
            definitions.update(name.id for name in defined_in((statement,)) if not isinstance(statement, ast.If))
            for name in _read_by(statement):
                reads.setdefault(name.id, []).append(name)
    for names in reads.values():
        names.sort(key=lambda name: name.span.start)
    return reads, definitions


def _read_by(statement: ast.Statement) -> Iterator[ast.Name]:
    """The names of values that a statement reads itself."""
    match statement:
        case ast.Operation(args=args) | ast.Residual(args=args):
            yield from _given(args)
        case ast.Let(value=value) | ast.For(iterable=value):
            yield from _values(value)
        case ast.Output(name=name, args=args):
            yield from _given(args) if args else (name,)


def _given(args: Sequence[ast.Argument]) -> Iterator[ast.Name]:
    for argument in args:
        if argument.key is None or argument.key.id not in _MEASURES:
            yield from _values(argument.value)


def _values(expression: ast.Expr) -> Iterator[ast.Name]:
    """The names that stand for a value itself in an expression, and not for one of its sizes."""
    measured = {id(part.value) for part in parts_in(expression) if isinstance(part, ast.Attribute)}
    for part in parts_in(expression):
        if isinstance(part, ast.Name) and id(part) not in measured:
            yield part
