"""The initialisers of an ONNX file as weights, in the order in which its nodes first read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, numpy_helper

from specc.weights.stored import checked_shape, element_count, read_range, to_float32
from specc.weights.tensors import FeatureOrder, Float32, Tensor, Unreadable, Weights, to_single

_TYPES: Final[dict[int, tuple[str, int]]] = {
    TensorProto.FLOAT: ("float32", 4),
    TensorProto.FLOAT16: ("float16", 2),
    TensorProto.BFLOAT16: ("bfloat16", 2),
    TensorProto.DOUBLE: ("float64", 8),
}
_MAX_FILE: Final = 2**31 - 1
"""Protobuf takes no larger message; larger models keep their weights in files of their own."""


def read_onnx(path: Path) -> Weights:
    """The floating-point initialisers of a model, dense matrices as (out, in).  Raises `Unreadable`.

    Scalars and, in specc's own files, the constants of lowered layers (`conv1/...`) are no weights and left out.
    External data is read only from plain files in the model's own folder.
    """
    if path.stat().st_size > _MAX_FILE:
        raise Unreadable("a model this large is no single protobuf message")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise Unreadable("it is no ONNX model") from error
    own = model.producer_name == "specc"
    found = {tensor.name: tensor for tensor in model.graph.initializer}
    tensors: dict[str, Tensor] = {}
    for name, turned in _reads(model.graph):
        if name in found and name not in tensors and not (own and "/" in name) and _is_weight(found[name]):
            tensor = replace(stored_tensor(path.parent, found[name]), features=_features(model))
            tensors[name] = _transposed(tensor) if turned and len(tensor.shape) == 2 else tensor
    if not tensors:
        raise Unreadable("the model holds no weights")
    return Weights(tensors)


def _features(model: onnx.ModelProto) -> FeatureOrder:
    """How the network that was exported flattens images."""
    if model.producer_name == "specc":
        layout = next((entry.value for entry in model.metadata_props if entry.key == "specc.layout"), "")
        return "hwc" if layout == "hwc" else "chw!" if layout == "chw" else ""
    return "chw" if model.producer_name == "pytorch" else "unknown"


def _reads(graph: onnx.GraphProto) -> Iterator[tuple[str, bool]]:
    """Every operand of every node, and whether it is a matrix that stands as (in, out)."""
    for node in graph.node:
        upright = node.op_type == "Gemm" and any(a.name == "transB" and a.i for a in node.attribute)
        for index, name in enumerate(node.input):
            yield name, index == 1 and node.op_type in ("MatMul", "Gemm") and not upright


def _is_weight(tensor: TensorProto) -> bool:
    return tensor.data_type in _TYPES and len(tensor.dims) > 0


def stored_tensor(folder: Path | None, proto: TensorProto) -> Tensor:
    """A floating-point tensor of a model, loaded as float32 when it is asked for.  Raises `Unreadable`.

    External data is taken from plain files in `folder` only, and refused without one.
    """
    dtype, width = _TYPES[proto.data_type]
    shape = checked_shape(proto.name, tuple(proto.dims))
    size = element_count(shape) * width
    if proto.data_location == TensorProto.EXTERNAL:
        return Tensor(shape, _external(folder, proto, dtype, size, shape), dtype)
    if proto.HasField("raw_data") and len(proto.raw_data) != size:
        raise Unreadable(f"tensor `{proto.name}` claims {size} bytes, but has {len(proto.raw_data)}")
    return Tensor(shape, partial(_load, proto), dtype)


def _transposed(tensor: Tensor) -> Tensor:
    return replace(tensor, shape=tensor.shape[::-1], load=lambda: tensor.load().T)


def _load(proto: TensorProto) -> Float32:
    try:
        return to_single(numpy_helper.to_array(proto))
    except (ValueError, TypeError) as error:
        raise Unreadable(f"the values of tensor `{proto.name}` do not fit its shape") from error


def _external(
    folder: Path | None, proto: TensorProto, dtype: str, size: int, shape: tuple[int, ...]
) -> partial[Float32]:
    """How to load data kept beside the model.  Only a plain file in the model's folder will do: no other folder, no
    symbolic or hard link, which could lead to any file of the user's."""
    entries = {entry.key: entry.value for entry in proto.external_data}
    location = entries.get("location", "")
    path = (folder or Path()) / location
    if folder is None or not location or location in (".", "..") or Path(location).name != location or "\\" in location:
        raise Unreadable(f"the data of tensor `{proto.name}` is outside the model's folder")
    if not path.exists() and not path.is_symlink():
        raise Unreadable(f"the data of tensor `{proto.name}` is in `{location}`, which is not beside the model")
    if path.is_symlink() or not path.is_file() or path.stat().st_nlink != 1:
        raise Unreadable(f"the data of tensor `{proto.name}` is in `{location}`, which is no plain file (a link?)")
    offset, length = (_number(entries.get(key, default)) for key, default in (("offset", "0"), ("length", str(size))))
    if length != size or offset + size > path.stat().st_size:
        raise Unreadable(f"the data of tensor `{proto.name}` is cut off")
    return partial(_load_range, path, offset, size, dtype, shape)


def _load_range(path: Path, offset: int, size: int, dtype: str, shape: tuple[int, ...]) -> Float32:
    return np.reshape(to_float32(read_range(path, offset, size), dtype), shape)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Unreadable("the place of external data cannot be read")
    return int(text)
