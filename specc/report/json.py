"""Models and diagnostics as JSON for other programs.

Shapes are lists in the order the model speaks, the batch first; an open size, and a count that depends on one, is
its formula as a string.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from specc.analysis.summary import Layer, Summary
from specc.diagnostics import Diagnostic
from specc.diagnostics.render import to_json
from specc.dims import Dim, formula
from specc.report.words import Conditions
from specc.types import TensorType

JSON = dict[str, object]
_ENCODE: Final = json.JSONEncoder().encode


def render(summaries: Sequence[Summary] | None, diagnostics: Sequence[Diagnostic]) -> str:
    """`document` as text, ending in a newline; ASCII only, so that any stream can carry it."""
    return text(document(summaries, diagnostics), levels=4) + "\n"


def text(value: object, levels: int, indent: str = "") -> str:
    """`value` as JSON, what lies `levels` deep on one line each: json's own indentation takes ten times as long."""
    if not levels or not value or not isinstance(value, dict | list):
        return _ENCODE(value)
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{inner}{_ENCODE(key)}: {text(part, levels - 1, inner)}" for key, part in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + text(part, levels - 1, inner) for part in value) + f"\n{indent}]"


def document(summaries: Sequence[Summary] | None, diagnostics: Sequence[Diagnostic]) -> JSON:
    """What `specc check --format json` prints; without `summaries` the findings alone."""
    models: JSON = {} if summaries is None else {"models": [model(s) for s in summaries]}
    return {**models, "diagnostics": [to_json(d) for d in diagnostics]}


def model(summary: Summary) -> JSON:
    """One model: inputs, outputs, totals, layers and the conditions on its open sizes."""
    conditions = summary.conditions
    return {
        "name": summary.name,
        "file": summary.file,
        "doc": summary.doc,
        "layout": summary.layout,
        "inputs": [_value(i.name, i.type, summary) for i in summary.inputs],
        "outputs": [{**_value(o.name, o.type, summary), "layer": o.layer, "labels": o.labels} for o in summary.outputs],
        "totals": _totals(summary),
        "layers": [_layer(layer, summary) for layer in summary.layers],
        "conditions": [str(condition) for condition in conditions],
    }


def _value(name: str, kind: TensorType, summary: Summary) -> JSON:
    return {"name": name, "shape": _shape(kind, summary), "dtype": kind.dtype}


def _totals(summary: Summary) -> JSON:
    totals, conditions = summary.totals, summary.conditions
    return {
        "params": totals.params,
        "trainable": totals.trainable,
        "buffers": totals.buffers,
        "macs": _size(totals.macs, conditions),
        "weight_bytes": totals.weight_bytes,
        "activation_bytes": _size(totals.activation_bytes, conditions),
        "peak_activation_bytes": _size(totals.peak_activation_bytes, conditions),
        "receptive_field": [_size(size, conditions) for size in totals.receptive_field],
        "depth": totals.depth,
        "layers": len(summary.layers),
    }


def _layer(layer: Layer, summary: Summary) -> JSON:
    conditions, cost = summary.conditions, layer.cost
    return {
        "name": layer.name,
        "op": layer.ops[0],
        "type": layer.type,
        "file": layer.file,
        "line": layer.line,
        "inputs": list(layer.inputs),
        "output": _shape(layer.output, summary),
        "params": cost.params,
        "trainable": cost.trainable,
        "buffers": cost.buffers,
        "shares": layer.shares,
        "macs": _size(cost.macs, conditions),
        "weight_bytes": cost.weight_bytes,
        "activation_bytes": _size(cost.activation_bytes, conditions),
        "receptive_field": [_size(size, conditions) for size in layer.receptive_field],
        "stride": [_stride(step) for step in layer.stride],
    }


def _shape(kind: TensorType, summary: Summary) -> list[int | str]:
    return [_size(size, summary.conditions) for size in kind.spoken(summary.layout)]


def _size(size: Dim, conditions: Conditions) -> int | str:
    return size if isinstance(size, int) else formula(size, conditions)


def _stride(step: Fraction | int | None) -> int | float | None:
    """Below 1 where something upsampled; `None` where the layer sees its whole input."""
    return step if step is None or isinstance(step, int) else float(step)
