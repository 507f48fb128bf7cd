"""The shapes that are written behind `->` and in inputs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from specc.dims import symbol
from specc.elaborate.expressions import Frame, evaluate, unknown_name
from specc.elaborate.reads import sizes_in
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.values import BROKEN, Value, whole
from specc.ops import BY_WORD
from specc.source import Span
from specc.syntax import ast

_NO_SHAPE: Final = "`->` asserts a shape: an operation stands on a line of its own, or behind `;`"
_ANY: Final = "no input has an open size called so; `_` stands for any size"
_NO_BATCH: Final = "the batch is not written in a shape, and `_` stands for any size"
_NAMED: Final = "`->` asserts the shape of the line; its value is named in front, `name: conv 8, 3x3`"


def shape_parts(
    expression: ast.Expr, frame: Frame, report: Reporter, open_sizes: frozenset[str]
) -> tuple[Value | None, ...]:
    """The sizes written behind `->` or in an `input`: numbers, open sizes, and `None` for `_`.

    `open_sizes` are the names that stand for themselves.  Raises `Failed`.
    """
    parts = _written_parts(expression, frame)
    if parts is None:
        value = report.held(evaluate(expression, frame, report), expression.span)
        return tuple(map(whole, value)) if isinstance(value, tuple) else (whole(value),)
    found: list[Value | None] = []
    for part in parts:
        with suppress(Failed):  # each that is wrong is told
            found.append(whole(_part(part, expression.span, frame, report, open_sizes)))
    if len(found) < len(parts):
        raise Failed
    return tuple(found)


def _written_parts(expression: ast.Expr, frame: Frame) -> Sequence[int | str | ast.Expr] | None:
    """The parts of a shape; `None` for a value, which may be a list of them."""
    match expression:
        case ast.Size(parts=parts):
            return parts
        case ast.List(items=items):
            return items
        case ast.Name(id=name) if frame.scope.find(name) is None:
            return sizes_in(name)
    return None


def _part(
    part: int | str | ast.Expr, span: Span, frame: Frame, report: Reporter, open_sizes: frozenset[str]
) -> Value | None:
    """The size that a part of the shape at `span` stands for; `None` for `_`.  Raises `Failed`."""
    if isinstance(part, int):
        return part
    name = part if isinstance(part, str) else part.id if isinstance(part, ast.Name) else ""
    if name == "_":
        return None
    bound = frame.scope.find(name)
    if bound is BROKEN:
        raise Failed
    if bound is None and name in open_sizes:
        return symbol(name)
    if isinstance(part, ast.Name) and name == "None":
        raise report.error("E0202", part.span, "unknown name `None`", "not defined here", help=_NO_BATCH)
    if not isinstance(part, str):
        return evaluate(part, _with_open_sizes(frame, open_sizes), report)
    if bound is None:
        raise _unknown_size(part, span, frame, report, open_sizes)
    return bound


def _with_open_sizes(frame: Frame, open_sizes: frozenset[str]) -> Frame:
    """A frame for an expression in which open sizes stand for themselves where nothing else has their names."""
    inner = frame.nested()
    for size in open_sizes:
        if frame.scope.find(size) is None:
            inner.scope.bind(size, symbol(size))
    return inner


def _unknown_size(name: str, span: Span, frame: Frame, report: Reporter, open_sizes: frozenset[str]) -> Failed:
    """E0202 for a name in a shape that is no size; where it is the whole shape, it may be meant for something else."""
    alone = span.text == name
    if alone and name in BY_WORD:
        return report.error("E0202", span, f"unknown name `{name}`", "a shape is asserted here", help=_NO_SHAPE)
    return unknown_name(ast.Name(span, name), frame, report, tuple(open_sizes), _NAMED if alone else _ANY)
