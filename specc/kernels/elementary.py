"""Sign, root, logarithm and normalisation, and how far rounding may take them."""

from __future__ import annotations

import numpy as np

from specc.kernels.bounds import SMALLEST, gamma, in_range, lp_norm, relative
from specc.kernels.windows import Array

LOG = 8
"""Twice the largest error of ONNX Runtime 1.31 on the CPU, 4.0 u |y| over 2.5 million samples of every binade."""


def sign(x: Array) -> Array:
    return np.sign(x)


def sqrt(x: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.sqrt(x)


def log(x: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(x)


def sqrt_bound(x: Array, y: Array, u: float) -> Array:
    """A root is correctly rounded, or made of the reciprocal root; a subnormal operand may be taken for 0."""
    return np.where(np.abs(x) < SMALLEST, np.abs(y), relative(2, y, u))


def log_bound(x: Array, y: Array, u: float) -> Array:
    """A subnormal operand may be taken for 0, whose logarithm is infinite."""
    return np.where(np.abs(x) < SMALLEST, np.inf, relative(LOG, y, u))


def normalize(x: Array, axis: int, p: int, eps: float) -> Array:
    """x / max(norm, eps)."""
    return np.asarray(x / np.maximum(_norm(x, axis, p), x.dtype.type(eps)))


def _norm(x: Array, axis: int, p: int) -> Array:
    with np.errstate(over="ignore"):
        if p == 1:
            return np.asarray(np.abs(x).sum(axis, keepdims=True))
        return np.asarray(np.sqrt((x * x).sum(axis, keepdims=True)))


def normalize_bound(x: Array, axis: int, p: int, eps: float, y: Array, u: float) -> Array:
    """The error of the norm, or of a rounded eps, moves the quotient by as much of itself; then a division, or a
    product with a rounded reciprocal."""
    norm = _norm(x, axis, p)
    divisor = np.maximum(norm, eps)
    moved = (lp_norm(x.shape[axis], norm, p, u) + u * eps) / divisor
    with np.errstate(divide="ignore", invalid="ignore"):
        swing = np.where(moved < 1, moved / (1 - np.minimum(moved, 1)), np.inf)
        spread = np.where(y == 0, 0.0, np.abs(y) * swing)
    return np.asarray(in_range(spread * (1 + gamma(2, u)) + relative(2, y, u), np.abs(y)))
