"""Layer normalisation with its statistics, and how far rounding may take each; see `normalisation_bounds`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from specc.kernels.bounds import average
from specc.kernels.normalisation import affine
from specc.kernels.normalisation_bounds import affine_bound, normal_bounds
from specc.kernels.windows import Array


def layer(x: Array, ws: Mapping[str, Array], eps: float, over: str | int, layout: str) -> tuple[Array, Array, Array]:
    """`x` normalised with its scale and bias, the mean, and 1 / sqrt(variance + eps)."""
    axes = _axes(x, over, layout)
    mean = np.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    variance = np.mean(centred * centred, axis=axes, keepdims=True)
    deviation = np.sqrt(variance + x.dtype.type(eps))
    normal = affine(np.asarray(centred / deviation), ws, axes != (1,))
    return normal, np.asarray(mean), np.asarray(x.dtype.type(1) / deviation)


def bounds(
    x: Array, ws: Mapping[str, Array], eps: float, over: str | int, layout: str, u: float
) -> tuple[Array, Array, Array]:
    """The bounds of the three results of `layer`."""
    axes = _axes(x, over, layout)
    normal, error, inverse = normal_bounds(x, axes, eps, u)
    size = np.mean(np.abs(x), axis=axes, keepdims=True)
    mean = average(x.size // size.size, size, u)
    return affine_bound(normal, error, ws, u, axes != (1,)), mean, inverse


def _axes(x: Array, over: str | int, layout: str) -> tuple[int, ...]:
    """The array axes that are normalised together."""
    if over == "channels":
        return (1,)
    order = [*range(2, x.ndim), 1] if layout == "hwc" else list(range(1, x.ndim))
    return tuple(sorted(order if isinstance(over, str) else order[over:]))
