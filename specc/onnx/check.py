"""The shapes that ONNX infers for a model, against the graph's own."""

from __future__ import annotations

import onnx

from specc.dims import Dim, formula
from specc.ir.graph import Graph
from specc.onnx.expose import held_values
from specc.types import speak


def shape_conflicts(model: onnx.ModelProto, graph: Graph) -> dict[str, str]:
    """Values whose shape, inferred by ONNX from the inputs alone, is not that of `graph`, and how they differ."""
    shapes = _inferred(_without_shapes(model))
    found = {}
    for value, held in held_values(model, graph).items():
        ours = speak(graph.values[value].shape, held.layout)
        theirs = [_size(size) for size in shapes[held.tensor].dim] if held.tensor in shapes else []
        if len(ours) != len(theirs) or not all(map(_agree, ours, theirs)):
            what = (
                f"infers {_text(theirs)}" if theirs else "cannot infer a shape: what the node reads or does is unknown"
            )
            found[value] = f"ONNX {what}, the graph says {_text(list(ours))}"
    return found


def _inferred(model: onnx.ModelProto) -> dict[str, onnx.TensorShapeProto]:
    """The shapes that ONNX infers, up to the first that cannot be: slicing it, ONNX would end the process."""
    depths = _slices_before(model.graph)
    shapes: dict[str, onnx.TensorShapeProto] = {}
    for depth in sorted(set(depths)):
        part = onnx.ModelProto()
        part.CopyFrom(model)
        del part.graph.node[:]
        part.graph.node.extend(node for node, own in zip(model.graph.node, depths, strict=True) if own <= depth)
        made = {name for node in part.graph.node for name in node.output}
        kept = [item for item in model.graph.output if item.name in made]
        del part.graph.output[:]
        part.graph.output.extend(kept)
        try:
            graph = onnx.shape_inference.infer_shapes(part, data_prop=True).graph
        except (onnx.shape_inference.InferenceError, ValueError):  # the latter of sizes beyond memory
            break
        items = (*graph.input, *graph.value_info, *graph.output)
        shapes = {item.name: item.type.tensor_type.shape for item in items}
        if any(size.HasField("dim_value") and size.dim_value < 1 for shape in shapes.values() for size in shape.dim):
            break
    return shapes


def _slices_before(graph: onnx.GraphProto) -> list[int]:
    """For each node how many Slice nodes, itself among them, lie on the longest way to it."""
    depth: dict[str, int] = {}
    found = []
    for node in graph.node:
        own = max((depth.get(name, 0) for name in node.input), default=0) + (node.op_type == "Slice")
        depth.update(dict.fromkeys(node.output, own))
        found.append(own)
    return found


def _without_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.graph.value_info[:]
    inputs = {item.name for item in bare.graph.input}
    for output in (item for item in bare.graph.output if item.name not in inputs):
        output.type.tensor_type.ClearField("shape")
    return bare


def _size(dim: onnx.TensorShapeProto.Dimension) -> int | str | None:
    if dim.HasField("dim_value"):
        return int(dim.dim_value)
    # names that start with unk__ are ONNX's own for sizes it cannot work out
    return dim.dim_param if dim.dim_param and not dim.dim_param.startswith("unk__") else None


def _agree(ours: Dim, theirs: int | str | None) -> bool:
    if theirs is None:
        return not isinstance(ours, int)
    return formula(ours) == str(theirs)


def _text(sizes: list[Dim] | list[int | str | None]) -> str:
    return " x ".join("?" if size is None else str(size) for size in sizes)
