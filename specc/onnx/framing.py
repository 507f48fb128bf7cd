"""A model as a stream of bytes, one tensor in memory at a time.

Protobuf's own serialiser needs the whole model at once, and twice.  A ModelProto is written here as its fields in
the order of their numbers, which is what protobuf's deterministic serialisation gives; only the two levels that lead
to the initialisers are framed by hand.  Sources: protobuf.dev/programming-guides/encoding; onnx.proto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import onnx

Buffer: TypeAlias = bytes | memoryview
GRAPH, INITIALIZER, RAW_DATA = 7, 5, 9
"""Field numbers of ModelProto.graph, GraphProto.initializer and TensorProto.raw_data."""
_TYPES = onnx.TensorProto
_WIDTHS: dict[int, int] = {
    _TYPES.INT64: 8, _TYPES.DOUBLE: 8, _TYPES.FLOAT16: 2, _TYPES.BFLOAT16: 2, _TYPES.INT8: 1, _TYPES.UINT8: 1,
}  # fmt: skip
"""Bytes to an element, where they are not 4."""


def size(model: onnx.ModelProto) -> int:
    """The number of bytes that `chunks` gives for `model`: weights not yet filled in count with their data."""
    return sum(len(part) if isinstance(part, bytes) else data_bytes(part) for part in _parts(model))


def chunks(model: onnx.ModelProto, data: Callable[[onnx.TensorProto], Buffer]) -> Iterator[Buffer]:
    """The serialised model in pieces; `data` gives the bytes of every initialiser that has none."""
    for part in _parts(model):
        yield part if isinstance(part, bytes) else data(part)


def _parts(model: onnx.ModelProto) -> Iterator[bytes | onnx.TensorProto]:
    """Bytes as they are, and tensors in whose place their raw data belongs."""
    before, after = _split(model, GRAPH)
    head, tail = _split(model.graph, INITIALIZER)
    frames = [_frame(tensor) for tensor in model.graph.initializer]
    inner = len(head) + len(tail)
    for tensor, (prefix, suffix) in zip(model.graph.initializer, frames, strict=True):
        inner += len(prefix) + len(suffix) + (data_bytes(tensor) if is_open(tensor) else 0)
    yield before + _tag(GRAPH) + _varint(inner) + head
    for tensor, (prefix, suffix) in zip(model.graph.initializer, frames, strict=True):
        yield prefix
        if is_open(tensor):
            yield tensor
        yield suffix
    yield tail + after


def is_open(tensor: onnx.TensorProto) -> bool:
    """Whether the tensor's data is still to come.  Other programs write it to fields by type instead of raw_data."""
    typed = (tensor.float_data, tensor.int64_data, tensor.int32_data, tensor.double_data, tensor.uint64_data)
    external = tensor.data_location == onnx.TensorProto.EXTERNAL
    return not tensor.HasField("raw_data") and not external and not any(typed) and not tensor.string_data


def data_bytes(tensor: onnx.TensorProto) -> int:
    """The size of the tensor's data, without what a protobuf message adds."""
    count = _WIDTHS.get(tensor.data_type, 4)
    for length in tensor.dims:
        count *= length
    return count


def _frame(tensor: onnx.TensorProto) -> tuple[bytes, bytes]:
    """What stands before and behind the data of one initialiser in its graph."""
    if not is_open(tensor):
        body = _bytes(tensor)
        return _tag(INITIALIZER) + _varint(len(body)) + body, b""
    before, after = _split(tensor, RAW_DATA)
    count = data_bytes(tensor)
    field = _tag(RAW_DATA) + _varint(count)
    length = len(before) + len(field) + count + len(after)
    return _tag(INITIALIZER) + _varint(length) + before + field, after


def _split(message: onnx.ModelProto | onnx.GraphProto | onnx.TensorProto, number: int) -> tuple[bytes, bytes]:
    """The serialised fields below and above `number`."""
    before, after = type(message)(), type(message)()
    for field, _ in message.ListFields():
        part = before if field.number < number else after
        if field.number != number:
            _copy(message, part, field.name)
    return _bytes(before), _bytes(after)


def copy_without(source: onnx.ModelProto | onnx.GraphProto, target: object, field: str) -> None:
    """Copy all fields of `source` but one to `target`, a message of the same type."""
    for other, _ in source.ListFields():
        if other.name != field:
            _copy(source, target, other.name)


def _copy(source: object, target: object, name: str) -> None:
    value = getattr(source, name)
    if hasattr(value, "extend"):
        getattr(target, name).extend(value)
    else:
        setattr(target, name, value)


def _bytes(message: onnx.ModelProto | onnx.GraphProto | onnx.TensorProto) -> bytes:
    data: bytes = message.SerializeToString(deterministic=True)
    return data


def _tag(number: int) -> bytes:
    return _varint(number << 3 | 2)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
