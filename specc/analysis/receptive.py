"""How much of the input a value sees: its receptive field and stride on every spatial axis of the input.

With the field r and the stride (jump) j of its input, an operation whose outputs read `extent` neighbouring samples
and lie `stride` samples apart has r' = r + (extent - 1) * j and j' = j * stride (Araujo, Norris and Sim, "Computing
receptive fields of convolutional neural networks", Distill, 2019).  Behind an enlargement that is not so: there the
stretches are followed that each position sees (`phases`), and the widest counts.  Where branches meet, an output sees
what any of them sees; the larger field counts where it is not known how they lie to each other.
What is learned and computed from nothing has the field 0.
An operation that sees its whole input, such as a dense layer or a global pool, gets r + (size - 1) * j: the same field
wherever an output lies, which stays so behind it.  Where such a value, or one with a single position, is merged with an
image (squeeze-and-excitation), the image's own field and stride go on beside it, and the larger of both counts.
Fields are not cut off at the border, so they may be larger than the input.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from specc.analysis.ask import ask
from specc.analysis.open_sizes import large_sizes, largest
from specc.analysis.phases import Phases, behind, together
from specc.dims import Dim, Sym, ceil_div
from specc.ir.graph import Graph, Node
from specc.ops.base import Op, Reach, Types


class Axis(NamedTuple):
    """One spatial axis of the input as one value sees it.

    `field` samples around its own place are seen by each output, `jump` samples lie between neighbouring outputs
    (`None` where no output has a place of its own, the field then is 0), `size` outputs lie along the axis.  `common`
    samples are seen by all outputs alike, in whichever place.  The first output sees the input from the sample `start`
    on (`None`: not known); `phases` tells where it is not the same for all.
    """

    field: Fraction | Dim
    jump: Fraction | int | None
    size: Dim
    common: Fraction | Dim = 0
    start: int | None = 0
    phases: Phases | None = None

    def seen(self, sizes: dict[str, int]) -> Dim:
        """The larger of both fields in whole samples; open ones are compared for inputs of the given `sizes`."""
        own = _samples(self.field)
        return own if self.common == 0 else largest((own, _samples(self.common)), sizes)


View = tuple[Axis, ...]


class _Window(NamedTuple):
    """A `Reach` with plain integers where they can be, which are much faster."""

    extent: Dim
    stride: Fraction | int
    first: Fraction | int | None
    last: Fraction | int | None


def _samples(field: Fraction | Dim) -> Dim:
    if isinstance(field, int):  # asked first: whether it is a Fraction takes six times as long
        return field
    return ceil(field) if isinstance(field, Fraction) else field


def receptive_fields(graph: Graph) -> dict[str, View]:
    """For every value its view of the input, one `Axis` for each spatial axis; `()` if no input has any."""
    sizes = large_sizes(graph)
    views = {i.name: tuple(Axis(1, 1, size) for size in i.type.spatial) for i in graph.inputs}
    for node, reach in zip(graph.nodes, ask(graph, _reach), strict=True):
        view = _blind(views[node.inputs[0]]) if node.op.sourceless else views[node.inputs[0]]
        for name in _read(node) if len(node.inputs) > 1 else ():
            view = _merge(view, views[name], sizes)
        for name, kind in zip(node.outputs, node.types, strict=True):
            views[name] = _advance(view, reach, kind.spatial, sizes)
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


def _reach(op: Op, inputs: Types, _: Types) -> tuple[_Window, ...] | None:
    reach = op.reach(inputs)
    return None if reach is None else tuple(map(_window, reach))


def _window(reach: Reach) -> _Window:
    extent, stride, first, last = reach
    return _Window(
        extent, _whole(stride), None if first is None else _whole(first), None if last is None else _whole(last)
    )


def _whole(value: Fraction | int) -> Fraction | int:
    """As an integer, where it is one."""
    return value.numerator if value.denominator == 1 else value


def _advance(view: View, reach: tuple[_Window, ...] | None, sizes: Sequence[Dim], open_sizes: dict[str, int]) -> View:
    """The view behind an operation whose output has `sizes`; one without such axes (`flatten`) keeps its input's."""
    if len(sizes) != len(view):
        sizes = [axis.size for axis in view]
    if reach is None and not _sees_nothing(view):
        return tuple([_everything(axis, size, open_sizes) for axis, size in zip(view, sizes, strict=True)])
    if reach is None or len(reach) != len(view):
        return _resized(view, sizes)
    if _alike(view) and _alike(reach) and _alike(sizes):  # square windows on square images
        return (_step(view[0], reach[0], sizes[0]),) * len(view)
    return tuple(map(_step, view, reach, sizes))


def _alike(axes: Sequence[object]) -> bool:
    return len(axes) > 1 and axes.count(axes[0]) == len(axes)


def _resized(view: View, sizes: Sequence[Dim]) -> View:
    if [axis.size for axis in view] == list(sizes):
        return view
    return tuple(axis._replace(size=size) for axis, size in zip(view, sizes, strict=True))


def _sees_nothing(view: View) -> bool:
    return bool(view) and all(map(_is_blind, view))


def _is_blind(axis: Axis) -> bool:
    return axis.field == 0 and axis.common == 0


