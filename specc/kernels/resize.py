"""Resized and cropped images; arrays are (batch, channels, *sizes)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from specc.kernels.bounds import SMALLEST, constant, exact, gamma, in_range
from specc.kernels.interpolation import Axis, Method, in_region, nearest, places, rounded_places, taps
from specc.kernels.interpolation_bounds import candidates, uncertain, weight_errors
from specc.kernels.windows import Array, Sides, spread


def cropped(x: Array, sides: Sides) -> Array:
    """A view without what lies `sides` before and behind on each axis."""
    cuts = [slice(before, size - behind) for size, (before, behind) in zip(x.shape[2:], sides, strict=True)]
    return x[:, :, *cuts]


def centre(x: Array, sizes: tuple[int, ...]) -> Array:
    """A view of the centre; where the difference is odd, one more is cut at the end."""
    starts = tuple((size - keep) // 2 for size, keep in zip(x.shape[2:], spread(sizes, x.ndim - 2), strict=True))
    return part(x, starts, sizes)


def part(x: Array, starts: tuple[int, ...], sizes: tuple[int, ...]) -> Array:
    """A view of the `sizes` from the positions `starts` on, one number for all axes or one for each."""
    pairs = zip(spread(starts, x.ndim - 2), spread(sizes, x.ndim - 2), strict=True)
    return x[:, :, *(slice(start, start + keep) for start, keep in pairs)]


def resized(x: Array, axes: Sequence[Axis], how: Method, value: float = 0.0) -> Array:
    """`x` at new positions along every axis, one after the other; positions outside the image get `value`.

    In float32 the positions are rounded too, as in a runtime.
    """
    y, single = x, x.dtype == np.float32
    for place, axis in enumerate(axes, start=2):
        if how.mode == "nearest":
            where = (rounded_places if single else places)(axis, how.coordinates)
            y = np.take(y, nearest(where, axis.size, how.rounding), place)
        else:
            found = taps(axis, how, single=single)
            y = _weighted(y, place, found.index, found.weight / found.total, skip=how.antialias)
    return _filled(y, axes, _outside, value)


def resized_bound(x: Array, y: Array, axes: Sequence[Axis], how: Method, u: float, value: float = 0.0) -> Array:
    """The error bound of `y`, which is `x` resized.  Where rounding decides whether a position lies in the image at
    all, and beside NaN and infinities, nothing is promised."""
    bound = _nearest_bound(x, y, axes, how, u) if how.mode == "nearest" else _interpolated_bound(x, axes, how, u)
    bound = _filled(bound, axes, _outside, constant(value, u))
    return _filled(bound, axes, lambda axis: uncertain(axis, how, u), np.inf)


def _nearest_bound(x: Array, y: Array, axes: Sequence[Axis], how: Method, u: float) -> Array:
    """How far the samples are off that rounded coordinates may take instead: 0 but for positions on the very boundary
    between two samples."""
    found = [candidates(axis, how, u) for axis in axes]
    doubtful = [first != last for first, last in found]
    if not any(either.any() for either in doubtful):
        return exact(y)
    least = most = x
    for place, (first, last) in enumerate(found, start=2):
        least = np.minimum(np.take(least, first, place), np.take(least, last, place))
        most = np.maximum(np.take(most, first, place), np.take(most, last, place))
    with np.errstate(invalid="ignore"):
        off = np.maximum(most - y, y - least)
    return np.where(_along(doubtful), np.where(np.isnan(off), np.inf, off), 0.0)


def _interpolated_bound(x: Array, axes: Sequence[Axis], how: Method, u: float) -> Array:
    """(1 + gamma_k) (|w| + e) |x| - |w| |x|, where e are the errors of the weights w along each axis, and k counts the
    roundings of the sums: 2 more than samples on each axis, and 6 for axes that runtimes add."""
    spoilt = ~np.isfinite(x)
    magnitude = grown = np.where(spoilt, 0.0, np.abs(x))
    roundings = 6
    for place, axis in enumerate(axes, start=2):
        found, error = weight_errors(axis, how, u)
        weight = np.abs(found.weight / found.total)
        magnitude = _weighted(magnitude, place, found.index, weight)
        grown = _weighted(grown, place, found.index, weight + error)
        spoilt = _weighted(spoilt, place, found.index, np.ones(weight.shape, bool))
        roundings += found.index.shape[1]
    bound = (1 + gamma(roundings, u)) * grown - magnitude + roundings * SMALLEST
    return np.where(spoilt, np.inf, in_range(bound, grown))


def _weighted(x: Array, place: int, index: Array, weight: Array, skip: bool = False) -> Array:
    """Sums of the samples at `index` along one axis, weighted, a row for each new position; with `skip` a sample of
    weight 0 does not count at all, else 0 x inf is NaN."""
    weight = weight.astype(x.dtype).reshape(*weight.shape, *(1,) * (x.ndim - 1 - place))
    products = (np.take(x, index[:, k], place) * weight[:, k] for k in range(index.shape[1]))
    if skip:
        products = (np.where(weight[:, k] == 0, 0, product) for k, product in enumerate(products))
    total: Array = np.asarray(next(products))
    for product in products:
        total += product
    return total


def _outside(axis: Axis) -> Array:
    """Which new positions lie outside the image, (count,): a region may reach there."""
    at = in_region(axis, *axis.region) if axis.region is not None else np.zeros(axis.count)
    return np.asarray((at < 0) | (at > axis.size - 1))


def _filled(y: Array, axes: Sequence[Axis], where: Callable[[Axis], Array], value: float) -> Array:
    """`y` with `value` at the positions that `where` finds on the axes that resize a region."""
    if all(axis.region is None for axis in axes):
        return y
    return np.where(_along([where(axis) for axis in axes]), np.asarray(value, y.dtype), y)


def _along(masks: Sequence[Array]) -> Array:
    """Where any of the masks, one for each axis, is true."""
    axes = len(masks)
    return reduce(np.logical_or, (mask.reshape(-1, *(1,) * (axes - 1 - i)) for i, mask in enumerate(masks)))
