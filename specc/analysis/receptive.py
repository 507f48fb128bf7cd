"""How much of the input a value sees: its receptive field and stride on every spatial axis of the input.

With the field r and the stride (jump) j of its input, an operation whose outputs read `extent` neighbouring samples
and lie `stride` samples apart has r' = r + (extent - 1) * j and j' = j * stride (Araujo, Norris and Sim, "Computing
receptive fields of convolutional neural networks", Distill, 2019).  Where branches meet, the larger field counts.
What is learned and computed from nothing has the field 0.
An operation that sees its whole input, such as a dense layer or a global pool, gets r + (size - 1) * j; behind it, and
behind a merge with it (squeeze-and-excitation), the field stays.
Fields are not cut off at the border, so they may be larger than the input.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from specc.analysis.ask import ask
from specc.analysis.open_sizes import large_sizes, largest
from specc.dims import Dim, Sym, ceil_div
from specc.ir.graph import Graph, Node
from specc.ops.base import Field, Op, Reach, Types


class Axis(NamedTuple):
    """One spatial axis of the input as one value sees it.

    `field` samples are seen by each output, `jump` samples lie between neighbouring outputs (`None` where all outputs
    stand for the whole axis), `size` outputs lie along the axis.  Once each output `sees_all`, the field stays, and the
    size is not kept up to date any more.
    """

    field: Fraction | Dim
    jump: Fraction | int | None
    size: Dim
    sees_all: bool = False

    @property
    def samples(self) -> Dim:
        """The field in whole samples."""
        if isinstance(self.field, int):  # asked first: whether it is a Fraction takes six times as long
            return self.field
        return ceil(self.field) if isinstance(self.field, Fraction) else self.field


View = tuple[Axis, ...]


def receptive_fields(graph: Graph) -> dict[str, View]:
    """For every value its view of the input, one `Axis` for each spatial axis; `()` if no input has any."""
    sizes = large_sizes(graph)
    views = {i.name: tuple(Axis(1, 1, size) for size in i.type.spatial) for i in graph.inputs}
    for node, reach in zip(graph.nodes, ask(graph, _reach), strict=True):
        view = _blind(views[node.inputs[0]]) if node.op.sourceless else views[node.inputs[0]]
        for name in _read(node):
            view = _merge(view, views[name], sizes)
        for name, kind in zip(node.outputs, node.types, strict=True):
            views[name] = _advance(view, reach, kind.spatial)
    return views


def _blind(view: View) -> View:
    """The view of what depends on no input."""
    return tuple(Axis(0, 0, axis.size) for axis in view)


def _read(node: Node) -> list[str]:
    """The inputs behind the first whose values count, not only their sizes."""
    others = node.inputs[1:]
    if not node.op.measured:
        return list(others)
    return [name for name, what in zip(others, node.op.operands, strict=False) if what not in node.op.measured]


def _reach(op: Op, inputs: Types, _: Types) -> Field:
    reach = op.reach(inputs)
    return reach and tuple([reach[0] if axis == reach[0] else axis for axis in reach])  # the same are found at once


def _advance(view: View, reach: Field, sizes: Sequence[Dim]) -> View:
    """The view behind an operation whose output has `sizes`; one without such axes (`flatten`) keeps its input's."""
    if len(sizes) != len(view):
        sizes = [axis.size for axis in view]
    if reach is None and not _sees_nothing(view):
        return tuple(Axis(_everything(axis), None, axis.size, True) for axis in view)
    if reach is None or len(reach) != len(view):
        return _resized(view, sizes)
    steps = list(zip(view, reach, sizes, strict=True))
    if len(steps) > 1 and steps.count(steps[0]) == len(steps):  # square windows on square images
        return (_step(*steps[0]),) * len(steps)
    return tuple(map(_step, view, reach, sizes))


def _resized(view: View, sizes: Sequence[Dim]) -> View:
    if [axis.size for axis in view] == list(sizes):
        return view
    return tuple(axis._replace(size=size) for axis, size in zip(view, sizes, strict=True))


def _sees_nothing(view: View) -> bool:
    return bool(view) and all(axis.field == 0 for axis in view)


def _everything(axis: Axis) -> Fraction | Dim:
    return axis.field if axis.jump is None or axis.sees_all else _grow(axis.field, axis.size, axis.jump)


def _step(axis: Axis, reach: Reach, size: Dim) -> Axis:
    if axis.jump is None:
        return axis
    jump = _whole(axis.jump, reach.stride)
    if axis.sees_all:
        return axis._replace(jump=jump)
    return Axis(_grow(axis.field, reach.extent, axis.jump), jump, size)


def _whole(jump: Fraction | int, stride: Fraction) -> Fraction | int:
    """jump * stride; plain integers as long as nothing upsamples, which is much faster."""
    product = jump * (stride.numerator if stride.denominator == 1 else stride)
    return product if product.denominator != 1 else int(product)


def _grow(field: Fraction | Dim, extent: Dim, jump: Fraction | int) -> Fraction | Dim:
    """field + (extent - 1) * jump; in whole samples where a size is open."""
    if isinstance(extent, int) and not isinstance(field, Sym):
        return field + (extent - 1) * jump
    steps = ceil_div((extent - 1) * jump.numerator, jump.denominator)
    return steps + (ceil(field) if isinstance(field, Fraction) else field)


def _merge(left: View, right: View, sizes: dict[str, int]) -> View:
    """The larger field on each axis; of an image and a flat value, what the image sees."""
    if left == right:
        return left
    if len(left) != len(right):
        return max(left, right, key=len)
    return tuple(a if a == b else _larger(a, b, sizes) for a, b in zip(left, right, strict=True))


def _larger(a: Axis, b: Axis, sizes: dict[str, int]) -> Axis:
    if 0 in (a.field, b.field):
        return a if b.field == 0 else b
    exact = [axis.field for axis in (a, b) if not isinstance(axis.field, Sym)]
    field = max(exact) if len(exact) == 2 else largest((a.samples, b.samples), sizes)
    jumps = [axis.jump for axis in (a, b) if axis.jump is not None]
    return Axis(field, max(jumps, default=None), b.size if a.jump is None else a.size, a.sees_all or b.sees_all)
