"""What the windows of a convolution read, laid side by side (im2col), so that a matrix product can add it up.

The input is first sorted into lanes by its samples' places in the stride: in a lane every tap of the window reads
neighbours.  What is read beyond the end of a row is the beginning of the next one, and overwritten with zeros
afterwards.  So where padding keeps the size, all that a tap reads of a channel is one run, which is copied several
times as fast as its rows one by one.

Source: K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural networks for document
processing" (2006).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import gcd, prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from specc.kernels.windows import Array, Placement

Index: TypeAlias = tuple[Any, ...]


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


class Unrolling:
    """Room for some channels of one item of `sizes`, and the way from there to columns for the windows `at`."""

    def __init__(self, at: Placement, sizes: Sequence[int], channels: int, dtype: np.dtype[Any]) -> None:
        self._at = at
        axes = zip(at.window, at.stride, at.dilation, at.sides, strict=True)
        found = [readings(window, stride, dilation, before) for window, stride, dilation, (before, _) in axes]
        room = _Room(at, [-(-size // stride) for size, stride in zip(sizes, at.stride, strict=True)], found)
        self._lanes = [_Lane(room, lane, channels, dtype) for lane in product(*found)]

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


class _Room:
    """How large a lane is: `sizes` of the samples, and on the first axis rows of zeros for what is read beyond it.  On
    other axes only what is read before the very first and behind the very last sample needs room."""

    def __init__(self, at: Placement, sizes: list[int], found: list[list[Reading]]) -> None:
        firsts = [min(reading.starts[0] for reading in axis) for axis in found]
        lasts = [max(reading.starts[-1] for reading in axis) for axis in found]
        self.counts = at.counts
        self.above = max(0, -firsts[0])
        self.shape = (self.above + max(1, lasts[0] + at.counts[0]), *sizes[1:])
        self.steps = [prod(sizes[axis:]) for axis in range(1, len(sizes) + 1)]
        self.before = sum(max(0, -f) * step for f, step in zip(firsts[1:], self.steps[1:], strict=True))
        ends = zip(lasts[1:], at.counts[1:], sizes[1:], self.steps[1:], strict=True)
        self.behind = sum(max(0, last + count - size) * step for last, count, size, step in ends)


class _Lane:
    """The samples of one lane."""

    def __init__(self, room: _Room, lane: tuple[Reading, ...], channels: int, dtype: np.dtype[Any]) -> None:
        size = channels * prod(room.shape)
        memory = np.zeros(room.before + size + room.behind, dtype)
        self._rows = memory[room.before : room.before + size].reshape(channels, *room.shape)[:, room.above :]
        self._samples = (slice(None), *(reading.samples for reading in lane))
        self._taps = (slice(None), *(reading.taps for reading in lane))
        starts = (room.above + lane[0].starts[0], *(reading.starts[0] for reading in lane[1:]))
        offset = room.before + sum(start * step for start, step in zip(starts, room.steps, strict=True))
        between = [reading.starts.step * step for reading, step in zip(lane, room.steps, strict=True)]
        self._read: Array = np.ndarray(
            (channels, *(len(reading.starts) for reading in lane), *room.counts),
            dtype,
            memory,
            offset * memory.itemsize,
            [step * memory.itemsize for step in (prod(room.shape), *between, *room.steps)],
        )
        self._all = (slice(None),) * (1 + len(lane))
        self._outside = list(_outside(room, lane))

    def load(self, x: Array) -> None:
        found = x[self._samples][:, : self._rows.shape[1]]
        self._rows[tuple(map(slice, found.shape))] = found

    def lay(self, rows: slice, unrolled: Array) -> None:
        target = unrolled[self._taps]
        target[...] = self._read[: len(target)][(*self._all, rows)]
        for where in self._outside:
            target[where] = 0


def _outside(room: _Room, lane: tuple[Reading, ...]) -> Iterator[Index]:
    """Where in the columns of a lane there is nothing of the input to read on any axis but the first."""
    axes = len(lane)
    for axis in range(1, axes):
        count, size = room.counts[axis], room.shape[axis]
        for index, start in enumerate(lane[axis].starts):
            for part in (slice(0, min(count, -start)), slice(max(0, size - start), count)):
                if part.start < part.stop:
                    where: list[slice | int] = [slice(None)] * (1 + 2 * axes)
                    where[1 + axis], where[1 + axes + axis] = index, part
                    yield tuple(where)
