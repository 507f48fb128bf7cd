"""Filling in weights and writing models to disk: whole or not at all, one tensor in memory at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from specc.diagnostics import Diagnostic
from specc.files import atomic, destination, locked, pending
from specc.onnx.framing import Buffer, chunks, data_bytes, is_open, size
from specc.onnx.precision import BY_ELEMENT
from specc.onnx.program import Array, EmitError
from specc.outputs import unwritable
from specc.weights.tensors import Unreadable

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
                tensor.raw_data = bytes(_data(tensor, weights))
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


def apart(
    model: onnx.ModelProto, weights: Mapping[str, Array]
) -> tuple[onnx.ModelProto | None, dict[str, Array], tuple[Diagnostic, ...]]:
    """`model` with its weights marked as kept elsewhere, and them (contiguous, in its type) by name; missing or
    misshapen ones are E0801.  Tensors that have data keep it."""
    result, arrays = onnx.ModelProto(), {}
    result.CopyFrom(model)
    try:
        for tensor in result.graph.initializer:
            if is_open(tensor):
                values = np.frombuffer(_data(tensor, weights), BY_ELEMENT[tensor.data_type].dtype)
                arrays[tensor.name] = values.reshape(tuple(tensor.dims))
                _point(tensor, "memory", 0)
    except EmitError as error:
        return None, {}, (error.diagnostic,)
    return result, arrays, ()


def fed(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of `model`, from `apart`, that takes the weights kept elsewhere as inputs."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.initializer[:]
    taken = {item.name for item in result.graph.input}
    for tensor in model.graph.initializer:
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            result.graph.initializer.append(tensor)
        elif tensor.name not in taken:
            given = onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            result.graph.input.append(given)
    return result


def write_model(
    model: onnx.ModelProto, weights: Mapping[str, Array], path: Path, *, limit: int = LIMIT
) -> tuple[Diagnostic, ...]:
    """Write `model` (from `emit` or `emit_model`) with `weights` to `path`.

    Above `limit` bytes the weights go to `<stem>.<hash of the content>.data` beside it, which is written first.
    Files appear complete or not at all; what cannot be written is E0904, weights that do not fit are E0801.
    """
    try:
        if size(model) <= limit:
            with atomic(path) as file:
                file.writelines(chunks(model, lambda tensor: _data(tensor, weights)))
        else:
            _write_split(model, weights, path)
    except EmitError as error:
        return (error.diagnostic,)
    except OSError as error:
        return (unwritable(path, error),)
    return ()


def _write_split(model: onnx.ModelProto, weights: Mapping[str, Array], path: Path) -> None:
    """Write the data file, then the model that points to it; a data file without its model is taken away again.

    The data file of a model that is replaced stays: other models may point to it.  From its appearance until the model
    points to it no other export to the folder may make or remove one, for exports of the same weights share it.
    """
    target = destination(path)
    outside = onnx.ModelProto()
    outside.CopyFrom(model)
    digest = hashlib.sha256()
    with ExitStack() as until_written:
        with atomic(target.with_name(f"{target.stem}.data"), lambda: _data_name(target, digest)) as file:
            file.writelines(_hashed(_aligned(model, weights), digest))
            alone = until_written.enter_context(locked(target.parent))
            data_path = target.with_name(_data_name(target, digest))
            if alone and not data_path.exists():  # ours
                until_written.enter_context(pending(data_path))
        _point_all(outside, os.fsencode(data_path.name).decode("utf-8", "replace"))
        with atomic(target) as file:
            file.writelines(chunks(outside, lambda tensor: _data(tensor, weights)))


def _data_name(target: Path, digest: Any) -> str:
    return f"{target.stem}.{digest.hexdigest()[:16]}.data"


def _hashed(parts: Iterator[Buffer], digest: Any) -> Iterator[Buffer]:
    for part in parts:
        digest.update(part)
        yield part


def _aligned(model: onnx.ModelProto, weights: Mapping[str, Array]) -> Iterator[Buffer]:
    """The content of the data file, every tensor at an aligned offset."""
    for tensor in filter(_is_large, model.graph.initializer):
        yield _data(tensor, weights) if is_open(tensor) else tensor.raw_data
        yield b"\0" * (-data_bytes(tensor) % ALIGNMENT)


def _is_large(tensor: onnx.TensorProto) -> bool:
    return data_bytes(tensor) >= SMALL


def _point_all(model: onnx.ModelProto, location: str) -> None:
    """Point the large tensors of `model` at their places in the file `location`."""
    offset = 0
    for tensor in filter(_is_large, model.graph.initializer):
        length = data_bytes(tensor)
        _point(tensor, location, offset)
        offset += length + -length % ALIGNMENT


def _point(tensor: onnx.TensorProto, location: str, offset: int) -> None:
    """Make the data of `tensor` that at `offset` in `location`."""
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", offset), ("length", data_bytes(tensor))):
        tensor.external_data.add(key=key, value=str(value))


def _data(tensor: onnx.TensorProto, weights: Mapping[str, Array]) -> memoryview:
    """The little-endian values of one weight in the tensor's type, not copied where they lie so already."""
    if tensor.name not in weights:
        raise EmitError(Diagnostic("E0801", f"there is no weight `{tensor.name}`"))
    array = _loaded(tensor.name, weights)
    if array.shape != tuple(tensor.dims):
        shapes = f"{list(array.shape)}, but the model needs {list(tensor.dims)}"
        raise EmitError(Diagnostic("E0801", f"weight `{tensor.name}` has the shape {shapes}"))
    with np.errstate(over="ignore"):  # see `precision.Counted`
        values = np.ascontiguousarray(array, BY_ELEMENT[tensor.data_type].dtype)
    return values.reshape(-1).view(np.uint8).data


def _loaded(name: str, weights: Mapping[str, Array]) -> Array:
    """The weight, which may be read from its file only now."""
    try:
        return weights[name]
    except Unreadable as error:
        raise EmitError(Diagnostic(error.code, f"cannot read weight `{name}`: {error}")) from error
    except OSError as error:
        raise EmitError(Diagnostic("E0802", f"cannot read weight `{name}`: {error.strerror or error}")) from error
