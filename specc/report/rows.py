"""The columns that a model's layers have in Markdown and CSV."""

from __future__ import annotations

from collections.abc import Iterator

from specc.analysis.summary import Layer, Summary
from specc.report import words

HEADER = ("layer", "type", "line", "inputs", "output", "params", "macs", "receptive field", "stride")


def rows(summary: Summary, *, grouped: bool) -> Iterator[tuple[str, ...]]:
    """One row of texts for each layer; `grouped` writes counts as `61,706` instead of `61706`."""
    for layer in summary.layers:
        yield _row(layer, summary, grouped)


def _row(layer: Layer, summary: Summary, grouped: bool) -> tuple[str, ...]:
    conditions = summary.conditions
    params, macs = words.count(layer.cost.params), words.count(layer.cost.macs, conditions)
    counts = [words.params(layer), macs] if grouped else [params.replace(",", ""), macs.replace(",", "")]
    return (
        layer.name,
        layer.type,
        str(layer.line),
        ", ".join(layer.inputs),
        words.shape(layer.output, summary.layout, conditions),
        *counts,
        words.field(layer.receptive_field, conditions) if layer.receptive_field else "",
        words.stride(layer.stride) if layer.stride else "",
    )
