"""Channels spread into positions, and positions gathered among the channels, for any number of axes."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray


def spread(x: NDArray[Any], factor: int) -> NDArray[Any]:
    """Blocks of `factor` positions along every axis of x (batch, channels, spatial...), each of as many channels."""
    places = _places(factor, x.ndim - 2)
    sizes = (size * factor for size in x.shape[2:])
    y = np.empty((x.shape[0], x.shape[1] // len(places), *sizes), x.dtype)
    for channel, place in enumerate(places):
        y[place] = x[:, channel :: len(places)]
    return y


def gather(x: NDArray[Any], factor: int) -> NDArray[Any]:
    """The inverse of `spread`."""
    places = _places(factor, x.ndim - 2)
    sizes = (size // factor for size in x.shape[2:])
    y = np.empty((x.shape[0], x.shape[1] * len(places), *sizes), x.dtype)
    for channel, place in enumerate(places):
        y[:, channel :: len(places)] = x[place]
    return y


def _places(factor: int, axes: int) -> list[tuple[slice, ...]]:
    """The positions of which every block has one each, in the order of their channels."""
    every = slice(None)
    return [(every, every, *(slice(i, None, factor) for i in place)) for place in product(range(factor), repeat=axes)]
