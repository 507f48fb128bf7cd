"""The importer and the NumPy interpreter as an `onnx.backend.base.Backend`: cases written by others can judge them.

A node test feeds what a spec has as compile-time arguments (weights, axes, shapes) through graph inputs; here they are
taken from the feeds.  Its tensors often have no batch: what cannot be read with the first axis as the batch is read
as one item of a batch of one.  Everything runs through import and our kernels, or is declined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import ml_dtypes
import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.backend.base import Backend, BackendRep
from onnx.backend.test.runner import BackendIsNotSupposedToImplementIt

from specc.interpreter import interpret
from specc.ir.build import GraphBuilder
from specc.ir.graph import GraphInput, GraphOutput
from specc.onnx.importer.context import Context
from specc.onnx.importer.load import ImportLimits, Loaded, take_apart
from specc.onnx.importer.read import explained, finished, walk
from specc.onnx.importer.values import Array, Known, Live, Pending, Step
from specc.types import TensorType
from specc.weights.tensors import Unreadable

LIMITS: Final = ImportLimits(opset=onnx.defs.onnx_opset_version())
"""The onnx package writes its cases in its newest opset, which may be newer than those that are imported."""
SINGLE: Final = (np.dtype(np.float32), np.dtype(np.float16))
NUMBERS: Final = "fiub"
"""NumPy's kinds of numbers.  Integers are computed in float64, which holds them exactly up to 2^53."""


class Declined(BackendIsNotSupposedToImplementIt):
    """The model cannot be expressed as a graph of ours; says why."""


class Prepared(BackendRep):
    """A model that runs through import and interpreter anew for every set of inputs."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = model
        try:
            self._loaded = take_apart(model, None, LIMITS)
        except Unreadable as error:
            raise Declined(str(error)) from error

    def run(self, inputs: Sequence[Any], **_: Any) -> tuple[Array, ...]:
        """The outputs for `inputs`, which stand in the order of the graph's.  Raises `Declined`."""
        names = [item.name for item in self._model.graph.input if item.name not in self._loaded.constants]
        feeds = {name: _numeric(name, array) for name, array in zip(names, inputs, strict=True)}
        try:
            return _run(self._loaded, feeds, lifted=False)
        except Declined as first:
            try:
                return _run(self._loaded, feeds, lifted=True)
            except Declined as second:
                raise (first if "batch" not in str(first) else second) from second


class SpeccBackend(Backend):
    """See the module."""

    @classmethod
    def prepare(cls, model: onnx.ModelProto, device: str = "CPU", **_: Any) -> Prepared:
        return Prepared(model)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device == "CPU"


def _numeric(name: str, value: Any) -> Array:
    array = numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)
    if array.dtype == ml_dtypes.bfloat16:
        return array.astype(np.float32)
    if isinstance(value, list) or array.dtype.kind not in NUMBERS or array.dtype.isbuiltin != 1:
        raise Declined(f"input `{name}` holds {'a sequence' if isinstance(value, list) else array.dtype}")
    return array


def _run(loaded: Loaded, feeds: Mapping[str, Array], lifted: bool) -> tuple[Array, ...]:
    context = Context(GraphBuilder("case"), loaded.opset, feeds=feeds, lifted=lifted)
    context.values.update(loaded.constants)
    for name, array in feeds.items():
        shape = (1, *array.shape) if lifted else array.shape
        if not shape:  # a single number is no value of a graph
            context.values[name] = Known.of(array)
            continue
        context.builder.add_input(GraphInput(name=name, type=TensorType(shape)))
        context.values[name] = Live(name)
    try:
        walk(context, loaded.steps, LIMITS.folded_elements)
        outputs = [_output(context, item) for item in loaded.proto.graph.output]
    except Unreadable as error:
        raise Declined(str(error)) from error
    context.builder.outputs.extend(output for output in outputs if isinstance(output, GraphOutput))
    results = _interpreted(context, loaded, feeds, lifted)
    results |= {
        item.name: output
        for item, output in zip(loaded.proto.graph.output, outputs, strict=True)
        if isinstance(output, np.ndarray)
    }
    return tuple(_as_declared(results[item.name], item, lifted) for item in loaded.proto.graph.output)


def _output(context: Context, item: onnx.ValueInfoProto) -> GraphOutput | Array:
    """The output; where it has no elements its array, for then its shape is all that there is to work out."""
    value = context.values.get(item.name)
    if isinstance(value, Known) and not value.elements:
        return value.array[None] if context.lifted else value.array
    if isinstance(value, Pending):
        raise Declined(explained(value))
    if not isinstance(value, Live):
        raise Declined(f"output `{item.name}` does not depend on an input")
    maker = context.makers.get(item.name) or Step("Identity", item.name, (), (item.name,))
    return GraphOutput(name=item.name, value=context.spoken_value(maker, value))


def _interpreted(context: Context, loaded: Loaded, feeds: Mapping[str, Array], lifted: bool) -> dict[str, Array]:
    imported = finished(context)
    weights = {name: np.asarray(tensor.load()) for name, tensor in imported.weights.tensors.items()}
    single = all(array.dtype in SINGLE or array.dtype.kind != "f" for array in feeds.values())
    exact = any(array.dtype.kind != "f" for array in feeds.values()) and not _floating(loaded)
    dtype = np.float32 if single and not exact else np.float64
    arrays = {item.name: feeds[item.name] for item in imported.graph.inputs}
    arrays = {name: array[None] if lifted else array for name, array in arrays.items()}
    with np.errstate(all="ignore"):
        return interpret(imported.graph, arrays, weights, dtype=dtype)


def _floating(loaded: Loaded) -> bool:
    """Whether the first output is of floating-point numbers."""
    return _dtype(loaded.proto.graph.output[0]).kind == "f"


def _as_declared(result: Array, item: onnx.ValueInfoProto, lifted: bool) -> Array:
    array = result[0] if lifted else result
    kind = _dtype(item)
    if lifted and not item.type.tensor_type.shape.dim:  # a single number is a value of one element
        array = array.reshape(())
    if kind.kind == "b":
        return array > 0
    if kind.kind in "iu":
        return np.trunc(array).astype(np.int64).astype(kind)
    return array.astype(kind)


def _dtype(item: onnx.ValueInfoProto) -> np.dtype[Any]:
    kind = np.dtype(helper.tensor_dtype_to_np_dtype(item.type.tensor_type.elem_type))
    if kind.kind not in NUMBERS and kind != ml_dtypes.bfloat16:
        raise Declined(f"output `{item.name}` is of type {kind}")
    return kind
