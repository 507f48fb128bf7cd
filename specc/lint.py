"""Warnings about models that are correct and probably not meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from specc.analysis.ask import ask
from specc.analysis.summary import Summary
from specc.diagnostics import Diagnostic, Label
from specc.elaborate.elaborator import Elaborated
from specc.elaborate.report import Reporter
from specc.ir import Graph, Node
from specc.ops.base import Op, Types
from specc.syntax import ast

DENSE_SHARE: Final = 0.9
"""A single dense layer with more of the parameters than this gets W0301: VGG's first has 74 %."""
DENSE_LEAST: Final = 1_000_000
"""Below this many parameters nobody minds."""


def lint(elaborated: Elaborated, summary: Callable[[], Summary], labels: Sequence[ast.Name], report: Reporter) -> None:
    """Report what is probably not meant; `summary` is asked for only where a warning may depend on it."""
    _unused_labels(elaborated, labels, report)
    _unused_inputs(elaborated, report)
    _dead_layers(elaborated, report)
    if "dense" in {node.op.word for node in elaborated.graph.nodes}:
        _heavy_dense(elaborated, summary(), report)
    _first_axis_of_products(elaborated, report)
    _useless_biases(elaborated, report)
    _no_positions(elaborated, report)
    _positions_as_values(elaborated, report)
    _shared_out_twice(elaborated, report)
    _misread_axes(elaborated, report)


def _misread_axes(elaborated: Elaborated, report: Reporter) -> None:
    graph = elaborated.graph
    counted = any(type(getattr(node.op, "axis", getattr(node.op, "over", None))) is int for node in graph.nodes)
    left = any(getattr(node.op, "sizes", ())[:1] == (-1,) for node in graph.nodes)
    if counted or left or any(given.type.rank == 2 for given in graph.inputs):  # few graphs are worth the import
        from specc.lint_axes import warn_of_counted_axes, warn_of_rows_as_channels, warn_of_written_batches

        warn_of_written_batches(elaborated, report)
        warn_of_counted_axes(elaborated, report)
        warn_of_rows_as_channels(elaborated, report)


def _unused_labels(elaborated: Elaborated, labels: Sequence[ast.Name], report: Reporter) -> None:
    """A label that nothing reads still names the weights of its layer; without weights it does nothing."""
    graph = elaborated.graph
    naming = _naming(graph) if labels else frozenset()
    scopes = {node.name: node.scope for node in graph.nodes} if labels else {}
    for label in labels:
        names = elaborated.labels.get(label.span.start, [])
        if names and naming.isdisjoint(names):
            scope = scopes.get(names[0])
            note = (
                f"its layer's weights are called `{scope}`" if scope else "its layer has no weights that it could name"
            )
            message, help = f"label `{label.id}` is never used", "remove it, or start it with `_`"
            report.add(Diagnostic("W0201", message, label.span, notes=(note,), help=help))


def _naming(graph: Graph) -> frozenset[str]:
    """The names of layers with weights, and of all that they lie in: `stem.conv1` and `stem`."""
    has_weights = ask(graph, lambda op, inputs, _: bool(op.weights(inputs)))
    weighted = [(n.scope or n.name).split(".") for n, has in zip(graph.nodes, has_weights, strict=True) if has]
    return frozenset(".".join(parts[:end]) for parts in weighted for end in range(1, len(parts) + 1))


def _unused_inputs(elaborated: Elaborated, report: Reporter) -> None:
    """An input is the value of its line, which the next `input` line passes over."""
    graph = elaborated.graph
    if len(graph.inputs) < 2:  # a single one is what the first line works on
        return
    read = {value for node in graph.nodes for value in node.inputs} | {output.value for output in graph.outputs}
    for given in graph.inputs:
        if given.name in read or given.name.startswith("_"):
            continue
        name = given.name
        help = (
            f"the line behind the inputs works on the last one: `from={name}`, or `{name}` in a merge, reads this one"
        )
        message = f"input `{name}` is never used"
        report.add(Diagnostic("W0202", message, elaborated.place(name), help=f"{help}; or start it with `_`"))


def _dead_layers(elaborated: Elaborated, report: Reporter) -> None:
    graph = elaborated.graph
    needed = {output.value for output in graph.outputs}
    useless = []
    for node in reversed(graph.nodes):
        if needed.isdisjoint(node.outputs):
            useless.append(node)
        else:
            needed.update(node.inputs)
    read = {value for node in useless for value in node.inputs}  # those that useful ones read are useful
    for node in reversed(useless):
        if node.name in read or node.name not in elaborated.marks:
            continue
        call = elaborated.returned.get(node.name)
        help = "remove it, or return it with `output`"
        if call is not None:
            help = "use it, or start its label at the call with `_`: `a, _b: ...`"
        labels = () if call is None else (Label(call, "this call returns it, and nothing uses it"),)
        message = f"nothing uses the value of `{node.layer}`"
        report.add(Diagnostic("W0203", message, elaborated.place(node.name), labels=labels, help=help))


def _heavy_dense(elaborated: Elaborated, summary: Summary, report: Reporter) -> None:
    total = summary.totals.params
    for layer in summary.layers:
        if layer.ops[0] == "dense" and layer.cost.params > max(DENSE_SHARE * total, DENSE_LEAST):
            report.add(
                Diagnostic(
                    "W0301",
                    f"this layer holds {_percent(layer.cost.params, total)} of the model's parameters",
                    elaborated.place(layer.name),
                    notes=(f"{layer.cost.params:_} of {total:_}",),
                    help="pooling before `flatten`, or `global_avgpool` in its place, makes it small",
                )
            )


