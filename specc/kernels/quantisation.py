"""Whole numbers for real ones, and back: ONNX QuantizeLinear and DequantizeLinear (opsets 10 to 21).

Scales are float32 in every precision: beside the half of a step their rounding would not be a small error.
"""

from __future__ import annotations

import numpy as np

from specc.kernels.bounds import SMALLEST, gamma, relative
from specc.kernels.windows import Array

Numbers = float | tuple[float, ...]


def quantised(x: Array, scale: Numbers, zero: Numbers, limits: tuple[int, int], axis: int) -> Array:
    """round(x / scale), half to even, plus `zero`, cut to `limits`; along `axis` where there is one number for each."""
    with np.errstate(all="ignore"):
        return _cut(np.rint(x / _along(scale, x, axis)) + _along(zero, x, axis), limits)


def quantised_bound(x: Array, scale: Numbers, zero: Numbers, limits: tuple[int, int], axis: int, u: float) -> Array:
    """Where the quotient lies within 2 roundings of a half it may go to either side, which is one step; else 0."""
    y = quantised(x, scale, zero, limits, axis)
    with np.errstate(all="ignore"):
        exact: Array = x / _along(scale, x, axis)
        off = gamma(2, u) * np.abs(exact) + SMALLEST
        sides = [_cut(np.rint(side) + _along(zero, x, axis), limits) for side in (exact - off, exact + off)]
    return np.asarray(np.nan_to_num(np.maximum(sides[1] - y, y - sides[0])))


def restored(x: Array, scale: Numbers, zero: Numbers, limits: tuple[int, int], axis: int) -> Array:
    """(x - zero) scale, `x` rounded and cut to `limits` first."""
    return np.asarray((_cut(np.rint(x), limits) - _along(zero, x, axis)) * _along(scale, x, axis))


def restored_bound(y: Array, u: float) -> Array:
    """One product; the difference of two whole numbers is exact."""
    return relative(1, y, u)


def _cut(codes: Array, limits: tuple[int, int]) -> Array:
    return np.asarray(np.clip(codes, *map(codes.dtype.type, limits)))


def _along(numbers: Numbers, x: Array, axis: int) -> Array:
    """One number, or one for each position of `axis`, to broadcast against `x`."""
    array: Array = np.asarray(numbers, np.float32).astype(x.dtype)
    return np.reshape(array, (-1, *(1,) * (x.ndim - 1 - axis))) if array.ndim else array
