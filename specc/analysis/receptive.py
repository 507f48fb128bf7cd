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
Where a value is merged with one that was cut off elsewhere, or that stands for all positions, an output sees all from
the first to the last sample of both, reckoned at both ends of the axis.  Where neighbours see samples anywhere, as when
mirrored or behind the seam of two values joined along the axis, what reads several of them counts as seeing the whole
input, which is never too small.
Fields are not cut off at the border, so they may be larger than the input.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import Literal, NamedTuple, TypeAlias

from specc.analysis.ask import ask
from specc.analysis.open_sizes import large_sizes, largest
from specc.analysis.phases import Phases, behind, together
from specc.dims import Dim, Sym, ceil_div
from specc.ir.graph import Graph, Node
from specc.ops.base import Op, Reach, Types


class Axis(NamedTuple):
    """One spatial axis of an input of `limit` samples as one value sees it.

    `field` samples around its own place are seen by each output, `jump` samples lie between neighbouring outputs
    (`None` where no output has a place of its own, the field then is 0), `size` outputs lie along the axis.  `common`
    samples are seen by all outputs alike, from the sample `begin` on (`None`: not known).  The first output sees the
    input from the sample `start` on (`None`: only about where one expects it); `phases` tells where it is not the same
    for all.  In a `frame` of its own, called by the value that first lay in it, `start` is counted from a place
    that is not known; outputs that are `mixed` lie in it in no order.
    """

    field: Fraction | Dim
    jump: Fraction | int | None
    size: Dim
    limit: Dim
    common: Fraction | Dim = 0
    begin: int | None = None
    start: int | None = 0
    phases: Phases | None = None
    frame: str = ""
    mixed: bool = False

    def seen(self, sizes: dict[str, int]) -> Dim:
        """Both fields together in whole samples; open ones are compared for inputs of the given `sizes`."""
        own = _samples(self.field)
        if self.common == 0:
            return own
        common = _samples(self.common)
        return common if own == 0 else _together(own, common, _apart(self), self.limit, sizes)

    def at(self, position: int) -> tuple[int, int] | None:
        """The first and the last sample that an output sees for itself, where that is known."""
        if self.phases is not None and self.start is not None:
            return self.phases.low(position), self.phases.high(position)
        if self.start is None or type(self.field) is not int or type(self.jump) is not int or self.mixed:
            return None
        first = self.start + position * self.jump
        return first, first + self.field - 1


View = tuple[Axis, ...]


def _apart(axis: Axis) -> int | None:
    """From the first to the last sample that an output sees at most, its own and the common ones."""
    if axis.begin is None or axis.frame or type(axis.common) is not int or type(axis.size) is not int:
        return None
    common = axis.begin, axis.begin + axis.common - 1
    return _widest([(axis.at(position), common) for position in (0, axis.size - 1)])


def _widest(seen: list[tuple[tuple[int, int] | None, tuple[int, int] | None]]) -> int | None:
    """The widest that two stretches take up together; `None` if one is not known."""
    lengths = []
    for a, b in seen:
        if a is None or b is None:
            return None
        lengths.append(max(a[1], b[1]) - min(a[0], b[0]) + 1)
    return max(lengths)


def _together(a: Dim, b: Dim, apart: int | None, limit: Dim, sizes: dict[str, int]) -> Dim:
    """What is seen of two stretches of `a` and `b` samples which `apart` hold: no more than the input of `limit`
    samples, and all of it if it is not known how they lie, or more where one of them is more."""
    between = limit if apart is None else min(apart, limit) if isinstance(limit, int) else apart
    return largest((a, b, between), sizes)


class _Window(NamedTuple):
    """A `Reach` with plain integers where they can be, which are much faster."""

    extent: Dim
    stride: Fraction | int
    first: Fraction | int | None
    last: Fraction | int | None
    order: Literal["kept", "moved", "mixed", "joined", "all"]


def _samples(field: Fraction | Dim) -> Dim:
    if isinstance(field, int):  # asked first: whether it is a Fraction takes six times as long
        return field
    return ceil(field) if isinstance(field, Fraction) else field


