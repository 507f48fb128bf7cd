"""Powers, and how far rounding may take them."""

from __future__ import annotations

import numpy as np

from specc.kernels.bounds import SMALLEST, in_range
from specc.kernels.windows import Array


def power(base: Array, exponent: Array) -> Array:
    """`base` to the power of `exponent`, with infinities and NaN as in C: NumPy may take the square root for
    an exponent of 0.5, which is NaN of -inf and -0 of -0."""
    with np.errstate(all="ignore"):
        result = np.asarray(np.power(base, exponent))
    half = exponent == 0.5
    return np.where(half & ((base == 0) | np.isneginf(base)), np.abs(base), result) if np.any(half) else result


def power_bound(base: Array, exponent: Array, y: Array, u: float) -> Array:
    """Computed as exp(e log|b|), the argument is off by 2 roundings of its size, which the exponential makes relative;
    8 more cover the logarithm, the exponential and products for small whole exponents."""
    with np.errstate(all="ignore"):
        size = np.abs(exponent * np.log(np.abs(base)))
    relative = (8 + 2 * np.where(np.isfinite(size), size, 0.0)) * u
    with np.errstate(all="ignore"):
        return in_range(relative * np.abs(y) + SMALLEST, np.abs(y) * (1 + relative))
