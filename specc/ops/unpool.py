"""Values put back to where a max pool found them: ONNX MaxUnpool-11/22."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from specc.dims import Dim, product
from specc.ops.base import Builder, Field, Rejection, Types, under
from specc.ops.families import Rearrangement
from specc.ops.fields import Sides, Window
from specc.ops.target import measured, new_sizes
from specc.ops.windows import pad_sides, per_axis, spatial_axes
from specc.types import SPATIAL_NAMES, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array

Sliding: TypeAlias = tuple[int, int, tuple[int, int]]
"""Kernel, stride, and padding at both ends of one axis."""


class Unpool(Rearrangement):
    """Each value at the position where a `maxpool` found it, zeros elsewhere: `unpool where, 2x2` behind
    `pooled, where: maxpool 2x2`, as in SegNet.

    The output has (size - 1) x stride - padding + kernel positions on each axis.  Where the windows of the pool did not
    tile its input that is another size: then `like` names a value of the size before the pool, or `size` gives it.
    Positions count through the image of one channel, row by row, modulo its size; of values that meet at one the last
    stays.
    """

    word = "unpool"
    slides = True
    positional = ("where", "kernel")
    arity = (2, 3)
    operands = MappingProxyType(
        {
            "where": "The positions of the values: the second result of a `maxpool`.",
            "like": "A value whose spatial sizes are those of the output, open or not.",
        }
    )
    measured = ("like",)
    places = 1

    kernel: Window
    """Window size of the pool."""
    stride: Window | None = None
    """Step of the pool's window; as large as the kernel where none is given."""
    pad: Sides = (0,)
    """Padding of the pool."""
    size: Window | None = None
    """The size of the output, one for all spatial axes or one for each."""

    def infer(self, inputs: Types) -> Types:
        x, where = inputs[:2]
        spatial_axes(self.word, x)
        if where.shape != x.shape:
            raise Rejection(
                "E0406",
                f"`unpool` has values {x.text()} and positions {where.text()}",
                argument="where",
                inputs={0: x.text(), 1: where.text()},
                help="it takes one position for each value: layers between the pool and here keep the shape",
            )
        return (TensorType((*x.shape[:2], *self._sizes(inputs))),)

    def arithmetic(self, inputs: Types) -> tuple[str, ...]:
        (x, *_), named = inputs, self.size is not None or len(inputs) > 2
        names = () if named else SPATIAL_NAMES[len(x.spatial)]
        return tuple(
            f"{name}: ({size} - 1) * {stride} - {begin + end} + {kernel} = {made}"
            for name, size, (kernel, stride, (begin, end)), made in zip(
                names, x.spatial, self.windows(x), self._sizes(inputs), strict=False
            )
        )

    def reach(self, inputs: Types) -> Field:
        """One output lies under at most ceil(kernel / stride) neighbouring windows."""
        return tuple(under(kernel, stride, begin) for kernel, stride, (begin, _) in self.windows(inputs[0]))

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        x, (y,) = inputs[0], outputs
        named = y.spatial != self._inferred(x)
        is_open = not isinstance(product(y.spatial), int)
        behind = self._sizes_node(build, names, x, y) if named or is_open else ""
        positions = _counted_through(build, names, y, behind)
        if named and build.opset < 14:  # ONNX's shape inference could not follow
            raise build.unsupported("unpool to a size of its own", since=14)
        target = [build.node("Concat", [measured(build, names[0], 0, 2), behind], axis=0)] if named else []
        windows = list(map(_fitting, self.windows(x), self._inferred(x), y.spatial))
        sides = [side for _, _, side in windows]
        result = build.node(
            "MaxUnpool",
            [names[0], positions, *target],
            kernel_shape=tuple(kernel for kernel, _, _ in windows),
            strides=tuple(stride for _, stride, _ in windows),
            pads=(*(begin for begin, _ in sides), *(end for _, end in sides)),
        )
        # shape inference does not read MaxUnpool's output_shape
        return (build.node("Reshape", [result, *target]) if named else result,)

    def _sizes_node(self, build: Builder, names: Sequence[str], x: TensorType, y: TensorType) -> str:
        """The tensor of the output's spatial sizes."""
        known = [size for size in y.spatial if isinstance(size, int)]
        if len(known) == len(y.spatial):
            return build.ints(known)
        if len(names) > 2:
            return measured(build, names[2], 2)
        windows = self.windows(x)
        scaled = build.node("Mul", [measured(build, names[0], 2), build.ints([stride for _, stride, _ in windows])])
        rest = [kernel - stride - begin - end for kernel, stride, (begin, end) in windows]
        return build.node("Add", [scaled, build.ints(rest)]) if any(rest) else scaled

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.unpooling import unpool

        sizes = xs[2].shape[2:] if len(xs) > 2 else self.size
        return (unpool(xs[0], xs[1], self.kernel, self.stride or self.kernel, self.pad, sizes),)

    def _sizes(self, inputs: Types) -> tuple[Dim, ...]:
        if self.size is None and len(inputs) < 3:
            sizes = self._inferred(inputs[0])
        else:
            sizes = new_sizes(self.word, self.size, inputs[0], inputs[2:])
        if any(isinstance(size, int) and size < 1 for size in sizes):
            raise Rejection("E0406", "nothing is left inside the padding", argument="pad", notes=self._notes(inputs[0]))
        return sizes

    def _inferred(self, x: TensorType) -> tuple[Dim, ...]:
        return tuple(
            (size - 1) * stride - begin - end + kernel
            for size, (kernel, stride, (begin, end)) in zip(x.spatial, self.windows(x), strict=True)
        )

    def _notes(self, x: TensorType) -> list[str]:
        return [f"{size} positions" for size in self._inferred(x)]

    def windows(self, x: TensorType) -> list[Sliding]:
        """Kernel, stride and padding of each axis."""
        axes = spatial_axes(self.word, x)
        kernel = per_axis(self.kernel, axes, "kernel")
        stride = per_axis(self.stride or self.kernel, axes, "stride")
        return list(zip(kernel, stride, pad_sides(self.pad, axes), strict=True))


