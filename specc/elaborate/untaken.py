"""Names that are defined on the side of an `if` that is not taken; imported where a name is unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from specc.diagnostics import Label
from specc.elaborate.reads import bodies_in
from specc.source import Span
from specc.syntax import ast
from specc.syntax.parser import parse


class Untaken(NamedTuple):
    """Where a name would be defined, and what helps."""

    label: Label
    help: str


def untaken(name: ast.Name) -> Untaken | None:
    """The definition above `name`, in its block or model, that stands in an `if`: elaboration, which has not found the
    name, has not taken this side."""
    file, _ = parse(name.span.source)
    bodies = () if file is None else [item for item in file.items if isinstance(item, ast.Block | ast.Model)]
    own = next((item for item in bodies if item.span.start <= name.span.start < item.span.end), None)
    sides = [] if own is None else [found for found in _sides(own.body, name.id) if found[0].start < name.span.start]
    if not sides:
        return None
    place, choice, holds = sides[-1]
    where = f"`{choice.test.span.text}` {'holds' if holds else 'does not hold'}"
    row, _ = choice.span.source.position(choice.span.start)
    help = f"the `if` in line {row} goes the other way here: define `{name.id}` on that side too, or use it within"
    return Untaken(Label(place, f"only where {where}"), help)


def _sides(statements: Sequence[ast.Statement], name: str) -> Iterator[tuple[Span, ast.If, bool]]:
    """The places where a side of an `if` defines the name, with the `if` and which side it is."""
    for statement in statements:
        if isinstance(statement, ast.If):
            for side, holds in ((statement.then, True), (statement.orelse, False)):
                yield from ((place, statement, holds) for place in _defined(side, name))
        for body in bodies_in(statement):
            yield from _sides(body, name)


def _defined(statements: Sequence[ast.Statement], name: str) -> Iterator[Span]:
    """Where a body defines the name at its own level, but for what stands in a further `if`."""
    for statement in statements:
        match statement:
            case ast.Operation(labels=labels) | ast.Residual(labels=labels):
                yield from (label.span for label in labels if label.id == name)
            case ast.Let(name=ast.Name(id=own) as given) if own == name:
                yield given.span
