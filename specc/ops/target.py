"""Outputs of a size that is given, or is that of another value: `resize` and `unpool`."""

from __future__ import annotations

from specc.dims import Dim
from specc.ops.base import Builder, Rejection, Types
from specc.ops.windows import per_axis, spatial_axes
from specc.types import TensorType


def new_sizes(word: str, size: tuple[int, ...] | None, x: TensorType, like: Types) -> tuple[Dim, ...]:
    """The spatial sizes that `size` or the value `like` (none or one) gives an image `x`.  Raises `Rejection` where
    none or both do, or where `like` has other axes."""
    if size is not None and like:
        raise Rejection("E0303", f"`{word}` takes `size` or `like`, not both", argument="like")
    if size is not None:
        return per_axis(size, spatial_axes(word, x), "size")
    if not like:
        raise Rejection("E0302", f"`{word}` needs `size`, or `like`", help=f"write `{word} 7x7`, or `{word} like=...`")
    if len(like[0].spatial) != len(x.spatial):
        raise Rejection(
            "E0404",
            f"`like` needs a value with as many spatial axes, not {like[0].text()}",
            argument="like",
            inputs={0: x.text()},
        )
    return like[0].spatial


def sizes_node(build: Builder, x: str, y: TensorType, like: str) -> str:
    """The tensor of all sizes of the output `y`, batch and channels from `x`, open ones from `like`.

    They name the batch too: ONNX Runtime gets Resize's `axes` wrong beside transposes."""
    known = [size for size in y.spatial if isinstance(size, int)]
    behind = build.ints(known) if len(known) == len(y.spatial) else measured(build, like, 2)
    return build.node("Concat", [measured(build, x, 0, 2), behind], axis=0)


def measured(build: Builder, name: str, start: int, end: int | None = None) -> str:
    """The sizes of the value `name` from axis `start` up to, not including, axis `end`."""
    if build.opset >= 15:
        return build.node("Shape", [name], start=start, end=end)
    return build.node("Slice", [build.node("Shape", [name]), build.ints([start]), build.ints([end or 2**31 - 1])])
