"""How far float32 may be off along one axis of a resized image: in the coordinates, and in the weights.

A runtime computes the position of every output in float32, from a factor that is itself rounded; that moves the weights
by as much as their slope allows, or makes another sample the nearest.
"""

from __future__ import annotations

import numpy as np

from specc.kernels.interpolation import Axis, Method, Places, Taps, nearest, places, taps
from specc.kernels.windows import Array


def position_error(axis: Axis, how: Method, u: float) -> Array:
    """The largest error of every position, in samples, (count,).

    The factor is good to 2 u (it is rounded up, or the quotient of two sizes), and dividing by it, or multiplying by
    its reciprocal, adds 2 u; with the sums that makes at most u (6 |position| + 3).  half_pixel_symmetric subtracts two
    numbers up to the size, a region adds products of its ends and the size.
    """
    where = places(axis, how.coordinates)
    units = 6 * np.abs(where.low + where.part) + 3
    if axis.region is not None:
        units = units + 8 * axis.size * sum(map(abs, axis.region))
    elif how.coordinates == "half_pixel_symmetric":
        units = units + 3 * axis.size
    return np.asarray(u * units)


def candidates(axis: Axis, how: Method, u: float) -> tuple[Array, Array]:
    """The first and the last sample that may turn out to be the nearest; both are (count,).

    Positions on the boundary between two samples are whole or half numbers, which float32 holds: as the quotient of two
    exact numbers they are exact.
    """
    where, off = places(axis, how.coordinates), position_error(axis, how, u)
    if _divides_exactly(axis, how):
        off = np.where(np.isin(where.part, (0, 0.5)), 0, off)
    first, last = (nearest(_moved(where, by), axis.size, how.rounding) for by in (-off, off))
    return first, last


def _divides_exactly(axis: Axis, how: Method) -> bool:
    """Whether positions are quotients of numbers that float32 holds: of sizes, or by a factor that is not rounded."""
    if axis.region is not None or how.coordinates == "half_pixel_symmetric":
        return False
    p, q = axis.scale.as_integer_ratio()
    return how.coordinates == "align_corners" or (q & (q - 1) == 0 and p < 2**24)


def _moved(where: Places, by: Array) -> Places:
    part = where.part + by
    carry = np.floor(part)
    return Places(where.low + carry.astype(np.int64), part - carry)


def uncertain(axis: Axis, how: Method, u: float) -> Array:
    """Which positions of a region may lie inside or outside the image, (count,)."""
    where, off = places(axis, how.coordinates), position_error(axis, how, u)
    at = where.low + where.part
    return np.asarray((np.abs(at) <= off) | (np.abs(at - (axis.size - 1)) <= off))


def weight_errors(axis: Axis, how: Method, u: float) -> tuple[Taps, Array]:
    """The samples around every position, one more on both sides than it reads, and the errors of their weights, which
    are divided by the sum of all; both are (count, taps)."""
    found = taps(axis, how, more=1)
    moved = (position_error(axis, how, u)[:, None] + 4 * u) * found.squeeze
    error = _slope(how) * moved + _evaluation(how, np.abs(found.distance), u)
    error = np.where(np.abs(found.distance) < how.radius + moved, error, 0)
    size, total = np.abs(found.weight), np.abs(found.total)
    if how.antialias or how.exclude_outside:
        terms = found.index.shape[1]
        lost = error.sum(axis=1, keepdims=True) + terms * u * size.sum(axis=1, keepdims=True)
        error = error + size / total * lost
    return found, np.asarray(error / total)


def _slope(how: Method) -> float:
    """The kernel's largest slope.  Keys' inner cubic (a + 2) t^3 - (a + 3) t^2 + 1 is steepest at its turning point or
    at 1; his outer one, a (3 t - 4) (t - 2) steep, at 1."""
    a = how.coefficient
    if how.mode != "cubic":
        return 1.0
    turn = (a + 3) / (3 * (a + 2)) if a != -2 else 0.0
    return max(abs(a), (a + 3) ** 2 / (3 * abs(a + 2)) if 0 < turn < 1 else 0.0)


def _evaluation(how: Method, t: Array, u: float) -> Array:
    """The error of a kernel's value: 8 roundings in Horner's scheme, of terms as large as their coefficients make
    them (Higham, "Accuracy and Stability of Numerical Algorithms", section 5.1)."""
    a = how.coefficient
    if how.mode != "cubic":
        return 3 * u * np.ones_like(t)
    inner = (abs(a + 2) * t + abs(a + 3)) * t * t + 1
    outer = abs(a) * (((t + 5) * t + 8) * t + 4)
    return np.asarray(8 * u * np.where(t <= 1, inner, outer))
