"""Inputs that find trouble."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product as combinations
from typing import Any, TypeAlias

import numpy as np

from specc.dims import Sym, evaluate, product
from specc.ir.graph import Graph

Array: TypeAlias = np.ndarray[Any, Any]

STACKED_BYTES = 2**28
"""How much memory the values of all probes at once may take."""


@dataclass(frozen=True)
class Probe:
    """Canonical arrays for every input, float32, or uint8 for inputs that take pixels, and the open sizes they have.

    `names` says of every item of the batch what it is.
    """

    names: tuple[str, ...]
    feeds: dict[str, Array]
    sizes: dict[str, int]


def probes(graph: Graph, sizes: dict[str, int], pixels: set[str], seed: int) -> Iterator[Probe]:
    """Normal values; a wide dynamic range; impulses in every corner of every channel; zeros."""
    rng = np.random.default_rng(seed)
    for name, make in (("normal", _normal), ("wide", _wide), ("borders", _borders), ("zeros", _zeros)):
        feeds = {}
        for item in graph.inputs:
            shape = tuple(evaluate(size, sizes) for size in item.type.shape)
            values = make(rng, shape)
            feeds[item.name] = _as_pixels(values) if item.name in pixels else values.astype(np.float32)
        batch = len(next(iter(feeds.values())))
        yield Probe((name,) * batch, feeds, sizes)


def stacked(graph: Graph, found: list[Probe]) -> list[Probe]:
    """All probes as one batch where its size is open and all values together fit into `STACKED_BYTES`: weights are
    then read once for all of them."""
    axes = {item.type.shape[0] for item in graph.inputs}
    items = sum(len(probe.names) for probe in found)
    sizes = found[0].sizes | {str(axis): items for axis in axes if isinstance(axis, Sym)}
    needed = sum(evaluate(product(kind.shape), sizes) * 4 for kind in graph.values.values())
    if len(axes) > 1 or isinstance(next(iter(axes)), int) or needed > STACKED_BYTES:
        return found
    names = tuple(name for probe in found for name in probe.names)
    feeds = {name: np.concatenate([probe.feeds[name] for probe in found]) for name in found[0].feeds}
    return [Probe(names, feeds, sizes)]


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape)


def _wide(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    values: Array = rng.standard_normal(shape) * np.exp2(rng.uniform(-12, 12, shape))
    return values


def _borders(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    values = np.zeros(shape)
    for corner in combinations((slice(0, 1), slice(-1, None)), repeat=len(shape) - 2):
        values[(slice(None), slice(None), *corner)] = rng.standard_normal((*shape[:2], *(1,) * len(corner)))
    return values


def _zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.zeros(shape)


def _as_pixels(values: Array) -> Array:
    pixels: Array = np.clip(np.rint(values * 64 + 128), 0, 255).astype(np.uint8)
    return pixels
