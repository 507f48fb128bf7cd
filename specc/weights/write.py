"""Writers: the same weights give the same bytes; tensors are made one at a time; files are replaced atomically."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from specc.diagnostics import Diagnostic
from specc.files import atomic
from specc.outputs import unwritable
from specc.progress import Advance, ignore
from specc.weights.stored import element_count
from specc.weights.tensors import Weights, layout_of

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The oldest time a zip archive can express, so that bytes do not depend on the clock."""


def write(weights: Weights, path: str | os.PathLike[str], advance: Advance = ignore) -> tuple[Diagnostic, ...]:
    """Write weights to `path` in the format its suffix names: `.npz` or `.safetensors`; `advance` is told of
    every tensor.

    E0904 where the suffix is another or the file cannot be written.  Raises `TypeError` for what are no weights.
    """
    if not isinstance(weights, Weights):
        raise TypeError(f"weights are those of `specc.load(...).weights()`, not {type(weights).__name__}")
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        message = f"`{path.name}` is neither .safetensors nor .npz"
        return (Diagnostic("E0904", message, file=str(path), help="name the file `.safetensors`"),)
    try:
        with atomic(path) as stream:
            writer(weights, stream, advance)
    except OSError as error:
        return (unwritable(path, error),)
    return ()


def write_npz(weights: Weights, stream: BinaryIO, advance: Advance) -> None:
    """Write an uncompressed `.npz` archive, one float32 array per tensor."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in weights.items():
            info = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            with archive.open(info, "w", force_zip64=True) as part:
                part.write(_npy_header(array.shape))
                part.write(array.astype("<f4", copy=False).data.cast("B") if array.size else b"")
            advance(1)
        archive.comment = f"specc {layout_of(weights)}".rstrip().encode()  # how images are flattened


def write_safetensors(weights: Weights, stream: BinaryIO, advance: Advance) -> None:
    """Write a `.safetensors` file, all float32, in the order of `weights`."""
    metadata = {"producer": "specc", "layout": layout_of(weights)}  # how images are flattened
    header: dict[str, object] = {"__metadata__": {key: value for key, value in metadata.items() if value}}
    end = 0
    for name in weights:
        shape = weights.shape(name)
        start, end = end, end + 4 * element_count(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    stream.write(len(text).to_bytes(8, "little") + text)
    for array in weights.values():
        stream.write(array.astype("<f4", copy=False).tobytes())
        advance(1)


def _npy_header(shape: tuple[int, ...]) -> bytes:
    """The start of a version 1.0 `.npy` file, padded to a multiple of 64 bytes."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape!r}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("latin-1")


_WRITERS: Final[dict[str, Callable[[Weights, BinaryIO, Advance], None]]] = {
    ".npz": write_npz,
    ".safetensors": write_safetensors,
}