def receptive_fields(graph: Graph) -> dict[str, View]:
    """For every value its view of the input, one `Axis` for each spatial axis; `()` if no input has any."""
    sizes = large_sizes(graph)
    views = {i.name: tuple(Axis(1, 1, size, size) for size in i.type.spatial) for i in graph.inputs}
    for node, reaches in zip(graph.nodes, ask(graph, _reaches), strict=True):
        view = _blind(views[node.inputs[0]]) if node.op.sourceless else views[node.inputs[0]]
        for name in _read(node) if len(node.inputs) > 1 else ():
            view = _merge(view, views[name], sizes, _joint(reaches[0]))
        for name, kind, reach in zip(node.outputs, node.types, reaches, strict=True):
            views[name] = _advance(view, reach, kind.spatial, sizes, name)
    return views


def _blind(view: View) -> View:
    """The view of what depends on no input."""
    return tuple(Axis(0, 0, axis.size, axis.limit) for axis in view)


def _joint(reach: tuple[_Window, ...] | None) -> int | None:
    """The axis along which an operation puts its inputs one behind the other."""
    return next((index for index, window in enumerate(reach or ()) if window.order == "joined"), None)


def _read(node: Node) -> list[str]:
    """The inputs behind the first whose values count, not only their sizes."""
    others = node.inputs[1:]
    if not node.op.measured:
        return list(others)
    return [name for name, what in zip(others, node.op.operands, strict=False) if what not in node.op.measured]


def _reaches(op: Op, inputs: Types, outputs: Types) -> tuple[tuple[_Window, ...] | None, ...]:
    return tuple([None if reach is None else tuple(map(_window, reach)) for reach in op.reaches(inputs, outputs)])


def _window(reach: Reach) -> _Window:
    extent, stride, first, last, order = reach
    return _Window(
        extent,
        _whole(stride),
        None if first is None else _whole(first),
        None if last is None else _whole(last),
        order,
    )


def _whole(value: Fraction | int) -> Fraction | int:
    """As an integer, where it is one."""
    return value.numerator if value.denominator == 1 else value


def _advance(
    view: View, reach: tuple[_Window, ...] | None, sizes: Sequence[Dim], open_sizes: dict[str, int], name: str
) -> View:
    """The view behind an operation whose output has `sizes`; one without such axes (`flatten`) keeps its input's."""
    if len(sizes) != len(view):
        sizes = [axis.size for axis in view]
    if reach is None and not _sees_nothing(view):
        return tuple([_everything(axis, size, open_sizes) for axis, size in zip(view, sizes, strict=True)])
    if reach is None or len(reach) != len(view):
        return _resized(view, sizes)
    if _alike(view) and _alike(reach) and _alike(sizes):  # square windows on square images
        return (_step(view[0], reach[0], sizes[0], open_sizes, name),) * len(view)
    return tuple([_step(*parts, open_sizes, name) for parts in zip(view, reach, sizes, strict=True)])


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
    if axis.field == 0:
        return axis._replace(jump=None, size=size)
    if axis.mixed:
        alone: tuple[Fraction | Dim, int | None] = largest((_samples(axis.field), axis.limit), sizes), None
    else:
        alone = _all_of(axis, axis.jump), None if axis.frame else axis.start
    common, begin = _united(alone, (axis.common, axis.begin), axis.limit, sizes)
    return Axis(0, None, size, axis.limit, common, begin)


_Stretch: TypeAlias = "tuple[Fraction | Dim, int | None]"
"""How many samples, and the first of them where it is known."""


def _united(a: _Stretch, b: _Stretch, limit: Dim, sizes: dict[str, int]) -> _Stretch:
    """What both hold, from the first to the last sample."""
    if a[0] == 0 or b[0] == 0 or a == b:
        return b if a[0] == 0 else a
    (left, low), (right, high) = (_samples(a[0]), a[1]), (_samples(b[0]), b[1])
    if low is None or high is None or not isinstance(left, int) or not isinstance(right, int):
        return _together(left, right, None, limit, sizes), None
    apart = max(low + left, high + right) - min(low, high)
    length = _together(left, right, apart, limit, sizes)
    return length, min(low, high) if length == apart else None


