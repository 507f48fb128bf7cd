"""Warnings about inputs whose sizes stand in an order that is read otherwise than it looks."""

from __future__ import annotations

from typing import Final

from specc.diagnostics import Diagnostic
from specc.elaborate.batch import BATCH, NONE, each_named
from specc.elaborate.ports import PIXELS, has_written_batch
from specc.elaborate.report import Reporter
from specc.ir.graph import GraphInput
from specc.syntax import ast
from specc.types import Layout

LARGEST_PIXEL: Final = 4
COLOURS: Final = (1, 3)
"""Channels of grey and RGB clips."""
LEAST_FRAME: Final = 32
"""The height and width of frames: volumes of features, with few slices, are smaller."""
AXES: Final = frozenset("chwdlt") | {
    "channels", "height", "width", "depth", "length", "time", "rows", "columns",
}  # fmt: skip
"""What nobody calls a batch."""


def warn_of_order(statement: ast.Input, declared: GraphInput, layout: Layout, report: Reporter) -> None:
    """W0103 where the shape looks like height x width x channels and is read as channels x height x width, begins
    with a batch of 1 and is read as a volume, or with an axis of the image that is read as the batch."""
    _warn_of_none(statement, declared, layout, report)
    _warn_of_batch(statement, declared, layout, report)
    _warn_of_written_batch(statement, declared, layout, report)
    sizes = tuple(size for size in declared.type.shape[1:] if isinstance(size, int))
    if len(sizes) == declared.type.rank:
        (_warn_of_rows_of_channels if layout == "hwc" else _warn_of_rows)(statement, sizes, report)


def _warn_of_rows(statement: ast.Input, sizes: tuple[int, ...], report: Reporter) -> None:
    """`224x224x3` or `1x3x224x224`, read with channels first."""
    if len(sizes) == 4 and sizes[0] == 1 and sizes[1] in PIXELS and sizes[2] == sizes[3] > LARGEST_PIXEL:
        message = f"this is read as a volume of {sizes[1]}x{sizes[2]}x{sizes[3]} with one channel"
        help = f"the batch is not written: an image is `{sizes[1]}x{sizes[2]}x{sizes[3]}`"
        report.add(Diagnostic("W0103", message, statement.shape.span, help=help))
    if len(sizes) == 4:
        _warn_of_frames(statement, sizes, report)
    if len(sizes) != 3:
        return
    height, width, channels = sizes
    if height == width > LARGEST_PIXEL and channels in PIXELS:
        message = f"this is read as {height} channels of {width}x{channels}"
        help = f"an image is `{channels}x{height}x{width}` here, or with `layout=hwc` stays as it is written"
        report.add(Diagnostic("W0103", message, statement.shape.span, help=help))


def _warn_of_frames(statement: ast.Input, sizes: tuple[int, ...], report: Reporter) -> None:
    """`16x3x112x112`, the frames before the channels, or `16x112x112x3`, the channels behind all."""
    frames, *image = sizes
    if image[1] == image[2] >= LEAST_FRAME and image[0] in COLOURS and frames > LARGEST_PIXEL:
        shape = "x".join(map(str, (image[0], frames, *image[1:])))
        help = f"the channels stand before the frames: a clip is `{shape}`"
    elif image[0] == image[1] >= LEAST_FRAME and image[2] in COLOURS:
        shape = "x".join(map(str, (image[2], frames, *image[:2]) if frames > 1 else (image[2], *image[:2])))
        help = f"`{shape}` has the channels first" + ("" if frames > 1 else ", and no batch")
    else:
        return
    volume = "x".join(map(str, image))
    message = (
        f"this is read as {frames} channels of {volume}" if frames > 1 else f"this is read as one channel of {volume}"
    )
    report.add(Diagnostic("W0103", message, statement.shape.span, help=help))


def _warn_of_rows_of_channels(statement: ast.Input, sizes: tuple[int, ...], report: Reporter) -> None:
    """`3x224x224` with `layout=hwc`: as everywhere `sizes` begin with the channels."""
    if len(sizes) == 4:
        _warn_of_frames_of_channels(statement, sizes, report)
    if len(sizes) == 3 and sizes[0] == sizes[2] > LARGEST_PIXEL and sizes[1] in PIXELS:
        channels, height, width = sizes
        message = f"this is read as {height}x{width} with {channels} channels"
        help = f"an image is `{width}x{channels}x{height}` with `layout=hwc`, or without it stays as it is written"
        report.add(Diagnostic("W0103", message, statement.shape.span, help=help))


def _warn_of_frames_of_channels(statement: ast.Input, sizes: tuple[int, ...], report: Reporter) -> None:
    """`3x16x112x112` or `16x3x112x112` with `layout=hwc`."""
    channels, *volume = sizes
    if channels != volume[2] or channels < LEAST_FRAME or not {volume[0], volume[1]} & set(COLOURS):
        return
    colour, frames = volume[:2] if volume[0] in COLOURS else (volume[1], volume[0])
    message = f"this is read as {'x'.join(map(str, volume))} with {channels} channels"
    help = f"a clip is `{frames}x{channels}x{channels}x{colour}` with `layout=hwc`"
    report.add(Diagnostic("W0103", message, statement.shape.span, help=help))


def _warn_of_batch(statement: ast.Input, declared: GraphInput, layout: Layout, report: Reporter) -> None:
    batch = str(declared.type.shape[0])
    if batch.lower() in AXES:
        sizes = declared.type.text(layout)
        report.add(
            Diagnostic(
                "W0103", f"`{batch}` is read as the batch, and each item is {sizes}", statement.shape.span,
                help=f"`[{BATCH}, {batch}, ...]` writes the batch before it; `{batch}x{sizes}` leaves it out",
            )
        )  # fmt: skip


def _warn_of_none(statement: ast.Input, declared: GraphInput, layout: Layout, report: Reporter) -> None:
    """W0103 for `3xNonexNone`, as Keras writes sizes that stay open: here all that are called so are one size."""
    sizes = [*map(str, declared.type.spoken(layout)[1:])]
    if NONE in sizes:
        message = f"`{NONE}` is the name of a size here: all that are called so are equal"
        report.add(Diagnostic("W0103", message, statement.shape.span, help=each_named(sizes)))


def _warn_of_written_batch(statement: ast.Input, declared: GraphInput, layout: Layout, report: Reporter) -> None:
    """`Tx3x32x32`, a volume with T channels."""
    batch, *sizes = declared.type.spoken(layout)[1:]
    if layout == "chw" and has_written_batch(statement, batch, sizes, layout):
        shape = "x".join(map(str, sizes))
        message = f"this is read as a volume of {shape} with {batch} channels"
        report.add(
            Diagnostic("W0103", message, statement.shape.span, help=f"the batch is not written: an image is `{shape}`")
        )
