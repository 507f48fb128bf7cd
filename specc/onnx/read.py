"""Reading ONNX files without trusting them: external data only from the file's own folder."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from specc.diagnostics import Diagnostic
from specc.files import existing
from specc.onnx.framing import is_open
from specc.onnx.initialisers import stored_tensor
from specc.onnx.precision import BY_ELEMENT
from specc.onnx.sorting import put_in_order
from specc.weights.tensors import Unreadable


def parse(
    data: bytes, file: str | None = None, folder: Path | None = None
) -> tuple[onnx.ModelProto | None, tuple[Diagnostic, ...]]:
    """The model that `data` is, with its external data, if any, from `folder`; or E0907."""
    try:
        model = onnx.load_from_string(data)
    except DecodeError:
        return None, (Diagnostic("E0907", f"{file or 'the data'} is not an ONNX model", file=file),)
    try:
        if not any(entry.domain in ("", "ai.onnx") for entry in model.opset_import):
            raise Unreadable("it names no opset of the ONNX operators")
        put_in_order(model.graph)
        _all_there(model.graph)
        for tensor in model.graph.initializer:
            _complete(tensor, folder)
    except (Unreadable, OSError) as error:
        return None, (Diagnostic("E0907", f"{file or 'the data'} cannot be used: {error}", file=file),)
    return model, ()


def read_model(path: Path) -> tuple[onnx.ModelProto | None, tuple[Diagnostic, ...]]:
    """The model at `path` with its external data loaded.

    A missing file is E0601; one that is no model, tensors that are not as large as they claim, and external data that
    is missing, of another size, or anything but a plain file beside the model, are E0907.
    """
    try:
        existing(path)
        data = path.read_bytes()
    except OSError as error:
        return None, (Diagnostic("E0601", f"cannot read {path}: {error.strerror or error}", file=str(path)),)
    return parse(data, str(path), path.parent)


def _all_there(graph: onnx.GraphProto) -> None:
    """See that every node's operands are there.  Raises `Unreadable`."""
    stored = [tensor.values.name for tensor in graph.sparse_initializer]
    there = {item.name for item in (*graph.input, *graph.initializer)} | {"", *stored}
    there |= {name for node in graph.node for name in node.output}
    for node in graph.node:
        for name in node.input:
            if name not in there:
                raise Unreadable(f"node `{node.name:.60}` ({node.op_type:.60}) reads `{name:.60}`, which nothing makes")


def _complete(tensor: onnx.TensorProto, folder: Path | None) -> None:
    """Bring the external data of `tensor` into it, or see that what it holds has the size that it claims.  Raises
    `Unreadable` and `OSError`."""
    external = tensor.data_location == onnx.TensorProto.EXTERNAL
    if tensor.data_type not in onnx.TensorProto.DataType.values() or not tensor.data_type:
        raise Unreadable(f"tensor `{tensor.name}` is of the unknown type {tensor.data_type}")
    if tensor.data_type not in BY_ELEMENT:
        if external:
            raise Unreadable(f"the external data of tensor `{tensor.name}` is not floating-point")
        return
    found = stored_tensor(folder, tensor)
    if external:
        dtype = BY_ELEMENT[tensor.data_type].dtype
        tensor.raw_data = found.load().astype(dtype, copy=False).tobytes()
        tensor.ClearField("external_data")
        tensor.ClearField("data_location")
    elif not is_open(tensor) and not tensor.HasField("raw_data"):
        found.load()
