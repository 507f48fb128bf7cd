"""Reading ONNX files without trusting them: external data only from the file's own folder."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from specc.diagnostics import Diagnostic
from specc.onnx.initialisers import stored_tensor
from specc.onnx.precision import BY_ELEMENT
from specc.weights.tensors import Unreadable


def parse(data: bytes, file: str | None = None) -> tuple[onnx.ModelProto | None, tuple[Diagnostic, ...]]:
    """The model that `data` is, or E0907."""
    try:
        return onnx.load_from_string(data), ()
    except DecodeError:
        return None, (Diagnostic("E0907", f"{file or 'the data'} is not an ONNX model", file=file),)


def read_model(path: Path) -> tuple[onnx.ModelProto | None, tuple[Diagnostic, ...]]:
    """The model at `path` with its external data loaded.

    A missing file is E0601; one that is no model, and external data that is missing, of another size, or anything but
    a plain file beside the model, is E0907.
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
    except (Unreadable, OSError) as error:
        return None, (Diagnostic("E0907", f"{path} cannot be used: {error}", file=str(path)),)
    return model, ()


def _load(tensor: onnx.TensorProto, folder: Path) -> None:
    """Bring the external data of `tensor` into it.  Raises `Unreadable` and `OSError`."""
    if tensor.data_type not in BY_ELEMENT:
        raise Unreadable(f"the external data of tensor `{tensor.name}` is not floating-point")
    dtype = BY_ELEMENT[tensor.data_type].dtype
    tensor.raw_data = stored_tensor(folder, tensor).load().astype(dtype, copy=False).tobytes()
    tensor.ClearField("external_data")
    tensor.ClearField("data_location")
