"""Convolution: matrix products over blocks of windows (im2col), and a path of its own for depthwise kernels.

Source: K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural networks for document
processing" (2006), for the unrolling.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from specc.kernels.windows import Array, Motion, Placement, padded, place, taps, windows

BLOCK = 1 << 19
"""Elements of one block of unrolled windows: large enough for the matrix product, small enough for the cache."""
SHIFTED = 1 << 18
"""Elements of one block of channels that is shifted and added tap by tap."""


class Sliding(Motion):
    """How a convolution's window moves, its groups, and what lies beyond the border."""

    groups: int
    border: str


def convolve(x: Array, weight: Array, bias: Array | None, how: Sliding) -> Array:
    """Cross-correlation of `x` (batch, in, *sizes) with `weight` (out, in / groups, *window), plus `bias` (out,)
    -> (batch, out, *positions)."""
    at = place(x.shape[2:], weight.shape[2:], how)
    filled = padded(x, at.reach, how["border"])
    if how["groups"] == x.shape[1] and weight.shape[1] == 1:
        result = _depthwise(filled, weight, at)
    elif prod(at.window) == prod(at.stride) == 1:
        result = _pointwise(filled, weight, how["groups"])
    else:
        result = _unrolled(filled, weight, at, how["groups"])
    if bias is not None:
        result += bias.reshape(-1, *(1,) * len(at.window))
    return result


def _depthwise(x: Array, weight: Array, at: Placement) -> Array:
    """Each channel with its own kernels: one shifted multiply-add per tap, a block of channels at a time."""
    batch, channels = x.shape[:2]
    multiplier = weight.shape[0] // channels
    dtype = np.result_type(x, weight)
    result = np.empty((batch, channels, multiplier, *at.counts), dtype)
    kernels = weight.reshape(channels, multiplier, *at.window).astype(dtype, copy=False)
    summed = _run_sum if prod(at.stride) == 1 else _shifted_sum
    step = max(1, SHIFTED // (multiplier * prod(x.shape[2:])))
    for item in range(batch):
        for first in range(0, channels, step):
            block = slice(first, first + step)
            result[item, block] = summed(x[item, block], kernels[block], at)
    return result.reshape(batch, channels * multiplier, *at.counts)


def _shifted_sum(x: Array, kernels: Array, at: Placement) -> Array:
    """The sum over the window's taps of shifted input (channels, *sizes) x weight (channels, multiplier, *window)
    -> (channels, multiplier, *positions)."""
    total = np.zeros((*kernels.shape[:2], *at.counts), kernels.dtype)
    scratch = np.empty_like(total)
    factors = kernels.reshape(*kernels.shape[:2], -1, *(1,) * len(at.window))
    for number, (_, view) in enumerate(taps(x[None], at)):
        total += np.multiply(view[0][:, None], factors[:, :, number], out=scratch)
    return total


def _run_sum(x: Array, kernels: Array, at: Placement) -> Array:
    """`_shifted_sum` at stride 1: a tap is then one offset into the flattened image, so that even small images are
    added in long runs; the positions that wrap from one row to the next are cut off at the end."""
    sizes = x.shape[1:]
    flat = np.ascontiguousarray(x).reshape(x.shape[0], 1, -1)
    steps = [d * prod(sizes[axis + 1 :]) for axis, d in enumerate(at.dilation)]
    offsets = [int(np.dot(index, steps)) for index in np.ndindex(*at.window)]
    length = flat.shape[2] - offsets[-1]
    total = np.zeros((*kernels.shape[:2], flat.shape[2]), kernels.dtype)
    scratch = np.empty((*kernels.shape[:2], length), kernels.dtype)
    factors = kernels.reshape(*kernels.shape[:2], -1, 1)
    for number, offset in enumerate(offsets):
        run = flat[:, :, offset : offset + length]
        total[:, :, :length] += np.multiply(run, factors[:, :, number], out=scratch)
    inside = (slice(None), slice(None), *(slice(count) for count in at.counts))
    return total.reshape(*kernels.shape[:2], *sizes)[inside]


def _pointwise(x: Array, weight: Array, groups: int) -> Array:
    """1x1 kernels at stride 1: plain matrix products, nothing is copied."""
    batch, _, *sizes = x.shape
    rows = weight.reshape(groups, weight.shape[0] // groups, -1)
    product = rows @ x.reshape(batch, groups, rows.shape[2], -1)
    return product.reshape(batch, weight.shape[0], *sizes)


def _unrolled(x: Array, weight: Array, at: Placement, groups: int) -> Array:
    """im2col, a block of positions along the first axis at a time, so that memory stays bounded."""
    axes = len(at.window)
    view = windows(x, at).transpose(0, 1, *range(2 + axes, 2 + 2 * axes), *range(2, 2 + axes))
    rows = weight.reshape(groups, weight.shape[0] // groups, -1)
    result = np.empty((x.shape[0], weight.shape[0], *at.counts), np.result_type(x, weight))
    row_elements = x.shape[1] * prod(at.window) * prod(at.counts[1:])
    step = max(1, BLOCK // row_elements)
    everything: tuple[Any, ...] = (slice(None),) * (1 + axes)
    for item in range(x.shape[0]):
        for first in range(0, at.counts[0], step):
            positions = slice(first, first + step)
            columns = view[(item, *everything, positions)]
            product = rows @ columns.reshape(groups, rows.shape[2], -1)
            result[item, :, positions] = product.reshape(weight.shape[0], -1, *at.counts[1:])
    return result
