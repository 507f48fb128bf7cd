"""What the batch is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, count
from typing import Final

from specc.dims import Dim, Sym, names, symbol
from specc.elaborate.reads import bodies, names_in, size_names
from specc.elaborate.report import Reporter
from specc.elaborate.scope import Scope
from specc.ir.graph import GraphInput
from specc.syntax import ast

BATCH: Final = "N"
NONE: Final = "None"
"""What Keras calls every size that stays open; here a name like others."""


def unnamed(body: Sequence[ast.Statement], scope: Scope) -> Sym:
    """The batch of the inputs in a model's body that do not name it: `N`, or `batch` where one has a size called so."""
    sizes = {name for statement in _inputs(body) for name in _sizes(statement.shape) if scope.find(name) is None}
    candidates = chain((BATCH, "batch"), (f"batch{number}" for number in count(1)))
    return symbol(next(name for name in candidates if name not in sizes))


def _inputs(body: Sequence[ast.Statement]) -> Iterator[ast.Input]:
    return (statement for inner in bodies(body) for statement in inner if isinstance(statement, ast.Input))


def _sizes(shape: ast.Expr) -> Iterator[str]:
    """The names in a shape, but for one in front of a list, which is the batch."""
    if isinstance(shape, ast.List) and len(shape.items) > 1 and isinstance(shape.items[0], ast.Name):
        items: tuple[ast.Expr, ...] = shape.items[1:]
    else:
        items = (shape,)
    for item in items:
        yield from size_names(item)
        yield from (name.id for name in names_in(item))


def check_apart(statement: ast.Input, shape: Sequence[Dim], others: Sequence[GraphInput], report: Reporter) -> None:
    """E0304 where the batch of an input, whose `shape` begins with it, or of one of the `others` is also the size of
    an item: the two would always be equal.  Raises `Failed`."""
    batches = {shape[0], *(other.type.shape[0] for other in others)}
    sizes = {name for size in (*shape[1:], *(s for o in others for s in o.type.shape[1:])) for name in names(size)}
    both = next((str(batch) for batch in batches if str(batch) in sizes), None)
    if both is None:
        return
    help = "give one of them another name; the batch is the first of a list: `[B, 3, H, W]`"
    if both == NONE:
        help = _of_none(statement.shape)
    raise report.error("E0304", statement.shape.span, f"`{both}` is the batch and the size of an item", help=help)


def _of_none(shape: ast.Expr) -> str:
    """What is meant by `[None, None, 3]`, or with the batch `[None, None, None, 3]`."""
    items = [item.span.text for item in shape.items] if isinstance(shape, ast.List) else []
    return each_named(items if len(items) == 3 else items[1:])


def each_named(sizes: Sequence[str]) -> str:
    """What to say of sizes among which some are called `None`."""
    own = iter("DHW" if len(sizes) == 4 else "HW" if len(sizes) == 3 else "T")
    named = [next(own, "C") if size == NONE else size for size in sizes]
    return f"names leave sizes open, each its own: `[{BATCH}, {', '.join(named)}]`"