def _all_of(axis: Axis, jump: Fraction | int) -> Fraction | Dim:
    """What all positions of an axis see together."""
    if axis.phases is not None:
        rounds = (axis.size - 1) // len(axis.phases.lows)
        place = axis.size - 1 - rounds * len(axis.phases.lows)
        if isinstance(place, int):
            return axis.phases.highs[place] + rounds * axis.phases.shift - axis.phases.lows[0] + 1
    return _grow(axis.field, axis.size, jump)


def _step(axis: Axis, reach: _Window, size: Dim, sizes: dict[str, int], name: str) -> Axis:
    field, jump, _, limit, common, begin, start, phases, frame, mixed = axis
    if jump is None:
        return axis._replace(size=size)
    extent, stride, first, _, order = reach
    if order == "joined":
        return axis._replace(size=size, frame=name if mixed else frame)
    if order == "all" or (mixed and extent != 1):
        return _everything(axis, size, sizes)
    if order == "mixed" or mixed:
        own = frame if (order, stride, first, size) == ("kept", 1, 0, axis.size) else name
        return Axis(field, _whole(jump * stride), size, limit, common, begin, None, None, own, True)
    if order == "moved":
        first, start, frame = 0, 0 if phases is None else phases.lows[0], name
        axis = axis._replace(start=start, frame=frame)
    if type(stride) is not int or phases is not None:
        return _walked(axis, reach, size)
    if start is not None:
        start = start + first * jump if type(first) is int and type(jump) is int else None
    return Axis(_grow(field, extent, jump), _whole(jump * stride), size, limit, common, begin, start, None, frame)


def _walked(axis: Axis, reach: _Window, size: Dim) -> Axis:
    """`_step` where outputs see more or less of the input, depending on where they lie; by their number on average
    where that repeats too late, or depends on open sizes.  Where it is not known where the first output lies, the
    pattern begins as it did before."""
    extent, stride, first, last, _ = reach
    before, begin = _phases(axis), first or 0
    if last is None and isinstance(extent, int):
        last = begin + extent - 1
    phases = None if before is None or last is None else behind(before, stride, begin, last)
    if phases is None:
        assert axis.jump is not None
        field, jump = _grow(axis.field, extent, axis.jump), _whole(axis.jump * stride)
        return axis._replace(field=field, jump=jump, size=size, start=None, phases=None)
    return _axis(axis._replace(size=size), phases, axis.start is not None and first is not None)


def _phases(axis: Axis) -> Phases | None:
    """What the positions of an axis see; where the first one lies is left open where it is not known."""
    if axis.phases is not None:
        return axis.phases
    if type(axis.field) is not int or type(axis.jump) is not int or axis.field == 0:
        return None
    start = axis.start or 0
    return Phases((start,), (start + axis.field - 1,), axis.jump)


def _axis(axis: Axis, phases: Phases, is_placed: bool) -> Axis:
    """`axis` where the positions see these stretches."""
    several = phases if len(phases.lows) > 1 else None
    start = phases.lows[0] if is_placed else None
    return axis._replace(field=phases.widest, jump=phases.jump, start=start, phases=several)


def _grow(field: Fraction | Dim, extent: Dim, jump: Fraction | int) -> Fraction | Dim:
    """field + (extent - 1) * jump; in whole samples where a size is open."""
    if isinstance(extent, int) and not isinstance(field, Sym):
        return field + (extent - 1) * jump
    steps = ceil_div((extent - 1) * jump.numerator, jump.denominator)
    return steps + (ceil(field) if isinstance(field, Fraction) else field)


def _merge(left: View, right: View, sizes: dict[str, int], joint: int | None = None) -> View:
    """What each output sees of both, on each axis; of an image and a flat value, what the image sees.  Along the axis
    `joint` one lies behind the other."""
    if left == right and joint is None:
        return left
    if len(left) != len(right):
        return max(left, right, key=len)
    if joint is None and _alike(left) and _alike(right):
        return (_joined(left[0], right[0], sizes),) * len(left)
    pairs = enumerate(zip(left, right, strict=True))
    return tuple([_in_line(*pair, sizes) if index == joint else _joined(*pair, sizes) for index, pair in pairs])