def _everything(axis: Axis, size: Dim, sizes: dict[str, int]) -> Axis:
    """What an operation sees that reads the whole axis and makes `size` outputs of it."""
    if axis.jump is None:
        return axis._replace(size=size)
    return Axis(0, None, size, _larger(_all_of(axis, axis.jump), axis.common, sizes))


def _all_of(axis: Axis, jump: Fraction | int) -> Fraction | Dim:
    """What all positions of an axis see together."""
    if axis.phases is not None:
        rounds = (axis.size - 1) // len(axis.phases.lows)
        place = axis.size - 1 - rounds * len(axis.phases.lows)
        if isinstance(place, int):
            return axis.phases.highs[place] + rounds * axis.phases.shift - axis.phases.lows[0] + 1
    return _grow(axis.field, axis.size, jump)


def _step(axis: Axis, reach: _Window, size: Dim) -> Axis:
    field, jump, _, common, start, phases = axis
    if jump is None:
        return axis._replace(size=size)
    extent, stride, first, _ = reach
    if type(stride) is not int or phases is not None:
        return _walked(axis, reach, size)
    if start is not None:
        start = start + first * jump if type(first) is int and type(jump) is int else None
    return Axis(_grow(field, extent, jump), _whole(jump * stride), size, common, start)


def _walked(axis: Axis, reach: _Window, size: Dim) -> Axis:
    """`_step` where outputs see more or less of the input, depending on where they lie; by their number on average
    where that repeats too late, or depends on open sizes.  Where it is not known where the first output lies, as behind
    `split`, the pattern begins as it did before."""
    extent, stride, first, last = reach
    before, begin = _phases(axis), first or 0
    if last is None and isinstance(extent, int):
        last = begin + extent - 1
    phases = None if before is None or last is None else behind(before, stride, begin, last)
    if phases is None:
        assert axis.jump is not None
        return Axis(_grow(axis.field, extent, axis.jump), _whole(axis.jump * stride), size, axis.common, None)
    return _axis(phases, size, axis.common, axis.start is not None and first is not None)


def _phases(axis: Axis) -> Phases | None:
    """What the positions of an axis see; where the first one lies is left open where it is not known."""
    if axis.phases is not None:
        return axis.phases
    if type(axis.field) is not int or type(axis.jump) is not int or axis.field == 0:
        return None
    start = axis.start or 0
    return Phases((start,), (start + axis.field - 1,), axis.jump)


def _axis(phases: Phases, size: Dim, common: Fraction | Dim, is_placed: bool) -> Axis:
    """The axis of positions that see these stretches."""
    start = phases.lows[0] if is_placed else None
    return Axis(phases.widest, phases.jump, size, common, start, phases if len(phases.lows) > 1 else None)


def _grow(field: Fraction | Dim, extent: Dim, jump: Fraction | int) -> Fraction | Dim:
    """field + (extent - 1) * jump; in whole samples where a size is open."""
    if isinstance(extent, int) and not isinstance(field, Sym):
        return field + (extent - 1) * jump
    steps = ceil_div((extent - 1) * jump.numerator, jump.denominator)
    return steps + (ceil(field) if isinstance(field, Fraction) else field)


def _merge(left: View, right: View, sizes: dict[str, int]) -> View:
    """The larger fields on each axis; of an image and a flat value, what the image sees."""
    if left == right:
        return left
    if len(left) != len(right):
        return max(left, right, key=len)
    if _alike(left) and _alike(right):
        return (_joined(left[0], right[0], sizes),) * len(left)
    return tuple([a if a == b else _joined(a, b, sizes) for a, b in zip(left, right, strict=True)])


def _joined(a: Axis, b: Axis, sizes: dict[str, int]) -> Axis:
    if _is_blind(a) or _is_blind(b):
        return b if _is_blind(a) else a
    if a.size != b.size:
        a, b = (_spread(axis, sizes) if axis.size == 1 else axis for axis in (a, b))
    common = _larger(a.common, b.common, sizes)
    if a.jump is None or b.jump is None:
        return (b if a.jump is None else a)._replace(common=common)
    joined = None if a.start is None or b.start is None else _side_by_side(a, b, a.start, b.start, common)
    if joined is not None:
        return joined
    return Axis(_larger(a.field, b.field, sizes), max(a.jump, b.jump), a.size, common, None)


def _side_by_side(a: Axis, b: Axis, left: int, right: int, common: Fraction | Dim) -> Axis | None:
    """What positions see that read both, which begin at `left` and `right`; `None` where their steps differ."""
    if a.jump == b.jump and type(a.field) is type(b.field) is int and a.phases is b.phases is None:
        start = min(left, right)
        return Axis(max(left + a.field, right + b.field) - start, a.jump, a.size, common, start)
    one, other = _phases(a), _phases(b)
    both = None if one is None or other is None else together(one, other)
    return None if both is None else _axis(both, a.size, common, is_placed=True)


def _spread(axis: Axis, sizes: dict[str, int]) -> Axis:
    """A single output that stands beside all positions of another value."""
    return Axis(0, None, axis.size, _larger(axis.field, axis.common, sizes))


def _larger(a: Fraction | Dim, b: Fraction | Dim, sizes: dict[str, int]) -> Fraction | Dim:
    if a == b or b == 0:
        return a
    if a == 0:
        return b
    if isinstance(a, Sym) or isinstance(b, Sym):
        return largest((_samples(a), _samples(b)), sizes)
    return max(a, b)
