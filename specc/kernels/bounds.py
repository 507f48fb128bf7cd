"""Rounding-error bounds shared by the operations.

Source: N. Higham, "Accuracy and Stability of Numerical Algorithms" (2nd ed., 2002), chapters 3 and 4.
"""

from __future__ import annotations

import numpy as np

from specc.kernels.windows import Array

SMALLEST = 2.0**-126
"""The smallest normal float32: where results underflow, errors are absolute and a runtime may flush to zero."""

LARGEST = 2.0**128
"""Where float32's range ends."""


def gamma(terms: int, u: float) -> float:
    """gamma_k = k u / (1 - k u), the relative error of k roundings; infinite once k u reaches 1."""
    return terms * u / (1 - terms * u) if terms * u < 1 else float("inf")


def dot_product(terms: int, magnitude: Array, u: float) -> Array:
    """|fl(x . w) - x . w| <= gamma_k (|x| . |w|) for k terms in any order of summation, with or without fused
    multiply-add (Higham, section 3.1), and one smallest normal number per term for underflow.

    `magnitude` is |x| . |w| + |b|.
    """
    return gamma(terms, u) * np.asarray(magnitude, np.float64) + terms * SMALLEST


def relative(roundings: int, y: Array, u: float) -> Array:
    """The bound for an element-wise result that went through `roundings` roundings."""
    return gamma(roundings, u) * np.abs(np.asarray(y, np.float64)) + SMALLEST


def lp_norm(terms: int, y: Array, p: int, u: float) -> Array:
    """The bound for y = (sum of k terms |x|^p)^(1/p).

    Each |x|^p is taken to be good to c = max(4, p) units (a power function, or p - 1 products), so that the sum is
    good to gamma_(k+c); the root divides that by p and adds 4 units of its own.  Powers below the smallest normal
    number may be lost: that moves the sum by up to k of them, and the root by what it makes of that.  Where the sum
    leaves float32's range a runtime overflows, and nothing is promised.
    """
    y = np.asarray(y, np.float64)
    in_sum = gamma(terms + max(4, p), u)
    with np.errstate(over="ignore"):
        total = y**p
        lost = (total + terms * SMALLEST) ** (1 / p) - y
    bound = (in_sum / p + gamma(5, u)) * (y + lost) + lost + SMALLEST
    return np.where(total * (1 + in_sum) < LARGEST, bound, np.inf)


def in_range(bound: Array, magnitude: Array) -> Array:
    """`bound` where `magnitude`, the largest intermediate result, stays in float32's range; nothing is promised
    where it does not."""
    return np.where(magnitude < LARGEST, bound, np.inf)


def exact(y: Array) -> Array:
    """The bound for values that are only moved: no error at all."""
    return np.zeros(y.shape, np.float64)
