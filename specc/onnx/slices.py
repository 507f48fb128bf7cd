"""A model in parts: its data apart from its nodes, and its nodes in slices that can run one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from specc.onnx.framing import copy_without, data_bytes, is_open
from specc.onnx.precision import BY_ELEMENT, precision_of
from specc.onnx.program import Array

SMALL = 1024
"""Tensors below this many bytes stay in the model: among them are sizes and scales that shape inference reads."""

_SAME = ("Flatten", "Identity", "Mod", "Reshape", "Squeeze", "Sub", "Transpose", "Unsqueeze")
"""Operators, among them those that bring positions back to one image, whose results are of their operand's type."""


@dataclass(frozen=True)
class Slice:
    """Some of a model's nodes as a model of their own; `inputs` are the tensors it reads, `outputs` those it returns,
    without any that are weights."""

    model: onnx.ModelProto
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def hollow(model: onnx.ModelProto) -> tuple[onnx.ModelProto, dict[str, Array]]:
    """`model` without the data of its floating-point tensors, and that data by name, as float32; small tensors keep
    theirs as well."""
    result, arrays = _bare(model), {}
    copy_without(model.graph, result.graph, "initializer")
    for tensor in model.graph.initializer:
        movable = tensor.data_type in BY_ELEMENT and not is_open(tensor)
        if movable:
            arrays[tensor.name] = numpy_helper.to_array(tensor).astype(np.float32, copy=False)
        if movable and data_bytes(tensor) >= SMALL:
            result.graph.initializer.add(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
        else:
            result.graph.initializer.append(tensor)
    return result, arrays


def slices(model: onnx.ModelProto, values: Mapping[str, int], limit: int) -> Iterator[Slice]:
    """The nodes of `model` in their order, cut where the `values` (float32 tensors, with their bytes) that a slice
    makes, and its weights, come to `limit` bytes.  Every slice returns all `values` that it makes.

    Only `values` pass from one slice to the next: there is no cut where anything else would have to.
    """
    nodes = list(model.graph.node)
    if any(map(_nested, nodes)):
        yield _slice(model, nodes, values)
        return
    weights = {tensor.name: data_bytes(tensor) for tensor in model.graph.initializer}
    last = {name: index for index, node in enumerate(nodes) for name in node.input}
    first, size, needed = 0, 0, -1
    for index, node in enumerate(nodes):
        size += sum(values.get(name, 0) for name in node.output) + sum(weights.get(name, 0) for name in node.input)
        needed = max([needed, *(last.get(name, -1) for name in node.output if name not in values)])
        if index == len(nodes) - 1 or (size >= limit and needed <= index):
            yield _slice(model, nodes[first : index + 1], values)
            first, size = index + 1, 0


def _nested(node: onnx.NodeProto) -> bool:
    """Whether the node has a graph inside, which may read any tensor."""
    return any(attribute.type == onnx.AttributeProto.GRAPH for attribute in node.attribute)


def _slice(model: onnx.ModelProto, nodes: list[onnx.NodeProto], values: Mapping[str, int]) -> Slice:
    """The slice of `nodes`; with all of them it is the model, and returns `values` besides what it did."""
    result = _bare(model)
    if len(nodes) == len(model.graph.node):
        result.graph.CopyFrom(model.graph)
    else:
        _fill(result.graph, model.graph, nodes)
    made = [name for node in nodes for name in node.output if name in values]
    returned = {item.name for item in result.graph.output}
    kinds = _element_types(model.graph)
    result.graph.output.extend(_shapeless(name, kinds) for name in dict.fromkeys(made) if name not in returned)
    weights = {tensor.name for tensor in result.graph.initializer}
    inputs = tuple(item.name for item in result.graph.input if item.name not in weights)
    return Slice(result, inputs, tuple(dict.fromkeys(made)))


def _fill(part: onnx.GraphProto, whole: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    """Bring `nodes` of the graph `whole` into `part`, with what they read and what is known of what they make."""
    made = {name for node in nodes for name in node.output}
    read = dict.fromkeys(name for node in nodes for name in node.input if name and name not in made)
    weights = [tensor for tensor in whole.initializer if tensor.name in read]
    inputs = read.keys() - {tensor.name for tensor in weights}
    given = {item.name: item for item in whole.input}
    part.name = whole.name
    part.node.extend(nodes)
    part.initializer.extend(weights)
    kinds = _element_types(whole)
    part.input.extend(given.get(name) or _shapeless(name, kinds) for name in read if name in inputs)
    part.output.extend(item for item in whole.output if item.name in made)
    part.value_info.extend(item for item in whole.value_info if item.name in made)


def _shapeless(name: str, kinds: Mapping[str, int]) -> onnx.ValueInfoProto:
    """A tensor whose shape the data tells."""
    return helper.make_tensor_value_info(name, kinds[name], None)


def _element_types(graph: onnx.GraphProto) -> Mapping[str, int]:
    """The element types of tensors: as declared, or what ArgMax, MaxPool's positions and QuantizeLinear are, the latter
    the zero point's, or what an attribute says, or uint8, or what they are cast to or moved from; all others are the
    model's floating-point type."""
    stored = {tensor.name: tensor.data_type for tensor in graph.initializer}
    items = (*graph.input, *graph.value_info, *graph.output)
    declared = {item.name: kind for item in items if (kind := item.type.tensor_type.elem_type)}
    found: dict[str, int] = defaultdict(partial(int, precision_of(graph).element), stored | declared)
    for node in graph.node:
        if node.op_type == "ArgMax":
            found[node.output[0]] = TensorProto.INT64
        elif node.op_type == "MaxPool" and len(node.output) > 1:
            found[node.output[1]] = TensorProto.INT64
        elif node.op_type in _SAME and node.input:
            found[node.output[0]] = found[node.input[0]]
        elif node.op_type == "Cast":
            found[node.output[0]] = next((item.i for item in node.attribute if item.name == "to"), TensorProto.FLOAT)
        elif node.op_type == "QuantizeLinear":
            wanted = next((item.i for item in node.attribute if item.name == "output_dtype"), 0)
            zero = stored.get(node.input[2], 0) if len(node.input) > 2 else 0
            found[node.output[0]] = zero or wanted or TensorProto.UINT8
    found.update(declared)
    return found


def _bare(model: onnx.ModelProto) -> onnx.ModelProto:
    """Everything of `model` but its graph."""
    result = onnx.ModelProto()
    copy_without(model, result, "graph")
    return result
