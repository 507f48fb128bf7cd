"""What an exported file says of itself, in its metadata and its declared outputs, against the spec."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from specc.dims import formula
from specc.ir.graph import Graph
from specc.onnx.expose import pixel_inputs
from specc.onnx.proto import Model, described
from specc.types import speak


def false_claims(graph: Graph, model: Model) -> tuple[str, ...]:
    """In a line each what the metadata that specc writes, where `model` has any, and the declared shapes of outputs say
    otherwise than `graph`.  Values that callers rely on: docs/deploy.md."""
    return (*_metadata(graph, model), *_shapes(graph, model))


def _metadata(graph: Graph, model: Model) -> Iterator[str]:
    found = {entry.key: entry.value for entry in model.metadata_props}
    if model.producer_name != "specc" or "specc.version" not in found:
        return
    if found.get("specc.layout") != graph.layout:
        yield f"its metadata `specc.layout` are {_short(found.get('specc.layout'))}, the spec has {graph.layout}"
    ours = described(graph, frozenset(pixel_inputs(model)))
    for key, entries in ours.items():
        theirs = _parsed(found.get(key))
        if not isinstance(theirs, list) or len(theirs) != len(entries):
            yield f"its metadata `{key}` are not a list of {len(entries)}"
            continue
        for mine, other in zip(entries, theirs, strict=True):
            for field, value in json.loads(json.dumps(mine)).items():
                said = other.get(field) if isinstance(other, dict) else None
                if field not in ("shape", "value") and said != value:
                    where = f"`{field}` of `{mine['name']}` in its metadata `{key}`"
                    yield f"{where} is {_short(said)}, in the spec {_short(value)}"


def _shapes(graph: Graph, model: Model) -> Iterator[str]:
    """Outputs that are declared with sizes that the spec does not give them; open ones, and as many axes as it does not
    have, say nothing: ONNX Runtime goes by what it computes."""
    declared = {item.name: item.type.tensor_type.shape.dim for item in model.graph.output}
    for output in graph.outputs:
        ours = speak(graph.values[output.value].shape, graph.layout)
        theirs = declared.get(output.name, ())
        wrong = len(theirs) == len(ours) and any(
            dim.dim_value > 0 and isinstance(size, int) and dim.dim_value != size
            for dim, size in zip(theirs, ours, strict=False)
        )
        if wrong:
            sizes = " x ".join(str(dim.dim_value or dim.dim_param or "?") for dim in theirs)
            yield f"its output `{output.name}` is declared {sizes:.60}, the spec has {' x '.join(map(formula, ours))}"


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}..."
