"""Which axis of an array an author means, told apart from the shape rules' own answer.

Arrays are (batch, channels, *sizes); under the layout `hwc` authors write and count the channels last.
"""

from __future__ import annotations

import numpy as np

from specc.kernels.windows import Array

_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def axis_of(x: Array, axis: str | int, layout: str) -> int:
    """The array axis that `axis` names, or counts in the shape as it is written without the batch."""
    if axis == "channels":
        return 1
    if isinstance(axis, str):
        return 2 + _NAMES[x.ndim - 2].index(axis)
    counted = list(range(1, x.ndim))
    if layout == "hwc":
        counted = counted[1:] + counted[:1]
    return counted[axis]


def lengthened(x: Array, axis: str | int, layout: str, ends: tuple[int, ...], fill: float) -> Array:
    """`x` with `fill` at both ends of an axis, as often as `ends` says: one number for both, or one for each."""
    index = axis_of(x, axis, layout)
    widths = [(0, 0)] * x.ndim
    widths[index] = (ends[0], ends[-1])
    return np.pad(x, widths, constant_values=x.dtype.type(fill))


def as_written(x: Array, layout: str) -> Array:
    """A view of `x` with its axes in the order in which authors write them."""
    return np.moveaxis(x, 1, -1) if layout == "hwc" else x


def as_computed(x: Array, layout: str) -> Array:
    """The inverse of `as_written`."""
    return np.moveaxis(x, -1, 1) if layout == "hwc" else x


def place_of_largest(x: Array, axis: int, last: bool) -> Array:
    """The index of the largest value along `axis`, which stays with size 1: the first or the last of several."""
    if not last:
        return np.asarray(x.argmax(axis=axis, keepdims=True).astype(x.dtype))
    behind = np.flip(x, axis).argmax(axis=axis, keepdims=True)
    return np.asarray((x.shape[axis] - 1 - behind).astype(x.dtype))
