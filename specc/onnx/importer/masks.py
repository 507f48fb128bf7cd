"""Computing the constants that masks are made of: comparisons, triangles, and numbers written into a part of others."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np

from specc.onnx.importer.values import Array, Step

Fold: TypeAlias = Callable[[list[Array], Step, int], Array]


class TooLarge(ValueError):
    """A constant has more elements than are computed."""


def binary(function: Callable[[Any, Any], Any]) -> Fold:
    """The rule of an operator with two operands that broadcast."""

    def rule(operands: list[Array], step: Step, most: int) -> Array:
        left, right = operands
        if prod(np.broadcast_shapes(left.shape, right.shape)) > most:
            raise TooLarge
        return np.asarray(function(left, right))

    return rule


def scatter(operands: list[Array], step: Step, most: int) -> Array:
    """ScatterND-18: a copy of the data in which the elements, or rows of them, at the indices are replaced."""
    data, indices, updates = operands
    if data.size > most or step.word("reduction", "none") != "none":
        raise TooLarge
    result = data.copy()
    result[tuple(np.moveaxis(indices.astype(np.int64), -1, 0))] = updates
    return result


def triangle(operands: list[Array], step: Step, most: int) -> Array:
    """Trilu-14: what lies on and above a diagonal of the last two axes, or on and below it."""
    offset = int(operands[1].reshape(())) if len(operands) > 1 else 0
    return np.triu(operands[0], offset) if step.integer("upper", 1) else np.tril(operands[0], offset)


def parts(operands: list[Array], step: Step) -> list[Array]:
    """Split-18 along `axis`: as many parts as outputs, or of the sizes given."""
    axis, count = step.integer("axis", 0), len(step.outputs)
    size = operands[0].shape[axis]
    sizes = operands[1].reshape(-1).tolist() if len(operands) > 1 else step.integers("split")
    if sizes is None:
        most = -(-size // count)
        sizes = [*[most] * (count - 1), size - most * (count - 1)]
    if sum(sizes) != size or len(sizes) != count:
        raise ValueError("its parts do not make up the axis")
    return np.split(operands[0], np.cumsum(sizes)[:-1], axis)


RULES: Final[dict[str, Fold]] = {
    "And": binary(np.logical_and),
    "Equal": binary(lambda left, right: left == right),
    "Greater": binary(lambda left, right: left > right),
    "GreaterOrEqual": binary(lambda left, right: left >= right),
    "Less": binary(lambda left, right: left < right),
    "LessOrEqual": binary(lambda left, right: left <= right),
    "Not": lambda operands, step, most: np.logical_not(operands[0]),
    "Or": binary(np.logical_or),
    "ScatterND": scatter,
    "Trilu": triangle,
}
"""By operator: the operands' arrays, the step and the most elements to the result."""
