"""Reading ONNX files without trusting them: external data only from the file's own folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from specc.diagnostics import Diagnostic
from specc.onnx.framing import data_bytes


class Untrusted(ValueError):
    """External data that is not what the model says, or not where it may be; the text says why."""


def parse(data: bytes, file: str | None = None) -> tuple[onnx.ModelProto | None, tuple[Diagnostic, ...]]:
    """The model that `data` is, or E0907."""
    try:
        return onnx.load_from_string(data), ()
    except DecodeError:
        return None, (Diagnostic("E0907", f"{file or 'the data'} is not an ONNX model", file=file),)


def read_model(path: Path) -> tuple[onnx.ModelProto | None, tuple[Diagnostic, ...]]:
    """The model at `path` with its external data loaded.

    A missing file is E0601; one that is no model, and external data that is missing, of another size, or anything but
    a plain file beside the model (a path, a link, a file with other names), is E0907.
    """
    try:
        model, diagnostics = parse(path.read_bytes(), str(path))
    except OSError as error:
        return None, (Diagnostic("E0601", f"cannot read {path}: {error.strerror or error}", file=str(path)),)
    if model is None:
        return None, diagnostics
    try:
        for tensor in model.graph.initializer:
            if tensor.data_location == onnx.TensorProto.EXTERNAL:
                _load(tensor, path.parent)
    except (Untrusted, OSError) as error:
        message = f"external data of tensor `{tensor.name}`: {getattr(error, 'strerror', None) or error}"
        return None, (Diagnostic("E0907", message, file=str(path)),)
    return model, ()


def _load(tensor: onnx.TensorProto, folder: Path) -> None:
    """Bring the external data of `tensor` into it.  Raises `Untrusted` and `OSError`."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    if location in ("", "..") or Path(location).name != location or any(mark in location for mark in "\\\0"):
        raise Untrusted(f"`{location}` is not the name of a file beside the model")
    offset, length = _number(entries.get("offset", "0")), _number(entries.get("length", str(data_bytes(tensor))))
    if length != data_bytes(tensor):
        raise Untrusted(f"{length} bytes for {data_bytes(tensor)}")
    handle = os.open(folder / location, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise Untrusted(f"`{location}` is not a plain file")
        if offset + length > status.st_size:
            raise Untrusted(f"`{location}` ends before it")
        file.seek(offset)
        tensor.raw_data = file.read(length)
    tensor.ClearField("external_data")
    tensor.ClearField("data_location")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise Untrusted(f"`{text}` is not a number of bytes")
    return int(text)
