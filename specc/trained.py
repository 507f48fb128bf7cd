"""Weights from a file of any known format, renamed by a mapping file and matched with a model."""

from __future__ import annotations

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


def _names(mapping: Path | None, found: Weights) -> tuple[dict[str, str] | None, tuple[Diagnostic, ...]]:
    if mapping is None:
        return None, ()
    source = read_source(mapping, DEFAULT_LIMITS)
    if isinstance(source, Diagnostic):
        return None, (source,)
    rules, diagnostics = parse_rules(source)
    return (None, diagnostics) if diagnostics else rename(rules, found.names)
