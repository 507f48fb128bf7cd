"""Weights from a file of any known format, renamed by a mapping file and matched with a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from specc.diagnostics import Diagnostic, has_errors
from specc.ir import Graph
from specc.limits import DEFAULT_LIMITS
from specc.loader import read_source
from specc.onnx.initialisers import read_onnx
from specc.weights import MatchTable, Weights, match, read
from specc.weights.files import READERS
from specc.weights.mapping import idle, parse_rules, rename
from specc.weights.match import misfits

Given: TypeAlias = Path | Weights
"""What a caller has: a file of any known format, or tensors in memory."""


def load_trained(
    graph: Graph, given: Given, *, mapping: Path | None = None, strict: bool = True, seed: int = 0
) -> tuple[Weights | None, MatchTable | None, tuple[Diagnostic, ...]]:
    """The model's weights from `given`, and how its tensors fit; without weights the diagnostics say why.

    `mapping` is a file of rules `regular expression -> name`, of which those that rename nothing are W0305.  Not
    strict: tensors that are missing are initialised under `seed`, and those that the model lacks are ignored.
    """
    found, diagnostics = (given, ()) if isinstance(given, Weights) else read(given, {**READERS, ".onnx": read_onnx})
    if found is None:
        return None, None, diagnostics
    names, told = _names(mapping, found)
    if has_errors(told):
        return None, None, told
    weights, table, diagnostics = match(graph, found, names, strict=strict, seed=seed)
    return weights, table, (*told, *diagnostics)


def doubts(graph: Graph, table: MatchTable | None, given: Given) -> tuple[Diagnostic, ...]:
    """What the user of weights that have been matched should know, a line each: W0304 where tensors went by the order
    of layers, W0306 where not all of the model's are in `given`, or not all of those are used, W0307 where nothing
    says how `given` flattens images."""
    if table is None:
        return ()
    found = (_by_order(graph, table, given), _in_part(graph, table, given), _unsure(table, given))
    return tuple(doubt for doubt in found if doubt is not None)


def untold(table: MatchTable, given: Given) -> tuple[Diagnostic, ...]:
    """What the table of all tensors, printed, does not tell: W0304 with the layers that nothing but their order tells
    apart, and W0307."""
    apart = _apart(table)
    told = f"only the order of layers says which is which in {_name(given)}: {apart}"
    found = (Diagnostic("W0304", told, file=str(given)) if apart else None, _unsure(table, given))
    return tuple(doubt for doubt in found if doubt is not None)


def _by_order(graph: Graph, table: MatchTable, given: Given) -> Diagnostic | None:
    """W0304, with the layers of equal shapes that nothing but their order tells apart."""
    rows = table.ordered
    if not rows:
        return None
    apart = _apart(table)
    decides = f"; {apart}" if apart else ""
    matched = f"{len(rows)} of {len(table.rows)} tensors are matched by the order of layers"
    return _doubt("W0304", f"the names in {_name(given)} do not fit: {matched}{decides}", graph, table, given)


def _apart(table: MatchTable) -> str:
    """The layers of equal shapes among those that are matched by order, if any."""
    layers: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
    for row in table.ordered:
        layer, _, role = row.name.rpartition(".")
        layers.setdefault(layer, []).append((role, row.shape))
    count = Counter(tuple(tensors) for tensors in layers.values())
    alike = [layer for layer, tensors in layers.items() if count[tuple(tensors)] > 1]
    return f"{len(alike)} layers have the shapes of another, so that order decides: {_some(alike)}" if alike else ""


def _in_part(graph: Graph, table: MatchTable, given: Given) -> Diagnostic | None:
    """W0306, with the counts and the first names."""
    made = [row.name for row in table.rows if not row.fits]
    left = [name for name, _ in table.surplus]
    parts = []
    if made:
        why = f" ({misfits(replace(table, surplus=()))})" if len(made) > table.count("missing") else ""
        parts.append(f"{len(made)} of {len(table.rows)} tensors are initialised from the seed{why}: {_some(made)}")
    if left:
        parts.append(f"{len(left)} of {_name(given)} are not used: {_some(left)}")
    return _doubt("W0306", "; ".join(parts), graph, table, given) if parts else None


def _unsure(table: MatchTable, given: Given) -> Diagnostic | None:
    """W0307, with the order in which values were taken."""
    rows = [row for row in table.rows if row.unsure]
    if not rows:
        return None
    how = (
        "as PyTorch's, channel, height, width, and rearranged" if rows[0].moved else "in the order of the spec's shapes"
    )
    names = _some([row.name for row in rows])
    message = f"nothing in {_name(given)} says how it flattens images: the values of {names} are taken {how}"
    file = None if isinstance(given, Weights) else str(given)
    help = "`specc explain W0307` tells which files say it"
    return Diagnostic("W0307", message, help=help, file=file)


def _doubt(code: str, message: str, graph: Graph, table: MatchTable, given: Given) -> Diagnostic:
    if isinstance(given, Weights):
        return Diagnostic(code, message)
    listed = f"`specc weights {graph.file} --from {given}{'' if table.complete else ' --lenient'}` lists them"
    return Diagnostic(code, f"{message} ({listed})", file=str(given))


def _name(given: Given) -> str:
    return "the arrays" if isinstance(given, Weights) else str(given)


def _some(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:3]) + (" and others" if len(names) > 3 else "")


def _names(mapping: Path | None, found: Weights) -> tuple[dict[str, str] | None, tuple[Diagnostic, ...]]:
    if mapping is None:
        return None, ()
    source = read_source(mapping, DEFAULT_LIMITS)
    if isinstance(source, Diagnostic):
        return None, (source,)
    rules, diagnostics = parse_rules(source)
    if diagnostics:
        return None, diagnostics
    names, diagnostics = rename(rules, found.names)
    return names, diagnostics or idle(rules, found.names)
