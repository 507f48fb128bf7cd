"""Values that a model does not hold and that follow, bit for bit, from those that it holds.

A file need not have a node for every layer: a mean without its axis is one node, and a mean and a `flatten` in a spec.
What a layer that only moves values makes is then computed from its operands, or its operands are found back in its
results.  Such a layer is judged like all others; that it holds by construction takes nothing away, for the layers
beside it are judged on the same values.

What a layer that computes something makes and the model does not hold is an estimate (see `chains`): such a layer is
judged together with those that read it, up to the next values that the model holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import TypeAlias

import numpy as np

from specc.dims import evaluate
from specc.ir.graph import Graph, Node
from specc.types import TensorType
from specc.verify.chains import Estimate
from specc.verify.compare import Array

Look: TypeAlias = Callable[[str], Array | None]
Compute: TypeAlias = Callable[[Node, Sequence[Estimate]], Sequence[Estimate]]


@dataclass(frozen=True)
class Source:
    """The layer that a value is derived from: its operands, or its results if `places` says where in one item of all
    of them, laid flat one behind the other, every element of the value stands."""

    node: Node
    places: Array | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        return self.node.inputs if self.places is None else self.node.outputs


@dataclass
class Derived:
    """What can be derived for `graph` where a model holds the values `known`, its open sizes being `sizes`."""

    graph: Graph
    known: Collection[str]
    sizes: dict[str, int]
    sources: dict[str, Source] = field(default_factory=dict)
    estimates: dict[str, Node] = field(default_factory=dict)
    """What only an estimate can be had of, and the layer that makes it."""

    def __post_init__(self) -> None:
        moving = [node for node in self.graph.nodes if node.op.moves]
        before = -1
        while len(self.sources) > before and len(self.sources) + len(self.known) < len(self.graph.values):
            before = len(self.sources)
            for node in moving:
                self._forward(node)
            for node in reversed(moving):
                self._back(node)
        for node in self.graph.nodes:
            self.estimates.update((name, node) for name in node.outputs if not self._there(name))

    def chain(self, node: Node) -> tuple[str, ...]:
        """The layers that are judged together with `node`, for they make what it reads: first those, then itself."""
        found: dict[str, None] = {}
        waiting = [self.estimates[name] for name in self._basis(node.inputs) if name in self.estimates]
        while waiting:
            maker = waiting.pop()
            if maker.name not in found:
                found[maker.name] = None
                names = self._basis(maker.inputs)
                waiting.extend(self.estimates[name] for name in names if name in self.estimates)
        return tuple(other.name for other in self.graph.nodes if other.name in found)

    @cached_property
    def between(self) -> frozenset[str]:
        """The layers of whose results the model holds none, nor what they follow from, and that others read."""
        wanted = {output.value for output in self.graph.outputs}
        found = set()
        for node in reversed(self.graph.nodes):
            read = [name for name in node.outputs if name in wanted]
            if read:
                wanted.update(node.inputs)
                found.update([node.name] if all(name in self.estimates for name in read) else [])
        return frozenset(found)

    @cached_property
    def implied(self) -> frozenset[str]:
        """The layers that hold by construction: all their results, or all their operands, are derived from them."""
        return frozenset(source.node.name for source in self.sources.values() if self._implies(source))

    def held(self, names: Collection[str]) -> Iterator[str]:
        """The values among `names`, and those that the others are derived from, as far as the model holds them."""
        for name in self._basis(names, through=True):
            if name in self.known:
                yield name

    def _basis(self, names: Collection[str], through: bool = False) -> list[str]:
        """The values that `names` follow from: those that the model holds, and estimates or what these are made of."""
        waiting, seen, found = list(names)[::-1], set[str](), []
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self.known or (name in self.estimates and not through):
                found.append(name)
            else:
                reads = self.sources[name].reads if name in self.sources else self.estimates[name].inputs
                waiting.extend(reversed(reads))
        return found

    def estimate(self, name: str, look: Look, compute: Compute, seen: dict[str, Estimate | None]) -> Estimate | None:
        """The value `name`, exact where the model holds it or it follows, else as `compute` makes it of the operands of
        its layer; `seen` keeps what was asked for before."""
        if name not in seen:
            seen[name] = self._estimate(name, look, compute, seen)
        return seen[name]

    def _estimate(self, name: str, look: Look, compute: Compute, seen: dict[str, Estimate | None]) -> Estimate | None:
        node = self.estimates.get(name)
        if node is None:
            array = self.value(name, look)
            return None if array is None else Estimate(array)
        found = [self.estimate(other, look, compute, seen) for other in node.inputs]
        given = [item for item in found if item is not None]
        if [item.value.shape for item in given] != [self._shape(other) for other in node.inputs]:
            return None
        results = compute(node, given)
        seen.update(zip(node.outputs, results, strict=True))
        return results[node.outputs.index(name)]

    def value(self, name: str, look: Look) -> Array | None:
        """The value `name` (canonical); `look` gives those that the model holds.  None where it does not follow, or
        what it follows from has another shape."""
        source = self.sources.get(name)
        if source is None:
            return look(name)
        arrays = [self.value(other, look) for other in source.reads]
        given = [array for array in arrays if array is not None]
        if [array.shape for array in given] != [self._shape(other) for other in source.reads]:
            return None
        if source.places is None:
            result: Array = source.node.op.compute(given, {})[source.node.outputs.index(name)]
            return result
        flat = np.concatenate([array.reshape(len(array), -1) for array in given], axis=1)
        return flat[:, source.places].reshape(self._shape(name))

    def _shape(self, name: str) -> tuple[int, ...]:
        return shape_of(self.graph.values[name], self.sizes)

    def _there(self, name: str) -> bool:
        return name in self.known or name in self.sources

    def _forward(self, node: Node) -> None:
        if all(map(self._there, node.inputs)):
            self.sources.update((name, Source(node)) for name in node.outputs if not self._there(name))

    def _back(self, node: Node) -> None:
        if not all(map(self._there, node.outputs)):
            return
        for name in node.inputs:
            places = None if self._there(name) else self._places(node, name)
            if places is not None:
                self.sources[name] = Source(node, places)

    def _places(self, node: Node, name: str) -> Array | None:
        """Where the results of `node` hold the elements of its operand `name`; None where they lack some."""
        shapes = [(1, *self._shape(operand)[1:]) for operand in node.inputs]
        ends = np.cumsum([prod(shape) for shape in shapes])
        numbers = np.split(np.arange(ends[-1], dtype=np.float64), ends[:-1])
        results = node.op.compute([n.reshape(shape) for n, shape in zip(numbers, shapes, strict=True)], {})
        moved = np.concatenate([result.reshape(-1) for result in results]).astype(np.int64)
        places = np.full(ends[-1], -1)
        places[moved] = np.arange(len(moved))
        own: Array = places[numbers[node.inputs.index(name)].astype(np.int64)]
        return None if np.any(own < 0) else own

    def _implies(self, source: Source) -> bool:
        names = source.node.outputs if source.places is None else source.node.inputs
        return all(name in self.sources and self.sources[name].node is source.node for name in names)


def shape_of(kind: TensorType, sizes: dict[str, int]) -> tuple[int, ...]:
    """The shape of a value with numbers for the open sizes."""
    return tuple(evaluate(size, sizes) for size in kind.shape)
