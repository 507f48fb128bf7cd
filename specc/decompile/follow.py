"""From an imported graph to a checked spec: the text is compiled again, compared, and the weights take its names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from specc.decompile.decompile import Decompiled, written
from specc.diagnostics import Diagnostic, has_errors
from specc.ir.graph import Graph, Node, weight_name
from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.ops.add import Add
from specc.ops.base import Op
from specc.ops.merge import Max, Mean, Min, Mul
from specc.pipeline import Checked, check
from specc.source import Source


@dataclass(frozen=True)
class Spec:
    """A spec that was written for a graph: its text, what it compiles to, and old weight names by new ones."""

    text: str
    checked: Checked
    names: Mapping[str, str]


def spec_of(
    graph: Graph, file: str, name: str | None = None, counted: bool = False
) -> tuple[Spec | None, tuple[Diagnostic, ...]]:
    """The spec for `graph`, which is proven to mean the same graph; `counted` makes it expect as many parameters.

    A graph that computes nothing, as an identity alone, is E0907.  Text that does not compile to it would be a bug in
    specc: then its diagnostics, or an E0907, come back instead.
    """
    if not graph.nodes:
        message = f"{graph.file}: it computes nothing: what it returns is what it is given"
        return None, (Diagnostic("E0907", message, file=graph.file),)
    made = written(graph, name, counted)
    outcome = check(Source(file, made.text), FileLoader(Path(), DEFAULT_LIMITS), model=made.name)
    if has_errors(outcome.diagnostics) or not outcome.models:
        return None, outcome.diagnostics
    (checked,) = outcome.models
    if difference := differs(made.nodes, checked.graph, graph):
        message = f"the spec written for {graph.name} means another graph: {difference}"
        return None, (Diagnostic("E0907", message, file=file),)
    return Spec(made.text, checked, _names(made, checked.graph, graph)), ()


def differs(nodes: Sequence[Node], new: Graph, old: Graph) -> str | None:
    """How `new` differs from `old`, whose nodes are given in the order of `new`'s; names, files and lines aside.

    Operands whose order does not matter may be exchanged.
    """
    if len(new.nodes) != len(nodes):
        return f"{len(new.nodes)} layers instead of {len(nodes)}"
    ours = {a.name: b.name for a, b in zip(new.inputs, old.inputs, strict=True)}
    for a, b in zip(new.nodes, nodes, strict=True):
        inputs = [ours[name] for name in a.inputs]
        same = Counter(inputs) == Counter(b.inputs) if commutes(b) else tuple(inputs) == b.inputs
        if not _same(a.op, b.op) or a.types != b.types or not same:
            return f"`{a.name}` ({a.op.word}) for `{b.name}` ({b.op.word})"
        ours.update(zip(a.outputs, b.outputs, strict=True))
    if _shared(new, new.nodes) != _shared(old, nodes):
        return "other layers share their weights"
    if [ours[output.value] for output in new.outputs] != [output.value for output in old.outputs]:
        return "its outputs are other values"
    return None


def _same(a: Op, b: Op) -> bool:
    """Whether operations on the same value are one; a window of one number is that along all axes."""
    if a == b or type(a) is not type(b):
        return a == b
    ours, theirs = (getattr(op, "kernel", None) for op in (a, b))
    if not isinstance(ours, tuple) or not isinstance(theirs, tuple) or len({*ours, *theirs}) != 1:
        return False
    return a == b.model_copy(update={"kernel": ours})


def _shared(graph: Graph, nodes: Sequence[Node]) -> set[tuple[int, ...]]:
    """The layers that have their weights in common, by their places among `nodes`."""
    places = {node.name: index for index, node in enumerate(nodes)}
    return {tuple(sorted(places[name] for name in names)) for names in graph.sharing.values()}


def commutes(node: Node) -> bool:
    """Whether the operands may be exchanged."""
    return isinstance(node.op, Add | Mul | Max | Min | Mean) and len(node.inputs) == 2


def _names(made: Decompiled, new: Graph, old: Graph) -> dict[str, str]:
    names = {}
    for a, b in zip(new.nodes, made.nodes, strict=True):
        for weight in new.weights(a):
            if weight.fixed is None:
                names[weight_name(a, weight)] = weight_name(b, weight)
    return names
