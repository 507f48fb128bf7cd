"""Filling in weights and writing models to disk: whole or not at all, one tensor in memory at a time."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import onnx

from specc.diagnostics import Diagnostic
from specc.onnx.framing import chunks, is_open, size
from specc.onnx.program import Array, EmitError

LIMIT = 2**31 - 1
"""The largest protobuf message in bytes; larger models keep their weights in a file of their own."""
ALIGNMENT = 4096
"""Offsets in that file are multiples of a memory page, so that it can be mapped (onnx/docs/ExternalData.md)."""
SMALL = 1024
"""Tensors below this many bytes stay in the model: shape inference must see the shapes among them."""


def filled(
    model: onnx.ModelProto, weights: Mapping[str, Array]
) -> tuple[onnx.ModelProto | None, tuple[Diagnostic, ...]]:
    """A copy of `model` with the data of its weights; missing or misshapen ones are E0801."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    try:
        for tensor in result.graph.initializer:
            if is_open(tensor):
                tensor.raw_data = _data(tensor, weights)
    except EmitError as error:
        return None, (error.diagnostic,)
    return result, ()


def to_bytes(
    model: onnx.ModelProto, weights: Mapping[str, Array] | None = None
) -> tuple[bytes | None, tuple[Diagnostic, ...]]:
    """The bytes that `write_model` would write for a model below `LIMIT`."""
    try:
        return b"".join(chunks(model, lambda tensor: _data(tensor, weights or {}))), ()
    except EmitError as error:
        return None, (error.diagnostic,)


def write_model(
    model: onnx.ModelProto, weights: Mapping[str, Array], path: Path, *, limit: int = LIMIT
) -> tuple[Diagnostic, ...]:
    """Write `model` (from `emit` or `emit_model`) with `weights` to `path`.

    Above `limit` bytes the weights go to `<stem>.<hash of the content>.data` beside it, which is written first.
    Files appear complete or not at all; what cannot be written is E0904, weights that do not fit are E0801.
    """
    try:
        if size(model) <= limit:
            with _replacing(path) as file:
                file.writelines(chunks(model, lambda tensor: _data(tensor, weights)))
        else:
            _write_split(model, weights, path)
    except EmitError as error:
        return (error.diagnostic,)
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        return (Diagnostic("E0904", message, file=str(path)),)
    return ()


def _write_split(model: onnx.ModelProto, weights: Mapping[str, Array], path: Path) -> None:
    outside = onnx.ModelProto()
    outside.CopyFrom(model)
    data_path = _write_data(outside, weights, path)
    try:
        with _replacing(path) as file:
            file.writelines(chunks(outside, lambda tensor: _data(tensor, weights)))
    except OSError:
        if data_path is not None:
            data_path.unlink(missing_ok=True)
        raise


def _write_data(model: onnx.ModelProto, weights: Mapping[str, Array], path: Path) -> Path | None:
    """Write the data file and point the tensors of `model` at it; returns its path if there was none before."""
    placed: list[tuple[onnx.TensorProto, int, int]] = []
    digest = hashlib.sha256()
    with _temporary(path) as file:
        for tensor in model.graph.initializer:
            data = _data(tensor, weights) if is_open(tensor) else tensor.raw_data
            if len(data) < SMALL:
                continue
            gap = b"\0" * (-file.tell() % ALIGNMENT)
            placed.append((tensor, file.tell() + len(gap), len(data)))
            for part in (gap, data):
                digest.update(part)
                file.write(part)
        _flush(file)
        target = path.with_name(f"{path.stem}.{digest.hexdigest()[:16]}.data")
        existed = target.exists()
        Path(file.name).replace(target)
    for tensor, offset, length in placed:
        _point(tensor, target.name, offset, length)
    return None if existed else target


def _point(tensor: onnx.TensorProto, location: str, offset: int, length: int) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))


def _data(tensor: onnx.TensorProto, weights: Mapping[str, Array]) -> bytes:
    """The little-endian float32 values of one weight."""
    if tensor.name not in weights:
        raise EmitError(Diagnostic("E0801", f"there is no weight `{tensor.name}`"))
    array = weights[tensor.name]
    if array.shape != tuple(tensor.dims):
        shapes = f"{list(array.shape)}, but the model needs {list(tensor.dims)}"
        raise EmitError(Diagnostic("E0801", f"weight `{tensor.name}` has the shape {shapes}"))
    return np.ascontiguousarray(array, "<f4").tobytes()


@contextmanager
def _temporary(path: Path) -> Iterator[IO[bytes]]:
    """A new file beside `path` that is gone afterwards, unless it was renamed."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when the block ends without an error."""
    with _temporary(path) as file:
        yield file
        _flush(file)
        Path(file.name).replace(path)


def _flush(file: IO[bytes]) -> None:
    """Give the file the permissions a new file has here, and see it on the disk."""
    mask = os.umask(0)
    os.umask(mask)
    Path(file.name).chmod(0o666 & ~mask)
    file.flush()
    os.fsync(file.fileno())
