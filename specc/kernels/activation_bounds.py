"""How far activations may be off, for evaluations that use fast approximations of exp, tanh, erf.

The constants, in units of `u`, are about twice the largest errors of ONNX Runtime 1.31 on the CPU (MLAS) over
more than a million samples of every binade, and cover CUDA's documented errors (2 ulp for expf and tanhf):

    exp 1.7 |y|, tanh 5.5 |y|, erf 1.4 |y|, softplus 4.8 |y|, sigmoid 3.0 (absolute: MLAS clamps its
    argument at about -18), elu 1.2 alpha (absolute: it subtracts 1 from exp(x)).
"""

from __future__ import annotations

import numpy as np

from specc.kernels.bounds import SMALLEST, constant, gamma, in_range, relative
from specc.kernels.windows import Array

EXP, TANH, SOFTPLUS = 6, 12, 12
SIGMOID, ELU = 6, 4

SELU_LIMIT = 1.0507009873554805 * 1.6732632423543772


def clip(y: Array, u: float, low: float, high: float) -> Array:
    """Nothing is rounded but the limits, and a value beside one may be cut to it."""
    return np.full(y.shape, 1.01 * max(constant(low, u), constant(high, u)))


def leaky_relu(x: Array, y: Array, u: float) -> Array:
    """Below 0 the slope is rounded and a product taken."""
    return np.where(x >= 0, 0.0, relative(2, y, u))


def exp(y: Array, u: float) -> Array:
    """Nothing is promised where float32's range ends."""
    return in_range(relative(EXP, y, u), y * (1 + EXP * u))


def tanh(y: Array, u: float) -> Array:
    return relative(TANH, y, u)


def softplus(y: Array, u: float) -> Array:
    return relative(SOFTPLUS, y, u)


def softsign(y: Array, u: float) -> Array:
    """One sum and one quotient, the quotient perhaps through a rounded reciprocal."""
    return relative(5, y, u)


def sigmoid(y: Array, u: float) -> Array:
    return np.full(y.shape, SIGMOID * u)


def elu(x: Array, y: Array, u: float, limit: float) -> Array:
    """`limit` is how far the curve goes down; above 0 at most a rounded constant is multiplied (SELU)."""
    return relative(4, y, u) + np.where(x > 0, 0.0, ELU * abs(limit) * u)


def silu(x: Array, y: Array, u: float) -> Array:
    return SIGMOID * u * np.abs(x) + relative(2, y, u)


def mish(x: Array, y: Array, u: float) -> Array:
    """The relative errors of softplus and tanh and a product; far below 0 softplus underflows."""
    return relative(SOFTPLUS + TANH + 2, y, u) + SMALLEST * np.abs(x)


def hardsigmoid(x: Array, u: float, alpha: float, beta: float) -> Array:
    """The rounding of alpha x + beta, cut to 0..1 as the value is."""
    line = alpha * x + beta
    slack = gamma(3, u) * (np.abs(alpha * x) + abs(beta)) + SMALLEST
    y = np.clip(line, 0, 1)
    return np.maximum(np.clip(line + slack, 0, 1) - y, y - np.clip(line - slack, 0, 1))


def hardswish(x: Array, y: Array, u: float) -> Array:
    return np.abs(x) * hardsigmoid(x, u, 1 / 6, 0.5) + relative(3, y, u)


def gelu(x: Array, y: Array, u: float) -> Array:
    """x (1 + w) / 2 with w = erf or tanh: |x| / 2 times the error of 1 + w, at most 12 u for tanh with 4 roundings
    of an argument z with z tanh'(z) < 0.45, and 3 further roundings.  Beyond |x| = 8, w is 1 in any float32
    evaluation, so a small negative y may be lost as a whole."""
    lost = np.where(x < 0, np.abs(y), 0.0)
    return relative(4, y, u) + np.where(np.abs(x) > 8, lost, 8 * u * np.abs(x))
