"""Seeded initial values: a function of the seed, the tensor's name and its initialiser, and of nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from specc.ir.graph import Graph, weight_name
from specc.ops.base import Weight
from specc.weights.generator import Float64, key, normal, uniform
from specc.weights.orthogonal import orthogonal
from specc.weights.tensors import Float32, Tensor, Weights, own

Draw: TypeAlias = Callable[[int, int, int], Float64]
BLOCK: Final = 1 << 14
"""Elements drawn at a time, so that intermediate values stay in the processor's cache."""

# Variance of the values for a fan-in and fan-out.
_VARIANCE: Final[dict[str, Callable[[int, int], float]]] = {
    "he": lambda fan_in, fan_out: 2.0 / fan_in,  # He et al., 2015
    "glorot": lambda fan_in, fan_out: 2.0 / (fan_in + fan_out),  # Glorot and Bengio, 2010
    "lecun": lambda fan_in, fan_out: 1.0 / fan_in,  # LeCun et al., 1998
}
_PLAIN: Final = {"normal": 0.05, "uniform": 0.05}
"""The standard deviation of `normal` and the limit of `uniform`, as in Keras."""
_CONSTANT: Final = {"zeros": 0.0, "ones": 1.0}


def seeded(graph: Graph, seed: int = 0) -> Weights:
    """Every tensor of `graph` with its initial or fixed values, made when asked for, in graph order."""
    wanted = {weight_name(node, weight): weight for node in graph.nodes for weight in graph.weights(node)}
    tensors = {name: initial(weight, name, seed) for name, weight in wanted.items()}
    return Weights(
        own(tensors, graph.layout), seeded=(name for name, weight in wanted.items() if weight.fixed is None), seed=seed
    )


def initial(weight: Weight, name: str, seed: int) -> Tensor:
    """The tensor called `name` in the model with its fixed values, or those its initialiser draws under `seed`."""
    return Tensor(weight.shape, _maker(weight, name, seed), recipe=(weight, name, seed))


def _maker(weight: Weight, name: str, seed: int) -> Callable[[], Float32]:
    if weight.fixed is not None:
        return partial(_fixed, weight)
    if not isinstance(weight.init, str) or weight.init in _CONSTANT:
        value = _CONSTANT[weight.init] if isinstance(weight.init, str) else weight.init
        return partial(_constant, weight.shape, value)
    return partial(_random, weight, weight.init, key(seed, name))


def deviation(init: str, fans: tuple[int, int]) -> float:
    """The standard deviation of the values that a random initialiser draws, for fan-in and fan-out."""
    if init == "uniform":
        return _PLAIN[init] / math.sqrt(3.0)
    if init in _PLAIN:
        return _PLAIN[init]
    return math.sqrt(_VARIANCE[init.partition("_")[0]](*fans))


def _fixed(weight: Weight) -> Float32:
    return np.array(weight.fixed, dtype=np.float64).astype(np.float32).reshape(weight.shape)


def _constant(shape: tuple[int, ...], value: float) -> Float32:
    return np.full(shape, value, dtype=np.float32)


def _random(weight: Weight, init: str, stream: int) -> Float32:
    if init == "orthogonal":
        return orthogonal(weight.shape, stream)
    if init.endswith("uniform"):
        return _fill(weight, stream, _symmetric, _limit(init, weight.fans))
    return _fill(weight, stream, normal, deviation(init, weight.fans))


def _limit(init: str, fans: tuple[int, int]) -> float:
    """Half the width of a uniform distribution."""
    return _PLAIN[init] if init in _PLAIN else math.sqrt(3.0 * _VARIANCE[init.partition("_")[0]](*fans))


def _symmetric(stream: int, start: int, count: int) -> Float64:
    """Uniform numbers in (-1, 1)."""
    result = uniform(stream, start, count)
    result *= 2.0
    result -= 1.0
    return result


def _fill(weight: Weight, stream: int, draw: Draw, scale: float) -> Float32:
    result = np.empty(weight.elements, dtype=np.float32)
    for start in range(0, weight.elements, BLOCK):
        part = result[start : start + BLOCK]
        part[:] = draw(stream, start, len(part)) * scale
    return result.reshape(weight.shape)
