"""Pooling over sliding windows, over whole inputs, and to fixed output sizes.

Maxima are `numpy.maximum`'s: a NaN in a window is its result.  (ONNX Runtime on the CPU drops most NaNs and gives the
smallest finite number for a window of negative infinities.)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from specc.kernels.windows import Array, Motion, Placement, padded, place, spread, taps


def max_pool(x: Array, window: tuple[int, ...], how: Motion) -> Array:
    """The largest value in each window; padding never wins.  A maximum of maxima, one axis after the other, beginning
    with the first, which moves whole rows."""
    at = place(x.shape[2:], window, how)
    result = padded(x, at.reach, fill=-np.inf)
    for axis, (taps_of_axis, stride, dilation, count) in enumerate(
        zip(at.window, at.stride, at.dilation, at.counts, strict=True)
    ):
        every = (slice(None),) * (2 + axis)
        span = (count - 1) * stride + 1
        result = _largest(
            [result[(*every, slice(k * dilation, k * dilation + span, stride))] for k in range(taps_of_axis)]
        )
    return result


def _largest(views: list[Array]) -> Array:
    """Element by element the largest of `views`, as a new array."""
    result: Array = np.maximum(views[0], views[-1])
    for view in views[1:-1]:
        np.maximum(result, view, out=result)
    return result


def min_pool(x: Array, window: tuple[int, ...], how: Motion) -> Array:
    """The smallest value in each window; padding never wins."""
    result: Array = np.negative(max_pool(np.negative(x), window, how))
    return result


def average_pool(x: Array, window: tuple[int, ...], how: Motion, count_include_pad: bool) -> Array:
    """The mean of each window: over the samples it reads, and with `count_include_pad` over the declared padding too.
    What `rounding=ceil` reads behind the padding never counts."""
    at = place(x.shape[2:], window, how)
    inside = np.ones((1, 1, *x.shape[2:]), x.dtype)
    if count_include_pad:
        inside = padded(inside, at.sides, fill=1.0)
        counted = padded(inside, tuple((0, over) for over in at.overhang))
    else:
        counted = padded(inside, at.reach)
    return _sum(padded(x, at.reach), at) / _sum(counted, at)


def lp_pool(x: Array, window: tuple[int, ...], how: Motion, p: int) -> Array:
    """(sum of |x|^p)^(1/p) over each window; padding adds nothing (ONNX LpPool-18)."""
    at = place(x.shape[2:], window, how)
    return root(_sum(padded(np.abs(x) ** p, at.reach), at), p)


def weighted_pool(x: Array, window: tuple[int, ...], how: Motion, border: str, falloff: str) -> Array:
    """The mean of each window, weighted by the distance from its centre."""
    at = place(x.shape[2:], window, how)
    weights = centre_weights(at.window, falloff).astype(x.dtype)
    result = np.zeros((*x.shape[:2], *at.counts), x.dtype)
    for index, view in taps(padded(x, at.reach, border), at):
        result += view * weights[index]
    return result


def centre_weights(window: tuple[int, ...], falloff: str) -> Array:
    """The weights of one window, float32; `WeightedPool` says what each falloff means."""
    offsets = np.meshgrid(*(np.arange(k) - (k - 1) / 2 for k in window), indexing="ij")
    distance = np.sqrt(sum(offset**2 for offset in offsets))
    farthest = max(float(distance.max()), 1.0)
    if falloff == "inverse":
        weights = 1 / (1 + distance)
    elif falloff == "gaussian":
        weights = np.exp(-2 * (distance / farthest) ** 2)
    else:
        weights = 1 - distance / (farthest + 1)
    normalised: Array = weights / weights.sum()
    return normalised.astype(np.float32)


def over_all(reduce: Callable[..., Array], x: Array) -> Array:
    """`reduce` (`numpy.mean`, `numpy.max`, ...) over all spatial axes, each kept with size 1."""
    reduced: Array = reduce(x, axis=tuple(range(2, x.ndim)), keepdims=True)
    return reduced


def global_lp(x: Array, p: int) -> Array:
    """(sum of |x|^p)^(1/p) over all spatial axes, each kept with size 1 (ONNX GlobalLpPool-2)."""
    return root(over_all(np.sum, np.abs(x) ** p), p)


def adaptive_pool(reduce: Callable[..., Array], x: Array, size: tuple[int, ...]) -> Array:
    """`reduce` (`numpy.mean`, `numpy.max`) over PyTorch's bins: output i of o reads the samples from floor(i n / o) up
    to, not including, ceil((i + 1) n / o)."""
    size = spread(size, x.ndim - 2)
    result = np.empty((*x.shape[:2], *size), x.dtype)
    for index in np.ndindex(*size):
        bins = [slice(i * n // o, -(-(i + 1) * n // o)) for i, n, o in zip(index, x.shape[2:], size, strict=True)]
        where = (slice(None), slice(None))
        result[(*where, *index)] = reduce(x[(*where, *bins)], axis=tuple(range(2, x.ndim)))
    return result


def root(total: Array, p: int) -> Array:
    """The p-th root."""
    roots: Array = np.sqrt(total) if p == 2 else total ** (1 / p)
    return roots


def _sum(x: Array, at: Placement) -> Array:
    """The sum of each window of the padded array `x`."""
    result = np.zeros((*x.shape[:2], *at.counts), x.dtype)
    for _, view in taps(x, at):
        result += view
    return result
