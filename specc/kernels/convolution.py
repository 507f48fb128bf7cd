"""Convolution as matrix products over windows (im2col)."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from specc.kernels.windows import Array, Pad, amounts, padded, positions, spread, windows


class Sliding(TypedDict):
    """How a convolution's window moves."""

    stride: tuple[int, ...]
    pad: Pad
    dilation: tuple[int, ...]
    groups: int
    border: str
    rounding: str


def convolve(
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: tuple[int, ...],
    pad: Pad,
    dilation: tuple[int, ...],
    groups: int,
    border: str,
    rounding: str,
) -> Array:
    """Cross-correlation of `x` (batch, in, *sizes) with `weight` (out, in / groups, *window)."""
    window = weight.shape[2:]
    axes = len(window)
    stride, dilation = spread(stride, axes), spread(dilation, axes)
    sides = amounts(x.shape[2:], window, stride, pad, dilation)
    counts = [
        positions(size, *side, k, s, d, rounding)
        for size, side, k, s, d in zip(x.shape[2:], sides, window, stride, dilation, strict=True)
    ]
    over = [
        max((n - 1) * s + (k - 1) * d + 1 - (size + sum(side)), 0)
        for n, s, k, d, size, side in zip(counts, stride, window, dilation, x.shape[2:], sides, strict=True)
    ]
    filled = padded(x, [(a, b + o) for (a, b), o in zip(sides, over, strict=True)], border)
    view = windows(filled, counts, window, stride, dilation)
    result = np.empty((x.shape[0], weight.shape[0], *counts), np.result_type(x, weight))
    per_in, per_out = weight.shape[1], weight.shape[0] // groups
    order = (0, *range(1 + axes, 1 + 2 * axes), *range(1, 1 + axes))
    for item in range(x.shape[0]):
        for group in range(groups):
            columns = view[item, group * per_in : (group + 1) * per_in].transpose(order)
            rows = weight[group * per_out : (group + 1) * per_out].reshape(per_out, -1)
            product = rows @ columns.reshape(rows.shape[1], -1)
            result[item, group * per_out : (group + 1) * per_out] = product.reshape(per_out, *counts)
    if bias is not None:
        result += bias.reshape(-1, *(1,) * axes)
    return result
