"""What the pooling operations have in common: the default stride, and padding as ONNX Runtime takes it."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from specc.dims import Dim, ceil_div
from specc.ops.base import Builder, Op, Rejection, Types, Weight
from specc.ops.fields import Window
from specc.ops.windowed import Windowed
from specc.ops.windows import AxisWindow, Geometry, needs_size
from specc.types import SPATIAL_NAMES, TensorType


class Pooling(Windowed):
    """A window operation on each channel by itself, without weights; the window steps by its own size."""

    positional = ("kernel",)

    stride: Window | None = None
    """Step of the window; as large as the kernel where none is given."""

    @property
    def steps(self) -> tuple[int, ...]:
        return self.kernel if self.stride is None else self.stride

    def keeping(self) -> tuple[Op, str] | None:
        """With padding, and where no stride is given to an odd window a stride of 1: even ones are there to halve."""
        kept = super().keeping()
        if kept is None or self.stride is not None or any(size % 2 == 0 for size in self.kernel):
            return kept
        return self.model_copy(update={"pad": "same", "stride": (1,)}), f"stride=1, {kept[1]}"

    def placed(self, x: TensorType) -> list[AxisWindow]:
        windows = super().placed(x)
        check_each_reads(x, windows, self.geometry(x))
        return windows

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        return (TensorType((*x.shape[:2], *(w.output for w in self.placed(x)))),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return ()

    def macs(self, inputs: Types, outputs: Types) -> Dim:
        return 0


MOST_POSITIONS = 100_000
"""Of more windows that step over their input, some surely miss it."""


def check_each_reads(x: TensorType, windows: Sequence[AxisWindow], how: Geometry) -> None:
    """Reject padding so wide that a window reads nothing else: it has no largest sample and no mean.

    Likewise what ONNX Runtime's pools refuse: auto_pad with a stride beyond the kernel, where it works out a padding
    below 0 for some sizes.
    """
    undecided = [name for w, name in zip(windows, SPATIAL_NAMES[len(windows)], strict=True) if w.begin is None]
    if undecided and any(span < stride for span, stride in zip(how.spans, how.stride, strict=True)):
        raise needs_size(f"pad={how.pad} with a stride beyond the kernel", undecided[0])
    for axis, (size, window, span) in enumerate(zip(x.spatial, windows, how.spans, strict=True)):
        begin, end = window.begin or 0, (window.end or 0) + window.overhang
        name = SPATIAL_NAMES[len(windows)][axis]
        if isinstance(size, int):
            if (begin or end) and _misses(size, window, how, axis):
                raise _reads_nothing(
                    f"{name}: {span} samples from a window, {begin} + {end} of padding, {size} of input"
                )
        elif max(begin, end) >= span:
            raise _reads_nothing(f"{name}: {max(begin, end)} samples of padding, {span} in a window")


def _misses(size: int, window: AxisWindow, how: Geometry, axis: int) -> bool:
    """Whether some window has all of its taps in the padding, worked out without trying each of a great many."""
    stride, dilation, begin = how.stride[axis], how.dilation[axis], window.begin or 0
    assert isinstance(window.output, int)
    if how.spans[axis] <= begin or (window.output - 1) * stride >= begin + size:
        return True
    if dilation <= size:  # no tap can step over the input
        return False
    different = min(window.output, dilation // gcd(stride, dilation))
    return different > MOST_POSITIONS or any((p * stride - begin) % dilation >= size for p in range(different))


def _reads_nothing(note: str) -> Rejection:
    return Rejection(
        "E0406",
        "a window would read nothing but padding",
        argument="pad",
        notes=[note],
        help="use less padding than the kernel covers; the `pad` operation adds samples that count",
    )


def samples_read(size: Dim, window: AxisWindow, how: Geometry, axis: int, padding: bool = False) -> list[int]:
    """For each position on one axis how many of the window's taps read the input, or with `padding` the input and
    its declared padding."""
    assert isinstance(size, int) and isinstance(window.output, int)
    begin, end = window.begin or 0, window.end or 0
    first, last = (0, begin + size + end) if padding else (begin, begin + size)
    kernel, stride, dilation = how.kernel[axis], how.stride[axis], how.dilation[axis]
    return [
        sum(first <= position * stride + tap * dilation < last for tap in range(kernel))
        for position in range(window.output)
    ]


def same_left_open(windows: Sequence[AxisWindow]) -> bool:
    """Whether an open size decides the padding, which is then left to ONNX's auto_pad."""
    return any(w.begin is None for w in windows)


def pads_of(windows: Sequence[AxisWindow], overhang: bool) -> tuple[int, ...]:
    """ONNX's pads: all begins, then all ends, with the overhang of round=ceil or without it."""
    ends = [(w.end or 0) + (w.overhang if overhang else 0) for w in windows]
    return (*(w.begin or 0 for w in windows), *ends)


def uses_ceil_mode(x: TensorType, windows: Sequence[AxisWindow], how: Geometry) -> bool:
    """Whether ONNX's ceil_mode gives exactly these windows.

    Before opset 22 ONNX's shape inference does not know that no window may start in the padding behind the input, so
    ceil_mode stands only where the plain formula agrees on every axis; elsewhere the overhang becomes padding.
    """
    sides = how.sides()
    if how.rounding != "ceil" or sides is None:
        return False
    rooms = [size + sum(side) - span for size, side, span in zip(x.spatial, sides, how.spans, strict=True)]
    return all(w.output == ceil_div(room, s) + 1 for w, room, s in zip(windows, rooms, how.stride, strict=True))


def fits(pads: Sequence[int], how: Geometry) -> bool:
    """Whether ONNX Runtime's pools take these pads: each must be smaller than the kernel, whatever the dilation."""
    return all(pad < kernel for pad, kernel in zip(pads, how.kernel * 2, strict=True))


def pad_node(build: Builder, name: str, pads: Sequence[int], fill: float) -> str:
    """A Pad node that surrounds the value `name` with `fill`."""
    axes = len(pads) // 2
    amounts = build.ints((0, 0, *pads[:axes], 0, 0, *pads[axes:]))
    return build.node("Pad", [name, amounts, build.floats([fill], ())], mode="constant")


def pool_padding(
    build: Builder,
    name: str,
    x: TensorType,
    windows: Sequence[AxisWindow],
    how: Geometry,
    fill: float,
    ceil_since: int = 10,
) -> tuple[str, dict[str, object]]:
    """The input's name and the padding attributes of a pool for which padding is the neutral element `fill`.

    The overhang of round=ceil becomes padding where ceil_mode does not give it, or the opset is before `ceil_since`.
    """
    if same_left_open(windows):
        return name, {"auto_pad": "SAME_UPPER" if how.pad == "same" else "SAME_LOWER"}
    ceil = uses_ceil_mode(x, windows, how) and build.opset >= ceil_since
    pads = pads_of(windows, overhang=not ceil)
    if not fits(pads, how):
        name, pads = pad_node(build, name, pads, fill), (0,) * len(pads)
    return name, {"pads": pads, **({"ceil_mode": 1} if ceil else {})}


def window_attributes(build: Builder, word: str, how: Geometry, dilation_since: int) -> dict[str, object]:
    """kernel_shape, strides and, where there are any, dilations.  Raises E0905 where the opset lacks dilations."""
    dilated = any(d > 1 for d in how.dilation)
    if dilated and build.opset < dilation_since:
        raise build.unsupported(f"dilation of `{word}`", since=dilation_since)
    return {
        "kernel_shape": how.kernel,
        "strides": how.stride,
        **({"dilations": how.dilation} if dilated else {}),
    }
