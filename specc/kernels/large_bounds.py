"""What can be told of the error bound of a large convolution without computing it, which costs as much as the layer.

The bound is gamma_k times the magnitude |x| * |w| + |b|.  All its terms are positive: a part of them lies below it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, Final, NamedTuple

import numpy as np

from specc.kernels.bounds import dot_product, least_dot_product, single
from specc.kernels.convolution import Sliding, convolve
from specc.kernels.windows import Array, Placement, padded, place, taps, windows

LARGE: Final = 1 << 24
"""Products in a layer that is large; smaller ones are worth no other way to their bounds."""
PART, FEWEST = 16, 16
"""The part of the input channels whose terms are added up is one in so many, and at least so many channels."""
EXCERPT: Final = 8
"""An excerpt is one of so many output channels."""


class Partial(NamedTuple):
    """What lies nowhere above an error bound and is positive, and the bound itself at flat indices of the result."""

    least: Array
    at: Callable[[Array], Array]


def _is_large(weight: Array, positions: int) -> bool:
    """Whether kernels (out, in, *window) at so many positions make a large layer of enough channels."""
    return weight.size * positions >= LARGE and weight.shape[1] >= 2 * FEWEST


def partial_bound(x: Array, weight: Array, bias: Array | None, how: Sliding, terms: int, u: float) -> Partial | None:
    """The bound of `convolve` in part: the terms of those input channels that weigh most.  None where the layer is not
    large, or has groups."""
    at = place(x.shape[2:], weight.shape[2:], how)
    if how["groups"] > 1 or not _is_large(weight, len(x) * prod(at.counts)):
        return None
    narrow = single(x)
    some = _heaviest(narrow, weight)
    magnitude = convolve(narrow[:, some], single(weight[:, some]), None if bias is None else single(bias), how)

    def exactly(places: Array) -> Array:
        item, channel, *position = np.unravel_index(places, magnitude.shape)
        where: tuple[Any, ...] = (item, slice(None), *position)
        read = windows(padded(narrow, at.reach, how["border"]), at)[where]
        products = np.abs(weight[channel], dtype=np.float64).reshape(len(places), -1)
        products *= read.reshape(len(places), -1)
        return dot_product(terms, products.sum(1) + (0.0 if bias is None else np.abs(bias)[channel]), u)

    counted = len(some) * prod(at.window) + 1
    return Partial(least_dot_product(terms, magnitude, counted, u), exactly)


def _heaviest(x: Array, weight: Array) -> Array:
    """The channels of `x`, which is positive, that make the largest part of the magnitude."""
    across = (0, *range(2, x.ndim))
    weights = x.sum(across) * np.abs(weight).sum(across)
    count = max(len(weights) // PART, FEWEST)
    return np.sort(np.argpartition(-weights, count - 1)[:count])


def likely_magnitude(x: Array, weight: Array, bias: Array | None, how: Sliding) -> Array | None:
    """About |x| * |w| + |b|, in float32: the mean of the output channels at each position, times the share of each
    channel, as if it were the same everywhere.  None where the layer is not large or has groups, and where anything
    leaves float32's range, which would spoil all of it."""
    at = place(x.shape[2:], weight.shape[2:], how)
    if how["groups"] > 1 or not _is_large(weight, len(x) * prod(at.counts)):
        return None
    narrow, kernels, axes = single(x), single(weight), (1,) * len(at.window)
    with np.errstate(all="ignore"):
        shares = kernels.reshape(*kernels.shape[:2], -1).sum(2) @ narrow.sum((0, *range(2, x.ndim)))
        shares *= len(shares) / max(float(shares.sum()), 2.0**-100)
        mean = _mean_of_channels(padded(narrow, at.reach, how["border"]), kernels, at)
        likely: Array = mean[:, None] * shares.reshape(-1, *axes)
    if bias is not None:
        likely += single(bias).reshape(-1, *axes)
    return likely if np.isfinite(np.max(likely)) else None


def _mean_of_channels(x: Array, kernels: Array, at: Placement) -> Array:
    """The mean over output channels of the convolution of the padded `x` (batch, in, *sizes): a convolution with the
    mean of their kernels, each tap of which sums up the input channels first."""
    tapped = kernels.mean(0).reshape(kernels.shape[1], -1).T @ x.reshape(len(x), kernels.shape[1], -1)
    planes = tapped.reshape(len(x), -1, *x.shape[2:])
    mean = np.zeros((len(x), *at.counts), np.float32)
    for tap, (_, view) in enumerate(taps(planes, at)):
        mean += view[:, tap]
    return mean


def first_channels(weights: Mapping[str, Array]) -> dict[str, Array]:
    """The first rows of `weights` with a row for every output channel: one in `EXCERPT`, and `FEWEST` at least."""
    count = max(len(weights["weight"]) // EXCERPT, FEWEST)
    return {name: array[:count] for name, array in weights.items()}
