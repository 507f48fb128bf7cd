"""Results that nothing is promised of, because the way to them may leave the range of float32.

A bound is infinite where an intermediate result may overflow: for a sum of products, where the sum of their magnitudes
is 2^128 or more.  Then of an exact result that is

- a finite number, any value may be made.  Some order of summation meets a partial sum beyond the range, which becomes
  +inf or -inf and remains it; another order, or a second accumulator, meets one beyond the other end, and inf - inf is
  NaN.  With x = (2^127, 2^127, -2^127, -2^127) and weights of 1 the exact sum is 0: (x1 + x2) + ... gives inf,
  (x3 + x4) + ... -inf, (x1 + x2) + (x3 + x4) NaN and (x1 + x3) + (x2 + x4) 0, each by correct rounding.
- an infinity, from operands that are infinite and have one sign in the sum, the same infinity or NaN may be made: the
  finite terms may overflow to the other one on their way.  The other infinity cannot be, for whichever partial sum the
  infinite term gets into is its infinity or NaN, and so is all that follows.  What the finite terms alone may do is
  told by the bound without the infinite ones.
- NaN, NaN is made: a NaN among the operands, or infinities of both signs, end in NaN in every order.

Such values reach layers behind a maximum pool, which makes -3.4e38 of NaN or of -inf (see `deviations`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from specc.ir.graph import Node
from specc.verify.arithmetic import Arithmetic
from specc.verify.compare import Array


def without_overflow(
    arithmetic: Arithmetic,
    node: Node,
    operands: tuple[Sequence[Array], Mapping[str, Array]],
    judged: tuple[Sequence[Array], int],
    bound: Array,
    got: Array,
) -> Array:
    """`got` with the expected value wherever an overflow on the way may have made the NaN or infinity that is there.

    `operands` are values and weights, `judged` all results of the node in float64 and which of them `got` is; `bound`
    is that result's.
    """
    if np.isfinite(got).all():
        return got
    ys, index = judged
    due = ys[index]
    free = np.isposinf(bound) & ~np.isfinite(got)
    allowed = np.isfinite(due)
    if np.any(free & np.isnan(got) & np.isinf(due)):
        xs, ws = operands
        finite = [np.where(np.isinf(x), 0.0, x) for x in xs]
        with np.errstate(all="ignore"):
            alone = arithmetic.bounds(node, finite, ws, node.op.compute(finite, ws))[index]
        allowed |= np.isnan(got) & np.isinf(due) & np.isposinf(alone)
    return np.where(free & allowed, due, got)
