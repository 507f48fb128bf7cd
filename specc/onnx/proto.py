"""A finished program as protobuf messages.  Same program, same bytes: no machine and no clock shows in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import PurePosixPath, PureWindowsPath
from typing import TypeAlias

import onnx
from onnx import helper

from specc.dims import Dim, formula
from specc.ir.graph import Graph, GraphInput, Node, weight_name
from specc.onnx.program import Array, Program, Step
from specc.ops.base import Weight
from specc.types import TensorType, speak
from specc.weights.origin import Origin

Model: TypeAlias = onnx.ModelProto
IR_VERSIONS = {
    13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11,
}  # fmt: skip
"""The ONNX IR version released with each opset (onnx/docs/Versioning.md)."""
NODE_METADATA_SINCE = 10
"""The first IR version whose nodes have metadata_props."""


def model_proto(graph: Graph, program: Program, opset: int, pixels: frozenset[str]) -> onnx.ModelProto:
    """The model, its weights described but without data; inputs in `pixels` take uint8."""
    ir_version = IR_VERSIONS[opset]
    model = onnx.ModelProto(ir_version=ir_version, producer_name="specc", producer_version=version("specc"))
    model.opset_import.add(domain="", version=opset)
    model.graph.CopyFrom(_graph_proto(graph, program, ir_version, pixels))
    _add_metadata(model.metadata_props, _model_metadata(graph, program, pixels))
    return model


def note_origin(model: Model, origin: Origin) -> None:
    """Write into the metadata of `model` where the weights come from that it will get."""
    _add_metadata(model.metadata_props, {"specc.weights": _json(origin._asdict())})


def value_info(name: str, shape: Iterable[Dim], elements: int = onnx.TensorProto.FLOAT) -> onnx.ValueInfoProto:
    """A tensor's name and shape; open sizes stand as their formula."""
    sizes = [size if isinstance(size, int) else formula(size) for size in shape]
    return helper.make_tensor_value_info(name, elements, sizes)


def physical(program: Program, tensor: str) -> tuple[Dim, ...]:
    """The shape in which `tensor` lies in memory."""
    return speak(program.types[tensor].shape, program.layouts.get(tensor, "chw"))


def _graph_proto(graph: Graph, program: Program, ir_version: int, pixels: frozenset[str]) -> onnx.GraphProto:
    proto = onnx.GraphProto(name=graph.name, doc_string=graph.doc)
    proto.node.extend(_node_proto(step, graph, ir_version) for step in program.steps)
    proto.initializer.extend(_constant_proto(name, array) for name, array in program.constants.items())
    proto.initializer.extend(_weight_proto(name, shape) for name, shape in program.weights.items())
    for item in graph.inputs:
        kind = onnx.TensorProto.UINT8 if item.name in pixels else onnx.TensorProto.FLOAT
        proto.input.append(value_info(item.name, speak(item.type.shape, graph.layout), kind))
    for output in graph.outputs:
        shape = speak(graph.values[output.value].shape, graph.layout)
        proto.output.append(value_info(program.outputs[output.name], shape))
    known = {item.name for item in (*proto.input, *proto.output)}
    made = [name for step in program.steps for name in step.outputs if name in program.types and name not in known]
    proto.value_info.extend(value_info(name, physical(program, name)) for name in made)
    return proto


def _node_proto(step: Step, graph: Graph, ir_version: int) -> onnx.NodeProto:
    attributes = {key: int(value) if isinstance(value, bool) else value for key, value in step.attributes.items()}
    node = helper.make_node(step.op_type, list(step.inputs), list(step.outputs), step.name, **attributes)  # type: ignore[arg-type]
    if step.origin is None:
        return node
    file = relative(step.origin.file, graph.file)
    if ir_version < NODE_METADATA_SINCE:
        node.doc_string = f"{file}:{step.origin.line}"
        return node
    metadata = {"specc.file": file, "specc.line": str(step.origin.line), "specc.layer": step.origin.layer}
    if graph.layout == "hwc":
        metadata["specc.layout"] = step.layout
    _add_metadata(node.metadata_props, metadata)
    return node


def _constant_proto(name: str, array: Array) -> onnx.TensorProto:
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    return onnx.TensorProto(name=name, dims=array.shape, data_type=kind, raw_data=array.tobytes())


def _weight_proto(name: str, shape: tuple[int, ...]) -> onnx.TensorProto:
    return onnx.TensorProto(name=name, dims=shape, data_type=onnx.TensorProto.FLOAT)


def _model_metadata(graph: Graph, program: Program, pixels: frozenset[str]) -> dict[str, str]:
    """What docs/deploy.md lists, but for the weights."""
    renamed = {value: tensor for value, tensor in program.tensors.items() if value != tensor}
    buffers = sorted({weight_name(node, weight) for node in graph.nodes for weight in _declared(graph, node)})
    return {
        "specc.version": version("specc"),
        "specc.model": graph.name,
        "specc.layout": graph.layout,
        **{key: _json(entries) for key, entries in described(graph, pixels).items()},
        "specc.tensors": _json(renamed),
        "specc.layouts": _json({name: layout for name, layout in program.layouts.items() if layout != "chw"}),
        **({"specc.buffers": _json(buffers)} if buffers else {}),
    }


def _declared(graph: Graph, node: Node) -> Iterable[Weight]:
    """The node's weights that are buffers because the spec says so: operators do not tell these from parameters."""
    declared = getattr(node.op, "buffer", False)
    return (weight for weight in graph.weights(node) if declared and weight.kind == "buffer")


def described(graph: Graph, pixels: frozenset[str]) -> dict[str, list[dict[str, object]]]:
    """What the metadata say of the inputs and outputs."""
    inputs = [
        {"name": item.name, "shape": _sizes(item.type, graph), **_preprocessing(item, item.name in pixels)}
        for item in graph.inputs
    ]
    outputs: list[dict[str, object]] = [
        {"name": item.name, "value": item.value, "labels": item.labels and list(item.labels)} for item in graph.outputs
    ]
    return {"specc.inputs": inputs, "specc.outputs": outputs}


def _preprocessing(item: GraphInput, baked: bool) -> dict[str, object]:
    """What is left to whoever runs the model, and what is `baked` into the graph."""
    declared: dict[str, object] = {
        "range": list(item.range),
        "mean": item.mean and list(item.mean),
        "std": item.std and list(item.std),
    }
    if baked:
        return {"range": [0.0, 255.0], "mean": None, "std": None, "baked": declared}
    return {**declared, "baked": None}


def _sizes(kind: TensorType, graph: Graph) -> list[int | str]:
    return [size if isinstance(size, int) else formula(size) for size in kind.spoken(graph.layout)]


def relative(file: str, root: str) -> str:
    """`file` seen from the folder of the spec `root`, without looking at the disk: neither the working directory nor
    the machine shows in the result."""
    path, folder = _posix(_as_utf8(file)), _posix(_as_utf8(root)).parent
    if path.is_relative_to(folder):
        return str(path.relative_to(folder))
    return path.name if path.is_absolute() else str(path)


def _as_utf8(name: str) -> str:
    """A file's name whose bytes Python could not read in the user's encoding, read as UTF-8, which protobuf needs."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _posix(file: str) -> PurePosixPath:
    windows = PureWindowsPath(file)
    return PurePosixPath("/" + "/".join(windows.parts[1:]) if windows.drive else file.replace("\\", "/"))


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _add_metadata(entries: object, values: Mapping[str, str]) -> None:
    for key, value in values.items():
        entries.add(key=key, value=value)  # type: ignore[attr-defined]
