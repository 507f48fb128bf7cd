"""Reading images as pixels."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeAlias

import numpy as np
from PIL import Image, ImageOps

from specc.dims import Dim
from specc.ir.graph import Graph, GraphInput
from specc.limits import DEFAULT_LIMITS

Array: TypeAlias = np.ndarray[Any, Any]

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's names for grey, colour, and colour with transparency, by the number of channels."""
FAILURES = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises for a file that is no sound image."""

_OPENING: Final = Lock()
"""Held while Pillow's own limit, which is one for the whole process, is put aside."""


class Misfit(ValueError):
    """A file whose content does not fit the model's input; the text says why, and `help` what helps."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


class TooLarge(Exception):
    """An image of more pixels than are read; the text says how many."""


def read_image(path: Path, item: GraphInput, resize: bool, most: int = DEFAULT_LIMITS.pixels) -> Array:
    """The image at `path` as canonical pixels 0..255 (channels, height, width), upright as its EXIF data says; of
    several frames or pages the first.

    Grey becomes colour and colour grey as the input needs.  Its size must be the declared one, unless `resize` scales
    it there (bilinear).  Raises `Misfit`, `TooLarge` for more than `most` pixels, and `FAILURES` for unreadable files.
    """
    _, channels, *sizes = item.type.shape
    if len(sizes) != 2 or not isinstance(channels, int) or channels not in MODES:
        what = f"images have two sizes and 1, 3 or 4 channels, and input `{item.name}` is {item.type.text()}"
        raise Misfit(f"{what}: give .npy or .npz")
    with _opened(path, most) as opened:
        opened.load()  # before it is turned: TIFF turns by itself, and what it has turned is not to be turned again
        ImageOps.exif_transpose(opened, in_place=True)
    wide, mode = _is_wide(opened), MODES[channels]
    # Pillow copies what is upright, or in the mode already, where it is asked to change that
    image = opened if wide or opened.mode == mode else opened.convert(mode)
    image = _fitted(image, sizes[0], sizes[1], resize)
    pixels = np.asarray(image, np.float64) * (255.0 / 65535.0) if wide else np.asarray(image)
    return _coloured(pixels, channels) if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)


def unscaled(graph: Graph) -> str | None:
    """Why scaling images changes none for this model: all of its sizes are open."""
    sizes = [size for item in graph.inputs for size in item.type.shape[2:]]
    if not sizes or any(isinstance(size, int) for size in sizes):
        return None
    fixed = " ".join(f"--size {size}=224" for size in dict.fromkeys(map(str, sizes)))
    return f"the model takes images of any size; `{fixed}`, from Python `at`, gives it one"


def _opened(path: Path, most: int) -> Image.Image:
    """The image at `path`, of which nothing but the beginning has been read."""
    with _OPENING:
        theirs, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            opened = Image.open(path)
        finally:
            Image.MAX_IMAGE_PIXELS = theirs
    width, height = opened.size
    if width * height > most:
        opened.close()
        raise TooLarge(f"the image has {width} x {height} pixels, and at most {most:_} are read")
    return opened


def _is_wide(image: Image.Image) -> bool:
    """Whether its pixels are grey in 16 bits; raises `Misfit` where they are numbers of no known range."""
    if image.mode == "F" or (image.mode == "I" and image.format != "PNG"):
        raise Misfit("its pixels are numbers of 32 bits, of which nothing says what is white: give .npy or .npz")
    return image.mode.startswith("I")


def _coloured(grey: Array, channels: int) -> Array:
    """Grey pixels as so many channels, of which the fourth is alpha: nothing is transparent."""
    if channels < 4:
        return np.broadcast_to(grey, (channels, *grey.shape))
    return np.stack([grey, grey, grey, np.full_like(grey, 255)])


def _fitted(image: Image.Image, height: Dim, width: Dim, resize: bool) -> Image.Image:
    """The image in the declared size; open sizes take any."""
    wanted = (width if isinstance(width, int) else image.width, height if isinstance(height, int) else image.height)
    if image.size == wanted:
        return image
    if not resize:
        sizes = f"{image.height}x{image.width} (height x width), and the model takes {height}x{width}"
        raise Misfit(f"the image is {sizes} (--resize scales it)")
    return image.resize(wanted, Image.Resampling.BILINEAR)
