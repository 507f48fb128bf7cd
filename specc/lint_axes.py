"""Warnings about axes that are probably counted, or meant, in another way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from specc.diagnostics import Diagnostic
from specc.elaborate.elaborator import Elaborated
from specc.elaborate.report import Reporter
from specc.ir import Graph, Node
from specc.ops.axes import axis_name, spoken_axes
from specc.ops.base import Op
from specc.source import Span
from specc.syntax import ast

_LEAST_SIDE: Final = 16
"""Of an image; signals of as many channels as samples are shorter, or there are none."""


def warn_of_counted_axes(elaborated: Elaborated, report: Reporter) -> None:
    """W0108 for axis 1 of an image, which elsewhere is that of the channels: there the batch is counted.

    What was reshaped or transposed into rows has no other names for its axes.
    """
    graph = elaborated.graph
    if not any(_is_second(node.op) for node in graph.nodes):
        return
    images = _images(graph)
    types = {given.name: given.type for given in graph.inputs}
    for node in graph.nodes:
        found = [types[value].rank for value in node.inputs if value in images and value in types]
        types.update(zip(node.outputs, node.types, strict=True))
        if not found or not _is_second(node.op):
            continue
        axes = spoken_axes(found[0], graph.layout)
        here, counted = axis_name(axes[1], found[0]), axis_name(axes[0], found[0])
        message = f"axis 1 is the {here} here: axes are counted without the batch"
        help = f"names say which is meant: `{here}`, or `{counted}`, which is 1 where the batch is counted"
        if hasattr(node.op, "over"):
            help = f"`over=all` normalises everything, `over={counted}` along that axis; "
            help += f"`over={2 - found[0]}` says that the {here} is meant"
        report.add(Diagnostic("W0108", message, _written(node, elaborated), help=help))


def _is_second(op: Op) -> bool:
    axis = getattr(op, "axis", getattr(op, "over", None))
    return type(axis) is int and axis == 1


def _images(graph: Graph) -> set[str]:
    """The values whose axes are those of an image or a volume: what windows made, inputs, and what follows of both."""
    images = {given.name for given in graph.inputs if given.type.rank > 2}
    for node in graph.nodes:
        if node.op.slides or (not node.op.regroups and not images.isdisjoint(node.inputs)):
            images.update(name for name, made in zip(node.outputs, node.types, strict=True) if made.rank > 2)
    return images


def _written(node: Node, elaborated: Elaborated) -> Span | None:
    """Where the axis of the node stands, or else its operation."""
    written = elaborated.written(node.name)
    axis = (written.get("axis") or written.get("over")) if isinstance(written, Mapping) else None
    return axis.span if isinstance(axis, ast.Expr) else elaborated.place(node.name)


def warn_of_rows_as_channels(elaborated: Elaborated, report: Reporter) -> None:
    """W0103 for `28x28` where windows read it: an image without its channel is a signal of 28 channels."""
    graph = elaborated.graph
    square = {i.name: i.type.shape for i in graph.inputs if i.type.rank == 2 and i.type.shape[1] == i.type.shape[2]}
    for name, (_, side, _) in square.items():
        if not isinstance(side, int) or side < _LEAST_SIDE:
            continue
        if any(node.op.slides and name in node.inputs for node in graph.nodes):
            shape = f"{side}x{side}x1" if graph.layout == "hwc" else f"1x{side}x{side}"
            message = f"`{name}` is read as a signal of {side} channels with {side} samples each"
            help = f"an image has its channels written: `{shape}`"
            report.add(Diagnostic("W0103", message, elaborated.place(name), help=help))


def warn_of_written_batches(elaborated: Elaborated, report: Reporter) -> None:
    """W0103 for `reshape (-1, 3, 32, 32)` where -1 comes out as 1: elsewhere it stands for the batch."""
    for node in elaborated.graph.nodes:
        sizes: tuple[int, ...] = getattr(node.op, "sizes", ())
        made = node.types[0].spoken(elaborated.graph.layout)[1:]
        if sizes[:1] != (-1,) or made[0] != 1 or all(size == 1 for size in sizes[1:]):
            continue
        written = elaborated.written(node.name)
        place = written.get("sizes") if isinstance(written, Mapping) else None
        if not isinstance(place, ast.List) or any(isinstance(item, ast.Name | ast.Attribute) for item in place.items):
            continue  # what is computed may be 1 by chance
        shape = ", ".join(str(size) for size in sizes[1:])
        message = "-1 is 1 here, an axis of its own: the batch is not written"
        help = f"`{node.op.word} ({shape})` has as many values"
        report.add(Diagnostic("W0103", message, place.span, help=help))
