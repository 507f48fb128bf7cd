"""Weights from a file of any known format, renamed by a mapping file and matched with a model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from specc.diagnostics import Diagnostic
from specc.ir import Graph
from specc.limits import DEFAULT_LIMITS
from specc.loader import read_source
from specc.onnx.initialisers import read_onnx
from specc.weights import MatchTable, Weights, match, read
from specc.weights.files import READERS
from specc.weights.mapping import parse_rules, rename


def load_trained(
    graph: Graph, file: Path, *, mapping: Path | None = None, strict: bool = True, seed: int = 0
) -> tuple[Weights | None, MatchTable | None, tuple[Diagnostic, ...]]:
    """The model's weights from `file`, and how its tensors fit; without weights the diagnostics say why.

    `mapping` is a file of rules `regular expression -> name`.  Not strict: tensors that the file lacks are initialised
    under `seed`, and those that the model lacks are ignored.
    """
    found, diagnostics = read(file, {**READERS, ".onnx": read_onnx})
    if found is None:
        return None, None, diagnostics
    names, diagnostics = _names(mapping, found)
    if diagnostics:
        return None, None, diagnostics
    return match(graph, found, names, strict=strict, seed=seed)


def order_warning(graph: Graph, table: MatchTable | None, file: Path) -> Diagnostic | None:
    """W0304 in one line where names did not fit, so that tensors went by the order of layers; and which layers of equal
    shapes nothing else tells apart."""
    rows = table.ordered if table else ()
    if not rows:
        return None
    layers: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
    for row in rows:
        layer, _, role = row.name.rpartition(".")
        layers.setdefault(layer, []).append((role, row.shape))
    count = Counter(tuple(tensors) for tensors in layers.values())
    alike = [layer for layer, tensors in layers.items() if count[tuple(tensors)] > 1]
    shown = ", ".join(f"`{layer}`" for layer in alike[:3]) + (" and others" if len(alike) > 3 else "")
    apart = f"; {len(alike)} layers have the shapes of another, so that order decides: {shown}" if alike else ""
    message = f"the names in {file} do not fit: {len(rows)} tensors are matched by the order of layers{apart}"
    return Diagnostic("W0304", f"{message} (`specc weights {graph.file} --from {file}` lists them)", file=str(file))


def _names(mapping: Path | None, found: Weights) -> tuple[dict[str, str] | None, tuple[Diagnostic, ...]]:
    if mapping is None:
        return None, ()
    source = read_source(mapping, DEFAULT_LIMITS)
    if isinstance(source, Diagnostic):
        return None, (source,)
    rules, diagnostics = parse_rules(source)
    return (None, diagnostics) if diagnostics else rename(rules, found.names)
