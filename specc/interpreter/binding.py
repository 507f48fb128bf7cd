"""Fitting arrays to the inputs of a graph."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

import numpy as np

from specc.diagnostics import Diagnostic
from specc.diagnostics.suggest import nearest
from specc.dims import evaluate, formula
from specc.interpreter.fitting import Array, fits, how_to_fit
from specc.ir.graph import Graph, GraphInput
from specc.types import Layout

_Problem: TypeAlias = tuple[str, str | None]
"""What does not fit, and what helps."""


def canonical(array: Array, layout: Layout) -> Array:
    """A view of `array`, given in the author's order, with the channels behind the batch."""
    return np.moveaxis(array, -1, 1) if layout == "hwc" and array.ndim > 2 else array


def spoken(array: Array, layout: Layout) -> Array:
    """A view of the canonical `array` in the author's order."""
    return np.moveaxis(array, 1, -1) if layout == "hwc" and array.ndim > 2 else array


def bind(graph: Graph, inputs: Mapping[str, Array]) -> tuple[dict[str, int], tuple[Diagnostic, ...]]:
    """The open sizes of `graph` as `inputs` (by name, in the author's order, batch first) fix them.

    Missing, unknown and misshapen inputs are E0901, and so are sizes that the graph's conditions forbid.
    """
    sizes: dict[str, int] = {}
    known = {item.name for item in graph.inputs}
    guesses = {name: nearest(name, sorted(known)) for name in inputs if name not in known}
    found = [_unknown(name, guess, known) for name, guess in guesses.items()]
    for item in graph.inputs:
        if item.name not in inputs and item.name in guesses.values():
            continue
        if item.name not in inputs:
            found.append((f"input `{item.name}` is missing", None))
        else:
            found.extend(_misfits(item, inputs[item.name], graph.layout, sizes))
    if not found:
        broken = (c for c in graph.conditions if evaluate(c.value, sizes) % c.divisor)
        found.extend((str(condition), None) for condition in broken)
    return sizes, tuple(Diagnostic("E0901", message, file=graph.file, help=help) for message, help in found)


def _unknown(name: str, guess: str | None, known: Collection[str]) -> _Problem:
    help = f"did you mean `{guess}`?" if guess else f"it has {', '.join(f'`{other}`' for other in sorted(known))}"
    return f"the model has no input `{name}`", help


def _misfits(item: GraphInput, array: Array, layout: Layout, sizes: dict[str, int]) -> Iterator[_Problem]:
    wanted = item.type.spoken(layout)
    settled, own = dict(sizes), dict[str, int]()
    if not fits(wanted, array.shape, sizes):
        shape, given = " x ".join(formula(size) for size in wanted), " x ".join(map(str, array.shape))
        alone = fits(wanted, array.shape, own)
        others = [f"{name} = {size}" for name, size in settled.items() if alone and own.get(name, size) != size]
        where = f", with {' and '.join(others)} as other inputs have it" if others else ""
        message = f"input `{item.name}` needs {shape}{where}, and the data is {given or 'a single number'}"
        yield message, None if alone else how_to_fit(item, array.shape, layout)
    elif 0 in array.shape:
        yield f"input `{item.name}` has no data: {' x '.join(map(str, array.shape))}", None
