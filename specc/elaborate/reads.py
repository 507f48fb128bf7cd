"""What a piece of syntax reads and defines, without evaluating it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from specc.syntax import ast

_LITERALS: Final = frozenset({ast.Number, ast.Size, ast.Bool, ast.Text})
_PAIR: Final = re.compile(r"[a-wyz]x[a-wyz]")


def bodies(statements: Sequence[ast.Statement]) -> Iterator[Sequence[ast.Statement]]:
    """A body and all those within it."""
    waiting = [statements]
    while waiting:
        body = waiting.pop()
        yield body
        for statement in body:
            waiting += bodies_in(statement)


def bodies_in(statement: ast.Statement) -> tuple[Sequence[ast.Statement], ...]:
    """The bodies that a statement holds itself."""
    match statement:
        case ast.Operation(branches=branches):
            return () if branches is None else (branches,)
        case ast.For(body=body) | ast.Repeat(body=body) | ast.Branch(body=body):
            return (body,)
        case ast.If(then=then, orelse=orelse):
            return (then, orelse)
        case ast.Residual(body=body, shortcut=shortcut):
            return (body, shortcut or ())
        case _:
            return ()


def defined_in(statements: Sequence[ast.Statement]) -> Iterator[ast.Name]:
    """The names that a body defines at its own level."""
    for statement in statements:
        match statement:
            case ast.Operation(labels=labels) | ast.Residual(labels=labels):
                yield from labels
            case ast.For(label=ast.Name() as label) | ast.Repeat(label=ast.Name() as label):
                yield label
            case ast.Let(name=name) | ast.Input(name=name):
                yield name
            case ast.If(then=then, orelse=orelse):
                yield from defined_in((*then, *orelse))


def numbered_labels(statements: Sequence[ast.Statement]) -> Iterator[str]:
    """The labels and inputs in a body, and in those within that name their layers as it does, which an operation with
    its number could be called like."""
    for statement in statements:
        match statement:
            case ast.Operation(labels=labels, branches=branches):
                yield from (label.id for label in labels if label.id[-1].isdigit())
                yield from numbered_labels(branches or ())
            case ast.Residual(labels=labels, body=body, shortcut=shortcut):
                yield from (label.id for label in labels if label.id[-1].isdigit())
                yield from numbered_labels((*body, *(shortcut or ())))
            case (
                ast.For(label=label, body=body)
                | ast.Repeat(label=label, body=body)
                | ast.Branch(label=label, body=body)
            ):
                yield from numbered_labels(body) if label is None else (label.id,)
            case ast.Input(name=name):
                yield name.id
            case ast.If(then=then, orelse=orelse):
                yield from numbered_labels((*then, *orelse))


def size_names(shape: ast.Expr) -> Iterator[str]:
    """The names between the x of a shape written as a size: 3xHxW, or axb, which is a name to the parser."""
    if isinstance(shape, ast.Size):
        yield from (part for part in shape.parts if isinstance(part, str))
    elif isinstance(shape, ast.Name):
        yield from sizes_in(shape.id)


def open_sizes(statements: Sequence[ast.Statement]) -> Iterator[str]:
    """The names in the shapes of the inputs that a body declares."""
    for statement in statements:
        if isinstance(statement, ast.Input):
            yield from size_names(statement.shape)
            yield from (name.id for name in names_in(statement.shape))


def sizes_in(name: str) -> list[str]:
    """`a` and `b` of a lone pair such as `axb`, which stands for both in a shape if it is no name of its own; of any
    other name that name."""
    return name.split("x") if _PAIR.fullmatch(name) else [name]


def names_in(expression: ast.Expr) -> Iterator[ast.Name]:
    """Every name that `expression` reads; sizes such as 3xHxW read none."""
    for part in _parts(expression):
        if isinstance(part, ast.Name) and part.id != "_":
            yield part


def functions_in(expression: ast.Expr) -> Iterator[ast.Name]:
    """The functions that `expression` calls."""
    for part in _parts(expression):
        if isinstance(part, ast.Call):
            yield part.function


def called_and_read(statement: ast.Operation) -> tuple[set[str], set[str]]:
    """The operation and the functions that a statement calls, and the names that it reads, those in sizes included."""
    called, read = {statement.name.id.partition(".")[0]}, set[str]()
    for argument in statement.args:
        value = argument.value
        if type(value) is ast.Name:
            read.add(value.id)
        elif type(value) not in _LITERALS:
            read.update(name.id for name in names_in(value))
            called.update(function.id for function in functions_in(value))
    if statement.shape is not None:
        read.update(name.id for name in names_in(statement.shape))
        read.update(size_names(statement.shape))
    return called, read


def _parts(expression: ast.Expr) -> Iterator[ast.Expr]:
    """`expression` and all expressions in it, but for the names that a list by a rule gives to its items."""
    for part in parts_in(expression):
        yield part
        if isinstance(part, ast.Comprehension):
            yield from _parts(part.iterable)
            own = {target.id for target in part.targets}
            for inner in (part.item, part.test):
                if inner is not None:
                    yield from (p for p in _parts(inner) if not (isinstance(p, ast.Name) and p.id in own))


def parts_in(expression: ast.Expr) -> Iterator[ast.Expr]:
    """`expression` and all expressions in it, but for those within lists by a rule."""
    stack: list[ast.Expr] = [expression]
    while stack:
        part = stack.pop()
        yield part
        match part:
            case ast.Attribute(value=value):
                stack.append(value)
            case ast.Index(value=value, index=index):
                stack += (value, index)
            case ast.Slice(value=value, start=start, stop=stop):
                stack += (part for part in (value, start, stop) if part is not None)
            case ast.Call(args=args, named=named):
                stack += args
                stack += (argument.value for argument in named)
            case ast.List(items=items):
                stack += items
            case ast.Unary(operand=operand):
                stack.append(operand)
            case ast.Binary(left=left, right=right):
                stack += (left, right)
            case ast.Conditional(test=test, then=then, orelse=orelse):
                stack += (test, then, orelse)
