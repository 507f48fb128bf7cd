"""Fitting arrays to the inputs of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from specc.diagnostics import Diagnostic
from specc.dims import Dim, Sym, evaluate, formula, names
from specc.ir.graph import Graph, GraphInput
from specc.types import Layout

Array: TypeAlias = np.ndarray[Any, Any]


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
    messages = [f"the model has no input `{name}`" for name in inputs if name not in {i.name for i in graph.inputs}]
    for item in graph.inputs:
        if item.name not in inputs:
            messages.append(f"input `{item.name}` is missing")
        else:
            messages.extend(_misfits(item, inputs[item.name], graph.layout, sizes))
    if not messages:
        messages.extend(
            str(condition) for condition in graph.conditions if evaluate(condition.value, sizes) % condition.divisor
        )
    return sizes, tuple(Diagnostic("E0901", message, file=graph.file) for message in messages)


def _misfits(item: GraphInput, array: Array, layout: Layout, sizes: dict[str, int]) -> Iterator[str]:
    wanted = item.type.spoken(layout)
    if len(wanted) != array.ndim or not all(
        _agrees(w, size, sizes) for w, size in zip(wanted, array.shape, strict=True)
    ):
        shape = " x ".join(formula(size) for size in wanted)
        yield f"input `{item.name}` needs {shape}, and the data is {' x '.join(map(str, array.shape))}"
    elif 0 in array.shape:
        yield f"input `{item.name}` has no data: {' x '.join(map(str, array.shape))}"


def _agrees(wanted: Dim, size: int, sizes: dict[str, int]) -> bool:
    """Whether `size` fits; an open size that is met for the first time is noted."""
    if isinstance(wanted, Sym) and names(wanted) == {str(wanted)}:
        return sizes.setdefault(str(wanted), size) == size
    known = names(wanted) <= set(sizes)
    return known and evaluate(wanted, sizes) == size
