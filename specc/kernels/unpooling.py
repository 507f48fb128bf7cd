"""Positions of maxima, and values put back to them.  Positions count through the image of one channel, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from specc.kernels.windows import Array, Motion, padded, place, spread, taps


def max_positions(x: Array, window: tuple[int, ...], how: Motion) -> Array:
    """Where each window of `max_pool` has its largest value, the first of several; a NaN is the largest."""
    return _found(x, window, how)[1]


def tied_positions(x: Array, window: tuple[int, ...], how: Motion) -> Array:
    """How far from `max_positions` another position of the same value may be; infinite where the window holds a NaN."""
    largest, first, last = _found(x, window, how)
    return np.where(np.isnan(largest), np.inf, last - first).astype(np.float64)


def _found(x: Array, window: tuple[int, ...], how: Motion) -> tuple[Array, Array, Array]:
    """The largest value of each window, and its first and last position."""
    at = place(x.shape[2:], window, how)
    numbers = np.arange(prod(x.shape[2:]), dtype=x.dtype).reshape(1, 1, *x.shape[2:])
    steps = zip(
        taps(padded(x, at.reach, fill=-np.inf), at), taps(padded(numbers, at.reach, fill=-1.0), at), strict=True
    )
    (_, values), (_, positions) = next(steps)
    largest, first = values.copy(), np.broadcast_to(positions, values.shape).copy()
    last = first.copy()
    for (_, values), (_, positions) in steps:
        inside = positions >= 0
        above = inside & ((values > largest) | (np.isnan(values) & ~np.isnan(largest)) | (first < 0))
        same = inside & (above | (values == largest))
        largest[above] = values[above]
        spots = np.broadcast_to(positions, values.shape)
        first[above], last[same] = spots[above], spots[same]
    return largest, first, last


def unpool(
    x: Array,
    where: Array,
    window: tuple[int, ...],
    stride: tuple[int, ...],
    pad: tuple[int, ...],
    sizes: Sequence[int] | None,
) -> Array:
    """`x` at the positions `where` (whole numbers, modulo the size of the output) of images of `sizes`, or without
    them of (n - 1) stride - pad + window positions on each axis (ONNX MaxUnpool-11); later values over earlier ones."""
    axes = x.ndim - 2
    if sizes is None:
        both = pad if len(pad) == 2 * axes else spread(pad, axes) * 2
        parts = zip(x.shape[2:], spread(window, axes), spread(stride, axes), both[:axes], both[axes:], strict=True)
        sizes = [(n - 1) * s + k - begin - end for n, k, s, begin, end in parts]
    sizes = spread(tuple(sizes), axes)
    places = np.trunc(np.where(np.isfinite(where), where, 0)).astype(np.int64) % prod(sizes)
    result = np.zeros((*x.shape[:2], prod(sizes)), x.dtype)
    flat = (*x.shape[:2], -1)
    np.put_along_axis(result, places.reshape(flat), x.reshape(flat), axis=2)
    return result.reshape(*x.shape[:2], *sizes)
