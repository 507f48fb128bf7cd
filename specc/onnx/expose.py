"""Looking inside a model: where it holds the graph's values, and the same model returning all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import onnx

from specc.ir.graph import Graph
from specc.types import Layout

HELD = "specc.held"
"""Metadata of a model that specc has read: for each value its layout and its tensor, in place of other such notes."""
COUNTED: Final = "counted"
"""What stands there in place of a layout for positions that are counted through all images."""


@dataclass(frozen=True)
class Held:
    """The tensor that holds a value, and its physical layout.

    Positions of maxima may be `counted` through the images of all channels and items instead of each for itself.
    """

    tensor: str
    layout: Layout
    counted: bool = False


def held_values(model: onnx.ModelProto, graph: Graph) -> dict[str, Held]:
    """Where `model` holds the values of `graph`, by value name; values that it lacks are left out.

    Tensors are named like their values; exceptions and layouts stand in the metadata that specc writes.
    """
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    renamed, layouts = (_table(metadata.get(key, "{}")) for key in ("specc.tensors", "specc.layouts"))
    present = {item.name for item in model.graph.input} | made(model)
    noted = {value: text.partition(" ") for value, text in _table(metadata.get(HELD, "{}")).items()}
    found = {}
    for value in graph.values:
        if HELD in metadata:
            layout, _, tensor = noted.get(value, ("", "", ""))
        else:
            tensor = renamed.get(value, value)
            layout = layouts.get(tensor, "chw")
        if tensor in present:
            found[value] = Held(tensor, "hwc" if layout == "hwc" else "chw", layout == COUNTED)
    return found


def made(model: onnx.ModelProto) -> set[str]:
    """The tensors that the nodes of `model` make."""
    return {name for node in model.graph.node for name in node.output if name}


def pixel_inputs(model: onnx.ModelProto) -> set[str]:
    """The inputs that take uint8."""
    return {i.name for i in model.graph.input if i.type.tensor_type.elem_type == onnx.TensorProto.UINT8}


def baked_inputs(model: onnx.ModelProto) -> set[str]:
    """The inputs that take uint8 and that the model scales and shifts as `specc export --preprocess` writes it."""
    return {name for name in pixel_inputs(model) if f"{name}/cast" in made(model)}


def double_inputs(model: onnx.ModelProto) -> set[str]:
    """The inputs that take float64."""
    return {i.name for i in model.graph.input if i.type.tensor_type.elem_type == onnx.TensorProto.DOUBLE}


def input_names(model: onnx.ModelProto) -> set[str]:
    """The inputs that a caller must give."""
    return {i.name for i in model.graph.input} - {i.name for i in model.graph.initializer}


def expose(model: onnx.ModelProto, tensors: Iterable[str]) -> onnx.ModelProto:
    """A copy of `model` that also returns those of `tensors` that its nodes make."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    hidden = made(model) - {item.name for item in model.graph.output}
    for name in dict.fromkeys(tensors):
        if name in hidden:
            result.graph.output.append(onnx.ValueInfoProto(name=name))  # ONNX Runtime infers what the type is
    return result


def _table(text: str) -> dict[str, str]:
    try:
        table = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return {str(k): str(v) for k, v in table.items()} if isinstance(table, dict) else {}
