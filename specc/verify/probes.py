"""Inputs that find trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product as combinations
from typing import Any, TypeAlias

import numpy as np

from specc.analysis.liveness import live_bytes
from specc.dims import Sym, evaluate, names
from specc.ir.graph import Graph

Array: TypeAlias = np.ndarray[Any, Any]

QUICK = ("normal", "wide", "borders", "zeros")
"""The kinds that find nearly every fault; the others are for operations and runtimes that are new."""
SPOILT = ("nan", "infinities")
"""The kinds that leave next to nothing to be judged behind all layers."""
STACKED_BYTES = 2**29
"""How much memory the values that are alive at once may take, of all probes that run together."""


@dataclass(frozen=True)
class Probe:
    """Canonical arrays for every input, float32, or uint8 for inputs that take pixels, and the open sizes they have.

    `names` says of every item of the batch what it is.
    """

    names: tuple[str, ...]
    feeds: dict[str, Array]
    sizes: dict[str, int]


def probes(
    graph: Graph, sizes: dict[str, int], pixels: set[str], seed: int, kinds: Sequence[str] = QUICK
) -> Iterator[Probe]:
    """One probe for each of `kinds`, names of `KINDS`.  Inputs in `pixels` get 8-bit numbers, never NaN."""
    rng = np.random.default_rng(seed)
    for name in kinds:
        make, feeds = KINDS[name], {}
        for item in graph.inputs:
            shape = tuple(evaluate(size, sizes) for size in item.type.shape)
            values = make(rng, shape)
            feeds[item.name] = _as_pixels(values) if item.name in pixels else values.astype(np.float32)
        batch = len(next(iter(feeds.values())))
        yield Probe((name,) * batch, feeds, sizes)


def representative(kinds: Sequence[str]) -> str:
    """Which of these kinds the model is judged on from end to end: `normal` inputs if they are among them, or if all
    of them are `SPOILT`, and else the first."""
    return next((name for name in ("normal", *kinds) if name in kinds and name not in SPOILT), "normal")


def stacked(graph: Graph, found: list[Probe]) -> list[Probe]:
    """Probes put together into one batch where its size is open, as many as have values within `STACKED_BYTES`:
    weights are then read once for all of them, and what mixes up the items of a batch shows."""
    axes = {item.type.shape[0] for item in graph.inputs}
    axis = axes.pop()
    if axes or not isinstance(axis, Sym) or names(axis) != {str(axis)}:
        return found
    needed = len(found[0].names) * max(live_bytes(graph, found[0].sizes), default=0)
    count = max(1, STACKED_BYTES // max(1, needed))
    return [_together(found[first : first + count], str(axis)) for first in range(0, len(found), count)]


def _together(found: list[Probe], axis: str) -> Probe:
    items = tuple(name for probe in found for name in probe.names)
    feeds = {name: np.concatenate([probe.feeds[name] for probe in found]) for name in found[0].feeds}
    return Probe(items, feeds, found[0].sizes | {axis: len(items)})


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape)


def _wide(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Magnitudes over 24 binades."""
    values: Array = rng.standard_normal(shape) * np.exp2(rng.uniform(-12, 12, shape))
    return values


def _borders(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Impulses in every corner of every channel."""
    values = np.zeros(shape)
    for corner in combinations((slice(0, 1), slice(-1, None)), repeat=len(shape) - 2):
        values[(slice(None), slice(None), *corner)] = rng.standard_normal((*shape[:2], *(1,) * len(corner)))
    return values


def _zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.zeros(shape)


def _cancellation(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Large values of both signs in turn along every axis, and small ones that remain where they cancel."""
    sign = np.where(np.indices(shape, sparse=True)[0] % 2, -1.0, 1.0)
    for steps in np.indices(shape, sparse=True)[1:]:
        sign = sign * np.where(steps % 2, -1.0, 1.0)
    return np.asarray(2.0**12 * sign + rng.standard_normal(shape))


def _ties(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Few different values, so that windows hold their largest more than once."""
    return rng.integers(-1, 2, shape).astype(np.float64)


def _denormals(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.standard_normal(shape) * 2.0**-128)


def _nan(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """NaN in a block at the first corner and at single positions elsewhere."""
    return _spoilt(rng, shape, np.nan, np.nan)


def _infinities(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """-inf in a block at the first corner, +inf at single positions elsewhere."""
    return _spoilt(rng, shape, -np.inf, np.inf)


def _spoilt(rng: np.random.Generator, shape: tuple[int, ...], block: float, single: float) -> Array:
    values = rng.standard_normal(shape)
    if len(shape) > 2:
        corner: tuple[slice, ...] = tuple(slice(0, max(1, size // 4)) for size in shape[2:])
        values[:, 0][(slice(None), *corner)] = block
    values[rng.random(shape) < 0.02] = single
    values.reshape(shape[0], -1)[:, -1] = single
    return values


KINDS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Array]] = {
    "normal": _normal,
    "wide": _wide,
    "borders": _borders,
    "zeros": _zeros,
    "cancellation": _cancellation,
    "ties": _ties,
    "denormals": _denormals,
    "nan": _nan,
    "infinities": _infinities,
}
"""Every kind of probe, by name."""

NAMED: dict[str, tuple[str, ...]] = {"quick": QUICK, "all": tuple(KINDS), **{kind: (kind,) for kind in KINDS}}
"""What callers name, and the kinds that are meant."""


def kinds_named(names: Iterable[str]) -> tuple[str, ...]:
    """The kinds that `names` of `NAMED` mean, each once."""
    return tuple(dict.fromkeys(kind for name in names for kind in NAMED[name]))


def _as_pixels(values: Array) -> Array:
    pixels: Array = np.clip(np.rint(np.clip(np.nan_to_num(values), -9, 9) * 64 + 128), 0, 255).astype(np.uint8)
    return pixels
