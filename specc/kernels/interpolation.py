"""One axis of a resized image: which samples every new position reads, and with which weights.

Source: ONNX Resize-19 (coordinates, nearest modes, antialias, exclude_outside); the cubic of R. Keys, "Cubic
convolution interpolation for digital image processing", IEEE Trans. ASSP 29 (1981), equation 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from specc.kernels.windows import Array


class Method(NamedTuple):
    """How new positions get their values, as the operation's arguments say it, defaults filled in."""

    mode: str
    coordinates: str
    rounding: str
    coefficient: float
    antialias: bool
    exclude_outside: bool

    @property
    def radius(self) -> int:
        """How far away a sample has no weight any more, before any stretching."""
        return 2 if self.mode == "cubic" else 1


@dataclass(frozen=True, slots=True)
class Axis:
    """`count` new positions over `size` samples, `scale` to one; `region` is the part of the axis that they lie in,
    between the centres of the first (0) and the last sample (1)."""

    size: int
    count: int
    scale: Fraction
    single: np.float32
    """The scale as float32 runtimes get it: of factors the next number above, of sizes the quotient."""
    region: tuple[float, float] | None = None


class Places(NamedTuple):
    """Where new positions lie: `part` of a step, in [0, 1), behind the sample `low`; both are (count,)."""

    low: Array
    part: Array


@dataclass(frozen=True, slots=True)
class Taps:
    """For each new position, a row, the samples around it; all but `total` are (count, taps).

    `index` is moved onto the border where it lies outside; `distance` is in steps that `antialias` has stretched by
    1 / `squeeze`; `weight` is the kernel at that distance, 0 for samples left out, and `total` its sum, (count, 1).
    """

    index: Array
    distance: Array
    weight: Array
    total: Array
    squeeze: float


def by_factor(size: int, scale: Fraction | int) -> Axis:
    """floor(size x scale) positions."""
    scale = Fraction(scale)
    near = np.float32(float(scale))
    above = near if Fraction(float(near)) >= scale else np.nextafter(near, np.float32(np.inf))
    return Axis(size, size * scale.numerator // scale.denominator, scale, above)


def by_size(size: int, count: int, region: tuple[float, float] | None = None) -> Axis:
    """`count` positions, over the whole axis or a region."""
    return Axis(size, count, Fraction(count, size), np.float32(count) / np.float32(size), region)


def places(axis: Axis, coordinates: str) -> Places:
    """The new positions in the old image, without rounding but for a region, whose ends are no fractions."""
    numerator, denominator = _fraction(axis, coordinates)
    low = np.floor_divide(numerator, denominator)
    return Places(low.astype(np.int64), (numerator - low * denominator).astype(np.float64) / denominator)


def _fraction(axis: Axis, coordinates: str) -> tuple[Array, int]:
    """Numerators and the denominator of the positions; with s = p/q, (i + 1/2) / s - 1/2 = ((2i + 1) q - p) / 2p."""
    steps = np.arange(axis.count, dtype=np.int64)
    size, count, (p, q) = axis.size, axis.count, axis.scale.as_integer_ratio()
    if axis.region is not None:
        return in_region(axis, *axis.region), 1
    if coordinates == "align_corners":
        return steps * (size - 1), max(count - 1, 1)
    if coordinates == "asymmetric":
        return steps * q, p
    if coordinates == "half_pixel_symmetric":
        return (2 * steps + 1 - count) * q + (size - 1) * p, 2 * p
    if coordinates == "pytorch_half_pixel" and count == 1:
        return steps, 1
    return (2 * steps + 1) * q - p, 2 * p


def rounded_places(axis: Axis, coordinates: str) -> Places:
    """The new positions as a runtime computes them in float32."""
    steps, size, count = np.arange(axis.count, dtype=np.float32), np.float32(axis.size), np.float32(axis.count)
    half, one = np.float32(0.5), np.float32(1)
    if axis.region is not None:
        at = in_region(axis, *axis.region).astype(np.float32)
    elif coordinates == "align_corners":
        at = steps * (size - one) / max(count - one, one)
    elif coordinates == "asymmetric":
        at = steps / axis.single
    else:
        at = (steps + half) / axis.single - half
    if coordinates == "half_pixel_symmetric":
        at += size / 2 * (one - count / (axis.single * size))
    elif coordinates == "pytorch_half_pixel" and axis.count == 1:
        at *= 0
    low = np.floor(at)
    return Places(low.astype(np.int64), at - low)


def in_region(axis: Axis, start: float, end: float) -> Array:
    """ONNX's tf_crop_and_resize: from corner to corner of the region, or its middle for a single position."""
    last = axis.size - 1
    if axis.count == 1:
        return np.array([0.5 * (start + end) * last])
    return np.asarray(start * last + np.arange(axis.count) * ((end - start) * last / (axis.count - 1)))


def nearest(where: Places, size: int, rounding: str) -> Array:
    """The index of the sample nearest to every position, (count,)."""
    up = {
        "floor": np.zeros(where.part.shape, bool),
        "ceil": where.part > 0,
        "half_down": where.part > 0.5,
        "half_up": where.part >= 0.5,
    }[rounding]
    return np.asarray(np.clip(where.low + up, 0, size - 1))


def taps(axis: Axis, how: Method, more: int = 0, single: bool = False) -> Taps:
    """The samples that positions read, and `more` on both sides; positions are rounded to float32 if so told."""
    where = (rounded_places if single else places)(axis, how.coordinates)
    if how.mode == "bilinear" and not how.antialias:
        where = _inside(where, axis.size)
    squeeze = min(axis.scale, Fraction(1)) if how.antialias else Fraction(1)
    reach = -(-how.radius // squeeze) + more
    offsets = np.arange(1 - reach, reach + 1)
    distance = (offsets - where.part[:, None]) * float(squeeze)
    index, weight = where.low[:, None] + offsets, weights(how, distance)
    if how.exclude_outside:
        weight = weight * ((index >= 0) & (index < axis.size))
    total = weight.sum(axis=1, keepdims=True)
    return Taps(np.clip(index, 0, axis.size - 1), distance, weight, total, float(squeeze))


def _inside(where: Places, size: int) -> Places:
    """Positions beyond the outermost samples moved onto them."""
    beyond = (where.low < 0) | (where.low >= size - 1)
    return Places(np.clip(where.low, 0, size - 1), np.where(beyond, 0.0, where.part))


def weights(how: Method, distance: Array) -> Array:
    """The weight of samples by their distance: a triangle, or Keys' cubic."""
    t, a = np.abs(distance), how.coefficient
    if how.mode != "cubic":
        return np.asarray(np.maximum(1 - t, 0))
    inner = ((a + 2) * t - (a + 3)) * t * t + 1
    outer = ((t - 5) * t + 8) * t * a - 4 * a
    return np.asarray(np.where(t <= 1, inner, np.where(t < 2, outer, 0.0)))
