"""Names while elaborating: what they are bound to, and how layers are called."""

from __future__ import annotations

from collections.abc import Sequence, Set

from specc.elaborate.reads import numbered_labels
from specc.elaborate.values import Value
from specc.source import Span
from specc.syntax import ast


class Naming:
    """Makes the dotted names of layers, and those under which their tensors are called.

    `prefix` is the path of the enclosing blocks and labelled loops; `suffix` the iteration numbers of unlabelled
    loops, which keep labels inside them apart.  Everything with the same prefix shares the `counters` of automatic
    names, and the names that are `kept` for labels and for tensors that `weights=` has named.
    `tensors` is what stands for `prefix` in the names of tensors, where a call says `weights=`; `common` is the path
    before a name that `weights=` gives: it holds no iteration numbers, so that loops share.  `renamed` maps the paths
    of layers with `weights=` to those of their tensors, and paths of calls, with a dot behind both, too.
    """

    __slots__ = ("common", "counters", "kept", "prefix", "renamed", "suffix", "taken", "tensors")

    def __init__(
        self,
        taken: set[str],
        prefix: str = "",
        suffix: str = "",
        counters: dict[str, int] | None = None,
        tensors: str | None = None,
        common: str = "",
        kept: Set[str] = frozenset(),
        renamed: dict[str, str] | None = None,
    ) -> None:
        self.taken = taken
        self.prefix = prefix
        self.suffix = suffix
        self.counters = {} if counters is None else counters
        self.tensors = tensors
        self.common = common
        self.kept = kept if isinstance(kept, set) else set(kept)
        self.renamed = {} if renamed is None else renamed

    def labelled(self, label: str) -> str:
        return self._free(f"{self.prefix}{label}{self.suffix}")

    def next(self, label: str | None, word: str) -> str:
        """The name that a layer is given next, unless it is a label that is taken."""
        if label is not None:
            return f"{self.prefix}{label}{self.suffix}"
        return self._numbered(word)[1]

    def automatic(self, word: str) -> str:
        """`conv1`, `conv2`, or `relu6_1`: the next free one."""
        self.counters[word], name = self._numbered(word)
        self.taken.add(name)
        return name

    def scope(self, name: str, written: str | None = None, *, calls: bool = False) -> str | None:
        """The name under which the tensors of the layer or call `name` are called, as `weights=` has it or as follows
        from the calls around it; `None` for its own name.

        A layer that has the written name for its own is shared with, however its tensors are called; where there is
        none yet, only a label gets the name from now on.
        """
        if written is None:
            return None if self.tensors is None else self.tensors + name[len(self.prefix) :]
        found = self._of_tensors(self.common + written)
        if found == self._own(written) and self.prefix + written not in self.taken:
            self.kept.add(written)
        dot = "." if calls else ""
        for path in (name, self.common + name[len(self.prefix) :].removesuffix(self.suffix)):
            self.renamed[path] = found
            self.renamed[path + dot] = found + dot
        return None if found == name else found

    def _own(self, name: str) -> str:
        """How the tensors are called of a layer that has the name in this scope, by itself."""
        return (self.prefix if self.tensors is None else self.tensors) + name

    def _of_tensors(self, path: str) -> str:
        """How the tensors are called of what has this path."""
        if path in self.renamed:
            return self.renamed[path]
        call = path
        while "." in call:
            call = call.rpartition(".")[0]
            if f"{call}." in self.renamed:
                return self.renamed[f"{call}."] + path[len(call) + 1 :]
        return path

    def within(self, name: str, scope: str | None = None, kept: Set[str] = frozenset()) -> Naming:
        """The naming inside a block or labelled branch called `name` with tensors called under `scope`, which has the
        labels `kept`."""
        tensors = None if scope is None else f"{scope}."
        common = tensors or f"{name}."
        return Naming(self.taken, f"{name}.", tensors=tensors, common=common, kept=kept, renamed=self.renamed)

    def iteration(self, index: int, label: str | None = None, kept: Set[str] = frozenset()) -> Naming:
        """The naming inside one iteration of a loop called `label`, which has the labels `kept`, or of one without a
        label."""
        if label is None:
            suffix = f"{self.suffix}.{index}"
            return Naming(
                self.taken, self.prefix, suffix, self.counters, self.tensors, self.common, self.kept, self.renamed
            )
        loop = self.within(label, self.scope(label))
        tensors = None if loop.tensors is None else f"{loop.tensors}{index}."
        prefix = f"{loop.prefix}{index}."
        return Naming(self.taken, prefix, tensors=tensors, common=loop.common, kept=kept, renamed=self.renamed)

    def _numbered(self, word: str) -> tuple[int, str]:
        """The next free number, and `word` with it; behind a digit apart from it, so that the first `block8` is not
        called `block81`."""
        dash = "_" if word[-1:].isdigit() else ""
        number = self.counters.get(word, 0)
        while True:
            number += 1
            own = f"{word}{dash}{number}"
            name = self.prefix + own
            if name not in self.taken and own not in self.kept:
                return number, name

    def _free(self, name: str) -> str:
        candidate, count = name, 1
        while candidate in self.taken or (count > 1 and candidate[len(self.prefix) :] in self.kept):
            count += 1
            candidate = f"{name}_{count}"
        self.taken.add(candidate)
        return candidate


class Reserved:
    """The labels in bodies that no layer is called like by itself."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[int, frozenset[str]] = {}  # by the body's `id`

    def within(self, body: Sequence[ast.Statement]) -> frozenset[str]:
        found = self._found.get(id(body))
        if found is None:
            found = self._found[id(body)] = frozenset(numbered_labels(body))
        return found


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
