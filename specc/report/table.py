"""A model as a text table in the manner of Keras's `summary()`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from specc.analysis.summary import Layer, Summary
from specc.report import words
from specc.report.columns import Column, Style, draw, names_with_types
from specc.textwidth import printable, shorten, wrap
from specc.types import TensorType

_NO_BREAK = "\N{NO-BREAK SPACE}"
_PARENTHESES = re.compile(r"\([^()]*\)")


def render(summary: Summary, width: int = 100, style: Style | None = None) -> str:
    """The layers of `summary` and its totals, at most `width` cells wide where that can be, ending in a newline."""
    chosen = style or Style()
    lines = [
        *_heading(summary, width, chosen),
        *draw(_columns(summary), width, chosen, also="--format csv"),
        *_totals(summary, width, chosen),
    ]
    return "\n".join(lines) + "\n"


def _heading(summary: Summary, width: int, style: Style) -> Iterator[str]:
    title = f"Model: {summary.name} ({summary.file})"
    yield style.bold(shorten(printable(title), width, style.ellipsis))
    for paragraph in summary.doc.split("\n\n"):
        yield from filter(None, map(printable, wrap(" ".join(paragraph.split()), width)))


def _columns(summary: Summary) -> list[Column]:
    """The inputs first, then one row for each layer.  Drop order: receptive field, connections, MACs."""
    conditions, layers = summary.conditions, summary.layers
    before = [""] * len(summary.inputs)
    names = [i.name for i in summary.inputs] + [layer.name for layer in layers]
    kinds = [" (input)" for _ in summary.inputs] + [f" ({layer.type})" for layer in layers]
    told = {kind: words.shape(kind, summary.layout, conditions) for kind in set(_types(summary))}
    shapes = [told[kind] for kind in _types(summary)]
    fields = [words.field_and_stride(layer, conditions) for layer in layers]
    columns = [
        names_with_types(names, kinds),
        Column("Output shape", shapes, least=32),
        Column("Param #", before + [words.params(layer) for layer in layers], right=True),
        Column("MACs", before + [_macs(layer, summary) for layer in layers], right=True, drop=1),
        Column("Field / stride", before + fields, right=True, drop=3),
    ]
    if not summary.linear:
        sources = before + _connections(summary)
        columns.append(Column("Connected to", sources, least=20, drop=2, wraps=True, names=True))
    return columns


def _types(summary: Summary) -> list[TensorType]:
    return [i.type for i in summary.inputs] + [layer.output for layer in summary.layers]


def _macs(layer: Layer, summary: Summary) -> str:
    return words.count(layer.cost.macs, summary.conditions) if layer.cost.macs else ""


def _connections(summary: Summary) -> list[str]:
    """What each layer takes, left out where that is the layer above it."""
    above = [summary.inputs[-1].name if summary.inputs else "", *(layer.name for layer in summary.layers)]
    return [
        "" if layer.inputs == (name,) else ", ".join(layer.inputs)
        for layer, name in zip(summary.layers, above, strict=False)
    ]


def _totals(summary: Summary, width: int, style: Style) -> Iterator[str]:
    for name, value in words.total_lines(summary):
        first, *rest = wrap(_PARENTHESES.sub(_unbroken, value), max(width - len(name) - 2, 16))
        yield f"{style.bold(name + ':')} {first}".replace(_NO_BREAK, " ")
        yield from (f"    {line}".replace(_NO_BREAK, " ") for line in rest)


def _unbroken(match: re.Match[str]) -> str:
    return match[0].replace(" ", _NO_BREAK)
