"""NumPy's `.npy` and `.npz`: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

The header is parsed here rather than by NumPy, which would unpickle, or allocate what a header claims.
"""

from __future__ import annotations

import ast
import zipfile
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np

from specc.weights.archive import comment, entries, member, unpacked
from specc.weights.stored import ByteOrder, checked_shape, element_count, read_exactly, to_float32
from specc.weights.tensors import Float32, Tensor, Unreadable, Weights, conventional, own

_MAGIC: Final = b"\x93NUMPY"
_MAX_TEXT: Final = 1 << 14


class _Header(NamedTuple):
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    length: int

    @property
    def bytes(self) -> int:
        return element_count(self.shape) * self.dtype.itemsize


def read_npz(path: Path) -> Weights:
    """The arrays of an archive by name, in the order in which they were written.  Raises `Unreadable`."""
    members = entries(path)
    tensors: dict[str, Tensor] = {}
    with path.open("rb") as archive:
        for info in members.values():
            name = info.filename.removesuffix(".npy")
            with unpacked(archive, info) as stream:
                header = _header(name, stream)
            if header.length + header.bytes != info.file_size:
                raise Unreadable(f"array `{name}` claims {header.bytes} bytes, but {info.file_size} are stored")
            load = partial(_load_member, path, info)
            tensors[name] = Tensor(header.shape, load, header.dtype.name, features="unknown")
    writer, _, layout = comment(path).decode("latin-1").partition(" ")
    return Weights(own(tensors, layout) if writer == "specc" else conventional(tensors))


def read_npy(path: Path) -> Weights:
    """One array, named after the file.  Raises `Unreadable`."""
    with path.open("rb") as stream:
        header = _header(path.stem, stream)
    if header.length + header.bytes != path.stat().st_size:
        raise Unreadable(f"the array claims {header.bytes} bytes, but {path.stat().st_size} are stored")
    load = partial(_load_file, path)
    return Weights({path.stem: Tensor(header.shape, load, header.dtype.name, features="unknown")})


def _load_member(path: Path, info: zipfile.ZipInfo) -> Float32:
    with member(path, info) as stream:
        array = _load(info.filename, stream)
        stream.read(1)  # reaching the end makes zipfile compare the checksum
    return array


def _load_file(path: Path) -> Float32:
    with path.open("rb") as stream:
        return _load(path.stem, stream)


def _load(name: str, stream: BinaryIO) -> Float32:
    header = _header(name, stream)
    order: ByteOrder = "<" if header.dtype.newbyteorder("<") == header.dtype else ">"
    values = to_float32(read_exactly(stream, header.bytes), header.dtype.name, order)
    return values.reshape(header.shape, order="F" if header.fortran else "C")


def _header(name: str, stream: BinaryIO) -> _Header:
    start = stream.read(8)
    if len(start) != 8 or start[:6] != _MAGIC or start[6] not in (1, 2, 3):
        raise Unreadable(f"`{name}` is not a NumPy array")
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(read_exactly(stream, width), "little")
    if length > _MAX_TEXT:
        raise Unreadable(f"the header of `{name}` claims {length} bytes")
    fields = _fields(name, bytes(read_exactly(stream, length)))
    return _Header(
        checked_shape(name, fields["shape"]),
        _dtype(name, fields["descr"]),
        fields["fortran_order"] is True,
        8 + width + length,
    )


def _fields(name: str, text: bytes) -> dict[str, Any]:
    try:
        fields = ast.literal_eval(text.decode("latin-1").strip())
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise Unreadable(f"the header of `{name}` cannot be read") from error
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise Unreadable(f"the header of `{name}` cannot be read")
    return fields


def _dtype(name: str, descr: object) -> np.dtype[Any]:
    """A plain numeric type; objects would be pickles, and structured types are no weights."""
    known = isinstance(descr, str) and len(descr) == 3 and descr[0] in "<>|" and descr[1:] in _KINDS
    if not known:
        what = "Python objects, which are never loaded" if "O" in str(descr) else f"values of type {str(descr)[:40]}"
        raise Unreadable(f"array `{name}` holds {what}")
    return np.dtype(str(descr))


_KINDS: Final = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")
