"""How sizes, counts, bytes and receptive fields are written in every report."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from specc.analysis.summary import Layer, Summary
from specc.dims import Dim, Divides, candidates, formula
from specc.types import Layout, TensorType

Conditions = tuple[Divides, ...]
MOST_CANDIDATES: Final = 4
"""Formulas that are written of those one of which is the largest."""


def count(value: Dim, conditions: Conditions = ()) -> str:
    """`1,199,882`, or the formula of an open size."""
    return f"{value:,}" if isinstance(value, int) else formula(value, conditions)


def counted(number: int, noun: str) -> str:
    """`1 node`, `1,024 nodes`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def params(layer: Layer) -> str:
    """`1,856`, or `shared` where a layer above counts them."""
    return "shared" if layer.shares is not None and not layer.cost.params else count(layer.cost.params)


def byte_count(value: Dim, conditions: Conditions = ()) -> str:
    """`4.58 MB` in powers of 1024, as Keras writes it; open sizes as `formula bytes`, long maxima without their end."""
    if not isinstance(value, int):
        return f"{_shortened(value, conditions)} bytes"
    for power, unit in ((4, "TB"), (3, "GB"), (2, "MB"), (1, "KB")):
        if value >= 1024**power:
            hundredths = (200 * value // 1024**power + 1) // 2  # exact for numbers that no float holds
            return f"{hundredths // 100:,}.{hundredths % 100:02} {unit}"
    return f"{value:.2f} B"


def _shortened(value: Dim, conditions: Conditions) -> str:
    several = candidates(value)
    if len(several) <= MOST_CANDIDATES:
        return formula(value, conditions)
    told = [formula(candidate, conditions) for candidate in several[:MOST_CANDIDATES]]
    return f"max({', '.join(told)}, ... {len(several) - MOST_CANDIDATES} more)"


def shape(kind: TensorType, layout: Layout, conditions: Conditions = ()) -> str:
    """`6x28x28` as a spec asserts it, the batch left out; `[64, H/2, W/2]` where a size is a formula."""
    sizes = [formula(size, conditions) for size in kind.spoken(layout)[1:]]
    if all(size.isalnum() for size in sizes):
        return "x".join(sizes)
    return f"[{', '.join(sizes)}]"


def field(sizes: tuple[Dim, ...], conditions: Conditions = ()) -> str:
    """`32` for a square field, else `32x16`, or `(H + 3)x(W + 3)`."""
    told = [formula(size, conditions) for size in sizes]
    if len(set(told)) == 1:
        return told[0]
    return "x".join(size if size.isalnum() else f"({size})" for size in told)


def stride(sizes: tuple[Fraction | int | None, ...]) -> str:
    """`8` for the same stride on every axis, else `8x4`; "" where a layer sees everything, or nothing."""
    told = [str(size) if size else "" for size in sizes]
    return told[0] if len(set(told)) == 1 else "x".join(size or "-" for size in told)


def field_and_stride(layer: Layer, conditions: Conditions = ()) -> str:
    """`32 / 8`."""
    steps = stride(layer.stride)
    seen = field(layer.receptive_field, conditions) if layer.receptive_field else ""
    return f"{seen} / {steps}" if steps else seen


def total_lines(summary: Summary) -> list[tuple[str, str]]:
    """The totals with their names, Keras's own three first."""
    totals, conditions = summary.totals, summary.conditions
    frozen = totals.params - totals.trainable
    lines = [
        ("Total params", _with_bytes(totals.params)),
        ("Trainable params", _with_bytes(totals.trainable)),
        ("Non-trainable params", _with_bytes(frozen)),
    ]
    if shared := [layer for layer in summary.layers if layer.shares is not None]:
        lines.append(("Shared weights", f"{counted(len(shared), 'layer')} with those of layers above, counted once"))
    if totals.buffers:
        lines.append(("Buffers", _with_bytes(totals.buffers)))
    lines += [
        ("MACs", count(totals.macs, conditions)),
        ("Weight memory", byte_count(totals.weight_bytes)),
        ("Peak activation memory", byte_count(totals.peak_activation_bytes, conditions)),
    ]
    if totals.receptive_field:
        lines.append(("Receptive field", field(totals.receptive_field, conditions)))
    lines.append(("Depth", counted(totals.depth, "weighted layer")))
    if conditions:
        lines.append(("Open sizes", "; ".join(map(str, conditions))))
    return lines


def _with_bytes(values: int) -> str:
    return f"{values:,} ({byte_count(4 * values)})"
