"""The dense layer.

Its matrix may be narrower than the values, float32 beside float64: it is then widened, and its magnitudes are taken, a
block of rows at a time, as the largest of them are most of a network.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from specc.kernels.windows import Array

BLOCK = 1 << 20
"""Elements of one block of rows."""


def dense(x: Array, weight: Array, bias: Array | None) -> Array:
    """`x` (batch, in) times `weight` (out, in), transposed, plus `bias` (out,) -> (batch, out)."""
    if weight.dtype == x.dtype:
        product: Array = x @ weight.T
    else:
        product = _by_rows(x, weight, lambda rows: rows.astype(x.dtype))
    return product if bias is None else product + bias


def along(x: Array, axis: int, change: Callable[[Array], Array]) -> Array:
    """What `change` makes of the matrix of all vectors along `axis` of `x` (rows, in) -> (rows, out), put in their
    place."""
    moved = np.moveaxis(x, axis, -1)
    made = change(moved.reshape(-1, moved.shape[-1]))
    return np.moveaxis(made.reshape(*moved.shape[:-1], made.shape[-1]), -1, axis)


def dense_magnitude(x: Array, weight: Array, bias: Array | None) -> Array:
    """|x| |W| + |b| in float32, for float32 `x`."""
    product = _by_rows(np.abs(x), weight, lambda rows: np.abs(rows).astype(np.float32, copy=False))
    return product if bias is None else product + np.abs(bias).astype(np.float32, copy=False)


def _by_rows(x: Array, weight: Array, change: Callable[[Array], Array]) -> Array:
    """`x` times the transpose of what `change` makes of `weight`, in `x`'s precision."""
    result = np.empty((len(x), len(weight)), x.dtype)
    step = max(1, BLOCK // max(1, weight.shape[1]))
    for first in range(0, len(weight), step):
        rows = slice(first, first + step)
        result[:, rows] = x @ change(weight[rows]).T
    return result
