"""Sliding windows over arrays: padding an array and viewing its windows.

Written apart from `ops/windows.py` on purpose: the interpreter must not inherit a mistake of the shape rules.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import as_strided

Array: TypeAlias = np.ndarray[Any, Any]
Pad: TypeAlias = Literal["valid", "same", "same_lower"] | tuple[int, ...]

_MODES: dict[str, Literal["constant", "edge", "reflect", "wrap"]] = {
    "zeros": "constant",
    "edge": "edge",
    "reflect": "reflect",
    "wrap": "wrap",
}


def spread(value: tuple[int, ...], axes: int) -> tuple[int, ...]:
    """One number for each axis."""
    return value if len(value) == axes else value * axes


def amounts(
    sizes: tuple[int, ...], window: tuple[int, ...], stride: tuple[int, ...], pad: Pad, dilation: tuple[int, ...]
) -> list[tuple[int, int]]:
    """Padding before and behind each axis."""
    if isinstance(pad, tuple):
        if len(pad) == 2 * len(sizes):
            return [(pad[i], pad[i + len(sizes)]) for i in range(len(sizes))]
        return [(side, side) for side in spread(pad, len(sizes))]
    if pad == "valid":
        return [(0, 0)] * len(sizes)
    result = []
    for size, k, s, d in zip(sizes, window, stride, dilation, strict=True):
        covered = (-(-size // s) - 1) * s + (k - 1) * d + 1
        missing = max(covered - size, 0)
        less, more = missing // 2, missing - missing // 2
        result.append((less, more) if pad == "same" else (more, less))
    return result


def positions(size: int, before: int, behind: int, window: int, stride: int, dilation: int, rounding: str) -> int:
    """How many windows fit on one axis; `ceil` also counts a last one that overhangs but starts on the input
    or in the padding before it."""
    last_start = size + before + behind - ((window - 1) * dilation + 1)
    count = last_start // stride + 1
    if rounding == "ceil" and last_start % stride and count * stride < before + size:
        count += 1
    return count


def padded(x: Array, sides: list[tuple[int, int]], border: str, fill: float = 0.0) -> Array:
    """`x` with its spatial axes padded; the array itself where no padding is asked for."""
    if not any(before or behind for before, behind in sides):
        return x
    width = [(0, 0), (0, 0), *sides]
    mode = _MODES[border]
    if mode == "constant":
        return np.pad(x, width, mode, constant_values=fill)
    return np.pad(x, width, mode)


def windows(
    x: Array, counts: list[int], window: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> Array:
    """A read-only view (batch, channels, *positions, *window) of the padded array `x`."""
    spatial = x.strides[2:]
    steps = [size * s for size, s in zip(spatial, stride, strict=True)]
    inner = [size * d for size, d in zip(spatial, dilation, strict=True)]
    return as_strided(x, (*x.shape[:2], *counts, *window), (*x.strides[:2], *steps, *inner), writeable=False)
