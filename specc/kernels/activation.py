"""Activations, each element by itself, in the precision of the operand and without needless overflow."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from specc.kernels.error_function import erfc
from specc.kernels.windows import Array

SELU_ALPHA = 1.6732632423543772
SELU_GAMMA = 1.0507009873554805


def relu(x: Array, out: Array | None = None) -> Array:
    """`numpy.clip` takes a third of the time of `numpy.maximum` with a number; a NaN stays one in both."""
    return clip(x, 0.0, np.inf, out)


def clip(x: Array, low: float, high: float, out: Array | None = None) -> Array:
    """`out`, which may be `x`, takes the result."""
    number = x.dtype.type
    return np.asarray(x.clip(number(low), number(high), out))


def leaky_relu(x: Array, alpha: float) -> Array:
    return np.where(x >= 0, x, x.dtype.type(alpha) * x)


def prelu(x: Array, slope: Array) -> Array:
    """`slope` broadcasts against one item of `x` from the right."""
    return np.where(x >= 0, x, slope * x)


def thresholded_relu(x: Array, alpha: float) -> Array:
    """The threshold is float32 in every precision: beside a jump, its rounding would not be a small error."""
    return np.where(x > x.dtype.type(np.float32(alpha)), x, x.dtype.type(0))


def _exponential(x: Array) -> Array:
    """exp(x) - 1 below 0, and 0 above."""
    return np.asarray(np.expm1(np.minimum(x, x.dtype.type(0))))


def elu(x: Array, alpha: float) -> Array:
    return np.where(x > 0, x, x.dtype.type(alpha) * _exponential(x))


def selu(x: Array) -> Array:
    return np.asarray(x.dtype.type(SELU_GAMMA) * elu(x, SELU_ALPHA))


def celu(x: Array, alpha: float) -> Array:
    a = x.dtype.type(alpha)
    return np.where(x > 0, x, a * _exponential(x / a))


def exp(x: Array) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        return np.exp(x)


def sigmoid(x: Array) -> Array:
    """exp never sees a positive number: 1 / (1 + e) where x >= 0, else e / (1 + e), e = exp(-|x|)."""
    small = exp(-abs(x))
    return np.asarray(np.where(x >= 0, x.dtype.type(1), small) / (1 + small))


def tanh(x: Array) -> Array:
    return np.tanh(x)


def softplus(x: Array) -> Array:
    return np.asarray(np.log1p(exp(-abs(x))) + np.maximum(x, x.dtype.type(0)))


def softsign(x: Array) -> Array:
    return np.asarray(x / (1 + abs(x)))


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def mish(x: Array) -> Array:
    return x * np.tanh(softplus(x))


def hardsigmoid(x: Array, alpha: float, beta: float) -> Array:
    return clip(x.dtype.type(alpha) * x + x.dtype.type(beta), 0.0, 1.0)


def hardswish(x: Array) -> Array:
    return x * hardsigmoid(x, 1 / 6, 0.5)


def gelu(x: Array, approximate: str) -> Array:
    """x Phi(x); Phi(x) = erfc(-x / sqrt(2)) / 2 has no cancellation below 0, and neither has
    (1 + tanh(z)) / 2 = sigmoid(2 z)."""
    if approximate == "none":
        return x * (erfc(x * x.dtype.type(-sqrt(0.5))) / 2)
    with np.errstate(over="ignore"):
        z = x.dtype.type(sqrt(2 / pi)) * (x + x.dtype.type(0.044715) * x * x * x)
    return x * sigmoid(2 * z)
