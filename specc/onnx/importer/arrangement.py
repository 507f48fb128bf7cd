"""How a tensor of several axes holds the items of a batch: each axis as a product of factors, the batch one of them.

Attention that PyTorch writes with the sequence first, with heads beside the batch, or with windows beside it, keeps
every item apart; but its tensors are (length, batch, features), (batch * heads, length, size) or
(batch * windows, positions, features).  A spec has the batch first and never writes it: what lies so is remembered as
an arrangement, and brought in order where an operation works along an axis.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from typing import Final, TypeAlias

from specc.dims import Dim, Sym, product, substituted, symbol
from specc.onnx.importer.values import Moved

BATCH: Final = -1
"""The factor that counts the items."""

Groups: TypeAlias = tuple[tuple[int, ...], ...]


def shape_of(moved: Moved, batch: Dim) -> tuple[Dim, ...]:
    """The shape of the ONNX tensor for a batch of `batch` items."""
    return tuple(product(tuple(batch if f == BATCH else moved.factors[f] for f in axis)) for axis in moved.axes)


def flat(groups: Groups) -> tuple[int, ...]:
    """The factors of all axes, the outermost first."""
    return tuple(factor for group in groups for factor in group)


def reordered(moved: Moved, order: Sequence[int]) -> Moved:
    """`moved` after a transpose."""
    return Moved(moved.value, moved.factors, tuple(moved.axes[axis] for axis in order))


def regrouped(moved: Moved, sizes: Sequence[Dim], batch: Dim) -> Moved | None:
    """`moved` reshaped to `sizes`; `None` where that cuts the batch, or sizes that do not divide each other."""
    waiting = deque(_runs(moved, batch))
    groups: list[list[tuple[tuple[int, int], Dim]]] = []
    for size in sizes:
        group: list[tuple[tuple[int, int], Dim]] = []
        left = size
        while left != 1:
            if not waiting:
                return None
            key, own = waiting.popleft()
            if (rest := quotient(left, own)) is not None:
                group.append((key, own))
                left = rest
            elif key[0] != BATCH and (rest := quotient(own, left)) is not None:
                group.append((key, left))
                waiting.appendleft(((key[0], key[1] + 1), rest))
                left = 1
            else:
                return None
        groups.append(group)
    return None if waiting else _numbered(moved.value, groups)


def _runs(moved: Moved, batch: Dim) -> list[tuple[tuple[int, int], Dim]]:
    """The factors in the order of the tensor, those together that lie together in the value too."""
    runs: list[tuple[tuple[int, int], Dim]] = []
    before = BATCH
    for factor in flat(moved.axes):
        if factor == BATCH:
            runs.append(((BATCH, 0), batch))
        elif runs and before not in (BATCH, factor) and before + 1 == factor:
            (key, size) = runs[-1]
            runs[-1] = (key, size * moved.factors[factor])
        else:
            runs.append(((factor, 0), moved.factors[factor]))
        before = factor
    return runs


def _numbered(value: str, groups: list[list[tuple[tuple[int, int], Dim]]]) -> Moved:
    sizes = {key: size for group in groups for key, size in group if key[0] != BATCH}
    numbers = {key: number for number, key in enumerate(sorted(sizes))} | {(BATCH, 0): BATCH}
    axes = tuple(tuple(numbers[key] for key, _ in group) for group in groups)
    return Moved(value, tuple(sizes[key] for key in sorted(sizes)), axes)


def quotient(size: Dim, by: Dim) -> Dim | None:
    """`size` / `by`; `None` where that is no size."""
    if size == by:
        return 1
    if isinstance(by, int):
        if by < 1:
            return None
        whole = size // by
        return whole if whole * by == size else None
    if isinstance(size, int) or len(by.terms) != 1:
        return None
    ((divisor, coefficient),) = by.terms
    total: Dim = 0
    for atoms, count in size.terms:
        rest = list(atoms)
        for atom in divisor:
            if atom not in rest:
                return None
            rest.remove(atom)
        if count % coefficient:
            return None
        total = total + product(tuple(Sym((((atom,), 1),)) for atom in rest)) * (count // coefficient)
    return total


def with_size(size: Dim, name: str, number: int) -> Dim:
    """`size` where the open size `name` is `number`."""
    return substituted(size, lambda other: number if other == name else symbol(other))


def cuts(groups: Groups) -> set[int]:
    """The factors before which the value has to be cut, so that its pieces can be put in the order of `groups`."""
    order = flat(groups)
    together = {b for a, b in itertools.pairwise(order) if b == a + 1}
    return set(range(1, len(order))) - together


def pieces(count: int, borders: set[int]) -> Groups:
    """The factors 0 to `count` - 1, cut before those in `borders`."""
    edges = [0, *sorted(borders), count]
    return tuple(tuple(range(a, b)) for a, b in itertools.pairwise(edges) if a < b)


def refined(moved: Moved, sizes: Sequence[Dim]) -> tuple[Moved, Groups] | None:
    """`moved` with its factors cut so that each axis of a value with `sizes` is a row of them, and these rows; `None`
    where the sizes do not divide each other."""
    parts: list[list[int]] = [[] for _ in moved.factors]
    rows: list[list[int]] = []
    made: list[Dim] = []
    waiting = deque(enumerate(moved.factors))
    for size in sizes:
        row: list[int] = []
        left = size
        while left != 1:
            if not waiting:
                return None
            factor, own = waiting.popleft()
            piece = own if quotient(left, own) is not None else left
            rest, kept = quotient(own, piece), quotient(left, piece)
            if rest is None or kept is None:
                return None
            if rest != 1:
                waiting.appendleft((factor, rest))
            parts[factor].append(len(made))
            row.append(len(made))
            made.append(piece)
            left = kept
        rows.append(row)
    axes = tuple(tuple(new for f in axis for new in ([f] if f == BATCH else parts[f])) for axis in moved.axes)
    return Moved(moved.value, tuple(made), axes), tuple(map(tuple, rows))
