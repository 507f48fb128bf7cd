"""Rounding-error bounds of normalisations; gamma_n and sums as in Higham (2002), chapters 3 and 4.

For n values with mean m, deviations d = x - m and variance v, evaluated in any order and with the variance either
as mean(d^2) or, as ONNX Runtime and the ONNX function bodies do, as mean(x^2) - m^2:

    |dm| <= gamma_(n+1) mean|x|
    |dd| <= |dm| + u (|d| + |dm|)
    |dv| <= gamma_(n+6) (mean(x^2) + m^2) + 2 |m| |dm| + dm^2

and 1 / sqrt(v + eps) is off by the relative amount 1 / sqrt(1 - |dv| / (v + eps)) - 1.  Where |dv| reaches v + eps
(nearly constant values far from 0) float32 can say nothing, and the bound is infinite.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from specc.kernels.bounds import SMALLEST, gamma, in_range
from specc.kernels.normalisation import affine, local_response, per_channel, response
from specc.kernels.windows import Array


def batch(x: Array, ws: Mapping[str, Array], eps: float, u: float) -> Array:
    """gamma_10 (|x s| + |mean s| + |bias|), s = weight / sqrt(var + eps): also covers x s + (bias - mean s),
    which is what runtimes evaluate."""
    scale = 1 / np.sqrt(per_channel(ws["running_var"], x) + eps)
    total = (np.abs(x) + np.abs(per_channel(ws["running_mean"], x))) * scale
    if "weight" in ws:
        total = total * np.abs(per_channel(ws["weight"], x)) + np.abs(per_channel(ws["bias"], x))
    return in_range(gamma(10, u) * total + 4 * SMALLEST, total)


def group(x: Array, ws: Mapping[str, Array], eps: float, groups: int, u: float) -> Array:
    rows = x.reshape(x.shape[0], groups, -1)
    normal, error, _ = normal_bounds(rows, 2, eps, u)
    return affine_bound(normal.reshape(x.shape), error.reshape(x.shape), ws, u, False)


def local_response_bound(x: Array, size: int, alpha: float, beta: float, k: float, u: float) -> Array:
    """The sum t at each channel is off by at most u ((size + 5) t + 3 (t of this and all channels before)): a runtime
    may slide the window along the channels, adding one square and subtracting another, and every step's rounding
    stays in the sum.  The power turns that relative error into beta times as much; it is often exp(beta log t),
    whose argument's own rounding |beta log t| u becomes relative."""
    total = response(x * x, size, abs(alpha), k)
    off = u * ((size + 5) * total + 3 * np.cumsum(total, axis=1)) / np.abs(response(x * x, size, alpha, k))
    with np.errstate(divide="ignore"):
        in_power = np.where(off < 1, (1 - np.minimum(off, 1)) ** -abs(beta) - 1, np.inf)
    y = np.abs(local_response(x, size, alpha, beta, k))
    roundings = 4 * np.abs(beta * np.log(total)) + 8
    return in_range(1.01 * (in_power + u * roundings) * y + SMALLEST * (1 + np.abs(x)), np.maximum(total, x * x))


def normal_bounds(x: Array, axes: int | tuple[int, ...], eps: float, u: float) -> tuple[Array, Array, Array]:
    """The normalised values, how far they may be off, and how far 1 / sqrt(v + eps) may be."""
    mean = np.mean(x, axis=axes, keepdims=True)
    n = x.size // mean.size
    d = x - mean
    variance = np.mean(d * d, axis=axes, keepdims=True) + eps
    mean_error = gamma(n + 1, u) * np.mean(np.abs(x), axis=axes, keepdims=True) + SMALLEST
    d_error = mean_error + u * (np.abs(d) + mean_error)
    square = np.mean(x * x, axis=axes, keepdims=True) + mean * mean
    v_error = gamma(n + 6, u) * square + 2 * np.abs(mean) * mean_error + mean_error**2 + 4 * u * eps
    ratio = in_range(v_error / variance, n * square)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.where(ratio < 1, 1 / np.sqrt(1 - np.minimum(ratio, 1)) - 1, np.inf) + gamma(6, u)
        error = (d_error * (1 + off) + np.abs(d) * off) / np.sqrt(variance)
        inverse = off / np.sqrt(variance)
    return d / np.sqrt(variance), _certain(error), _certain(inverse)


def _certain(error: Array) -> Array:
    """`error`, infinite where it is no number."""
    return np.nan_to_num(error, nan=np.inf, posinf=np.inf)


def affine_bound(normal: Array, error: Array, ws: Mapping[str, Array], u: float, elementwise: bool) -> Array:
    """`error` carried through weight * normal + bias, and the roundings of that."""
    magnitudes = {name: np.abs(values) for name, values in ws.items()}
    total = affine(np.abs(normal), magnitudes, elementwise)
    without = {**magnitudes, "bias": np.zeros_like(magnitudes["bias"])} if magnitudes else {}
    return affine(error, without, elementwise) + gamma(4, u) * total + 4 * SMALLEST
