"""The names of bodies as the resolver goes through them: what each is bound to, and whether anything reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from specc.elaborate.modules import Module
from specc.source import Span
from specc.syntax import ast


class Entry:
    """A name of a body.

    Behind a loop, a label of its body stands for the list of its values: such an entry has the entry of the label as
    `origin`, and in `loops` the loops, by `id`, that lie between the two.
    """

    def __init__(self, span: Span, what: str, origin: Entry | None = None, loops: tuple[int, ...] = ()) -> None:
        self.span = span
        self.what = what
        self.used = False
        self.origin = origin
        self.loops = loops

    @property
    def article(self) -> str:
        return "an" if self.what[0] in "aeiou" else "a"

    def use(self) -> None:
        """Note that something reads it."""
        entry: Entry | None = self
        while entry is not None:
            entry.used = True
            entry = entry.origin


class Rival(NamedTuple):
    """A label of a loop, the entry of its name outside, and whether something had read that before."""

    label: ast.Name
    outer: Entry
    was_used: bool


class Body:
    """The names of one body so far, those it will define further down, those of bodies within it, the labels of
    branches in it, and those of loops in it that are also names here.  `repeats` says that it is the body of a loop."""

    def __init__(self, parent: Body | None, repeats: bool = False) -> None:
        self.parent = parent
        self.names: dict[str, Entry] = {}
        self.later: dict[str, Span] = {}
        self.inner: dict[str, Span] = {}
        self.branches: dict[str, Span] = {}
        self.repeats = repeats
        self.rivals: list[Rival] = []

    def find(self, name: str) -> Entry | None:
        body: Body | None = self
        while body is not None:
            if name in body.names:
                return body.names[name]
            body = body.parent
        return None

    def find_later(self, name: str) -> Span | None:
        """Where a name is defined further down."""
        body: Body | None = self
        while body is not None:
            if name in body.later:
                return body.later[name]
            body = body.parent
        return None

    def is_of_round(self, name: str) -> bool:
        """Whether a name that is used before its definition is one of a loop, whose rounds begin anew."""
        return next((body.repeats for body in self._outwards() if name in body.later), False)

    def find_branch(self, name: str) -> Span | None:
        """The label of a branch, which is no name."""
        return next((body.branches[name] for body in self._outwards() if name in body.branches), None)

    def find_inner(self, name: str) -> Span | None:
        """The definition of a name in a body within this one or those around it."""
        return next((body.inner[name] for body in self._outwards() if name in body.inner), None)

    def _outwards(self) -> Iterator[Body]:
        """This body and those around it, the innermost first."""
        body: Body | None = self
        while body is not None:
            yield body
            body = body.parent

    def gather(self, loop: int, within: Body) -> None:
        """Behind a loop, the labels of its body stand for lists, unless the names mean something else here."""
        for name, entry in within.names.items():
            known = self.find(name)
            if (entry.what == "label" or entry.origin) and (known is None or known.origin):
                self.names[name] = Entry(entry.span, "labels of a loop", origin=entry, loops=(*entry.loops, loop))

    def meet(self, labels: Iterable[ast.Name]) -> list[Rival]:
        """Those of a loop's `labels` that have another meaning around it; from here on these count as unread."""
        found = []
        for label in labels:
            outer = self.find(label.id)
            if outer is not None and outer.what in ("label", "input"):
                found.append(Rival(label, outer, outer.used))
                outer.used = False
        return found

    def visible(self) -> Iterator[str]:
        for body in self._outwards():
            yield from body.names


class BoundNames:
    """Whether a name is bound in a body or module: a bound `relu` is no activation."""

    def __init__(self, body: Body, module: Module) -> None:
        self._body = body
        self._module = module

    def __call__(self, name: str) -> bool:
        return self._body.find(name) is not None or self._module.scope.find(name) is not None

    def holds(self, name: str) -> bool:
        """Whether the name is that of a layer's value for certain."""
        entry = self._body.find(name)
        return entry is not None and entry.what in ("label", "input")
