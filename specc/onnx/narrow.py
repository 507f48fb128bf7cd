"""A float32 model in 16-bit floating point: its weights, its constants, and every value between its nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, defs, numpy_helper

from specc.diagnostics import Diagnostic
from specc.ir.graph import Graph
from specc.onnx.emit import emit
from specc.onnx.framing import is_open
from specc.onnx.precision import BFLOAT16, FLOAT32, Precision
from specc.onnx.program import Array, EmitError
from specc.onnx.proto import IR_VERSIONS

FLOAT = TensorProto.FLOAT
LIMITING = ("Clip", "Pad", "Max", "Min")
"""Operators whose constants limit values, or stand for none: where one is infinite it does as well, and the least that
divisors are cut to stays above 0."""
STEPS = ("QuantizeLinear", "DequantizeLinear")
"""Operators whose scales would be other steps in 16 bits."""


def narrowed(
    model: onnx.ModelProto, precision: Precision, *, keep_io: bool = False
) -> tuple[onnx.ModelProto | None, tuple[Diagnostic, ...]]:
    """`model` (from `emit`, its weights still without data) computing in `precision`.

    With `keep_io` inputs and outputs stay float32 and are converted inside.  Operands that ONNX wants in float32, such
    as the scales of Resize, stay so.  Where the model's opset has no operator for the type it is E0905; numbers of the
    text that the type cannot hold are W0303.
    """
    try:
        result = _narrowed(model, precision, keep_io)
    except EmitError as error:
        return None, (error.diagnostic,)
    return result, tuple(_lost(model, result, precision))


def emit_in(
    graph: Graph,
    precision: Precision,
    *,
    opset: int | None = None,
    preprocess: bool = False,
    keep_io: bool = False,
) -> tuple[onnx.ModelProto | None, tuple[Diagnostic, ...]]:
    """The ONNX model of `graph` computing in `precision`: see `emit` and `narrowed`."""
    model, diagnostics = emit(graph, opset=default_opset(precision) if opset is None else opset, preprocess=preprocess)
    return (None, diagnostics) if model is None else narrowed(model, precision, keep_io=keep_io)


def default_opset(precision: Precision) -> int:
    """The opset to export to unless another is asked for: bfloat16 came to convolutions and pools in 22."""
    return 22 if precision is BFLOAT16 else 21


def _narrowed(model: onnx.ModelProto, precision: Precision, keep_io: bool) -> onnx.ModelProto:
    result = onnx.ModelProto()
    result.CopyFrom(model)
    if precision is FLOAT32:
        return result
    opset = model.opset_import[0].version
    whole = _whole(result.graph)
    for node in result.graph.node:
        if not whole.intersection(node.input[:1]) or node.op_type in STEPS:
            _check(node, precision, opset)
        _set_types(node, precision)
    fixed = set(_float32_operands(result.graph, opset, precision))
    least = {node.input[1] for node in result.graph.node if node.op_type == "Clip" and len(node.input) > 1}
    for tensor in result.graph.initializer:
        if tensor.data_type == FLOAT and tensor.name not in fixed:
            _convert(tensor, precision, tensor.name in least)
    graph = result.graph
    declared = (*graph.value_info,) if keep_io else (*graph.input, *graph.output, *graph.value_info)
    for item in declared:
        if item.type.tensor_type.elem_type == FLOAT:
            item.type.tensor_type.elem_type = precision.element
    if keep_io:
        _convert_ends(result, precision)
    return result


def _lost(model: onnx.ModelProto, result: onnx.ModelProto, precision: Precision) -> Iterator[Diagnostic]:
    """W0303 for every layer of `model` with a constant of which nothing but zeros is left in `result`, or of which
    finite numbers have become infinite there.  What values are cut to may: nothing that they can be lies beyond it."""
    wide = {tensor.name: tensor for tensor in model.graph.initializer}
    narrow = {tensor.name: tensor for tensor in result.graph.initializer}
    for node in model.graph.node:
        for name in () if node.op_type in LIMITING else node.input:
            after = narrow.pop(name, None)
            if after is None or after.data_type != precision.element or precision is FLOAT32 or is_open(after):
                continue
            told = _fate(numpy_helper.to_array(wide[name]), numpy_helper.to_array(after).astype(np.float32), precision)
            if told is not None:
                number, became = told
                message = f"the number {number:.6g} of layer `{_layer(node)}` is {became} in {precision.name}"
                limits = f"its smallest number above 0 is {precision.step:.2g}, its largest {precision.largest:g}"
                yield Diagnostic("W0303", message, notes=(limits,))


def _fate(before: Array, after: Array, precision: Precision) -> tuple[float, str] | None:
    """The first number of a constant that is lost, and what it has become."""
    infinite = np.isinf(after) & (np.abs(before) < FLOAT32.largest)
    if infinite.any():
        return float(before[infinite][0]), "infinite"
    if before.any() and not after.any():
        return float(before[before != 0][0]), "0"
    return None


def _layer(node: onnx.NodeProto) -> str:
    """The layer of the spec that a node was made from."""
    return next((item.value for item in node.metadata_props if item.key == "specc.layer"), node.name.partition("/")[0])


def _whole(graph: onnx.GraphProto) -> set[str]:
    """The tensors of integers: sizes and positions."""
    found = {tensor.name for tensor in graph.initializer if tensor.data_type != FLOAT}
    for node in graph.node:
        to = next((item.i for item in node.attribute if item.name == "to"), None)
        if node.op_type in ("Shape", "ArgMax") or to not in (None, FLOAT):
            found.update(node.output)
        elif node.op_type == "MaxPool":
            found.update(node.output[1:])
        elif found.intersection(node.input[:1]) and node.op_type not in ("Cast", "DequantizeLinear"):
            found.update(node.output)
    return found


def _check(node: onnx.NodeProto, precision: Precision, opset: int) -> None:
    """Raises `EmitError` where the operator takes float32, but not `precision`, or would take steps for other ones."""
    if node.op_type not in STEPS and not _lacks(node, precision, opset):
        return
    since = next((later for later in IR_VERSIONS if later > opset and not _lacks(node, precision, later)), None)
    needs = f"{node.op_type} takes none" + (f" before opset {since}" if since else "")
    if node.op_type in STEPS:
        since, needs = None, "its steps are float32 numbers"
    help = f"export with --opset {since}" if since else None
    message = f"layer `{_layer(node)}` cannot be expressed in {precision.name} in opset {opset}: {needs}"
    raise EmitError(Diagnostic("E0905", message, help=help))


def _lacks(node: onnx.NodeProto, precision: Precision, opset: int) -> bool:
    schema = defs.get_schema(node.op_type, opset, "")
    return _excludes(schema, (schema.inputs or schema.outputs)[0].type_str, precision)


def _excludes(schema: defs.OpSchema, kind: str, precision: Precision) -> bool:
    """Whether what has the type `kind` of the schema, a parameter or a type itself, may be float32, but not
    `precision`."""
    known = {item.type_param_str: item.allowed_type_strs for item in schema.type_constraints}
    allowed = known.get(kind, [kind])
    return "tensor(float)" in allowed and f"tensor({precision.name})" not in allowed


def _float32_operands(graph: onnx.GraphProto, opset: int, precision: Precision) -> Iterator[str]:
    """The tensors that some operator takes in float32, but not in `precision`."""
    for node in graph.node:
        schema = defs.get_schema(node.op_type, opset, "")
        last = len(schema.inputs) - 1
        for position, name in enumerate(node.input):
            if _excludes(schema, schema.inputs[min(position, last)].type_str, precision):
                yield name


def _set_types(node: onnx.NodeProto, precision: Precision) -> None:
    """The types that stand in the node's attributes."""
    for attribute in node.attribute:
        if node.op_type == "Cast" and attribute.name == "to" and attribute.i == FLOAT:
            attribute.i = precision.element


