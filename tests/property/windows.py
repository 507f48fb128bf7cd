"""Windows that fit: the author's own arithmetic, axis by axis, by trying every position."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from random import Random

from tests.property.draft import Draft, Value

TRIES = 6


@dataclass(frozen=True)
class Axis:
    """One axis of a window: its numbers, the padding that comes of them, and the output's size."""

    kernel: int
    stride: int
    dilation: int
    begin: int
    end: int
    output: int

    @property
    def span(self) -> int:
        return self.dilation * (self.kernel - 1) + 1

    def reads(self, size: int) -> list[int]:
        """For each position how many samples of the input it reads."""
        return [
            sum(0 <= p * self.stride - self.begin + tap * self.dilation < size for tap in range(self.kernel))
            for p in range(self.output)
        ]


@dataclass(frozen=True)
class Window:
    """The text of the arguments from the kernel on, the axes, and the taps of the kernel."""

    text: str
    axes: tuple[Axis, ...]
    border: str = "zeros"

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(axis.output for axis in self.axes)

    @property
    def taps(self) -> int:
        return prod(axis.kernel for axis in self.axes)


def window(draft: Draft, pool: bool = False, bordered: bool = False, weighted: bool = False) -> Window:
    """Arguments that fit the draft's value; `pool`: each window must read a sample; `bordered`: with `border=`;
    `weighted`: of a pool whose padding counts."""
    for _ in range(TRIES):
        strict = pool and not weighted
        found = _proposal(draft.random, draft.value, pool, bordered, strict)
        if found is not None and (not strict or _all_read(draft.value, found)):
            return found
    ones = tuple(Axis(1, 1, 1, 0, 0, size) for size in draft.spatial)
    return Window("1, stride=1" if pool else "1", ones)


def numbers(random: Random, values: tuple[int, ...]) -> str:
    """One number where all are the same, or one for each axis."""
    if len(set(values)) == 1 and random.random() < 0.7:
        return str(values[0])
    texts = [str(value) for value in values]
    plain = len(values) > 1 and random.random() < 0.5
    return "x".join(texts) if plain else f"[{', '.join(texts)}]"


def _proposal(random: Random, value: Value, pool: bool, bordered: bool, strict: bool) -> Window | None:
    count = len(value.spatial)
    kernel = _per_axis(random, count, (1, 2, 3, 3, 4, 5))
    stride = _per_axis(random, count, (1, 1, 2, 2, 3))
    if pool and random.random() < 0.3:
        stride = kernel
    dilation = _per_axis(random, count, (1, 1, 1, 2, 3))
    pad = random.choice(("valid", "same", "same_lower", "one", "axes", "sides"))
    rounding = random.choice(("floor", "floor", "ceil", "exact"))
    border = random.choice(("edge", "reflect", "wrap")) if bordered and random.random() < 0.4 else "zeros"
    axes, pad_text = _axes(random, value, kernel, stride, dilation, pad, rounding, border, strict)
    if axes is None:
        return None
    parts = [numbers(random, kernel)]
    parts += [f"stride={numbers(random, stride)}"] if not pool or stride != kernel else []
    parts += [f"dilation={numbers(random, dilation)}"] if set(dilation) != {1} else []
    parts += [f"pad={pad_text}"] if pad_text != "valid" else []
    parts += [f"round={rounding}"] if rounding != "floor" else []
    parts += [f"border={border}"] if border != "zeros" else []
    return Window(", ".join(parts), axes, border)


def _per_axis(random: Random, count: int, choices: tuple[int, ...]) -> tuple[int, ...]:
    if random.random() < 0.6:
        return (random.choice(choices),) * count
    return tuple(random.choice(choices) for _ in range(count))


def _axes(
    random: Random, value: Value, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...],
    pad: str, rounding: str, border: str, strict: bool,
) -> tuple[tuple[Axis, ...] | None, str]:  # fmt: skip
    """Every axis, or none where one does not fit; and the padding as it is written."""
    count = len(kernel)
    sides, text = _sides(random, pad, count)
    if sides is None and _undecided(value, kernel, stride, dilation, border, strict):
        return None, text
    axes = []
    for i in range(count):
        size, opened, span = value.spatial[i], value.open[i], dilation[i] * (kernel[i] - 1) + 1
        if sides is None:
            axis = _same(size, span, kernel[i], stride[i], dilation[i], pad)
        else:
            axis = _explicit(size, opened, span, kernel[i], stride[i], dilation[i], sides[i], rounding)
        if axis is None or not _fills(size, axis, border):
            return None, text
        axes.append(axis)
    return tuple(axes), text


def _sides(random: Random, pad: str, count: int) -> tuple[list[tuple[int, int]] | None, str]:
    def draw() -> int:
        return random.choice((0, 1, 1, 2, 3))

    if pad in ("same", "same_lower"):
        return None, pad
    if pad == "valid":
        return [(0, 0)] * count, pad
    if pad == "one":
        side = draw()
        return [(side, side)] * count, str(side)
    if pad == "axes" and count > 1:
        both = [draw() for _ in range(count)]
        return [(side, side) for side in both], f"({', '.join(map(str, both))})"
    begins, ends = [draw() for _ in range(count)], [draw() for _ in range(count)]
    return list(zip(begins, ends, strict=True)), f"({', '.join(map(str, begins + ends))})"


def _undecided(
    value: Value, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...], border: str, strict: bool
) -> bool:
    """Whether an open size decides a padding that can then only be zeros, undilated, and, if `strict`, of a kernel at
    least as long as its stride."""
    pairs = list(zip(kernel, stride, strict=True))
    if not any(opened and k > 1 and s > 1 for opened, (k, s) in zip(value.open, pairs, strict=True)):
        return False
    return border != "zeros" or max(dilation) > 1 or (strict and any(k < s for k, s in pairs))


def _same(size: int, span: int, kernel: int, stride: int, dilation: int, pad: str) -> Axis:
    """TensorFlow's SAME."""
    output = (size + stride - 1) // stride
    total = max(0, (output - 1) * stride + span - size)
    begin = total // 2 if pad == "same" else total - total // 2
    return Axis(kernel, stride, dilation, begin, total - begin, output)


def _explicit(
    size: int, opened: bool, span: int, kernel: int, stride: int, dilation: int, side: tuple[int, int], rounding: str
) -> Axis | None:
    """With ceil a last window may overhang, unless it starts beyond the input and the padding before it."""
    begin, end = side
    room = size + begin + end - span
    if room < 0 or (rounding == "exact" and room % stride):
        return None
    output = room // stride + 1
    if rounding == "ceil" and stride > 1:
        if opened and end + stride > span:
            return None
        if room % stride and output * stride < size + begin:
            output += 1
    return Axis(kernel, stride, dilation, begin, end, output)


def _fills(size: int, axis: Axis, border: str) -> bool:
    """Whether a reflection or a repetition of the input is long enough."""
    if border in ("zeros", "edge"):
        return True
    reach = (axis.output - 1) * axis.stride + axis.span - axis.begin - size
    return max(axis.begin, axis.end, reach) <= size - (border == "reflect")


def _all_read(value: Value, found: Window) -> bool:
    for size, opened, axis in zip(value.spatial, value.open, found.axes, strict=True):
        if opened and max(axis.begin, axis.end + axis.stride - 1) >= axis.kernel:
            return False  # another number for the open size could make a window read nothing
        if min(axis.reads(size)) == 0:
            return False
    return True
