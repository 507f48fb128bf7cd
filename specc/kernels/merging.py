"""Several arrays made into one, element by element, and how far rounding may take the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from specc.kernels.bounds import SMALLEST, gamma, in_range, relative
from specc.kernels.windows import Array

SINGLE = 2.0**-24
"""The unit roundoff of float32, in which constants are held exactly."""


def with_constants(xs: Sequence[Array], constants: Sequence[float | Sequence[float] | None]) -> list[Array]:
    """All operands in order: `xs` where a constant is `None`, else float32 numbers, lists as (channels, 1, ...)."""
    values = iter(xs)
    return [next(values) if constant is None else _spread(constant, xs[0]) for constant in constants]


def _spread(constant: float | Sequence[float], like: Array) -> Array:
    array = np.asarray(constant, np.float32).astype(like.dtype)
    return array if array.ndim == 0 else array.reshape(-1, *(1,) * (like.ndim - 2))


def constant_bound(
    value: Callable[[Sequence[Array]], Array],
    operands: Sequence[Array],
    constants: Sequence[float | Sequence[float] | None],
    y: Array,
    u: float,
) -> Array:
    """How far y = value(operands) moves where constants are rounded: not at all in float32, by u of themselves in less.
    A merge is monotone in each constant, so that the ends of that range are the worst."""
    moved = np.zeros(y.shape)
    if u <= SINGLE:
        return moved
    for index, constant in enumerate(constants):
        if constant is not None:
            changed = list(operands)
            ends = []
            for factor in (1 - u, 1 + u):
                changed[index] = operands[index] * factor
                ends.append(np.abs(value(changed) - y))
            moved += np.maximum(*ends)
    return 1.01 * moved


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
