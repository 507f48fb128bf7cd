"""From an untrusted ONNX file to its nodes and constants, within budgets and without following any path in it.

Nothing here or later hands a path to ONNX or ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from specc.files import existing
from specc.onnx.framing import is_open
from specc.onnx.importer.values import Array, Known, Step
from specc.onnx.initialisers import stored_tensor
from specc.onnx.sorting import put_in_order
from specc.weights.stored import checked_shape, element_count
from specc.weights.tensors import Tensor, Unreadable

FIRST_OPSET: Final = 7
LAST_OPSET: Final = 26
DOMAINS: Final = ("", "ai.onnx")
CONTROL_FLOW: Final = ("If", "Loop", "Scan", "SequenceMap")
_FLOATS: Final = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)
_QUANTISED: Final = (
    TensorProto.INT8, TensorProto.UINT8, TensorProto.INT16, TensorProto.UINT16, TensorProto.INT32,
)  # fmt: skip
"""The types that quantised weights have, loaded when they are asked for too."""
_SMALL: Final = 1 << 20
"""Constants that are no weights hold sizes, axes and the like: they are read at once, if they are this small."""


@dataclass(frozen=True, slots=True)
class ImportLimits:
    """Upper bounds on an ONNX file, each inclusive."""

    file_bytes: int = 2**31 - 1
    nodes: int = 100_000
    initialisers: int = 100_000
    folded_elements: int = 1 << 24
    """Elements of all constants together that are computed while reading a small file."""
    folded_share: int = 6
    """Such elements for each of float32 that the file itself holds, beyond that and up to eight times as many."""
    opset: int = LAST_OPSET

    def constants(self, file_bytes: int) -> int:
        """The elements of all constants together that are computed while reading a file of so many bytes."""
        return max(self.folded_elements, min(self.folded_share * file_bytes // 4, 8 * self.folded_elements))


@dataclass(frozen=True)
class Loaded:
    """An ONNX model taken apart."""

    proto: onnx.ModelProto
    opset: int
    steps: tuple[Step, ...]
    constants: dict[str, Known]


def load(source: Path | bytes, limits: ImportLimits) -> Loaded:
    """The model in a file, or in memory (which has no external data).  Raises `Unreadable` with one line."""
    if isinstance(source, bytes):
        data, folder = source, None
    else:
        if existing(source).st_size > limits.file_bytes:
            raise Unreadable(f"it has more than {limits.file_bytes:_} bytes")
        data, folder = source.read_bytes(), source.parent
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        spec = isinstance(source, Path) and source.suffix == ".cnn"
        what = "a spec already: `specc export` writes its ONNX model" if spec else "no ONNX model, or cut off"
        raise Unreadable(f"it is {what}") from error
    return take_apart(model, folder, limits)


def take_apart(model: onnx.ModelProto, folder: Path | None, limits: ImportLimits) -> Loaded:
    """The nodes and constants of `model`.  Raises `Unreadable`."""
    graph = model.graph
    if not graph.output:
        raise Unreadable("it holds no graph with an output")
    for what, count, most in (
        ("nodes", len(graph.node), limits.nodes),
        ("initialisers", len(graph.initializer), limits.initialisers),
    ):
        if count > most:
            raise Unreadable(f"it has {count} {what}; at most {most} are read")
    if graph.sparse_initializer:
        raise Unreadable("sparse initialisers are not supported")
    opset = _opset(model, limits.opset)
    put_in_order(graph)
    constants = {tensor.name: constant(tensor, folder) for tensor in graph.initializer}
    return Loaded(model, opset, tuple(_steps(graph)), constants)


def _opset(model: onnx.ModelProto, last: int) -> int:
    versions = [entry.version for entry in model.opset_import if entry.domain in DOMAINS]
    if not versions:
        raise Unreadable("it names no opset of the ONNX operators")
    if not FIRST_OPSET <= versions[0] <= last:
        raise Unreadable(f"opset {versions[0]} is not supported; {FIRST_OPSET} to {last} are")
    return int(versions[0])


def _steps(graph: onnx.GraphProto) -> Iterator[Step]:
    for node in graph.node:
        what = f"node `{node.name or next(iter(node.output), '')}` ({node.op_type})"
        if node.op_type in CONTROL_FLOW or any(a.type in (a.GRAPH, a.GRAPHS) for a in node.attribute):
            raise Unreadable(f"{what} is control flow: a spec has none at run time")
        if node.domain not in DOMAINS:
            raise Unreadable(f"{what} is of the custom operator domain `{node.domain}`")
        attributes = {attribute.name: _attribute(attribute, what) for attribute in node.attribute}
        notes = {entry.key: entry.value for entry in node.metadata_props}
        name = node.name or next(iter(node.output), "")
        yield Step(node.op_type, name, tuple(node.input), tuple(node.output), attributes, notes)


def _attribute(attribute: AttributeProto, what: str) -> Any:
    if attribute.type == AttributeProto.TENSOR:
        return constant(attribute.t, None)
    try:
        value = helper.get_attribute_value(attribute)
    except ValueError as error:
        raise Unreadable(f"{what} has the attribute `{attribute.name}` without a value") from error
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def constant(proto: TensorProto, folder: Path | None) -> Known:
    """A tensor of the file.  Floating-point values are loaded when they are asked for."""
    if proto.data_type not in TensorProto.DataType.values() or not proto.data_type:
        raise Unreadable(f"tensor `{proto.name}` is of the unknown type {proto.data_type}")
    if proto.data_type in _FLOATS:
        missing = is_open(proto) and element_count(tuple(proto.dims)) > 0
        return Known(replace(stored_tensor(folder, proto), source=proto.name), proto.name, is_open=missing)
    shape = checked_shape(proto.name, tuple(proto.dims))
    if proto.data_type in _QUANTISED and proto.data_location != TensorProto.EXTERNAL:
        kind = str(helper.tensor_dtype_to_np_dtype(proto.data_type))
        return Known(Tensor(shape, lambda: _small(proto), kind), proto.name)
    if proto.data_location == TensorProto.EXTERNAL or element_count(shape) > _SMALL:
        return Known(Tensor(shape, _refuse(proto.name), "other"), proto.name)
    array = _small(proto)
    return Known(Tensor(array.shape, lambda: array, str(array.dtype)), proto.name)


def _small(proto: TensorProto) -> Array:
    try:
        return numpy_helper.to_array(proto)
    except (ValueError, TypeError) as error:
        raise Unreadable(f"the values of tensor `{proto.name}` do not fit its shape") from error


def _refuse(name: str) -> Any:
    def load() -> Any:
        raise Unreadable(f"tensor `{name}` is too large for anything but a weight")

    return load
