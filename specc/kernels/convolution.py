"""Convolution: matrix products over blocks of windows."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np

from specc.kernels.depthwise import filtered, suits
from specc.kernels.unrolling import Unrolling
from specc.kernels.windows import Array, Motion, Placement, padded, place

BLOCK = 1 << 19
"""Elements of what the taps read that are laid out at once, all positions of some groups: they stay in the cache.  Of a
group by itself half as many, as its weights are many more."""
COLUMNS = 8
"""Positions of such a block for each output channel at least: the matrix product rearranges the weights anew for every
block, which is little beside the product itself where there are many positions, and the positions where there are many
channels."""
LARGEST = 1 << 22
"""Elements of such a block at most."""


class Sliding(Motion):
    """How a convolution's window moves, its groups, and what lies beyond the border."""

    groups: int
    border: str


def convolve(x: Array, weight: Array, bias: Array | None, how: Sliding) -> Array:
    """Cross-correlation of `x` (batch, in, *sizes) with `weight` (out, in / groups, *window), plus `bias` (out,)
    -> (batch, out, *positions)."""
    at = place(x.shape[2:], weight.shape[2:], how)
    pointwise = prod(at.window) == 1
    if (pointwise or how["border"] != "zeros") and at.leaves:
        x, at = padded(x, at.reach, how["border"]), at._replace(sides=((0, 0),) * len(at.window))
    if pointwise:
        result = _pointwise(_read(x, at), weight, how["groups"])
    elif suits(weight, at, how["groups"]):
        result = filtered(x, weight[:, 0], at)
    else:
        result = _unrolled(x, weight, at, how["groups"])
    if bias is not None:
        result += bias.reshape(-1, *(1,) * len(at.window))
    return result


def _read(x: Array, at: Placement) -> Array:
    """What 1x1 kernels read of `x`: at stride 1 all of it, and nothing is copied."""
    if prod(at.stride) == 1:
        return x
    steps: tuple[Any, ...] = tuple(slice(None, None, stride) for stride in at.stride)
    return np.ascontiguousarray(x[(..., *steps)])


def _pointwise(x: Array, weight: Array, groups: int) -> Array:
    """1x1 kernels: plain matrix products.  Where there are more channels than positions, the result is a view of an
    array with the channels last, so that loops over it run along the longer axis."""
    batch, _, *sizes = x.shape
    rows = weight.reshape(groups, weight.shape[0] // groups, -1).astype(np.result_type(x, weight), copy=False)
    shape = (batch, *rows.shape[:2], prod(sizes))
    if len(weight) > shape[3]:
        values = np.empty((batch, shape[3], *shape[1:3]), rows.dtype).transpose(0, 2, 3, 1)
    else:
        values = np.empty(shape, rows.dtype)
    np.matmul(rows, x.reshape(batch, groups, rows.shape[2], -1), out=values)
    return values.reshape(batch, len(weight), *sizes)


def _unrolled(x: Array, weight: Array, at: Placement, groups: int) -> Array:
    """Windows laid out and multiplied, a block of groups or of positions along the first axis at a time, so that memory
    stays bounded.  All blocks share their memory: fresh pages would cost as much as the copying."""
    result = np.empty((x.shape[0], weight.shape[0], *at.counts), np.result_type(x, weight))
    kernels = weight.reshape(groups, weight.shape[0] // groups, -1).astype(result.dtype, copy=False)
    some, rows = _block(kernels, at)
    per_group = weight.shape[1]
    unrolling = Unrolling(at, x.shape[2:], some * per_group, result.dtype)
    memory = np.empty(some * kernels.shape[2] * rows * prod(at.counts[1:]), result.dtype)
    for item, first in product(range(x.shape[0]), range(0, groups, some)):
        block = slice(first, first + some)
        found = x[item, first * per_group : (first + some) * per_group]
        unrolling.load(found)
        out = result[item].reshape(groups, -1, *at.counts)[block]
        for start in range(0, at.counts[0], rows):
            positions = slice(start, min(start + rows, at.counts[0]))
            if _silent(found, kernels, at, positions):
                out[:, :, positions] = 0
            else:
                _multiply(kernels[block], unrolling, positions, memory, out)
    return result


def _block(kernels: Array, at: Placement) -> tuple[int, int]:
    """How many groups, and positions of the first axis, are unrolled at a time."""
    groups, channels, depth = kernels.shape
    some = min(groups, max(1, BLOCK // (depth * prod(at.counts))))
    if some > 1:
        return some, at.counts[0]
    columns = min(max(COLUMNS * channels, BLOCK // 2 // depth), LARGEST // depth)
    return some, min(at.counts[0], max(1, columns // prod(at.counts[1:])))


def _multiply(kernels: Array, unrolling: Unrolling, positions: slice, memory: Array, out: Array) -> None:
    """Multiply `kernels` (groups, out, depth) with what they read at `positions` of the first axis, laid out in
    `memory`, into that part of `out` (groups, out, *positions)."""
    groups, _, depth = kernels.shape
    rest = prod(out.shape[3:])
    begin, end = positions.start * rest, positions.stop * rest
    columns = memory[: groups * depth * (end - begin)].reshape(groups, depth, -1)
    unrolling.lay(positions, columns)
    np.matmul(kernels, columns, out=out.reshape(*out.shape[:2], -1)[:, :, begin:end])


def _silent(x: Array, kernels: Array, at: Placement, positions: slice) -> bool:
    """Whether windows at these `positions` of the first axis read nothing but 0, of which no weight makes anything
    else: there is nothing to multiply in an image of zeros, and little where few values are none."""
    before, stride = at.sides[0][0], at.stride[0]
    end = (positions.stop - 1) * stride + (at.window[0] - 1) * at.dilation[0] + 1 - before
    read = x[:, max(0, positions.start * stride - before) : max(0, end)]
    if read[0].any():  # which mostly settles it, and takes next to no time
        return False
    return not read.any() and bool(np.isfinite(kernels).all())
