"""Comparing sizes some of which are open: by what they are for large inputs, where the leading terms decide."""

from __future__ import annotations

from math import lcm

from specc.dims import Dim, evaluate, names
from specc.ir.graph import Graph

LARGE = 1 << 20


def large_sizes(graph: Graph) -> dict[str, int]:
    """A large value for every open size of the inputs, a multiple of all that the graph's conditions ask for."""
    step = lcm(*(condition.divisor for condition in graph.conditions))
    found = sorted({name for i in graph.inputs for size in i.type.shape for name in names(size)})
    return dict.fromkeys(found, step * LARGE)


def largest(values: tuple[Dim, ...], sizes: dict[str, int]) -> Dim:
    """The largest of `values`: exactly among numbers, for inputs of the given `sizes` among formulas."""
    return values[0] if len(values) == 1 else max(values, key=lambda value: evaluate(value, sizes))
