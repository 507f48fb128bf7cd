"""Sliding windows over arrays: where they lie, padding an array, and viewing what they read.

Written apart from `ops/windows.py` on purpose: the interpreter must not inherit a mistake of the shape rules.
Arrays are (batch, channels, *sizes) throughout.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Any, Literal, NamedTuple, TypeAlias, TypedDict

import numpy as np
from numpy.lib.stride_tricks import as_strided

Array: TypeAlias = np.ndarray[Any, Any]
Pad: TypeAlias = Literal["valid", "same", "same_lower"] | tuple[int, ...]
Sides: TypeAlias = tuple[tuple[int, int], ...]


class Motion(TypedDict):
    """How a window moves, as the operation's arguments say it."""

    stride: tuple[int, ...]
    pad: Pad
    dilation: tuple[int, ...]
    rounding: str


class Placement(NamedTuple):
    """Where the windows lie, all axes resolved: `counts` positions, `sides` padding before and behind,
    `overhang` samples that the last window reads behind the padding."""

    window: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    counts: tuple[int, ...]
    sides: Sides
    overhang: tuple[int, ...]

    @property
    def reach(self) -> Sides:
        """All that has to be there before and behind the input: the padding and the overhang."""
        return tuple((before, behind + over) for (before, behind), over in zip(self.sides, self.overhang, strict=True))

    @property
    def leaves(self) -> bool:
        """Whether there is anything of that: windows leave the input."""
        return any(self.overhang) or any(map(any, self.sides))


_MODES: dict[str, Literal["edge", "reflect", "wrap"]] = {
    "edge": "edge",
    "reflect": "reflect",
    "wrap": "wrap",
}


def spread(value: tuple[int, ...], axes: int) -> tuple[int, ...]:
    """One number for each axis."""
    return value if len(value) == axes else value * axes


def place(sizes: tuple[int, ...], window: tuple[int, ...], motion: Motion) -> Placement:
    """Windows of `window` taps over an input of `sizes`."""
    return _placed(sizes, window, motion["stride"], motion["pad"], motion["dilation"], motion["rounding"])


@lru_cache(maxsize=256)
def _placed(
    sizes: tuple[int, ...],
    window: tuple[int, ...],
    stride: tuple[int, ...],
    pad: Pad,
    dilation: tuple[int, ...],
    rounding: str,
) -> Placement:
    """Networks repeat their layers, and small ones are computed in less time than this takes."""
    axes = len(sizes)
    window, stride, dilation = spread(window, axes), spread(stride, axes), spread(dilation, axes)
    sides = amounts(sizes, window, stride, pad, dilation)
    counts, overhang = [], []
    for size, (before, behind), k, s, d in zip(sizes, sides, window, stride, dilation, strict=True):
        count = positions(size, before, behind, k, s, d, rounding)
        last = (count - 1) * s + (k - 1) * d + 1
        counts.append(count)
        overhang.append(max(last - (before + size + behind), 0))
    return Placement(window, stride, dilation, tuple(counts), sides, tuple(overhang))


def amounts(
    sizes: tuple[int, ...], window: tuple[int, ...], stride: tuple[int, ...], pad: Pad, dilation: tuple[int, ...]
) -> Sides:
    """Padding before and behind each axis."""
    if isinstance(pad, tuple):
        if len(pad) == 2 * len(sizes):
            return tuple((pad[i], pad[i + len(sizes)]) for i in range(len(sizes)))
        return tuple((side, side) for side in spread(pad, len(sizes)))
    if pad == "valid":
        return ((0, 0),) * len(sizes)
    result = []
    for size, k, s, d in zip(sizes, window, stride, dilation, strict=True):
        covered = (-(-size // s) - 1) * s + (k - 1) * d + 1
        missing = max(covered - size, 0)
        less, more = missing // 2, missing - missing // 2
        result.append((less, more) if pad == "same" else (more, less))
    return tuple(result)


def positions(size: int, before: int, behind: int, window: int, stride: int, dilation: int, rounding: str) -> int:
    """How many windows fit on one axis; `ceil` also counts a last one that overhangs but starts on the input
    or in the padding before it."""
    last_start = size + before + behind - ((window - 1) * dilation + 1)
    count = last_start // stride + 1
    if rounding == "ceil" and last_start % stride and count * stride < before + size:
        count += 1
    return count


def padded(x: Array, sides: Sides, border: str = "zeros", fill: float = 0.0) -> Array:
    """`x` with its spatial axes padded; the array itself where no padding is asked for."""
    if not any(before or behind for before, behind in sides):
        return x
    if border != "zeros":
        return np.pad(x, [(0, 0), (0, 0), *sides], _MODES[border])
    sizes, inside = frame(x.shape[2:], sides)  # in half the time of numpy.pad
    shape = (*x.shape[:2], *sizes)
    result = np.full(shape, fill, x.dtype) if fill else np.zeros(shape, x.dtype)
    result[(slice(None), slice(None), *inside)] = x
    return result


def frame(sizes: tuple[int, ...], sides: Sides) -> tuple[tuple[int, ...], tuple[slice, ...]]:
    """The sizes of something of `sizes` with `sides` around it, and where in there it lies."""
    places = [(before, before + size, behind) for size, (before, behind) in zip(sizes, sides, strict=True)]
    return tuple(end + behind for _, end, behind in places), tuple(slice(start, end) for start, end, _ in places)


def windows(x: Array, at: Placement) -> Array:
    """A read-only view (batch, channels, *positions, *window) of the padded array `x`."""
    spatial = x.strides[2:]
    steps = [size * s for size, s in zip(spatial, at.stride, strict=True)]
    inner = [size * d for size, d in zip(spatial, at.dilation, strict=True)]
    return as_strided(x, (*x.shape[:2], *at.counts, *at.window), (*x.strides[:2], *steps, *inner), writeable=False)


def taps(x: Array, at: Placement) -> Iterator[tuple[tuple[int, ...], Array]]:
    """For each tap of the window its index and what it reads: a view (batch, channels, *positions) of the padded
    array `x`."""
    for index in product(*map(range, at.window)):
        starts = [i * d for i, d in zip(index, at.dilation, strict=True)]
        slices = [
            slice(start, start + (n - 1) * s + 1, s) for start, n, s in zip(starts, at.counts, at.stride, strict=True)
        ]
        yield index, x[(slice(None), slice(None), *slices)]
