"""Comparing an array with its reference, element by element, within a bound for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]

LARGEST = float(np.finfo(np.float32).max)
PART = 1 << 15
"""Elements compared at once: what is made of them stays in the cache."""


@dataclass(frozen=True)
class Worst:
    """The element with the largest ratio of error to bound, and the largest error of all."""

    ratio: float
    error: float
    bound: float
    index: tuple[int, ...]
    expected: float
    got: float
    max_error: float

    def shifted(self, items: int) -> Worst:
        """The same element counted from `items` items of the batch earlier."""
        return replace(self, index=(self.index[0] + items, *self.index[1:]))


def worst(expected: Array, bound: Array, got: Array, limit: float = LARGEST) -> Worst:
    """Judge `got` (float32, or what has `limit` as its largest number) by `expected` (float64) of the same shape.

    The ratio is error / bound, 0 where both agree exactly, infinite where they differ and the bound is 0 or no number.
    NaN and the infinities are classes of their own: they agree with themselves only, except that a value within its
    bound of the largest may overflow.
    """
    flat = [np.ravel(a) for a in (expected, np.broadcast_to(np.asarray(bound, np.float64), expected.shape), got)]
    found = [_worst(first, limit, *(a[first : first + PART] for a in flat)) for first in range(0, expected.size, PART)]
    ratio, at, error, _ = max(found, key=lambda item: item[0])
    return Worst(
        ratio=ratio,
        error=error,
        bound=float(flat[1][at]),
        index=tuple(int(i) for i in np.unravel_index(at, expected.shape)),
        expected=float(flat[0][at]),
        got=float(flat[2][at]),
        max_error=float(np.max([item[3] for item in found])),
    )


def _worst(first: int, limit: float, expected: Array, bound: Array, got: Array) -> tuple[float, int, float, float]:
    """The largest ratio in a part that starts at `first`, where it is and the error there, and the largest error."""
    with np.errstate(all="ignore"):
        error = np.subtract(got, expected)
        np.abs(error, out=error)
        largest = float(np.max(error))
        if not np.isfinite(largest):
            error[_same_class(expected, bound, got, limit)] = 0.0
            largest = float(np.max(error))
        ratio = error / bound if largest else error
    at = int(np.argmax(ratio))
    if np.isnan(ratio[at]):
        ratio[np.isnan(ratio)] = np.inf
        ratio[error == 0] = 0.0
        at = int(np.argmax(ratio))
    return float(ratio[at]), first + at, float(error[at]), largest


def identical(a: Array, b: Array) -> bool:
    """Whether both have the same shape and values, NaN being equal to NaN."""
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=True)


def _same_class(expected: Array, bound: Array, got: Array, limit: float) -> Array:
    """Where both are NaN or the same infinity, or an infinity stands for what lies beyond `limit`, or may."""
    beyond = np.abs(expected) + bound >= limit
    overflow = np.isinf(got) & beyond & (np.sign(got) == np.sign(expected))
    result: Array = (np.isnan(got) & np.isnan(expected)) | (got == expected) | overflow
    return result
