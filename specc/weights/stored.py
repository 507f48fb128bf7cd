"""Element types as files store them, and reading exactly as many bytes as a tensor needs."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from specc.weights.tensors import Float32, Unreadable, to_single

ByteOrder: TypeAlias = Literal["<", ">"]
MAX_TENSORS: Final = 10_000
MAX_HEADER: Final = 4 << 20
"""Bytes of a header, a directory or a pickle that are read at most; those of real models stay far below."""
MAX_RANK: Final = 8
CONVERTIBLE: Final = ("float32", "float16", "bfloat16", "float64")


def element_count(shape: tuple[int, ...]) -> int:
    """The product of the sizes as a Python integer, which does not overflow."""
    count = 1
    for size in shape:
        count *= size
    return count


def checked_shape(name: str, shape: object) -> tuple[int, ...]:
    """`shape` as a tuple of sizes.  Raises `Unreadable` where a file claims anything else."""
    sizes = tuple(shape) if isinstance(shape, list | tuple) else (None,)
    if len(sizes) > MAX_RANK or not all(type(size) is int and size >= 0 for size in sizes):
        raise Unreadable(f"tensor `{name}` has an impossible shape")
    return sizes


def to_float32(raw: bytearray, dtype: str, byte_order: ByteOrder = "<") -> Float32:
    """The numbers in `raw`, one-dimensional.  `dtype` is one of `CONVERTIBLE`; anything else raises `Unreadable`."""
    if dtype == "bfloat16":
        upper = np.frombuffer(raw, dtype=byte_order + "u2").astype(np.uint32)
        return (upper << np.uint32(16)).view(np.float32)
    if dtype not in CONVERTIBLE:
        raise Unreadable(f"values of type {dtype} cannot be used as weights")
    values: npt.NDArray[np.floating] = np.frombuffer(raw, dtype=np.dtype(dtype).newbyteorder(byte_order))
    return to_single(values)


def read_exactly(stream: BinaryIO, size: int) -> bytearray:
    """`size` bytes; memory grows with what is there, not with what is claimed.  Raises `Unreadable` at the end."""
    result = bytearray()
    while len(result) < size:
        part = stream.read(min(size - len(result), 1 << 20))
        if not part:
            raise Unreadable("the file is cut off")
        result += part
    return result


def read_range(path: Path, start: int, size: int) -> bytearray:
    """`size` bytes of a file from offset `start`.  Raises `Unreadable` when it is shorter."""
    with path.open("rb") as stream:
        stream.seek(start)
        return read_exactly(stream, size)
