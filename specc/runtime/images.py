"""Reading PNG and JPEG images as pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageOps

from specc.dims import Dim
from specc.ir.graph import GraphInput

Array: TypeAlias = np.ndarray[Any, Any]

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's names for grey, colour, and colour with transparency, by the number of channels."""
FAILURES = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises for a file that is no sound image."""


class Misfit(ValueError):
    """A file whose content does not fit the model's input; the text says why, and `help` what helps."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


def read_image(path: Path, item: GraphInput, resize: bool) -> Array:
    """The image at `path` as canonical pixels 0..255 (channels, height, width), upright as its EXIF data says.

    Grey becomes colour and colour grey as the input needs.  Its size must be the declared one, unless `resize` scales
    it there (bilinear).  Raises `Misfit`, and `FAILURES` for unreadable files.
    """
    _, channels, *sizes = item.type.shape
    if len(sizes) != 2 or not isinstance(channels, int) or channels not in MODES:
        raise Misfit(f"input `{item.name}` ({item.type.text()}) is no image: give .npy or .npz")
    with Image.open(path) as opened:
        ImageOps.exif_transpose(opened, in_place=True)
        opened.load()
    wide, mode = opened.mode.startswith("I"), MODES[channels]
    # Pillow copies what is upright, or in the mode already, where it is asked to change that
    image = opened if wide or opened.mode == mode else opened.convert(mode)
    image = _fitted(image, sizes[0], sizes[1], resize)
    pixels = np.asarray(image, np.float64) * (255.0 / 65535.0) if wide else np.asarray(image)
    if pixels.ndim == 2:
        return np.broadcast_to(pixels, (channels, *pixels.shape))
    return np.moveaxis(pixels, -1, 0)


def _fitted(image: Image.Image, height: Dim, width: Dim, resize: bool) -> Image.Image:
    """The image in the declared size; open sizes take any."""
    wanted = (width if isinstance(width, int) else image.width, height if isinstance(height, int) else image.height)
    if image.size == wanted:
        return image
    if not resize:
        sizes = f"{image.height}x{image.width}, and the model takes {height}x{width}"
        raise Misfit(f"the image is {sizes} (--resize scales it)")
    return image.resize(wanted, Image.Resampling.BILINEAR)
