"""Names while elaborating: what they are bound to, and how layers are called."""

from __future__ import annotations

from collections.abc import Set

from specc.elaborate.values import Value
from specc.source import Span


class Naming:
    """Makes the dotted names of layers, and those under which their tensors are called.

    `prefix` is the path of the enclosing blocks and labelled loops; `suffix` the iteration numbers of unlabelled
    loops, which keep labels inside them apart.  The counters of automatic names are shared by everything with
    the same prefix.  `tensors` is what stands for `prefix` in the names of tensors, where a call says `weights=`;
    `common` is the path before a name that `weights=` gives: it holds no iteration numbers, so that loops share.
    """

    __slots__ = ("common", "counters", "prefix", "suffix", "taken", "tensors")

    def __init__(
        self,
        taken: set[str],
        prefix: str = "",
        suffix: str = "",
        counters: dict[str, int] | None = None,
        tensors: str | None = None,
        common: str = "",
    ) -> None:
        self.taken = taken
        self.prefix = prefix
        self.suffix = suffix
        self.counters = {} if counters is None else counters
        self.tensors = tensors
        self.common = common

    def labelled(self, label: str) -> str:
        return self._free(f"{self.prefix}{label}{self.suffix}")

    def next(self, label: str | None, word: str) -> str:
        """The name that a layer is given next, unless it is taken."""
        if label is not None:
            return f"{self.prefix}{label}{self.suffix}"
        return self._numbered(word, self.counters.get(word, 0) + 1)

    def automatic(self, word: str) -> str:
        """`conv1`, `conv2`, or `relu6_1`: the next free one."""
        while True:
            self.counters[word] = self.counters.get(word, 0) + 1
            name = self._numbered(word, self.counters[word])
            if name not in self.taken:
                self.taken.add(name)
                return name

    def scope(self, name: str, written: str | None = None) -> str | None:
        """The name under which the tensors of the layer or call `name` are called, as `weights=` has it or as follows
        from the calls around it; `None` for its own name."""
        if written is not None:
            found = self.common + written
            return None if found == name else found
        return None if self.tensors is None else self.tensors + name[len(self.prefix) :]

    def within(self, name: str, scope: str | None = None) -> Naming:
        """The naming inside a block or labelled branch called `name` with tensors called under `scope`."""
        tensors = None if scope is None else f"{scope}."
        return Naming(self.taken, f"{name}.", tensors=tensors, common=tensors or f"{name}.")

    def iteration(self, index: int, label: str | None = None) -> Naming:
        """The naming inside one iteration of a loop called `label`, or of one without a label."""
        if label is None:
            suffix = f"{self.suffix}.{index}"
            return Naming(self.taken, self.prefix, suffix, self.counters, self.tensors, self.common)
        loop = self.within(label, self.scope(label))
        tensors = None if loop.tensors is None else f"{loop.tensors}{index}."
        return Naming(self.taken, f"{loop.prefix}{index}.", tensors=tensors, common=loop.common)

    def _numbered(self, word: str, number: int) -> str:
        """`word` with its number; behind a digit apart from it, so that the first `block8` is not called `block81`."""
        return f"{self.prefix}{word}{'_' if word[-1:].isdigit() else ''}{number}"

    def _free(self, name: str) -> str:
        candidate, count = name, 1
        while candidate in self.taken:
            count += 1
            candidate = f"{name}_{count}"
        self.taken.add(candidate)
        return candidate


class Scope:
    """Bindings of one body, on top of those around it."""

    __slots__ = ("names", "parent", "places")

    def __init__(self, parent: Scope | None = None, names: dict[str, Value] | None = None) -> None:
        self.parent = parent
        self.names = {} if names is None else names
        self.places: dict[str, Span] = {}

    def find(self, name: str) -> Value | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def binds(self, name: str) -> bool:
        return self.find(name) is not None

    def binds_none(self, names: Set[str]) -> bool:
        """Whether none of `names` is bound."""
        scope: Scope | None = self
        while scope is not None:
            if not scope.names.keys().isdisjoint(names):
                return False
            scope = scope.parent
        return True

    def bind(self, name: str, value: Value, place: Span | None = None) -> None:
        self.names[name] = value
        if place is not None:
            self.places[name] = place
