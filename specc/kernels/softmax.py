"""Softmax and log-softmax along an axis, shifted by the largest value so that nothing overflows.

Bounds: the rounding of x - max, at most |x - max| u, is a relative error of its exponential; the exponential
itself is good to EXP units, and a sum of n of them adds gamma_n (Higham, 2002, chapter 4).
"""

from __future__ import annotations

import numpy as np

from specc.kernels.activation_bounds import EXP
from specc.kernels.bounds import SMALLEST, gamma
from specc.kernels.windows import Array


def softmax(x: Array, axis: int) -> Array:
    powers = np.exp(_shifted(x, axis))
    return np.asarray(powers / np.sum(powers, axis=axis, keepdims=True))


def log_softmax(x: Array, axis: int) -> Array:
    shifted = _shifted(x, axis)
    return np.asarray(shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True)))


def softmax_bound(x: Array, y: Array, axis: int, u: float) -> Array:
    in_sum = _sum_error(x, y, axis, u)
    own = u * np.where(y > 0, np.abs(_shifted(x, axis)), 0)
    return np.asarray(1.01 * y * (in_sum + own + gamma(EXP + 3, u)) + (x.shape[axis] + 1) * SMALLEST)


def log_softmax_bound(x: Array, y: Array, axis: int, u: float) -> Array:
    """The relative error of the sum is an absolute one of its logarithm, which is itself good to 6 units."""
    shifted = _shifted(x, axis)
    log_sum = np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
    in_log = 1.01 * _sum_error(x, np.exp(y), axis, u) + 6 * u * log_sum
    return np.asarray(in_log + 3 * u * (np.abs(shifted) + np.abs(y)) + SMALLEST)


def _shifted(x: Array, axis: int) -> Array:
    return np.asarray(x - np.max(x, axis=axis, keepdims=True))


def _sum_error(x: Array, probabilities: Array, axis: int, u: float) -> Array:
    """The relative error of the sum of exponentials: the shifts' roundings weigh as much as their terms.  An infinite
    shift, as masks make it, is no rounding, and its term exactly 0."""
    weighed = np.where(probabilities > 0, np.abs(_shifted(x, axis)), 0)
    shifts = np.sum(probabilities * weighed, axis=axis, keepdims=True)
    n = x.shape[axis]
    return np.asarray(gamma(n + EXP, u) + u * shifts + n * SMALLEST)