def _fitting(window: Sliding, inferred: Dim, size: Dim) -> Sliding:
    """The window for ONNX, where it serves to infer a size alone, and ONNX Runtime takes no output smaller than that:
    with a smaller kernel where windows may have reached beyond the pool's input.  Kernels are larger than padding."""
    kernel, stride, (begin, end) = window
    if inferred == size:
        return window
    if isinstance(inferred, int) and isinstance(size, int):
        fitting = min(kernel, kernel - inferred + size)
    else:
        fitting = end + 1 if begin <= end else 0  # the last window of a pool begins inside its input
    return (fitting, stride, (begin, end)) if fitting > max(begin, end) else (1, 1, (0, 0))


def _counted_through(build: Builder, names: Sequence[str], y: TensorType, behind: str) -> str:
    """The positions as ONNX counts them, through the images of all channels and items one after the other; `behind` is
    the tensor of the output's spatial sizes, where some are open."""
    plane, axes = product(y.spatial), range(2, len(y.shape))
    size = build.ints([plane]) if isinstance(plane, int) else build.node("ReduceProd", [behind], keepdims=1)
    whole = build.integer_copy(names[1], "int64") or build.node("Cast", [names[1]], to=7)
    items = _numbers(build, measured(build, names[0], 0, 1), (1, *axes))
    if isinstance(y.channels, int):
        count = build.ints([y.channels])
        channels = build.integers(range(y.channels), "int64", (1, y.channels, *(1 for _ in axes)))
    else:
        count = measured(build, names[0], 1, 2)
        channels = _numbers(build, count, (0, *axes))
    images = build.node("Add", [build.node("Mul", [items, count]), channels])
    return build.node("Add", [build.node("Mod", [whole, size]), build.node("Mul", [images, size])])


def _numbers(build: Builder, count: str, others: Sequence[int]) -> str:
    """The whole numbers below `count` (a tensor of one element) along an axis, with the axes `others` of size 1."""
    start, step = (build.integers([number], "int64", ()) for number in (0, 1))
    return build.node(
        "Unsqueeze", [build.node("Range", [start, build.node("Squeeze", [count]), step]), build.ints(others)]
    )
