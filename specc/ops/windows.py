"""Sizes and paddings of sliding windows, for the shape rules and the lowerings.

Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning" (2016);
ONNX Conv-22, MaxPool-22, AveragePool-22; TensorFlow's SAME.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple, TypeVar

from specc.dims import Dim, Divides, Sym, ceil_div
from specc.ops.base import Builder, Finding, Rejection
from specc.ops.fields import LARGEST_SIZE, Border, Pad, Round
from specc.types import SPATIAL_NAMES, TensorType

Number = TypeVar("Number", int, int | Fraction)


class Geometry(NamedTuple):
    """How a window slides: one number per spatial axis, but for the padding, which stays as it was written."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pad: Pad
    dilation: tuple[int, ...]
    rounding: Round

    @property
    def spans(self) -> tuple[int, ...]:
        """How many input samples the window covers on each axis, first to last."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    def sides(self) -> list[tuple[int, int]] | None:
        """(begin, end) padding of each axis; `None` where `same` leaves it to the input's size."""
        if self.pad == "valid":
            return [(0, 0)] * len(self.kernel)
        return None if isinstance(self.pad, str) else pad_sides(self.pad, len(self.kernel))


class AxisWindow(NamedTuple):
    """One axis of a window over an input: `output` positions; `begin` and `end` padding, `None` when an open
    size decides them; `overhang` is how far `round=ceil` lets the last window reach beyond the padding;
    `dropped` is the number of input samples that `round=floor` leaves unread."""

    output: Dim
    begin: int | None
    end: int | None
    overhang: int = 0
    dropped: int = 0


def per_axis(value: tuple[Number, ...], axes: int, argument: str) -> tuple[Number, ...]:
    """One number for each of `axes` axes; a single number stands for all."""
    if len(value) == 1:
        return value * axes
    if len(value) != axes:
        raise Rejection(
            "E0304",
            f"`{argument}` has {len(value)} numbers for an input with {axes} spatial {'axis' if axes == 1 else 'axes'}",
            argument=argument,
            help=_other_rank(len(value), axes) or "give one number for all axes, or one for each",
        )
    return value


def _other_rank(numbers: int, axes: int) -> str | None:
    """What is most likely wrong with the input of a window for images."""
    if (numbers, axes) == (2, 3):
        return "an image is `3x224x224`: the batch is never written"
    if (numbers, axes) == (2, 1):
        return "an image of one channel is `1x28x28`: channels are always written"
    return None


def pad_sides(pad: tuple[int, ...], axes: int) -> list[tuple[int, int]]:
    """(begin, end) for each axis from one number, one for each axis, or all begins and then all ends."""
    if len(pad) == 2 * axes:
        return list(zip(pad[:axes], pad[axes:], strict=True))
    both = per_axis(pad, axes, "pad")
    return [(side, side) for side in both]


def spatial_axes(word: str, x: TensorType) -> int:
    """The number of spatial axes, which must be 1, 2 or 3."""
    axes = len(x.spatial)
    if 1 <= axes <= 3:
        return axes
    raise Rejection(
        "E0404",
        f"`{word}` needs an image (channels and 1 to 3 spatial sizes), not {x.text()}",
        inputs={0: x.text()},
        help="`reshape` gives a flat value its channels and sizes back" if axes == 0 else None,
    )


def slide(x: TensorType, how: Geometry) -> list[AxisWindow]:
    """The windows on every spatial axis of `x`; raises `Rejection` where a kernel does not fit or tile."""
    sides = how.sides()
    names = SPATIAL_NAMES[len(x.spatial)]
    windows = []
    for axis, (size, reach, stride) in enumerate(zip(x.spatial, how.spans, how.stride, strict=True)):
        if sides is not None:
            if isinstance(size, int) and size + sum(sides[axis]) < reach:
                raise _too_large(x, size, sides[axis], how, axis)
            windows.append(_explicit(size, reach, stride, sides[axis], how.rounding, names[axis]))
            continue
        windows.append(_same(size, reach, stride, upper=how.pad == "same"))
    undecided = [name for window, name in zip(windows, names, strict=True) if window.begin is None]
    if undecided and any(step > 1 for step in how.dilation):  # ONNX's auto_pad is of all axes
        raise needs_size(f"pad={how.pad} with a stride and a dilation", undecided[0])
    return windows


