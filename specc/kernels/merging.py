"""Several arrays made into one, element by element, and how far rounding may take the result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from specc.kernels.bounds import SMALLEST, gamma, in_range, relative
from specc.kernels.windows import Array


def add(xs: Sequence[Array]) -> Array:
    return reduce(np.add, xs)


def add_over(xs: Sequence[Array]) -> Array:
    """The sum, laid over the first array where it has the shape of the sum."""
    if xs[0].shape != np.broadcast_shapes(*(x.shape for x in xs)):
        return add(xs)
    return reduce(lambda total, x: np.add(total, x, out=total), xs)


def multiply(xs: Sequence[Array]) -> Array:
    return reduce(np.multiply, xs)


def divide(xs: Sequence[Array]) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(xs[0] / xs[1])


def largest(xs: Sequence[Array]) -> Array:
    return reduce(np.maximum, xs)


def smallest(xs: Sequence[Array]) -> Array:
    return reduce(np.minimum, xs)


def mean(xs: Sequence[Array]) -> Array:
    return np.asarray(add(xs) / xs[0].dtype.type(len(xs)))


def sum_bound(xs: Sequence[Array], u: float) -> Array:
    """gamma_(n-1) times the sum of magnitudes (Higham, 2002, section 4.2)."""
    magnitude = add([np.abs(x) for x in xs])
    return in_range(gamma(len(xs) - 1, u) * magnitude + SMALLEST, magnitude)


def product_bound(xs: Sequence[Array], u: float) -> Array:
    """One rounding per product; a product that underflows is off by what the further factors make of that."""
    magnitudes = [np.abs(x) for x in xs]
    lost = SMALLEST * multiply([np.maximum(m, 1) for m in magnitudes[1:]]) if len(xs) > 2 else SMALLEST
    return in_range(
        gamma(len(xs) - 1, u) * multiply(magnitudes) + lost, multiply([np.maximum(m, 1) for m in magnitudes])
    )


def quotient_bound(y: Array, u: float) -> Array:
    """Two roundings: a runtime may multiply by the reciprocal."""
    return in_range(relative(2, y, u), np.abs(y))


def mean_bound(xs: Sequence[Array], u: float) -> Array:
    """The sum's roundings, and a division or a product with a rounded reciprocal."""
    magnitude = add([np.abs(x) for x in xs])
    return in_range(gamma(len(xs) + 1, u) * magnitude / len(xs) + SMALLEST, magnitude)
