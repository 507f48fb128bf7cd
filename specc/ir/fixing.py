"""A graph whose open sizes are numbers: every type inferred again, as for a spec that has these sizes."""

from __future__ import annotations

from collections.abc import Mapping

from specc.diagnostics import Diagnostic
from specc.diagnostics.suggest import nearest
from specc.dims import Dim, names, substituted, symbol
from specc.ir.build import GraphBuilder
from specc.ir.graph import Graph, Node
from specc.ops.base import Rejection
from specc.ops.fields import LARGEST_SIZE
from specc.types import TensorType


def open_sizes(graph: Graph) -> tuple[str, ...]:
    """The sizes that inputs leave open, in their order, but for the batch."""
    batch = {name for item in graph.inputs for name in names(item.type.shape[0])}
    found = [name for item in graph.inputs for size in item.type.shape[1:] for name in sorted(names(size))]
    return tuple(name for name in dict.fromkeys(found) if name not in batch)


def fixed(graph: Graph, sizes: Mapping[str, int]) -> tuple[Graph | None, tuple[Diagnostic, ...]]:
    """`graph` with these numbers for its open `sizes`; those that are left out stay open.

    A name that is none of them is E0310, a number that is no size E0305 or E0703, and a layer that does not take what
    follows from the numbers is the error that it has in a spec.
    """
    wrong = [problem for name, size in sizes.items() if (problem := _wrong(graph, name, size))]
    if wrong:
        return None, tuple(wrong)
    build = GraphBuilder(graph.name, graph.file, graph.layout, graph.doc)
    for item in graph.inputs:
        shape = tuple([_at(size, sizes) for size in item.type.shape])
        build.add_input(item.model_copy(update={"type": TensorType(shape)}))
    for node in graph.nodes:
        try:
            types = node.op.infer(tuple([build.types[name] for name in node.inputs]))
        except Rejection as rejection:
            return None, (_refused(node, rejection, sizes, _broken(graph, sizes)),)
        build.take(node.model_copy(update={"types": types}))
    build.outputs.extend(graph.outputs)
    return build.finish(), ()


def _at(value: Dim, sizes: Mapping[str, int]) -> Dim:
    """`value` with these numbers for its open `sizes`."""
    return substituted(value, lambda name: sizes[name] if name in sizes else symbol(name))


def _wrong(graph: Graph, name: str, size: int) -> Diagnostic | None:
    known = open_sizes(graph)
    if name not in known:
        guess = nearest(name, known)
        there = f"its open sizes are {', '.join(f'`{one}`' for one in known)}" if known else "it has none"
        message = f"model `{graph.name}` has no open size `{name}`"
        return Diagnostic("E0310", message, file=graph.file, help=f"did you mean `{guess}`?" if guess else there)
    if size < 1:
        return Diagnostic("E0305", f"a size is at least 1, and `{name}` is not {size}", file=graph.file)
    if size > LARGEST_SIZE:
        return Diagnostic("E0703", f"the size {size} is not below 2 ** 63", file=graph.file)
    return None


def _broken(graph: Graph, sizes: Mapping[str, int]) -> str | None:
    """The conditions on open sizes that these numbers do not meet, with the nearest that do."""
    told = []
    for condition in graph.conditions:
        value = _at(condition.value, sizes)
        if isinstance(value, int) and value % condition.divisor:
            near = ""
            if condition.multiple is not None:
                name, step = condition.multiple
                below = sizes[name] // step * step
                near = f", as {below} and {below + step} are" if below else f", as {step} is"
            told.append(f"{condition}{near}")
    return "; ".join(told) or None


def _refused(node: Node, rejection: Rejection, sizes: Mapping[str, int], broken: str | None) -> Diagnostic:
    found = rejection.finding
    where = f"in `{node.layer}`, {node.file}:{node.line}, for {', '.join(f'{n} = {size}' for n, size in sizes.items())}"
    return Diagnostic(found.code, found.message, file=node.file, notes=(*found.notes, where), help=broken or found.help)
