"""Layers whose tensors are called by one name, with `weights=`, share them: so they must need the same ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from typing import Final, NamedTuple

from specc.diagnostics import Diagnostic, Label
from specc.elaborate.modules import BlockDefinition
from specc.elaborate.report import Reporter
from specc.elaborate.tensor_names import Named
from specc.ops.base import Op, Types, Weight
from specc.source import Span
from specc.types import Layout

_NUMBERED: Final = r"\d$"
"""How names end that layers have by themselves, and that those of files repeat in many places."""


class Use(NamedTuple):
    """A node whose tensors are called under `scope`, with the calls of blocks around its statement, and its place."""

    scope: str
    name: str
    op: Op
    inputs: Types
    weights: tuple[Weight, ...]
    calls: tuple[tuple[BlockDefinition, Span], ...]
    place: Span

    @property
    def places(self) -> tuple[Span, ...]:
        """Those of the calls, and its own."""
        return (*(place for _, place in self.calls), self.place)


class Sharing:
    """Every node with tensors, in order; `count` counts those too whose tensors are not known after an error."""

    def __init__(self) -> None:
        self.count = 0
        self._uses: list[Use] = []
        self._named: list[Named] = []
        self._calls: list[Named] = []
        self._renamed = False

    def note(self, use: Use) -> None:
        self.count += 1
        self._uses.append(use)
        if use.scope != use.name:
            self._renamed = True

    def named(self, written: str | None, path: str | None, name: str, what: str, place: Span) -> None:
        """Note a call with its block, or what `weights=` has named; `path` is `None` for the layer's own name."""
        if written is None:
            self._calls.append(Named(path or name, name, what, place))
        else:
            self._named.append(Named(path or name, name, what, place, written))

    def warn(self, layers: Container[str], labels: Iterable[Sequence[str]], report: Reporter) -> None:
        """W0106 where `weights=` was probably to share with what has one of the `labels`, or with another `weights=`;
        `layers` are the names of all layers and calls."""
        if not self._renamed or not self._named:
            return
        from specc.elaborate.mistyped import warn_of_mistyped

        given = {name for names in labels for name in names}
        own = [Named(u.scope, u.name, u.op.word, u.place) for u in self._uses if u.scope == u.name]
        labelled = [one for one in (*own, *self._calls) if one.name in given and one.path == one.name]
        warn_of_mistyped(self._named, labelled, layers, [(use.scope, use.name) for use in self._uses], report)

    def check(self, layers: Container[str], layout: Layout, report: Reporter) -> bool:
        """Report E0311 where a tensor would have to be two different ones, or is called like one of `layers`.  Returns
        whether nothing was reported."""
        sound = True
        owners: dict[str, Use] = {}
        tensors: dict[str, tuple[Use, Weight]] = {}
        for use in self._uses if self._renamed else ():
            owner = owners.setdefault(use.scope, use)
            if use.scope != use.name and (name := next((n for n in _names(use) if n in layers), None)):
                sound = False
                message = f"`{name}` would be both a tensor of `{use.name}` and a layer"
                report.error("E0311", use.place, message)
            elif problem := _other_layer(owner, use) or _other_tensors(use, tensors, layout):
                sound = False
                _report(use, problem, report)
        if sound and self._renamed:
            _warn_of_lone_names(self._uses, report)
        return sound


def _warn_of_lone_names(uses: Sequence[Use], report: Reporter) -> None:
    """W0106 for `weights=s` within the call of a block, where nothing else has the name and a layer outside is `s`."""
    counts = Counter(use.scope for use in uses)
    outside = {use.name: use for use in uses if "." not in use.name and use.scope == use.name}
    for use in uses:
        path, _, written = use.scope.rpartition(".")
        other = outside.get(written)
        if other is None or not use.calls or counts[use.scope] > 1 or re.search(_NUMBERED, written):
            continue
        if use.scope != use.name and use.name.rpartition(".")[0] == path and type(use.op) is type(other.op):
            name = use.scope if all(part.isidentifier() for part in use.scope.split(".")) else f'"{use.scope}"'
            report.add(
                Diagnostic(
                    "W0106", f"`weights={written}` shares nothing: within this call it names `{use.scope}`", use.place,
                    labels=(Label(other.place, f"`{written}`, with weights of its own"),),
                    help=f"`weights={name}` in the line of `{written}` makes both share them",
                )
            )  # fmt: skip


class _Problem(NamedTuple):
    """Who has the tensors already, why they are no good, and what helps."""

    owner: Use
    why: str
    help: str | None = None


def _other_layer(owner: Use, use: Use) -> _Problem | None:
    """Where the two are not of one operation, or one has a tensor that the other lacks."""
    if type(owner.op) is not type(use.op):
        why = f"`{owner.name}` is `{owner.op.word}`, and `{use.name}` is `{use.op.word}`"
        return _Problem(owner, why, "layers that share weights are of one operation")
    ours, theirs = ({w.name for w in x.weights} for x in (owner, use))
    if ours == theirs:
        return None
    has, lacks = (owner, use) if ours - theirs else (use, owner)
    missing = min(ours ^ theirs)
    help = "write `bias=false` in both, or in neither" if missing == "bias" else None
    return _Problem(owner, f"`{has.name}` has `{use.scope}.{missing}`, and `{lacks.name}` has none", help)


def _names(use: Use) -> list[str]:
    return [f"{use.scope}.{weight.name}" for weight in use.weights]


def _other_tensors(use: Use, tensors: dict[str, tuple[Use, Weight]], layout: Layout) -> _Problem | None:
    """Where a tensor is another one than that which has its name already."""
    for name, weight in zip(_names(use), use.weights, strict=True):
        owner, known = tensors.setdefault(name, (use, weight))
        if known != weight:
            return _Problem(owner, _difference(name, (owner, known), (use, weight), layout))
    return None


def _difference(name: str, first: tuple[Use, Weight], second: tuple[Use, Weight], layout: Layout) -> str:
    (owner, known), (use, weight) = first, second
    if known.shape != weight.shape:
        of, by = (f"{_by(w.shape)} in `{x.name}`, which reads {_reads(x, layout)}" for x, w in (first, second))
        return f"`{name}` is {of}, and {by}"
    if known.fixed != weight.fixed:
        return f"the values of `{name}` that the spec fixes are not the same in both"
    if known.init != weight.init:
        return f"`{name}` starts from init={known.init} in `{owner.name}`, and init={weight.init} in `{use.name}`"
    of, by = (f"{w.fans[0]} inputs and {w.fans[1]} outputs in `{x.name}`" for x, w in (first, second))
    return f"a value of `{name}` is one of {of}, and {by}: they have other groups"


def _reads(use: Use, layout: Layout) -> str:
    return " and ".join(x.text(layout) for x in use.inputs)


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one number"


def _report(use: Use, problem: _Problem, report: Reporter) -> None:
    """At the first place where the ways to the two differ: a call of a block, or the layer itself."""
    pairs = [pair for pair in zip(problem.owner.places, use.places, strict=False) if pair[0] != pair[1]]
    first, second = pairs[0] if pairs else (None, use.place)
    report.add(
        Diagnostic(
            "E0311",
            f"`{use.name}` cannot share the weights `{use.scope}` with `{problem.owner.name}`",
            second,
            "" if first is not None else "here in several iterations of a loop",
            () if first is None else (Label(first, f"`{problem.owner.name}`, which has them first"),),
            (problem.why,),
            problem.help,
        )
    )
