"""Arithmetic in texts."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any


def calculated(text: str, named: Callable[[str], Any]) -> Any:
    """What comes out of sums, products and divisions of whole numbers and of what `named` gives for each name.

    `ValueError` for any other text.
    """
    try:
        return _value(ast.parse(text, mode="eval").body, named)
    except (SyntaxError, RecursionError) as error:
        raise ValueError(f"not a size: {text!r}") from error


def _value(node: ast.expr, named: Callable[[str], Any]) -> Any:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return named(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, named)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _value(left, named) + _value(right, named)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _value(left, named) - _value(right, named)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _value(left, named) * _value(right, named)
        case ast.BinOp(left=left, op=ast.FloorDiv() | ast.Div(), right=ast.Constant(value=int(divisor))) if divisor > 0:
            return _value(left, named) // divisor
    raise ValueError(f"not a size: {ast.unparse(node)!r}")
