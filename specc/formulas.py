"""Arithmetic in texts."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any


def calculated(text: str, named: Callable[[str], Any], largest: Callable[[tuple[Any, ...]], Any]) -> Any:
    """What comes out of sums, products, divisions and, by `largest`, maxima of whole numbers and of what `named` gives
    for each name.

    `ValueError` for any other text.
    """
    try:
        return _value(ast.parse(text, mode="eval").body, named, largest)
    except (SyntaxError, RecursionError) as error:
        raise ValueError(f"not a size: {text!r}") from error


def _value(node: ast.expr, named: Callable[[str], Any], largest: Callable[[tuple[Any, ...]], Any]) -> Any:
    def value(part: ast.expr) -> Any:
        return _value(part, named, largest)

    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return named(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -value(operand)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return value(left) + value(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return value(left) - value(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return value(left) * value(right)
        case ast.BinOp(left=left, op=ast.FloorDiv() | ast.Div(), right=ast.Constant(value=int(divisor))) if divisor > 0:
            return value(left) // divisor
        case ast.Call(func=ast.Name(id="max"), args=[_, *_] as arguments, keywords=[]):
            return largest(tuple(map(value, arguments)))
    raise ValueError(f"not a size: {ast.unparse(node)!r}")
