"""How many layers a model becomes at least, known before any is made.

Blocks that call each other twice, and loops within loops, grow exponentially: what is certain to pass the limit is
refused at once.  Numbers that only elaboration knows count as nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence

from specc.elaborate.modules import BlockDefinition, Module
from specc.syntax import ast


def least_layers(statements: Sequence[ast.Statement], module: Module, known: dict[BlockDefinition, int]) -> int:
    """A lower bound; `known` remembers that of blocks, and stops at blocks that contain themselves."""
    count = 0
    for statement in statements:
        match statement:
            case ast.Operation(branches=None):
                count += _call(statement.name.id, module, known)
            case ast.Operation(branches=branches):
                count += 1 + least_layers(branches or (), module, known)
            case ast.Branch(body=body):
                count += least_layers(body, module, known)
            case ast.Residual(body=body, shortcut=shortcut):
                count += 1 + least_layers(body, module, known) + least_layers(shortcut or (), module, known)
            case ast.If(then=then, orelse=orelse):
                count += min(least_layers(then, module, known), least_layers(orelse, module, known))
            case ast.Repeat(count=times, body=body):
                count += _number(times) * least_layers(body, module, known)
            case ast.For(iterable=ast.List(items=items), body=body):
                count += len(items) * least_layers(body, module, known)
    return count


def _call(name: str, module: Module, known: dict[BlockDefinition, int]) -> int:
    head, _, member = name.partition(".")
    block = module.scope.find(head)
    if member:
        block = getattr(block, "members", {}).get(member)
    if not isinstance(block, BlockDefinition):
        return 1
    if block not in known:
        known[block] = 0
        known[block] = least_layers(block.tree.body, block.module, known)
    return known[block]


def _number(expression: ast.Expr) -> int:
    """A count written as a number or a power of numbers; anything else may turn out to be zero."""
    match expression:
        case ast.Number(value=int(value)):
            return max(value, 0)
        case ast.Binary(operator="**", left=ast.Number(value=int(base)), right=ast.Number(value=int(power))):
            return base**power if 0 <= power <= 64 and 0 <= base <= 10**6 else 0
    return 0
