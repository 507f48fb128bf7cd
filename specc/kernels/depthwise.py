"""Depthwise convolution: each channel is filtered by itself.

A matrix product would have few rows, and take less time than to lay out what each tap reads.  `numpy.einsum` adds up
products where they lie, in loops along one axis, each of which takes as long to begin as a hundred multiplications.  So
they run along the channels where these are many, in the last layers of a network, and elsewhere along whole planes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from math import gcd, prod
from operator import mul
from typing import Any, TypeAlias

import numpy as np

from specc.kernels.windows import Array, Placement, frame

Index: TypeAlias = tuple[Any, ...]

MANY = 0.5
"""Channels for each position from which on loops run along the channels."""
BLOCK = 1 << 17
"""Elements of what the taps read of some channels at once, so that they stay in the cache."""
LARGEST = 1 << 22
"""Elements of what the taps read of one channel at once."""


def suits(weight: Array, at: Placement, groups: int) -> bool:
    """Whether each channel has one kernel of its own.  On a single axis, every tap would need a copy for loops along
    positions, and then a matrix product is as good."""
    return weight.shape[:2] == (groups, 1) and (len(at.window) > 1 or _many(groups, at))


def filtered(x: Array, kernels: Array, at: Placement) -> Array:
    """Each channel of `x` (batch, channels, *sizes) filtered by its own of `kernels` (channels, *window) -> (batch,
    channels, *positions)."""
    kernels = kernels.astype(np.result_type(x, kernels), copy=False)
    if _many(x.shape[1], at):
        return _along_channels(x, kernels, at)
    return _along_planes(x, kernels, at).reshape(*x.shape[:2], *at.counts)


def _many(channels: int, at: Placement) -> bool:
    return channels >= MANY * prod(at.counts)


def _along_channels(x: Array, kernels: Array, at: Placement) -> Array:
    """The sums (batch, channels, *positions), a view of an array with the channels last, as are the copies of `x` and
    `kernels`."""
    axes, channels = len(at.window), x.shape[1]
    sizes, inside = frame(x.shape[2:], at.reach)
    room = np.zeros((len(x), *sizes, channels), kernels.dtype)
    _canonical(room)[(slice(None), slice(None), *inside)] = x
    item, *lines, number = room.strides
    steps = (item, *map(mul, lines, at.stride), *map(mul, lines, at.dilation), number)
    read: Array = np.ndarray((len(x), *at.counts, *at.window, channels), room.dtype, room, 0, steps)
    last = np.ascontiguousarray(kernels.reshape(channels, -1).T).reshape(*at.window, channels)
    kept, taps, channel = [*range(1 + axes)], [*range(1 + axes, 1 + 2 * axes)], 1 + 2 * axes
    return _canonical(np.einsum(read, [*kept, *taps, channel], last, [*taps, channel], [*kept, channel]))


def _canonical(array: Array) -> Array:
    """A view of `array` (batch, *sizes, channels) with the channels behind the batch."""
    return array.transpose(0, -1, *range(1, array.ndim - 1))


def _along_planes(x: Array, kernels: Array, at: Placement) -> Array:
    """The sums (batch, channels, positions), some channels and rows at a time."""
    batch, channels = x.shape[:2]
    row, taps = prod(at.counts[1:]), prod(at.window[1:])
    result = np.empty((batch, channels, at.counts[0] * row), kernels.dtype)
    for rows, read, there in _strips(at, x.shape[2], max(1, LARGEST // (taps * row))):
        some = min(channels, max(1, BLOCK // (taps * row * there.counts[0])))
        lanes = _lanes(there, (read.stop - read.start, *x.shape[3:]), some, kernels.dtype)
        for item, first in product(range(batch), range(0, channels, some)):
            block = slice(first, first + some)
            out = result[item, block, rows.start * row : rows.stop * row]
            for lane in lanes:
                lane.load(x[item, block, read])
            lanes[0].add_up(kernels[block], out)
            for lane in lanes[1:]:
                out += lane.add_up(kernels[block])
    return result


def _strips(at: Placement, size: int, most: int) -> Iterator[tuple[slice, slice, Placement]]:
    """At most so many positions of the first axis, of `size` samples, at a time: which, what they read, and where the
    windows lie there."""
    before, stride, reach = at.sides[0][0], at.stride[0], (at.window[0] - 1) * at.dilation[0]
    for start in range(0, at.counts[0], most):
        stop = min(start + most, at.counts[0])
        begin = start * stride - before
        end = (stop - 1) * stride - before + reach + 1
        read = slice(min(max(begin, 0), size), min(max(end, 0), size))
        sides = ((read.start - begin, 0), *at.sides[1:])
        yield slice(start, stop), read, at._replace(counts=(stop - start, *at.counts[1:]), sides=sides)


class _Lane:
    """What those taps of the first axis read whose distance is a multiple of the stride: runs of the same rows.  Of the
    taps of other axes each has a copy, with zeros for what it reads outside."""

    def __init__(self, at: Placement, sizes: tuple[int, ...], taps: range, channels: int, dtype: np.dtype[Any]) -> None:
        stride, dilation = at.stride[0], at.dilation[0]
        step = taps.step * dilation // stride
        rows = at.counts[0] + (len(taps) - 1) * step
        self._taps = slice(taps.start, None, taps.step)
        self._copies = _copies(at, sizes, rows, taps.start)
        self._memory = np.zeros((channels, len(self._copies), rows, *at.counts[1:]), dtype)
        channel, copy, row, *_ = self._memory.strides
        shape = (channels, len(taps), len(self._copies), prod(at.counts))
        self._read: Array = np.ndarray(shape, dtype, self._memory, 0, (channel, step * row, copy, dtype.itemsize))

    def load(self, x: Array) -> None:
        """Take in `x` (channels, *sizes), as many channels as there is room for or fewer."""
        for target, source in self._copies:
            self._memory[: len(x)][target] = x[source]

    def add_up(self, kernels: Array, out: Array | None = None) -> Array:
        """The sums (channels, positions) for `kernels` (channels, *window)."""
        factors = kernels[:, self._taps].reshape(len(kernels), *self._read.shape[1:3])
        return np.einsum("ctop,cto->cp", self._read[: len(kernels)], factors, out=out)


def _lanes(at: Placement, sizes: tuple[int, ...], channels: int, dtype: np.dtype[Any]) -> list[_Lane]:
    """The lanes of the first axis: taps `period` apart read the same one."""
    period = at.stride[0] // gcd(at.stride[0], at.dilation[0])
    window = at.window[0]
    return [_Lane(at, sizes, range(tap, window, period), channels, dtype) for tap in range(min(period, window))]


@lru_cache(maxsize=256)
def _copies(at: Placement, sizes: tuple[int, ...], rows: int, tap: int) -> tuple[tuple[Index, Index], ...]:
    """For each tap of the axes but the first, the places in its copy and the samples that belong there, in so many rows
    from that on which the first axis's `tap` reads.  Networks repeat their layers, and small ones are computed in less
    time than this takes."""
    axes = list(zip(sizes, at.counts, at.stride, at.dilation, at.sides, strict=True))
    copies = []
    for number, taps in enumerate(product((tap,), *map(range, at.window[1:]))):
        found: list[tuple[slice, slice]] = []
        for position, (size, count, stride, dilation, (before, _)) in zip(taps, axes, strict=True):
            found.append(_inside(size, count if found else rows, stride, position * dilation - before))
        copies.append(
            ((slice(None), number, *(there for there, _ in found)), (slice(None), *(here for _, here in found)))
        )
    return tuple(copies)


def _inside(size: int, count: int, stride: int, start: int) -> tuple[slice, slice]:
    """Which of `count` samples, `stride` apart and from `start` on, lie on an axis of `size`, and where."""
    first, last = max(0, -(start // stride)), min(count, (size - 1 - start) // stride + 1)
    if first >= last:
        return slice(0), slice(0)
    return slice(first, last), slice(start + first * stride, start + (last - 1) * stride + 1, stride)
