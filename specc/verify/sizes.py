"""Numbers for the open sizes of a graph, at which it can be run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from specc.dims import Divides, evaluate, names
from specc.ir.graph import Graph

SMALLEST, LARGEST = 32, 1024
"""The range in which sizes are looked for: large enough for a few halvings, small enough to be quick."""


def choose_sizes(graph: Graph, batch: int, given: Mapping[str, int] | None = None) -> dict[str, int] | None:
    """Every open size: `batch` for the batch axis, those in `given`, and the rest chosen small, each a different one
    (so that swapped axes show), with all conditions met and no value empty.  None where nothing in range fits."""
    fixed = dict(given or {})
    for item in graph.inputs:
        for name in names(item.type.shape[0]):
            fixed.setdefault(name, batch)
    return next((sizes for sizes in _candidates(graph, fixed) if _fits(graph, sizes)), None)


def _candidates(graph: Graph, fixed: dict[str, int]) -> Iterator[dict[str, int]]:
    """All sizes different, from the smallest up; then, for conditions that tie them together, all the same."""
    open_names = [name for name in _open_names(graph) if name not in fixed]
    numbers = [_numbers(graph, name) for name in open_names]
    if not open_names:
        yield fixed
        return
    for step in (1, 0):
        for start in range(min(map(len, numbers)) - step * (len(numbers) - 1)):
            chosen = [found[start + step * position] for position, found in enumerate(numbers)]
            yield fixed | dict(zip(open_names, chosen, strict=True))


def _open_names(graph: Graph) -> list[str]:
    return list(dict.fromkeys(n for item in graph.inputs for size in item.type.shape for n in sorted(names(size))))


def _numbers(graph: Graph, name: str) -> list[int]:
    """The numbers in range that meet the conditions on `name` alone."""
    own = [condition for condition in graph.conditions if names(condition.value) == {name}]
    return [n for n in range(SMALLEST, LARGEST + 1) if all(_met(condition, {name: n}) for condition in own)]


def _met(condition: Divides, sizes: dict[str, int]) -> bool:
    return evaluate(condition.value, sizes) % condition.divisor == 0


def _fits(graph: Graph, sizes: dict[str, int]) -> bool:
    met = all(_met(condition, sizes) for condition in graph.conditions)
    return met and all(evaluate(size, sizes) > 0 for kind in graph.values.values() for size in kind.shape)
