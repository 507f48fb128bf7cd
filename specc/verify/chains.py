"""Layers that one operator of a file makes together: judged on what the file feeds the first and makes of the last.

A file need not hold what such layers pass on: ReduceL2 is `pow`, `reduce_sum` and `sqrt` in a spec.  What is between
is computed in float64 with a running bound on how far float32 may be from it: the layer's own error bound, and what
the bound of its operands makes of its results.  The latter is measured, by moving the operands by their bounds: to
either side, each operand for itself, which is exact for operations that rise or fall all along and for sums of
positive terms; and with random signs for other sums, where `MARGIN` stands for the signs not tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from specc.interpreter import cast
from specc.ir.graph import Graph, Node
from specc.verify.arithmetic import Arithmetic
from specc.verify.compare import Array
from specc.verify.endtoend import MARGIN

RANDOM: Final = 4
"""Choices of signs at random."""


@dataclass(frozen=True)
class Estimate:
    """A value and how far every element may be from it; `error` is None where it is exact."""

    value: Array
    error: Array | None = None


def estimated(
    graph: Graph, node: Node, weights: Mapping[str, Array], arithmetic: Arithmetic, operands: Sequence[Estimate]
) -> list[Estimate]:
    """The results of `node` in float64, and how far correct arithmetic may be from them."""
    ws = cast(graph, node, weights, np.float64)
    xs = [operand.value.astype(np.float64) for operand in operands]
    with np.errstate(all="ignore"):
        ys = node.op.compute(xs, ws)
        bounds = arithmetic.bounds(node, xs, ws, ys)
        moved = passed_on(node, xs, ws, ys, [operand.error for operand in operands])
        return [
            Estimate(y, _or_overflown(y, np.asarray(bound) + more, arithmetic.precision.largest))
            for y, bound, more in zip(ys, bounds, moved, strict=True)
        ]


def passed_on(
    node: Node, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], errors: Sequence[Array | None]
) -> list[Array]:
    """How far the results of `node` may move from `ys` where the operands `xs` are off by up to `errors`."""
    found = [np.zeros(y.shape) for y in ys]
    if all(error is None for error in errors):
        return found
    several = node.op.terms(xs, ws) is not None
    with np.errstate(all="ignore"):
        for steps, at_random in _steps(errors):
            near = [x if step is None else x + step for x, step in zip(xs, steps, strict=True)]
            for index, (y, other) in enumerate(zip(ys, node.op.compute(near, ws), strict=True)):
                distance = np.where(y == other, 0.0, np.abs(other - y)) * (MARGIN if several and at_random else 1.0)
                found[index] = np.fmax(found[index], distance)
    return found


def _steps(errors: Sequence[Array | None]) -> Iterator[tuple[list[Array | None], bool]]:
    """Which way every operand is moved, and whether the signs are random."""
    uncertain = [index for index, error in enumerate(errors) if error is not None]
    rng = np.random.default_rng(0)
    for signs in product((-1.0, 1.0), repeat=min(len(uncertain), 3)):
        chosen = dict(zip(uncertain, (*signs, *(1.0,) * len(uncertain)), strict=False))
        yield [None if error is None else chosen[index] * error for index, error in enumerate(errors)], False
    for _ in range(RANDOM):
        yield [None if e is None else np.where(rng.random(e.shape) < 0.5, -e, e) for e in errors], True


def _or_overflown(y: Array, bound: Array, largest: float) -> Array:
    """`bound`, and none where what stands for `y` may be an infinity."""
    return np.where(np.isfinite(y) & (np.abs(y) + bound >= largest), np.inf, np.broadcast_to(bound, y.shape))