def _too_large(x: TensorType, size: int, side: tuple[int, int], how: Geometry, axis: int) -> Rejection:
    name = SPATIAL_NAMES[len(x.spatial)][axis]
    span, kernel, dilation = how.spans[axis], how.kernel[axis], how.dilation[axis]
    padded = size + sum(side)
    spread = [f"the kernel spans {dilation} * ({kernel} - 1) + 1 = {span}"] if dilation > 1 else []
    return Rejection(
        "E0401",
        f"the kernel spans {span} but the padded input is only {padded} in {name}",
        argument="kernel",
        inputs={0: x.text()},
        notes=[*spread, f"{name}: {size} + {side[0]} + {side[1]} = {padded} < {span}"],
        help="use a smaller kernel, more padding, or fewer strides before this layer",
    )


def needs_size(what: str, name: str) -> Rejection:
    return Rejection(
        "E0407",
        f"{what} needs a known {name}",
        argument="pad",
        notes=["the input's size decides how much padding there is, and ONNX's auto_pad can only be zeros, undilated"],
        help="fix the input's size, or give the padding as numbers",
    )


def _same(size: Dim, reach: int, stride: int, upper: bool) -> AxisWindow:
    output = ceil_div(size, stride)
    if stride == 1:
        total = reach - 1
    elif reach == 1:
        total = 0
    elif isinstance(size, int) and isinstance(output, int):
        total = max((output - 1) * stride + reach - size, 0)
    else:
        return AxisWindow(output, None, None)
    small, large = total // 2, total - total // 2
    return AxisWindow(output, small, large) if upper else AxisWindow(output, large, small)


def _explicit(size: Dim, reach: int, stride: int, sides: tuple[int, int], rounding: Round, name: str) -> AxisWindow:
    begin, end = sides
    room = size + begin + end - reach
    arithmetic = f"({size} + {begin + end} - {reach}) / {stride} + 1"
    if not isinstance(room, int):
        return _open(room, stride, sides, reach, rounding, name)
    rest = room % stride
    if rest and rounding == "exact":
        raise Rejection(
            "E0402",
            f"stride {stride} does not tile the input in {name}",
            argument="stride",
            notes=[f"{name}: {arithmetic} = {room / stride + 1:.2f}"],
            help="change the padding or the stride, or say round=floor or round=ceil",
        )
    output = room // stride + 1
    # Caffe's and PyTorch's rule: a window may not start in the padding behind the input.
    if rest and rounding == "ceil" and isinstance(size, int) and output * stride < size + begin:
        return AxisWindow(output + 1, begin, end, overhang=stride - rest)
    # A stride beyond the kernel skips samples everywhere, on purpose: nothing is dropped at the end alone.
    return AxisWindow(output, begin, end, dropped=max(0, rest - end) if stride <= reach else 0)


