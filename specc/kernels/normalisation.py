"""Normalisations, in the precision of their operands, the variance as the mean of squared differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from specc.kernels.windows import Array


def per_channel(values: Array, x: Array) -> Array:
    """A view of one value for each channel that broadcasts against `x` (batch, channels, *sizes)."""
    return values.reshape(-1, *(1,) * (x.ndim - 2))


def batch(x: Array, ws: Mapping[str, Array], eps: float, out: Array | None = None) -> Array:
    """(x - mean) / sqrt(var + eps) with the running statistics, per channel, and the affine part: as x s + (bias -
    mean s), s = weight / sqrt(var + eps).  `out`, which may be `x`, takes the result."""
    scale = ws.get("weight", 1.0) / np.sqrt(ws["running_var"] + eps)
    shift = ws.get("bias", 0.0) - ws["running_mean"] * scale
    result: Array = np.multiply(x, per_channel(scale, x), out=out)
    result += per_channel(shift, x)
    return result


def factors(ws: Mapping[str, Array], eps: float, rounded: Callable[[Array], Array]) -> Array:
    """weight / sqrt(var + eps) of each channel, every step `rounded`, in the order of ONNX Runtime's ConvBnFusion."""
    var = ws["running_var"]
    root = rounded(np.sqrt(rounded(var + var.dtype.type(eps))))
    return rounded(ws.get("weight", var.dtype.type(1)) / root)


def group(x: Array, ws: Mapping[str, Array], eps: float, groups: int) -> Array:
    """Each of `groups` groups of channels of each item normalised over its channels and positions."""
    rows = x.reshape(x.shape[0], groups, -1)
    return affine(_normal(rows, 2, eps).reshape(x.shape), ws)


def local_response(x: Array, size: int, alpha: float, beta: float, k: float) -> Array:
    """x / (k + alpha / size * s)^beta, s the sum of squares over `size` neighbouring channels; of an even number
    one more lies behind than before."""
    return np.asarray(x / response(x * x, size, alpha, k) ** x.dtype.type(beta))


def response(squares: Array, size: int, alpha: float, k: float) -> Array:
    """k + alpha / size * (sum of `squares` over each channel's neighbours)."""
    before = (size - 1) // 2
    total = np.zeros_like(squares)
    channels = squares.shape[1]
    for shift in range(-before, size - before):
        low, high = max(0, -shift), min(channels, channels - shift)
        if low < high:
            total[:, low:high] += squares[:, low + shift : high + shift]
    return np.asarray(squares.dtype.type(k) + squares.dtype.type(alpha / size) * total)


def affine(normal: Array, ws: Mapping[str, Array], elementwise: bool = False) -> Array:
    """weight * normal + bias, per channel or per element; `normal` itself where there are none."""
    if "weight" not in ws:
        return normal
    weight, bias = ws["weight"], ws["bias"]
    if elementwise:
        return normal * weight + bias
    return normal * per_channel(weight, normal) + per_channel(bias, normal)


def _normal(x: Array, axes: int | tuple[int, ...], eps: float) -> Array:
    centred = x - np.mean(x, axis=axes, keepdims=True)
    variance = np.mean(centred * centred, axis=axes, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + x.dtype.type(eps)))
