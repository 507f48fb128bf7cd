"""The weights of a model, and how those of a file fit them, as text tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from specc.ir.graph import Graph, Node, weight_name
from specc.ops.base import Weight
from specc.report import words
from specc.report.columns import Column, Style, draw, table_width
from specc.textwidth import wrap

if TYPE_CHECKING:  # matching reads values and with them imports numpy
    from specc.weights.match import MatchTable


def render_weights(graph: Graph, width: int = 100, style: Style | None = None) -> str:
    """Every tensor with its name, shape, number of values and where they come from, and the sum."""
    weights = list(_weights(graph))
    columns = [
        Column("Weight", [weight_name(node, weight) for node, weight in weights], least=20, names=True),
        Column("Shape", [shape_text(weight.shape) for _, weight in weights]),
        Column("Values", [f"{weight.elements:,}" for _, weight in weights], right=True),
        Column("Initialiser", [origin(weight) for _, weight in weights], least=12),
    ]
    total = sum(weight.elements for _, weight in weights)
    count = words.counted(len(weights), "tensor")
    lines = [*draw(columns, width, style or Style()), f"{count}, {total:,} values, {words.byte_count(4 * total)}"]
    return "\n".join(lines) + "\n"


def weights_json(graph: Graph) -> dict[str, object]:
    """What `specc weights --format json` prints: the model's name, and an object for every tensor."""
    tensors = [
        {
            "name": weight_name(node, weight),
            "shape": list(weight.shape),
            "values": weight.elements,
            "initialiser": origin(weight),
            "kind": weight.kind,
            "trainable": weight.trainable,
        }
        for node, weight in _weights(graph)
    ]
    return {"model": graph.name, "tensors": tensors}


def render_match(table: MatchTable, width: int = 100, style: Style | None = None) -> str:
    """Every tensor the model needs and where its values come from, then what the file holds besides, then a count.

    Notes are the last column where there is room for all of it, and otherwise lines below the table.
    """
    surplus = [
        (name, shape_text(shape), "surplus", "", "the model has no such tensor") for name, shape in table.surplus
    ]
    rows = [(r.name, shape_text(r.shape), r.status, r.source or "", r.note) for r in table.rows] + surplus
    names, shapes, statuses, sources, notes = (list(cells) for cells in zip(*rows, strict=True)) if rows else [[]] * 5
    columns = [
        Column("Weight", names, least=20, names=True),
        Column("Shape", shapes, spared=1),
        Column("Status", statuses),
        Column("In the file", sources, least=12, names=True),
    ]
    chosen, whole = style or Style(), [*columns, Column("Note", notes)]
    told = list(draw(whole, width, chosen) if table_width(whole) <= width else draw(columns, width, chosen))
    below = [] if table_width(whole) <= width else list(_notes_below(names, statuses, notes, width))
    return "\n".join([*told, *below, _counts(statuses)]) + "\n"


def match_json(graph: Graph, table: MatchTable) -> dict[str, object]:
    """What `specc weights --from FILE --format json` prints: for every tensor of the model the one of the file
    (`source`, or null), and what the file holds besides."""
    tensors = [
        {"name": r.name, "shape": list(r.shape), "status": r.status, "source": r.source, "note": r.note}
        for r in table.rows
    ]
    surplus = [{"name": name, "shape": list(shape)} for name, shape in table.surplus]
    return {"model": graph.name, "tensors": tensors, "surplus": surplus, "complete": table.complete}


def _notes_below(names: list[str], statuses: list[str], notes: list[str], width: int) -> Iterator[str]:
    """Every note with the tensors it is about: `initialised from the seed: fc.weight, fc.bias`."""
    about: dict[tuple[str, str], list[str]] = {}
    for name, status, note in zip(names, statuses, notes, strict=True):
        for part in filter(None, note.split("; ")):
            about.setdefault((part, status), []).append(name)
    for (part, status), found in about.items():
        every = len(found) == statuses.count(status) > 1
        first, *rest = wrap(f"{part}: {f'all {len(found)} {status}' if every else ', '.join(found)}", width - 4)
        yield first
        yield from (f"    {line}" for line in rest)


def _counts(statuses: list[str]) -> str:
    """`3 matched, 1 missing`."""
    return ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses)) or "no weights"


def shape_text(shape: tuple[int, ...]) -> str:
    """`64x3x7x7`, as a weights file stores it."""
    return "x".join(map(str, shape)) or "scalar"


def origin(weight: Weight) -> str:
    """What gives the tensor its values: `he_normal`, `0`, `fixed in the spec`."""
    if weight.fixed is not None:
        return "fixed in the spec"
    return weight.init if isinstance(weight.init, str) else f"{weight.init:g}"


def _weights(graph: Graph) -> Iterator[tuple[Node, Weight]]:
    """Every tensor once, with the first layer that has it."""
    for node in graph.nodes:
        for weight in () if node.name in graph.borrowers else graph.weights(node):
            yield node, weight