def _open(room: Dim, stride: int, sides: tuple[int, int], reach: int, rounding: Round, name: str) -> AxisWindow:
    begin, end = sides
    if rounding != "ceil" or stride == 1:
        return AxisWindow(room // stride + 1, begin, end)
    if end + stride > reach:
        raise Rejection(
            "E0407",
            f"round=ceil with this padding needs a known {name}",
            argument="round",
            notes=["the last window may start in the padding behind the input, depending on the size"],
            help="fix the input's size, or use round=floor",
        )
    return AxisWindow(ceil_div(room, stride) + 1, begin, end, overhang=stride - 1)


def known_channels(word: str, x: TensorType) -> int:
    """The number of channels of `x`, which layers with weights need to be a number."""
    if isinstance(x.channels, int):
        return x.channels
    raise Rejection(
        "E0407",
        f"`{word}` needs a known number of input channels, not {x.channels}",
        inputs={0: x.text()},
        help=_open_channels(x),
    )


def check_divisible(channels: int, groups: int, which: str = "", argument: str = "groups") -> None:
    """Raise E0405 unless the number of (input or output) channels can be divided by that of their groups."""
    if channels % groups:
        raise Rejection(
            "E0405",
            f"{groups} groups do not divide the {channels} {which}channels",
            argument=argument,
            notes=[f"{channels} / {groups} = {channels / groups:.2f}"],
        )


def _open_channels(x: TensorType) -> str:
    """What is most likely wrong with an input whose channels are open."""
    if len(x.spatial) > 1 and x.spatial[0] in (1, 3, 4):
        return f"the batch is not written: `{'x'.join(map(str, x.spatial))}`"
    if x.shape[-1] in (1, 3, 4):
        return "with `layout=hwc` at the input the channels come last"
    return "give the input a number of channels, as in `3xHxW`, where the batch is not written"


def known_sizes(word: str, x: TensorType, argument: str) -> tuple[int, ...]:
    """The sizes of `x` behind the batch, which layers with a weight for each element need to be numbers."""
    sizes = tuple(size for size in x.shape[1:] if isinstance(size, int))
    if len(sizes) == x.rank:
        return sizes
    raise Rejection(
        "E0407",
        f"`{word}` with {argument} needs every size known",
        argument=argument,
        inputs={0: x.text()},
    )


def tiling_conditions(x: TensorType, how: Geometry) -> tuple[Divides, ...]:
    """What open sizes must satisfy for `round=exact`."""
    sides = how.sides()
    if how.rounding != "exact" or sides is None:
        return ()
    left = [(sum(side) - span) % stride for side, span, stride in zip(sides, how.spans, how.stride, strict=True)]
    rooms = [size + rest for size, rest in zip(x.spatial, left, strict=True)]
    return tuple(Divides(s, room) for room, s in zip(rooms, how.stride, strict=True) if isinstance(room, Sym) and s > 1)


def slide_arithmetic(x: TensorType, how: Geometry, windows: Sequence[AxisWindow]) -> tuple[str, ...]:
    """How each spatial size comes about; once where all axes have the same numbers."""
    sides: Sequence[tuple[int, int] | None] = how.sides() or [None] * len(windows)
    texts = [
        _size_arithmetic(size, span, stride, side, window)
        for size, span, stride, side, window in zip(x.spatial, how.spans, how.stride, sides, windows, strict=True)
    ]
    if len(set(texts)) == 1:
        return (texts[0],)
    return tuple(f"{name}: {text}" for name, text in zip(SPATIAL_NAMES[len(texts)], texts, strict=True))


def _size_arithmetic(size: Dim, span: int, stride: int, side: tuple[int, int] | None, window: AxisWindow) -> str:
    if side is None:
        return (
            f"{size} / {stride} rounded up = {window.output}" if stride > 1 else f"{window.output}, kept by the padding"
        )
    text = f"({size} + {sum(side)} - {span}) / {stride} + 1"
    room = size + sum(side) - span
    if isinstance(room, int) and room % stride:
        return f"{text} = {room / stride + 1:.2f}, rounded {'up' if window.overhang else 'down'} to {window.output}"
    return f"{text} = {window.output}"


_SAMPLES = {"height": "row", "width": "column", "length": "sample", "depth": "slice"}


def dropped_remarks(x: TensorType, how: Geometry, windows: Sequence[AxisWindow]) -> tuple[Finding, ...]:
    """W0101 where the stride leaves input samples unread, all axes in one finding."""
    parts = [
        f"the last {f'{w.dropped} {_SAMPLES[axis]}s' if w.dropped > 1 else _SAMPLES[axis]} of {size}"
        for size, w, axis in zip(x.spatial, windows, SPATIAL_NAMES[len(windows)], strict=True)
        if w.dropped
    ]
    if not parts:
        return _gap_remarks(how, windows)
    many = len(parts) > 1 or any(w.dropped > 1 for w in windows)
    return (
        Finding(
            "W0101",
            f"{' and '.join(parts)} {'are' if many else 'is'} never read",
            argument="stride",
            help="round=ceil or more padding reads them; `crop` before it says they are not wanted",
        ),
    )


def _gap_remarks(how: Geometry, windows: Sequence[AxisWindow]) -> tuple[Finding, ...]:
    """W0101 where windows lie so far apart that none reads what is between; windows of 1 pick samples on purpose."""
    for window, span, stride, axis in zip(windows, how.spans, how.stride, SPATIAL_NAMES[len(windows)], strict=True):
        gap = stride - span
        if gap <= 0 or span == 1 or window.output == 1:
            continue
        between = f"{gap} {_SAMPLES[axis]}s" if gap > 1 else f"a {_SAMPLES[axis]}"
        return (
            Finding(
                "W0101",
                f"between two windows {between} of the input {'are' if gap > 1 else 'is'} never read",
                argument="stride",
                notes=[f"a window spans {span}, and the next one begins {stride} further on"],
                help=f"stride={span} reads all of them",
            ),
        )
    return ()


def padding_remarks(how: Geometry) -> tuple[Finding, ...]:
    """W0107 where padding in numbers is at least as wide as the window: some then lie wholly in it."""
    sides = how.sides()
    if sides is None:
        return ()
    names = SPATIAL_NAMES[len(sides)]
    wide = [max(side) >= span for side, span in zip(sides, how.spans, strict=True)]
    if not any(wide):
        return ()
    axis = wide.index(True)
    return (
        Finding(
            "W0107", f"windows at the border of the {names[axis]} hold nothing but padding",
            argument="pad",
            notes=[f"{names[axis]}: {max(sides[axis])} of padding, and the window spans {how.spans[axis]}"],
            help=_narrower(sides, how.spans, wide),
        ),
    )  # fmt: skip


def _narrower(sides: Sequence[tuple[int, int]], spans: Sequence[int], wide: Sequence[bool]) -> str:
    """The padding that is most likely meant."""
    kept = [(0, 0) if too_much else side for side, too_much in zip(sides, wide, strict=True)]
    if any(begin != end for begin, end in kept) or not any(map(any, kept)):
        return "`pad=same` keeps the size" if max(spans) > 1 else "leave it out: a window of 1 loses no border"
    return f"`pad=({', '.join(str(begin) for begin, _ in kept)})` leaves these out; `pad=same` keeps the size"


def check_padded(size: Dim, added: int) -> None:
    """What ONNX and its runtimes add up must stay a 64-bit integer, whatever an open size may be (at least 1)."""
    padded = added + (size if isinstance(size, int) else 1)
    if padded > LARGEST_SIZE:
        raise Rejection("E0703", f"with its padding an axis would be {padded}, and is not below 2 ** 63")


def check_border(x: TensorType, windows: Sequence[AxisWindow], border: Border) -> None:
    """Reject padding of an amount that is not known, and padding that the input is too small to fill: `reflect` leaves
    out the edge, `wrap` goes round once."""
    if border == "zeros":
        return
    for window, name in zip(windows, SPATIAL_NAMES[len(windows)], strict=True):
        if window.begin is None:
            raise needs_size(f"border={border} with pad=same and a stride", name)
    if border == "edge":
        return
    for size, window, name in zip(x.spatial, windows, SPATIAL_NAMES[len(windows)], strict=True):
        most = max(window.begin or 0, (window.end or 0) + window.overhang)
        limit = size - 1 if border == "reflect" else size
        if isinstance(limit, int) and most > limit:
            raise Rejection(
                "E0406",
                f"border={border} cannot fill {most} samples of padding from {size} in {name}",
                argument="border",
                notes=[f"{name}: {most} > {size}{' - 1' if border == 'reflect' else ''}"],
                help="border=edge and border=zeros fill any padding",
            )


def with_padding(
    build: Builder, name: str, windows: Sequence[AxisWindow], pad: Pad, border: Border
) -> tuple[str, dict[str, object]]:
    """The input's name and the padding attributes of a convolution over it: padding by zeros is an attribute,
    any other border a Pad node in front; a SAME whose amount an open size decides is left to ONNX."""
    if any(w.begin is None for w in windows):
        return name, {"auto_pad": "SAME_UPPER" if pad == "same" else "SAME_LOWER"}
    begins = [w.begin or 0 for w in windows]
    ends = [(w.end or 0) + w.overhang for w in windows]
    if border == "zeros" or not any(begins + ends):
        return name, {"pads": (*begins, *ends)}
    if border == "wrap" and build.opset < 19:
        raise build.unsupported("border=wrap", since=19)
    pads = build.ints((0, 0, *begins, 0, 0, *ends))
    return build.node("Pad", [name, pads], mode=border), {"pads": (0,) * (2 * len(windows))}
