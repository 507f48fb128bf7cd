"""Comparing an array with its reference, element by element, within a bound for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]

LARGEST = float(np.finfo(np.float32).max)


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


def worst(expected: Array, bound: Array, got: Array) -> Worst:
    """Judge `got` (float32) by `expected` (float64) of the same shape.

    The ratio is error / bound, 0 where both agree exactly, infinite where they differ and the bound is 0 or no number.
    NaN and the infinities are classes of their own: they agree with themselves only, except that a value within its
    bound of float32's largest may overflow.
    """
    bound = np.broadcast_to(np.asarray(bound, np.float64), expected.shape)
    with np.errstate(all="ignore"):
        error = np.abs(got - expected)
        ratio = np.divide(error, bound, out=np.zeros_like(error), where=error != 0)
        if not np.isfinite(error).all():
            agree = _same_class(expected, bound, got)
            ratio, error = np.where(agree, 0.0, ratio), np.where(agree, 0.0, error)
    ratio[np.isnan(ratio)] = np.inf
    index = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    return Worst(
        ratio=float(ratio[index]),
        error=float(error[index]),
        bound=float(bound[index]),
        index=tuple(int(i) for i in index),
        expected=float(expected[index]),
        got=float(got[index]),
        max_error=float(np.max(error)),
    )


def _same_class(expected: Array, bound: Array, got: Array) -> Array:
    """Where both are NaN or the same infinity, or an infinity stands for what float32 cannot hold, or need not."""
    beyond = np.abs(expected) + bound >= LARGEST
    overflow = np.isinf(got) & beyond & (np.sign(got) == np.sign(expected))
    result: Array = (np.isnan(got) & np.isnan(expected)) | (got == expected) | overflow
    return result
