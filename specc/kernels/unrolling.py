"""What the windows of a convolution read, laid side by side (im2col), so that a matrix product can add it up.

The input is first sorted into lanes by its samples' places in the stride: in a lane every tap of the window reads
neighbours.  What is read beyond the end of a row is the beginning of the next one, and overwritten with zeros
afterwards.  So where padding keeps the size, all that a tap reads of a channel is one run, which is copied several
times as fast as its rows one by one.

Source: K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural networks for document
processing" (2006).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from math import gcd, prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from specc.kernels.windows import Array, Placement

Index: TypeAlias = tuple[Any, ...]


class Unrolling:
    """Room for some channels of one item of `sizes`, and the way from there to columns for the windows `at`."""

    def __init__(self, at: Placement, sizes: tuple[int, ...], channels: int, dtype: np.dtype[Any]) -> None:
        self._at = at
        room, lanes = arranged(at, sizes)
        self._lanes = [_Loaded(room, lane, channels, dtype) for lane in lanes]

    def load(self, x: Array) -> None:
        """Take in `x` (channels, *sizes), as many channels as there is room for or fewer."""
        for lane in self._lanes:
            lane.load(x)

    def lay(self, positions: slice, columns: Array) -> None:
        """Fill `columns` (groups, taps, positions) for these `positions` of the first axis."""
        count = positions.stop - positions.start
        unrolled = columns.reshape(-1, *self._at.window, count, *self._at.counts[1:])
        for lane in self._lanes:
            lane.lay(positions, unrolled)


class Room(NamedTuple):
    """How much memory a lane needs, in elements: `shape` of each channel, on the first axis with `above` rows of zeros
    before the samples and others behind them.  On other axes only what is read before the very first sample and behind
    the very last one needs room."""

    shape: tuple[int, ...]
    above: int
    before: int
    behind: int


class Lane(NamedTuple):
    """The lane's `samples`, the `taps` that read it, and what they read in the lane's memory: a view that begins at
    `offset`, of `shape` (*taps, *positions) and `strides` (channel, *taps, *positions).  `outside` is where in the
    columns there is nothing of the input to read on any axis but the first."""

    samples: Index
    taps: Index
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    outside: tuple[Index, ...]


class _Loaded:
    """A lane with memory of its own."""

    def __init__(self, room: Room, lane: Lane, channels: int, dtype: np.dtype[Any]) -> None:
        size = channels * prod(room.shape)
        memory = np.zeros(room.before + size + room.behind, dtype)
        self._lane = lane
        self._rows = memory[room.before : room.before + size].reshape(channels, *room.shape)[:, room.above :]
        item = memory.itemsize
        strides = [stride * item for stride in lane.strides]
        self._read: Array = np.ndarray((channels, *lane.shape), dtype, memory, lane.offset * item, strides)
        self._all = (slice(None),) * len(lane.taps)

    def load(self, x: Array) -> None:
        found = x[self._lane.samples][:, : self._rows.shape[1]]
        self._rows[tuple(map(slice, found.shape))] = found

    def lay(self, positions: slice, unrolled: Array) -> None:
        target = unrolled[self._lane.taps]
        target[...] = self._read[: len(target)][(*self._all, positions)]
        for where in self._lane.outside:
            target[where] = 0


class Reading(NamedTuple):
    """Those taps of one axis that read the same lane: the taps, the lane's samples, and the place in the lane where
    each tap begins."""

    taps: slice
    samples: slice
    starts: range


def readings(window: int, stride: int, dilation: int, before: int) -> list[Reading]:
    """What the taps of one axis read, with `before` samples of padding before it."""
    found = []
    period = stride // gcd(stride, dilation)
    for tap in range(min(period, window)):
        start, lane = divmod(tap * dilation - before, stride)
        step = period * dilation // stride
        starts = range(start, start + step * len(range(tap, window, period)), step)
        found.append(Reading(slice(tap, None, period), slice(lane, None, stride), starts))
    return found


@lru_cache(maxsize=256)
def arranged(at: Placement, sizes: tuple[int, ...]) -> tuple[Room, tuple[Lane, ...]]:
    """The lanes of an input of `sizes`.  Networks repeat their layers, and in small ones this takes as long as to
    compute them."""
    axes = zip(at.window, at.stride, at.dilation, at.sides, strict=True)
    found = [readings(window, stride, dilation, before) for window, stride, dilation, (before, _) in axes]
    widths = [-(-size // stride) for size, stride in zip(sizes, at.stride, strict=True)]
    steps = [prod(widths[axis:]) for axis in range(1, len(widths) + 1)]
    room = _room(at, widths, steps, found)
    return room, tuple(_lane(at, room, steps, reading) for reading in product(*found))


def _room(at: Placement, widths: list[int], steps: list[int], found: list[list[Reading]]) -> Room:
    firsts = [min(reading.starts[0] for reading in axis) for axis in found]
    lasts = [max(reading.starts[-1] for reading in axis) for axis in found]
    above = max(0, -firsts[0])
    ends = zip(lasts[1:], at.counts[1:], widths[1:], steps[1:], strict=True)
    return Room(
        (above + max(1, lasts[0] + at.counts[0]), *widths[1:]),
        above,
        sum(max(0, -first) * step for first, step in zip(firsts[1:], steps[1:], strict=True)),
        sum(max(0, last + count - width) * step for last, count, width, step in ends),
    )


def _lane(at: Placement, room: Room, steps: list[int], reading: tuple[Reading, ...]) -> Lane:
    starts = (room.above + reading[0].starts[0], *(axis.starts[0] for axis in reading[1:]))
    between = (axis.starts.step * step for axis, step in zip(reading, steps, strict=True))
    return Lane(
        (slice(None), *(axis.samples for axis in reading)),
        (slice(None), *(axis.taps for axis in reading)),
        room.before + sum(start * step for start, step in zip(starts, steps, strict=True)),
        (*(len(axis.starts) for axis in reading), *at.counts),
        (prod(room.shape), *between, *steps),
        tuple(_outside(at, room, reading)),
    )


def _outside(at: Placement, room: Room, reading: tuple[Reading, ...]) -> Iterator[Index]:
    axes = len(reading)
    for axis in range(1, axes):
        count, width = at.counts[axis], room.shape[axis]
        for index, start in enumerate(reading[axis].starts):
            for part in (slice(0, min(count, -start)), slice(max(0, width - start), count)):
                if part.start < part.stop:
                    where: list[slice | int] = [slice(None)] * (1 + 2 * axes)
                    where[1 + axis], where[1 + axes + axis] = index, part
                    yield tuple(where)
