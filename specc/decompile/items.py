"""A graph as nested sequences: what a reader would draw as one column, branches side by side.

A region between a value and the merge that closes it is written with branches if nothing leads into it or out of it
elsewhere and its branches share nothing; everything else is written line by line, with labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from specc.decompile.arguments import closes
from specc.ir.graph import Graph, Node
from specc.ops.add import Add
from specc.ops.base import Op
from specc.ops.concat import Concat
from specc.ops.conv import Conv
from specc.ops.deconv import Deconv
from specc.ops.dense import Dense
from specc.ops.depthwise import Depthwise
from specc.ops.separable import Separable

CLOSABLE: Final[tuple[type[Op], ...]] = (Conv, Depthwise, Separable, Deconv, Dense)
"""Operations whose activation is written as their last argument."""
LONG: Final = 10
"""What a branch beside an empty one has at most; with more nodes it is written below a label instead."""
SHORT: Final = 3
"""The same for `concat` of two, which `concat label` says just as well."""


@dataclass(frozen=True)
class Layer:
    """One statement: a node, and the activation that closes it."""

    node: Node
    act: Node | None = None
    before: str | None = None
    """The value of the line before."""

    @property
    def value(self) -> str:
        return (self.act or self.node).name


@dataclass(frozen=True)
class Join:
    """Branches from one value that a merge closes."""

    node: Node
    before: str
    branches: tuple[tuple[Item, ...], ...]
    act: Node | None = None

    @property
    def value(self) -> str:
        return (self.act or self.node).name

    @property
    def is_residual(self) -> bool:
        return isinstance(self.node.op, Add) and len(self.branches) == 2 and bool(self.branches[0])


Item: TypeAlias = Layer | Join


@dataclass
class Writer:
    """Puts the nodes of a graph in sequence; `labels` gathers the values that need a name."""

    graph: Graph
    labels: set[str] = field(default_factory=set)
    reads: Counter[str] = field(default_factory=Counter)
    by_value: dict[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shared = {name for names in self.graph.sharing.values() for name in names}
        for node in self.graph.nodes:
            self.reads.update(node.inputs)
            self.by_value.update((name, node) for name in node.outputs)
        self.reads.update(output.value for output in self.graph.outputs)

    def sequence(self, nodes: Sequence[Node], current: str | None) -> tuple[Item, ...]:
        """The statements for `nodes`, which stand in execution order; `current` is the value they begin with."""
        items: list[Item] = []
        done: set[str] = set()
        readers = _readers(nodes)
        for place, node in enumerate(nodes):
            while node.name not in done:
                item = self._next(nodes[place:], current, readers, done)
                items.append(item)
                single = isinstance(item, Join) or len(item.node.outputs) == 1 or item.node.op.leads
                current = item.value if single else None
        return tuple(items)

    def _next(self, nodes: Sequence[Node], current: str | None, readers: dict[str, list[Node]], done: set[str]) -> Item:
        """The statement to write next: a region that begins at `current`, or else the first of `nodes`."""
        node = nodes[0]
        if current is not None and current in node.inputs and len(readers.get(current, ())) > 1:
            region = self._region(current, nodes, readers)
            if region is not None:
                inside, branches = region
                done.update(n.name for n in inside)
                return self._join(inside[-1], current, branches, readers, done)
        done.add(node.name)
        self.labels.update(_named(node, current))
        act = self._closing(node, readers, done) if isinstance(node.op, CLOSABLE) else None
        if len(node.outputs) > 1:
            self.labels.update(node.outputs)
        return Layer(node, act, current)

    def _closing(self, node: Node, readers: dict[str, list[Node]], done: set[str]) -> Node | None:
        """The activation that alone reads the value of `node`."""
        if self.reads[node.name] != 1:
            return None
        found = next((n for n in readers.get(node.name, ()) if n.inputs == (node.name,)), None)
        if found is None or not closes(found.op):
            return None
        if self.graph.weights(found) and not self.shared.isdisjoint((node.name, found.name)):
            return None  # it would be called after the weights of `node`
        done.add(found.name)
        return found

    def _region(
        self, value: str, nodes: Sequence[Node], readers: dict[str, list[Node]]
    ) -> tuple[list[Node], list[list[Node]]] | None:
        """The nodes between `value` and the merge that closes what begins there, the merge last, and its branches."""
        left = Counter({value: sum(node.inputs.count(value) for node in readers[value])})
        inside: list[Node] = []
        for node in nodes:
            reading = [name in left for name in node.inputs]
            if not any(reading):
                continue
            if not all(reading):
                return None
            left.subtract(node.inputs)
            inside.append(node)
            if len(node.inputs) > 1 and sum(left.values()) == 0:
                return self._branches(value, inside)
            left.update({name: self.reads[name] for name in node.outputs})
        return None

    def _branches(self, value: str, inside: list[Node]) -> tuple[list[Node], list[list[Node]]] | None:
        """The branches, where they share nothing but `value`."""
        merge = inside[-1]
        joins = merge.op.merges() and not merge.op.numbers
        if joins and merge.op.arity[0] <= len(merge.inputs) and len(set(merge.inputs)) > 1:
            branches = [self._above(name, value, inside) for name in merge.inputs]
            names = [node.name for branch in branches for node in branch]
            several = any(len(branch[-1].outputs) > 1 for branch in branches if branch)
            if len(names) == len(set(names)) and not several and not self._reads_better_below(merge, branches):
                return inside, branches
        return None

    def _reads_better_below(self, merge: Node, branches: list[list[Node]]) -> bool:
        """Whether a value skips so much that `concat label` at the end is clearer than branches around all of it."""
        empty = [index for index, branch in enumerate(branches) if not branch]
        if not empty or isinstance(merge.op, Add):
            return False
        most = SHORT if len(branches) == 2 and isinstance(merge.op, Concat) else LONG
        return sum(len(branch) for branch in branches) > most

    def _above(self, end: str, begin: str, inside: list[Node]) -> list[Node]:
        """The nodes from `begin` to `end`."""
        wanted = {end}
        found = []
        for node in reversed(inside):
            if wanted.intersection(node.outputs) and begin not in node.outputs:
                found.append(node)
                wanted.update(node.inputs)
        return found[::-1]

    def _join(
        self,
        merge: Node,
        before: str,
        branches: list[list[Node]],
        readers: dict[str, list[Node]],
        done: set[str],
    ) -> Join:
        bodies = [self.sequence(branch, before) for branch in branches]
        if isinstance(merge.op, Add) and len(bodies) == 2 and len(branches[1]) > len(branches[0]):
            bodies.reverse()
        is_residual = isinstance(merge.op, Add) and len(bodies) == 2
        act = self._closing(merge, readers, done) if is_residual else None
        return Join(merge, before, tuple(bodies), act)


def _named(node: Node, current: str | None) -> list[str]:
    """The operands that are written by name behind the line that gives `current`."""
    inputs = node.inputs
    if node.op.operands:
        return [name for place, name in enumerate(inputs) if place or name != current]
    return [name for name in inputs if name != current]


def _readers(nodes: Sequence[Node]) -> dict[str, list[Node]]:
    readers: dict[str, list[Node]] = {}
    for node in nodes:
        for name in dict.fromkeys(node.inputs):
            readers.setdefault(name, []).append(node)
    return readers


def in_order(items: Sequence[Item]) -> list[Node]:
    """The nodes in the order in which elaboration makes them from the text."""
    nodes = []
    for item in items:
        if isinstance(item, Join):
            for branch in item.branches:
                nodes.extend(in_order(branch))
        nodes.append(item.node)
        if item.act is not None:
            nodes.append(item.act)
    return nodes
