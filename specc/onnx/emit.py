"""From a graph to an ONNX model: lower every layer, settle memory layouts, name the outputs, write the messages."""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from specc.diagnostics import Diagnostic
from specc.ir.graph import Graph
from specc.onnx.layout import settle
from specc.onnx.lower import lower_layer, without_unread_copies
from specc.onnx.names import name_outputs
from specc.onnx.padding import keep_padding
from specc.onnx.pixels import add_pixels
from specc.onnx.program import Array, EmitError, Program
from specc.onnx.proto import IR_VERSIONS, model_proto
from specc.onnx.write import filled

OPSETS = tuple(IR_VERSIONS)
"""The opsets that can be emitted."""


def emit(
    graph: Graph, *, opset: int = 21, preprocess: bool = False
) -> tuple[onnx.ModelProto | None, tuple[Diagnostic, ...]]:
    """The ONNX model of `graph`; its weights have names, types and shapes but no data yet.

    With `preprocess` every image input takes uint8 pixels 0..255 and the graph scales and normalises them itself.
    An opset that is unknown, or cannot express a layer, is E0905; a model without image inputs to preprocess E0901.
    """
    if opset not in IR_VERSIONS:
        message = f"opset {opset} is not supported"
        return None, (Diagnostic("E0905", message, help=f"choose one from {OPSETS[0]} to {OPSETS[-1]}"),)
    if preprocess and not any(item.type.rank == 3 for item in graph.inputs):
        message = f"there is nothing to preprocess: model `{graph.name}` has no image among its inputs"
        return None, (Diagnostic("E0901", message, help="images are written as channels x height x width"),)
    program = Program()
    try:
        pixels = _add_inputs(program, graph, preprocess)
        for layer in graph.nodes:
            lower_layer(program, graph, layer, opset)
        keep_padding(program)
        without_unread_copies(program, graph)
        settle(program, graph)
        name_outputs(program, graph)
    except EmitError as error:
        return None, (error.diagnostic,)
    return model_proto(graph, program, opset, pixels), ()


def emit_model(
    graph: Graph, weights: Mapping[str, Array], *, opset: int = 21, preprocess: bool = False
) -> tuple[onnx.ModelProto | None, tuple[Diagnostic, ...]]:
    """The ONNX model of `graph` with `weights` (float32, by their dotted names) inside.

    Beyond `emit`: weights that are missing or misshapen are E0801.
    """
    model, diagnostics = emit(graph, opset=opset, preprocess=preprocess)
    return (None, diagnostics) if model is None else filled(model, weights)


def _add_inputs(program: Program, graph: Graph, preprocess: bool) -> frozenset[str]:
    """Bring every input into `program`; returns those that take pixels."""
    pixels = frozenset(item.name for item in graph.inputs if preprocess and item.type.rank == 3)
    for item in graph.inputs:
        tensor = add_pixels(program, graph, item) if item.name in pixels else item.name
        program.types[tensor] = item.type
        program.tensors[item.name] = tensor
        if graph.layout == "hwc" and item.type.rank > 1:
            program.layouts[tensor] = "hwc"
    return pixels