def _convert(tensor: TensorProto, precision: Precision, is_least: bool) -> None:
    """Round the values, if they are known yet, and change the type.  The least that divisors are cut to does not become
    0."""
    if not is_open(tensor):
        values = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            narrow = values.astype(precision.dtype)
        if is_least:
            narrow = np.where((values > 0) & (narrow == 0), precision.dtype.type(precision.step), narrow)
        tensor.raw_data = narrow.tobytes()
    tensor.data_type = precision.element


def _convert_ends(model: onnx.ModelProto, precision: Precision) -> None:
    """Cast what comes in as float32, and what goes out."""
    graph, renamed = model.graph, {}
    made = {name for node in graph.node for name in node.output}
    floats = {item.name for item in (*graph.input, *graph.output) if item.type.tensor_type.elem_type == FLOAT}
    for item in (*graph.input, *graph.output):
        if item.name in floats and item.name not in renamed:
            renamed[item.name] = f"{item.name}/{precision.name}"
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    inputs = [item.name for item in graph.input if item.name in floats]
    nodes = [_cast(name, renamed[name], precision.element) for name in inputs]
    nodes += list(graph.node)
    nodes += [_cast(renamed[o.name], o.name, FLOAT) for o in graph.output if o.name in floats and o.name in made]
    del graph.node[:]
    graph.node.extend(nodes)
    for item in (*graph.input, *graph.output):
        if item.name in renamed:
            inner = graph.value_info.add()
            inner.CopyFrom(item)
            inner.name = renamed[item.name]
            inner.type.tensor_type.elem_type = precision.element
    _note_tensors(model, renamed)


def _cast(source: str, target: str, element: int) -> onnx.NodeProto:
    return onnx.helper.make_node("Cast", [source], [target], f"{target}/cast", to=element)


def _note_tensors(model: onnx.ModelProto, renamed: dict[str, str]) -> None:
    """Correct the metadata that says which tensors hold the graph's values and how they lie."""
    for entry in model.metadata_props:
        if entry.key == "specc.tensors":
            tensors = {item.name: item.name for item in model.graph.input} | json.loads(entry.value)
            found = {value: renamed.get(tensor, tensor) for value, tensor in tensors.items()}
            found |= {name: inner for name, inner in renamed.items() if name not in found}
            table = {value: tensor for value, tensor in found.items() if value != tensor}
            entry.value = json.dumps(table, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if entry.key == "specc.layouts":
            layouts = {renamed.get(tensor, tensor): layout for tensor, layout in json.loads(entry.value).items()}
            entry.value = json.dumps(layouts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
