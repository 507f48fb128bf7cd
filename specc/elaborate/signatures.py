"""What an operation or a block takes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from specc.diagnostics import Diagnostic
from specc.elaborate.modules import BlockDefinition
from specc.elaborate.words import NO_ACTIVATION, activations, choices
from specc.ops.base import Op
from specc.ops.families import Weightless
from specc.syntax import ast


class Signature(NamedTuple):
    """What can be called: an operation or a block."""

    word: str
    what: str
    names: tuple[str, ...]
    positional: tuple[str, ...]
    required: tuple[str, ...]
    merges: bool
    takes_activation: frozenset[str] = frozenset()
    """Parameters of a block that are activations by their default, and arguments whose words are activations too."""
    operands: tuple[str, ...] = ()
    """Arguments of an operation that are values of layers."""
    instead: Mapping[str, str] = MappingProxyType({})
    """See `Op.instead`."""
    learns: bool = True
    """Whether it may have weights."""
    listed: frozenset[str] = frozenset()
    """Parameters of a block that are lists by their default."""


class Doubt(NamedTuple):
    """A call that is most likely meant otherwise: how, and the warning that says so where the layer can be made."""

    meant: str
    warning: Diagnostic


@cache
def of_operation(op: type[Op]) -> Signature:
    names = tuple(name for name in (*op.positional, *op.model_fields, *op.operands) if name not in op.context)
    names = tuple(dict.fromkeys(names))
    needed = tuple(op.operands)[: op.arity[0] - 1]
    required = tuple(name for name in names if name in needed or _is_required(op, name))
    return Signature(
        op.word,
        "operation",
        names,
        op.positional,
        required,
        op.merges(),
        takes_activation=frozenset(n for n in op.positional if n in op.model_fields and _names_activation(op, n)),
        operands=tuple(op.operands),
        instead=op.instead,
        learns=not issubclass(op, Weightless),
    )


def _is_required(op: type[Op], name: str) -> bool:
    return name in op.model_fields and op.model_fields[name].is_required()


def _names_activation(op: type[Op], name: str) -> bool:
    """Whether a word that the argument takes is an activation too, as in `gelu tanh`."""
    return not activations().keys().isdisjoint(choices(op.model_fields[name].annotation))


def of_block(block: ast.Block | ast.Model, written: str = "") -> Signature:
    """What a block takes, which is `written` so where it is called: perhaps with its module."""
    names = tuple(p.name.id for p in block.parameters)
    required = tuple(p.name.id for p in block.parameters if p.default is None)
    what = "block" if isinstance(block, ast.Block) else "model"
    words = {p.name.id for p in block.parameters if p.default is not None and _is_activation(p.default)}
    word = written if written.endswith(f".{block.name.id}") else block.name.id
    listed = {p.name.id for p in block.parameters if isinstance(p.default, ast.List)}
    return Signature(word, what, names, names, required, False, frozenset(words), listed=frozenset(listed))


def _is_activation(value: ast.Expr) -> bool:
    """Whether it is an activation by its text: `relu`, `leaky_relu(0.1)`, `none`."""
    if isinstance(value, ast.Call):
        return value.function.id in activations()
    return isinstance(value, ast.Name) and (value.id in activations() or value.id == NO_ACTIVATION)


def signature(target: type[Op] | BlockDefinition, name: str = "") -> Signature:
    """What an operation or block takes, which is called `name`."""
    return of_block(target.tree, name) if isinstance(target, BlockDefinition) else of_operation(target)
