"""Convolution: matrix products over blocks of windows (im2col), and a path of its own for depthwise kernels.

Source: K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural networks for document
processing" (2006), for the unrolling.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from specc.kernels.windows import Array, Motion, Placement, Sides, frame, padded, place, windows

BLOCK = 1 << 19
"""Elements of what the taps of depthwise kernels read that are laid out at once: they stay in the cache."""
COLUMNS = 1792
"""Positions of one block of unrolled windows: the matrix product rearranges the weights anew for every block."""
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
    depthwise = how["groups"] == x.shape[1] and weight.shape[1] == 1
    framed = depthwise and how["border"] == "zeros"
    filled = x if framed else padded(x, at.reach, how["border"])
    if depthwise:
        result = _depthwise(filled, weight, at, at.reach if framed else ((0, 0),) * len(at.window))
    elif prod(at.window) == 1:
        result = _pointwise(_read(filled, at), weight, how["groups"])
    else:
        result = _unrolled(filled, weight, at, how["groups"])
    if bias is not None:
        result += bias.reshape(-1, *(1,) * len(at.window))
    return result


def _depthwise(x: Array, weight: Array, at: Placement, sides: Sides) -> Array:
    """Each channel with its own kernels, `sides` of zeros around it: what the taps read is laid side by side for a
    block of channels, and each channel is then a product (multiplier, taps) x (taps, positions).  All blocks share
    their memory, so that it stays in the cache."""
    batch, channels = x.shape[:2]
    multiplier = weight.shape[0] // channels
    dtype = np.result_type(x, weight)
    kernels = weight.reshape(channels, multiplier, -1).astype(dtype, copy=False)
    result = np.empty((batch, channels, multiplier, *at.counts), dtype)
    sizes, inside = frame(x.shape[2:], sides)
    step = min(channels, max(1, BLOCK // (kernels.shape[2] * prod(sizes))))
    filled = np.zeros((step, *sizes), dtype)
    view, plane = _runs(filled, at) if prod(at.stride) == 1 else _grids(filled, at)
    positions = 1 + len(at.window)
    memory = np.empty(max(BLOCK, view.size // view.shape[positions]), dtype)
    products = np.empty((step, multiplier, prod(plane)), dtype)
    counted: tuple[Any, ...] = (..., *map(slice, at.counts))
    for item, first in product(range(batch), range(0, channels, step)):
        block = slice(first, min(first + step, channels))
        now = slice(0, block.stop - first)
        filled[(now, *inside)] = x[item, block]
        _multiply(kernels[block], view[now], positions, products[now], memory)
        result[item, block] = products[now].reshape(-1, multiplier, *plane)[counted]
    return result.reshape(batch, channels * multiplier, *at.counts)


def _multiply(kernels: Array, view: Array, axis: int, products: Array, memory: Array) -> None:
    """Multiply `kernels` (channels, multiplier, taps) with what the taps read, `view` (channels, *window, *positions),
    into `products` (channels, multiplier, positions): as much of `axis`, the first of the positions, at a time as
    `memory` holds copied."""
    length = view.shape[axis]
    some = max(1, memory.size // (view.size // length))
    per = prod(view.shape[axis + 1 :])
    for start in range(0, length, some):
        part = view[(slice(None),) * axis + (slice(start, start + some),)]
        columns = memory[: part.size].reshape(part.shape)
        columns[...] = part
        stop = min(start + some, length)
        side_by_side = columns.reshape(len(view), kernels.shape[2], -1)
        np.matmul(kernels, side_by_side, out=products[:, :, start * per : stop * per])


def _runs(x: Array, at: Placement) -> tuple[Array, tuple[int, ...]]:
    """At stride 1 a tap is one offset into the flattened image, so that even small images are copied in long runs:
    a view (channels, *window, run) of `x` (channels, *sizes), and the sizes of which the run is the beginning.  It
    also holds the positions that wrap from one row to the next, behind the counted ones."""
    steps = [size * d for size, d in zip(x.strides[1:], at.dilation, strict=True)]
    plane = (at.counts[0], *x.shape[2:])
    length = 1 + int(np.ravel_multi_index([count - 1 for count in at.counts], plane))
    return as_strided(x, (len(x), *at.window, length), (x.strides[0], *steps, x.itemsize), writeable=False), plane


def _grids(x: Array, at: Placement) -> tuple[Array, tuple[int, ...]]:
    """What each tap reads of `x` (channels, *sizes): a view (channels, *window, *positions), and the positions."""
    axes = len(at.window)
    return windows(x[None], at)[0].transpose(0, *range(1 + axes, 1 + 2 * axes), *range(1, 1 + axes)), at.counts


def _read(x: Array, at: Placement) -> Array:
    """What 1x1 kernels read of `x`: at stride 1 all of it, and nothing is copied."""
    if prod(at.stride) == 1:
        return x
    steps: tuple[Any, ...] = tuple(slice(None, None, stride) for stride in at.stride)
    return np.ascontiguousarray(x[(..., *steps)])


def _pointwise(x: Array, weight: Array, groups: int) -> Array:
    """1x1 kernels: plain matrix products."""
    batch, _, *sizes = x.shape
    rows = weight.reshape(groups, weight.shape[0] // groups, -1).astype(np.result_type(x, weight), copy=False)
    values = rows @ x.reshape(batch, groups, rows.shape[2], -1)
    return values.reshape(batch, weight.shape[0], *sizes)


def _unrolled(x: Array, weight: Array, at: Placement, groups: int) -> Array:
    """im2col, a block of positions along the first axis at a time, so that memory stays bounded.  All blocks share
    their memory: fresh pages would cost as much as the copying."""
    result = np.empty((x.shape[0], weight.shape[0], *at.counts), np.result_type(x, weight))
    rows = weight.reshape(groups, weight.shape[0] // groups, -1).astype(result.dtype, copy=False)
    rest, taps = prod(at.counts[1:]), x.shape[1] * prod(at.window)
    step = min(at.counts[0], max(1, min(COLUMNS, LARGEST // taps) // rest))
    columns = np.empty(taps * step * rest, x.dtype)
    everything: tuple[Any, ...] = (slice(None),) * (1 + len(at.window))
    for item in range(x.shape[0]):
        views = list(_readings(x[item], at))
        products = result[item].reshape(groups, rows.shape[1], -1)
        for first in range(0, at.counts[0], step):
            count = min(step, at.counts[0] - first)
            out = products[:, :, first * rest : (first + count) * rest]
            if _silent(x[item], weight, at, slice(first, first + count)):
                out.fill(0)
                continue
            flat = columns[: taps * count * rest].reshape(x.shape[1], *at.window, count, *at.counts[1:])
            for tap, view in views:
                np.copyto(flat[tap], view[(*everything, slice(first, first + count))])
            np.matmul(rows, flat.reshape(groups, rows.shape[2], -1), out=out)
    return result


def _silent(x: Array, weight: Array, at: Placement, positions: slice) -> bool:
    """Whether windows at these `positions` of the first axis read nothing but 0, of which no weight makes anything
    else: there is nothing to multiply in an image of zeros, and little where few values are none."""
    end = (positions.stop - 1) * at.stride[0] + (at.window[0] - 1) * at.dilation[0] + 1
    return not x[:, positions.start * at.stride[0] : end].any() and bool(np.isfinite(weight).all())


def _readings(x: Array, at: Placement) -> Iterator[tuple[tuple[Any, ...], Array]]:
    """What the taps read of `x` (channels, *sizes): which taps, as an index behind the channels, and a view
    (channels, *window, *positions) for them.  With a stride on the last axis its samples are sorted by their place in
    the stride first, so that every tap reads neighbours."""
    stride = at.stride[-1]
    if stride == 1:
        yield (...,), _grids(x, at)[0]
        return
    lanes = [np.ascontiguousarray(x[..., first::stride]) for first in range(stride)]
    narrow = at._replace(window=(*at.window[:-1], 1), stride=(*at.stride[:-1], 1))
    for tap in range(at.window[-1]):
        first, lane = divmod(tap * at.dilation[-1], stride)
        index = (*(slice(None),) * len(at.window), slice(tap, tap + 1))
        yield index, _grids(lanes[lane][..., first:], narrow)[0]
