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

    `magnitude` is |x| . |w| + |b|; where that leaves float32's range a partial sum may overflow.
    """
    magnitude = np.asarray(magnitude, np.float64)
    bound = gamma(terms, u) * magnitude
    bound += terms * SMALLEST
    return in_range(bound, magnitude)


def single(x: Array) -> Array:
    """|x| in float32, for sums of magnitudes: they need no more, and take half the time."""
    with np.errstate(over="ignore"):
        narrow = x.astype(np.float32)
    return np.abs(narrow, out=narrow)


def dot_product_of_single(terms: int, magnitude: Array, u: float) -> Array:
    """At least `dot_product` of a sum of `terms` products of two `single` values, given the `magnitude` that float32
    makes of it: rounding takes away at most gamma_(k+2) of it, and underflow one smallest normal number per term."""
    kept = 1 - min(gamma(terms + 2, 2.0**-24), 1.0)
    if not kept:
        return np.full(magnitude.shape, np.inf)
    share = gamma(terms, u) / kept * (1 + 2.0**-48)
    bound: Array = np.multiply(magnitude, share, dtype=np.float64)
    bound += terms * SMALLEST * (1 + share)
    return in_range(bound, magnitude, kept * LARGEST)


def least_dot_product(terms: int, magnitude: Array, counted: int, u: float) -> Array:
    """At most `dot_product` of `terms` terms, given the `magnitude` that float32 makes of `counted` of them: rounding
    adds at most gamma_(counted+2) to it, and underflow one smallest normal number per term.  It is positive."""
    share = gamma(terms, u)
    bound: Array = np.multiply(magnitude, share * (1 - gamma(counted + 2, 2.0**-24)) * (1 - 2.0**-48), dtype=np.float64)
    bound += terms * SMALLEST * (1 - share)
    return bound


def statistical(terms: int, u: float) -> float:
    """4 sqrt(k) u: where roundings are independent with mean 0, an error beyond it has a probability of at most
    2 exp(-8) = 0.07 % (N. Higham and T. Mary, "A new approach to probabilistic rounding error analysis", SIAM J. Sci.
    Comput. 41, 2019, theorem 2.4 with lambda = 4)."""
    return 4 * float(np.sqrt(terms)) * u


def average(terms: int, magnitude: Array, u: float, roundings: int = 2) -> Array:
    """The bound for a mean of k terms: k - 1 additions, and `roundings` for the division by k (2 where a runtime
    multiplies by the reciprocal).  `magnitude` is the mean of |x|; a runtime may overflow in the sum."""
    magnitude = np.asarray(magnitude, np.float64)
    return in_range(dot_product(terms + roundings, magnitude, u), terms * magnitude)


def relative(roundings: int, y: Array, u: float) -> Array:
    """The bound for an element-wise result that went through `roundings` roundings."""
    return gamma(roundings, u) * np.abs(np.asarray(y, np.float64)) + SMALLEST


def lp_norm(terms: int, y: Array, p: int, u: float) -> Array:
    """The bound for y = (sum of k terms |x|^p)^(1/p).

    Each |x|^p is taken to be good to c = max(4, p) units (a power function, or p - 1 products), so that the sum is
    good to gamma_(k+c); the root divides that by p and adds 4 units of its own, and |log y| units more where 1/p is
    not exact in binary.  Powers below the smallest normal number may be lost: that moves the sum by up to k of them,
    and the root by what it makes of that.  Where the sum leaves float32's range a runtime overflows.
    """
    y = np.asarray(y, np.float64)
    in_sum = gamma(terms + max(4, p), u)
    with np.errstate(over="ignore"):
        total = y**p
        lost = (total + terms * SMALLEST) ** (1 / p) - y
    in_root = gamma(5, u) + (u * np.abs(np.log(y + lost)) if p & (p - 1) else 0.0)
    bound = (in_sum / p + in_root) * (y + lost) + lost + SMALLEST
    return in_range(bound, total * (1 + in_sum))


def in_range(bound: Array, magnitude: Array, largest: float = LARGEST) -> Array:
    """`bound` where `magnitude`, the largest intermediate result, stays in float32's range; nothing is promised
    where it does not."""
    if np.max(magnitude, initial=0.0) < largest:
        return bound
    return np.where(magnitude < largest, bound, np.inf)


def constant(value: float, u: float) -> float:
    """The error of a constant written into a float32 graph: none where float32 holds it."""
    return 0.0 if float(np.float32(value)) == value else u * abs(value)


def exact(y: Array) -> Array:
    """The bound for values that are only moved: no error at all."""
    return np.zeros(y.shape, np.float64)
