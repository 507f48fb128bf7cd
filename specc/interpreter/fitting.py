"""Whether an array has the shape of an input, and how it is brought to that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np

from specc.dims import Dim, Sym, evaluate, names
from specc.ir.graph import GraphInput
from specc.types import Layout

Array: TypeAlias = np.ndarray[Any, Any]


def _joined(x: Array) -> Array:
    """What several arrays in one are along the batch; nothing is computed, as only the shape is asked for."""
    several, batch = x.shape[:2] if x.ndim > 1 and len(x) > 1 else (0, 0)
    return np.broadcast_to(np.float32(0), (several * batch, *x.shape[2:]))


_VIEWS: Final[dict[str, Callable[[Array], Array]]] = {
    "x[None]": lambda x: x[None],
    "x[:, None]": lambda x: x[:, None],
    "x[..., None]": lambda x: x[..., None],
    "x[None, None]": lambda x: x[None, None],
    "x[None, ..., None]": lambda x: x[None, ..., None],
    "np.concatenate(x)": _joined,
    "x[0]": lambda x: x[0],
    "np.moveaxis(x, -1, 1)": lambda x: np.moveaxis(x, -1, 1),
    "np.moveaxis(x, 1, -1)": lambda x: np.moveaxis(x, 1, -1),
    "np.moveaxis(x, -1, 0)[None]": lambda x: np.moveaxis(x, -1, 0)[None],
    "np.moveaxis(x, 0, -1)[None]": lambda x: np.moveaxis(x, 0, -1)[None],
}
"""What adds an axis of size 1, drops one, or puts the channels elsewhere; `x` is the array."""


def fits(wanted: Sequence[Dim], shape: Sequence[int], sizes: dict[str, int] | None = None) -> bool:
    """Whether an array of this shape has the `wanted` sizes; those of open ones are noted in `sizes`."""
    found = {} if sizes is None else sizes
    return len(wanted) == len(shape) and all(_agrees(w, size, found) for w, size in zip(wanted, shape, strict=True))


def _agrees(wanted: Dim, size: int, sizes: dict[str, int]) -> bool:
    """Whether `size` fits; an open size that is met for the first time is noted."""
    if isinstance(wanted, Sym) and names(wanted) == {str(wanted)}:
        return sizes.setdefault(str(wanted), size) == size
    known = names(wanted) <= set(sizes)
    return known and evaluate(wanted, sizes) == size


def how_to_fit(item: GraphInput, shape: Sequence[int], layout: Layout) -> str | None:
    """What makes of an array of this shape one that the input takes, with a batch in front; `None` where nothing simple
    does."""
    wanted = item.type.spoken(layout)
    ways = (way for way, made in _reshaped(shape, wanted) if fits(wanted, made))
    found = next(ways, None)
    return None if found is None else f"with the array as `x`, `{found}` fits"


def _reshaped(shape: Sequence[int], wanted: Sequence[Dim]) -> Iterator[tuple[str, tuple[int, ...]]]:
    array = np.broadcast_to(np.float32(0), tuple(shape))
    for way, view in _VIEWS.items():
        try:
            made = view(array).shape
        except (IndexError, np.exceptions.AxisError):  # there are not so many axes
            continue
        if 0 not in made:
            yield way, made
    sizes = [size for size in wanted[1:] if isinstance(size, int)]
    flat = len(shape) < 3 or len(wanted) == 2  # which hides no order of axes
    if flat and len(sizes) == len(wanted) - 1 and array.size and array.size % prod(sizes) == 0:
        yield f"x.reshape(-1, {', '.join(map(str, sizes))})", (array.size // prod(sizes), *sizes)