def _in_line(a: Axis, b: Axis, sizes: dict[str, int]) -> Axis:
    """Two values one behind the other, whose outputs see as much as they saw before."""
    size, limit = a.size + b.size, largest((a.limit, b.limit), sizes)
    if _is_blind(a):
        before = _first_of(b, -a.size) if isinstance(a.size, int) else None
        return b._replace(size=size, limit=limit, start=before, phases=None)
    if _is_blind(b):
        return a._replace(size=size, limit=limit)
    common, begin = _united((a.common, a.begin), (b.common, b.begin), limit, sizes)
    jumps = [axis.jump for axis in (a, b) if axis.jump is not None]
    both = a._replace(size=size, limit=limit, common=common, begin=begin)
    if _goes_on(a, b):
        return both
    field = _larger(a.field, b.field, sizes)
    return both._replace(field=field, jump=max(jumps, default=None), start=None, phases=None, mixed=True)


def _goes_on(a: Axis, b: Axis) -> bool:
    """Whether `b` continues `a` as if they had never been apart."""
    behind = _first_of(a, a.size) if isinstance(a.size, int) and not (a.mixed or b.mixed or b.phases) else None
    return behind is not None and (b.start, b.field, b.jump, b.frame) == (behind, a.field, a.jump, a.frame)


def _first_of(axis: Axis, position: int) -> int | None:
    """The first sample that the output at `position` sees, or would see there, if that is known."""
    if axis.start is None or axis.phases is not None or type(axis.jump) is not int:
        return None
    return axis.start + position * axis.jump


def _joined(a: Axis, b: Axis, sizes: dict[str, int]) -> Axis:
    if a == b:
        return a
    if _is_blind(a) or _is_blind(b):
        return b if _is_blind(a) else a
    if a.size != b.size:
        a, b = (_spread(axis, sizes) if axis.size == 1 else axis for axis in (a, b))
    limit = a.limit if a.limit == b.limit else largest((a.limit, b.limit), sizes)
    common, begin = _united((a.common, a.begin), (b.common, b.begin), limit, sizes)
    if a.jump is None or b.jump is None:
        return (b if a.jump is None else a)._replace(limit=limit, common=common, begin=begin)
    same = (limit, common, begin) == (a.limit, a.common, a.begin)  # as mostly; a copy takes as long as the rest
    both = a if same else a._replace(limit=limit, common=common, begin=begin)
    if a.frame != b.frame or a.mixed or b.mixed:
        field: Fraction | Dim = _together(_samples(a.field), _samples(b.field), None, limit, sizes)
        return both._replace(field=field, jump=max(a.jump, b.jump), start=None, phases=None, frame="", mixed=False)
    joined = None if a.start is None or b.start is None else _side_by_side(a, b, both)
    if joined is not None:
        return joined
    field = _larger(a.field, b.field, sizes)
    ends = [(a.at(position), b.at(position)) for position in (0, a.size - 1)] if isinstance(a.size, int) else []
    apart = _widest(ends) if ends else None
    if apart is not None:
        field = _together(_samples(a.field), _samples(b.field), apart, limit, sizes)
    return both._replace(field=field, jump=max(a.jump, b.jump), start=None, phases=None, frame="", mixed=False)


def _side_by_side(a: Axis, b: Axis, both: Axis) -> Axis | None:
    """What positions see that read both; `None` where their steps differ."""
    if a.jump == b.jump and type(a.field) is type(b.field) is int and a.phases is b.phases is None:
        assert a.start is not None
        assert b.start is not None
        start = min(a.start, b.start)
        return both._replace(field=max(a.start + a.field, b.start + b.field) - start, start=start, phases=None)
    one, other = _phases(a), _phases(b)
    phases = None if one is None or other is None else together(one, other)
    return None if phases is None else _axis(both, phases, is_placed=True)


def _spread(axis: Axis, sizes: dict[str, int]) -> Axis:
    """A single output that stands beside all positions of another value."""
    return _everything(axis, axis.size, sizes)


def _larger(a: Fraction | Dim, b: Fraction | Dim, sizes: dict[str, int]) -> Fraction | Dim:
    if a == b or b == 0:
        return a
    if a == 0:
        return b
    if isinstance(a, Sym) or isinstance(b, Sym):
        return largest((_samples(a), _samples(b)), sizes)
    return max(a, b)