def _percent(part: int, total: int) -> str:
    """Rounded down: 100% is all."""
    return f"{part * 100 // total}%"


def _useless_biases(elaborated: Elaborated, report: Reporter) -> None:
    """A batch normalisation subtracts the mean and with it any bias added just before, unless it was asked for."""
    graph = elaborated.graph
    biased = {node.name: node for node, has in zip(graph.nodes, ask(graph, _has_bias), strict=True) if has}
    pairs = [(biased[x], node) for node in graph.nodes if (x := node.inputs[0]) in biased and node.op.centres_channels]
    if not pairs:
        return
    readers = Counter([value for node in graph.nodes for value in node.inputs] + [o.value for o in graph.outputs])
    for source, node in pairs:
        if readers[source.name] > 1 or "bias" in elaborated.written(source.name):
            continue
        report.add(
            Diagnostic(
                "W0302", f"`{node.op.word}` takes the bias of `{source.layer}` away again",
                elaborated.place(source.name), help="write `bias=false`, or `bias=true` where it is meant",
            )
        )  # fmt: skip


def _has_bias(op: Op, inputs: Types, _: Types) -> bool:
    return op.weighted_layers > 0 and any(w.name.endswith("bias") for w in op.weights(inputs))


def _no_positions(elaborated: Elaborated, report: Reporter) -> None:
    """W0105 for positions that do not come from a pool, moved or not; what an input holds nobody knows."""
    nodes = elaborated.graph.nodes
    placed = [node for node in nodes if node.op.places is not None]
    if not placed:
        return
    positions = {i.name for i in elaborated.graph.inputs}
    for node in nodes:
        positions.update(node.outputs[1:] if node.op.leads else ())
        if node.op.moves and node.op.places is None and positions.issuperset(node.inputs):
            positions.update(node.outputs)
    for node in placed:
        where = node.inputs[node.op.places or 0]
        if where not in positions or where == node.inputs[0]:
            message = f"`{node.op.word}` takes for positions what no pool gave as such"
            help = "they are the second result of a pool: `pooled, where: maxpool 2x2`, and then `unpool where, 2x2`"
            report.add(Diagnostic("W0105", message, elaborated.place(node.name), help=help))


def _positions_as_values(elaborated: Elaborated, report: Reporter) -> None:
    """W0105 for positions that a layer works on as if they were values; what only moves them leaves them positions."""
    positions: set[str] = set()
    for node in elaborated.graph.nodes:
        positions.update(node.outputs[1:] if node.op.leads else ())
        if not positions:
            continue
        read = [value for index, value in enumerate(node.inputs) if value in positions and index != node.op.places]
        if not read or node.op.sourceless:
            continue
        if node.op.moves:
            positions.update(node.outputs)
            continue
        message = f"`{node.op.word}` works on `{read[0]}`, the positions that a pool found, as if they were values"
        help = "they are for `unpool`; the pool's first result are its values"
        report.add(Diagnostic("W0105", message, elaborated.place(node.name), help=help))


def _first_axis_of_products(elaborated: Elaborated, report: Reporter) -> None:
    """Scores of attention are matrix products, scaled and shifted; their softmax is along the last axis.

    On features it is as often right along the channels, which is why only products are warned of.
    """
    graph = elaborated.graph
    products: dict[str, Node] = {}
    for node in graph.nodes:
        source = next((products[value] for value in node.inputs if value in products), None) if products else None
        if node.op.multiplies_matrices:
            products[node.name] = node
        elif source is not None and node.op.takes_numbers:
            products[node.name] = source
        elif source is not None and node.op.shares_out and _takes_the_first(node, elaborated):
            report.add(
                Diagnostic(
                    "W0104", f"`{node.op.word}` without an axis is along the first axis of a matrix product",
                    elaborated.place(node.name), labels=_product(source, node, elaborated),
                    help=f"`{node.op.word} -1` is along the last, as scores of attention have it; where the first is "
                    f"meant, write `{node.op.word} channels`",
                )
            )  # fmt: skip


def _shared_out_twice(elaborated: Elaborated, report: Reporter) -> None:
    """W0110 where what sums to 1 already is shared out again, along the same axis."""
    firsts: dict[str, Node] = {}
    for node in elaborated.graph.nodes:
        if not node.op.shares_out:
            continue
        before = firsts.get(node.inputs[0])
        if before is not None and dict(before.op)["axis"] == dict(node.op)["axis"]:
            place = elaborated.place(before.name)
            label = () if place in (None, elaborated.place(node.name)) else (Label(place, "the first"),)
            message = f"`{node.op.word}` of what `{before.op.word}` made, which is nearly the same for every class"
            help = "one of the two is enough; frameworks with a softmax in their loss take the values before both"
            report.add(Diagnostic("W0110", message, elaborated.place(node.name), labels=label, help=help))
        firsts[node.name] = node


def _takes_the_first(node: Node, elaborated: Elaborated) -> bool:
    values = dict(node.op)
    return values["axis"] == "channels" and values["layout"] == "chw" and not elaborated.written(node.name)


def _product(product: Node, softmax: Node, elaborated: Elaborated) -> tuple[Label, ...]:
    place = elaborated.place(product.name)
    return () if place in (None, elaborated.place(softmax.name)) else (Label(place, "the product"),)
