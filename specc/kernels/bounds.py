"""Rounding-error bounds shared by the operations.

Source: N. Higham, "Accuracy and Stability of Numerical Algorithms" (2nd ed., 2002), chapters 3 and 4.
"""

from __future__ import annotations

import numpy as np

from specc.kernels.windows import Array

SMALLEST = 2.0**-126
"""The smallest normal float32: where results underflow, errors are absolute and a runtime may flush to zero."""


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
