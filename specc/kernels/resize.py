"""Enlarged and cropped images; arrays are (batch, channels, *sizes)."""

from __future__ import annotations

import numpy as np

from specc.kernels.bounds import SMALLEST
from specc.kernels.windows import Array, Sides, spread


def cropped(x: Array, sides: Sides) -> Array:
    """A view without what lies `sides` before and behind on each axis."""
    cuts = [slice(before, size - behind) for size, (before, behind) in zip(x.shape[2:], sides, strict=True)]
    return x[:, :, *cuts]


def centre(x: Array, sizes: tuple[int, ...]) -> Array:
    """A view of the centre; where the difference is odd, one more is cut at the end."""
    starts = [(size - keep) // 2 for size, keep in zip(x.shape[2:], spread(sizes, x.ndim - 2), strict=True)]
    keeps = spread(sizes, x.ndim - 2)
    return x[:, :, *(slice(start, start + keep) for start, keep in zip(starts, keeps, strict=True))]


def nearest(x: Array, scales: tuple[int, ...]) -> Array:
    """Every position repeated."""
    for axis, scale in enumerate(scales, start=2):
        x = np.repeat(x, scale, axis)
    return x


def linear(x: Array, scales: tuple[int, ...], align_corners: bool) -> Array:
    """Linear interpolation along one axis after the other; beyond the outermost centres their value holds."""
    for axis, scale in enumerate(scales, start=2):
        x = _linear(x, axis, scale, align_corners)
    return x


def linear_bound(x: Array, scales: tuple[int, ...], u: float) -> Array:
    """Coordinates up to the axis' size are rounded twice, which shifts the weights by twice that many units and may
    bring in the sample beyond; each axis adds 6 roundings of the values themselves.  The magnitude is the largest
    of the samples within two positions; beside a NaN nothing is promised."""
    largest = np.where(np.isnan(x), np.inf, np.abs(x))
    for axis in range(2, x.ndim):
        largest = _dilated(_dilated(largest, axis), axis)
    units = sum(4 * size + 6 for size in x.shape[2:])
    return np.asarray(1.01 * u * units * nearest(largest, scales) + 8 * SMALLEST)


def _linear(x: Array, axis: int, scale: int, align_corners: bool) -> Array:
    size = x.shape[axis]
    steps = np.arange(size * scale, dtype=np.float64)
    if align_corners:
        at = steps * (size - 1) / max(size * scale - 1, 1)
    else:
        at = np.clip((steps + 0.5) / scale - 0.5, 0, size - 1)
    low = np.minimum(at.astype(np.int64), size - 1)
    high = np.minimum(low + 1, size - 1)
    weight = (at - low).astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1 - axis))
    return np.asarray(np.take(x, low, axis) * (1 - weight) + np.take(x, high, axis) * weight)


def _dilated(x: Array, axis: int) -> Array:
    """The largest of every position and its two neighbours."""
    at = np.arange(x.shape[axis])
    before, behind = np.maximum(at - 1, 0), np.minimum(at + 1, at[-1])
    return np.asarray(np.maximum(x, np.maximum(np.take(x, before, axis), np.take(x, behind, axis))))
