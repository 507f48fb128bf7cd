"""Sizes and paddings of sliding windows, for the shape rules and the lowerings.

Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning" (2016);
ONNX Conv-22, MaxPool-22, AveragePool-22; TensorFlow's SAME.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from specc.dims import Dim, Divides, Sym, ceil_div
from specc.ops.base import Builder, Finding, Rejection
from specc.ops.fields import Border, Pad, Round
from specc.types import SPATIAL_NAMES, TensorType


@dataclass(frozen=True, slots=True)
class AxisWindow:
    """One axis of a window over an input: `output` positions; `begin` and `end` padding, `None` when an open
    size decides them; `overhang` is how far `round=ceil` lets the last window reach beyond the padding;
    `dropped` is the number of input samples that `round=floor` leaves unread."""

    output: Dim
    begin: int | None
    end: int | None
    overhang: int = 0
    dropped: int = 0


def per_axis(value: tuple[int, ...], axes: int, argument: str) -> tuple[int, ...]:
    """One number for each of `axes` axes; a single number stands for all."""
    if len(value) == 1:
        return value * axes
    if len(value) != axes:
        raise Rejection(
            "E0304",
            f"`{argument}` has {len(value)} numbers for an input with {axes} spatial {'axis' if axes == 1 else 'axes'}",
            argument=argument,
            help="give one number for all axes, or one for each",
        )
    return value


def pad_sides(pad: tuple[int, ...], axes: int) -> list[tuple[int, int]]:
    """(begin, end) for each axis from one number, one for each axis, or all begins and then all ends."""
    if len(pad) == 2 * axes and axes > 0:
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


def slide(
    x: TensorType,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pad: Pad,
    dilation: tuple[int, ...],
    rounding: Round,
) -> list[AxisWindow]:
    """The windows on every spatial axis of `x`; raises `Rejection` where a kernel does not fit or tile."""
    axes = len(x.spatial)
    sides: list[tuple[int, int]] | None = None
    if not isinstance(pad, str):
        sides = pad_sides(pad, axes)
    elif pad == "valid":
        sides = [(0, 0)] * axes
    names = SPATIAL_NAMES[axes]
    windows = []
    for axis in range(axes):
        reach = dilation[axis] * (kernel[axis] - 1) + 1
        if sides is None:
            windows.append(_same(x.spatial[axis], reach, stride[axis], upper=pad == "same"))
        else:
            windows.append(_explicit(x.spatial[axis], reach, stride[axis], sides[axis], rounding, names[axis]))
    return windows


def _same(size: Dim, reach: int, stride: int, upper: bool) -> AxisWindow:
    output = ceil_div(size, stride)
    if stride == 1:
        total = reach - 1
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
    if room < 0:
        raise Rejection(
            "E0401",
            f"the kernel spans {reach} but the padded input is only {size + begin + end} in {name}",
            argument="kernel",
            notes=[f"{name}: {size} + {begin} + {end} = {size + begin + end} < {reach}"],
            help="use a smaller kernel, more padding, or fewer strides before this layer",
        )
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
    return AxisWindow(output, begin, end, dropped=max(0, rest - end) if rounding == "floor" else 0)


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
    )


def tiling_conditions(
    x: TensorType,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pad: Pad,
    dilation: tuple[int, ...],
    rounding: Round,
) -> tuple[Divides, ...]:
    """What open sizes must satisfy for `round=exact`."""
    if rounding != "exact" or pad in ("same", "same_lower"):
        return ()
    sides = [(0, 0)] * len(kernel) if isinstance(pad, str) else pad_sides(pad, len(kernel))
    rooms = [
        (size + begin + end - d * (k - 1) - 1, s)
        for size, (begin, end), k, s, d in zip(x.spatial, sides, kernel, stride, dilation, strict=True)
    ]
    return tuple(Divides(s, room) for room, s in rooms if isinstance(room, Sym) and s > 1)


def dropped_remarks(x: TensorType, windows: Sequence[AxisWindow]) -> tuple[Finding, ...]:
    """W0101 for every axis on which the stride leaves input samples unread."""
    names = {"height": "row", "width": "column", "length": "sample", "depth": "slice"}
    found = []
    for size, window, axis in zip(x.spatial, windows, SPATIAL_NAMES[len(windows)], strict=True):
        if window.dropped:
            what = names[axis] + ("s" if window.dropped > 1 else "")
            found.append(
                Finding(
                    "W0101",
                    f"the last {window.dropped} {what} of {size} {'is' if window.dropped == 1 else 'are'} never read",
                    argument="stride",
                    help="round=ceil or more padding reads them; `crop` before it says they are not wanted",
                )
            )
    return tuple(found)


def with_padding(
    build: Builder, name: str, windows: Sequence[AxisWindow], pad: Pad, border: Border
) -> tuple[str, dict[str, object]]:
    """The input's name and the padding attributes of a convolution over it: padding by zeros is an attribute,
    any other border a Pad node in front; a SAME whose amount an open size decides is left to ONNX."""
    if any(w.begin is None for w in windows):
        if border != "zeros":
            raise build.unsupported(f"pad={pad} with border={border} and a stride needs known sizes")
        return name, {"auto_pad": "SAME_UPPER" if pad == "same" else "SAME_LOWER"}
    begins = [w.begin or 0 for w in windows]
    ends = [(w.end or 0) + w.overhang for w in windows]
    if border == "zeros" or not any(begins + ends):
        return name, {"pads": (*begins, *ends)}
    if border == "wrap" and build.opset < 19:
        raise build.unsupported("border=wrap", since=19)
    pads = build.ints((0, 0, *begins, 0, 0, *ends))
    return build.node("Pad", [name, pads], mode=border), {"pads": (0,) * (2 * len(windows))}
