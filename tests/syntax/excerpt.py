"""An AST as short text, so that a test reads `source -> excerpt`."""

from __future__ import annotations

from specc.source import Source, Span
from specc.syntax import ast
from specc.syntax.parser import parse

EMPTY = (None, (), "")


def parsed(text: str) -> ast.File:
    file, diagnostics = parse(Source("test.cnn", text))
    assert file is not None, diagnostics
    return file


def attributes(node: object) -> dict[str, object]:
    """The attributes of a node by name; none of what is no node."""
    return vars(node) if type(node).__module__ == ast.__name__ else {}


def excerpt(node: object) -> str:
    """Leaves as they are written, all else as `Class(field=...)` without empty fields and places."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Number(value=value) | ast.Text(value=value) | ast.Bool(value=value):
            return repr(value)
        case ast.Size(parts=parts):
            return "<" + " ".join(map(str, parts)) + ">"
        case ast.Binary(operator=operator, left=left, right=right):
            return f"({excerpt(left)} {operator} {excerpt(right)})"
        case ast.Unary(operator=operator, operand=operand):
            return f"({operator} {excerpt(operand)})"
        case ast.List(items=items):
            return excerpt(items)
        case ast.Argument(key=key, value=value):
            return excerpt(value) if key is None else f"{key.id}={excerpt(value)}"
        case tuple():
            return "[" + ", ".join(map(excerpt, node)) + "]"
    found = attributes(node)
    if not found:
        return repr(node)
    shown = {name: value for name, value in found.items() if value not in EMPTY and not isinstance(value, Span)}
    parts = [f"{name}={excerpt(value)}" for name, value in shown.items()]
    return f"{type(node).__name__}({', '.join(parts)})"


def statement(text: str) -> str:
    """The excerpt of the one statement `text`."""
    model = parsed("model M {\n" + text + "\n}").items[0]
    assert isinstance(model, ast.Model)
    (only,) = model.body
    return excerpt(only)


def expression(text: str) -> str:
    """The excerpt of the expression `text`."""
    let = parsed("let a = " + text).items[0]
    assert isinstance(let, ast.Let)
    return excerpt(let.value)
