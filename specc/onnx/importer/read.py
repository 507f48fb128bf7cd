"""Reading an ONNX model: every node in turn becomes constants, a value, or something that a later node may explain."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto

from specc.diagnostics import Diagnostic
from specc.dims import Dim, names, symbol
from specc.ir.build import GraphBuilder
from specc.ir.graph import Graph, GraphInput, GraphOutput, Node, weight_name
from specc.onnx.expose import COUNTED, HELD
from specc.onnx.importer import elsewhere
from specc.onnx.importer.batches import begins_with_batch
from specc.onnx.importer.context import SINGLE, Context
from specc.onnx.importer.fold import ON_CONSTANTS, folded, folded_parts
from specc.onnx.importer.literals import has_literals, has_signals, own_literals
from specc.onnx.importer.load import ImportLimits, Loaded, load
from specc.onnx.importer.origins import computed_from, origins
from specc.onnx.importer.rules import RULES
from specc.onnx.importer.shapes import FLOATS
from specc.onnx.importer.sharing import scopes
from specc.onnx.importer.state import state_of
from specc.onnx.importer.twice import twice
from specc.onnx.importer.values import Decline, Live, Moved, Pending, Step, Value
from specc.onnx.proto import Model
from specc.ops.base import Rejection, Weight
from specc.types import Layout, TensorType, unspeak
from specc.weights.tensors import Tensor, Unreadable, Weights

_ELEMENTS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE, TensorProto.UINT8)
_NARROW = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
_WHOLE = (TensorProto.INT64, TensorProto.INT32, TensorProto.INT8, TensorProto.UINT8, TensorProto.BOOL)
_OTHERS = {TensorProto.DOUBLE: "float64", TensorProto.UINT8: "uint8"}

ROUNDED: Final = {"float16": 2**-10, "bfloat16": 2**-7}
OPEN: Final = "it leaves several sizes open, which are not those of an image"
RETURNED: Final = (
    "it is returned with its batch elsewhere than as the first axis: let the network return it with the batch first"
)


@dataclass(frozen=True)
class Imported:
    """A graph whose values are called as in the file, and its weights by their names in the graph."""

    graph: Graph
    weights: Weights
    batch: int | None = None
    """The batch that the file fixes; in the graph it is open."""
    held: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The file's tensor for each value, and the layout in which it holds it."""
    promoted: tuple[str, ...] = ()
    """The weights, by their names in the graph, that are constants in the file."""
    elements: Mapping[str, str] = field(default_factory=dict)
    """The element types of inputs that are float64 or uint8 in the file, `--preprocess` aside."""
    whole: Mapping[str, str] = field(default_factory=dict)
    """The element types of outputs that are whole numbers or truth values in the file."""
    repeated: Mapping[str, str] = field(default_factory=dict)
    """Weights, by their names in the graph, whose values another one holds too."""


def read_model(
    source: Path | bytes, limits: ImportLimits | None = None, layout: Layout | None = None
) -> tuple[Imported | None, tuple[Diagnostic, ...]]:
    """The graph and weights of an ONNX file, or of its bytes (then without external data).

    What cannot be read or expressed is one E0907 that names the node and its operator; a file that is not there is
    E0601.  The batch is open, whatever batch the file fixes.  Images are read in `layout`, or as the file suggests.
    """
    limits = limits or ImportLimits()
    file = "<memory>" if isinstance(source, bytes) else str(source)
    try:
        return convert(load(source, limits), file, limits, layout)
    except Unreadable as error:
        return None, (_refusal(str(error), file),)
    except FileNotFoundError:
        return None, (Diagnostic("E0601", f"there is no file {file}", file=file),)
    except OSError as error:
        return None, (Diagnostic("E0608", f"cannot read {file}: {error.strerror or error}", file=file),)


def convert(
    loaded: Loaded, file: str, limits: ImportLimits, layout: Layout | None = None
) -> tuple[Imported | None, tuple[Diagnostic, ...]]:
    """The graph and weights of a model that has been taken apart.  Raises `Unreadable`."""
    metadata = {entry.key: entry.value for entry in loaded.proto.metadata_props}
    own = loaded.proto.producer_name == "specc" and "specc.version" in metadata
    graph = loaded.proto.graph
    name = metadata.get("specc.model", graph.name) if own else graph.name
    layout = layout or _layout(loaded, metadata if own else {})
    builder = GraphBuilder(name or "model", file, layout, graph.doc_string)
    context = Context(builder, loaded.opset, own, has_literals(loaded.steps))
    context.state = state_of(loaded.proto)
    context.tolerance = _tolerance(loaded)
    context.has_signals = has_signals(loaded.steps, loaded.constants)
    context.values.update(own_literals(loaded.constants) if own else context.state.marked(loaded.constants))
    pixels = _add_inputs(context, loaded, metadata if own else {})
    walk(context, _without_pixels(loaded.steps, context, pixels), limits.constants(loaded.proto.ByteSize()))
    outputs = _outputs(context, graph, metadata if own else {})
    if isinstance(outputs, Pending):
        return None, (_refusal(explained(outputs), file, _fixing(context, outputs)),)
    context.builder.outputs.extend(outputs)
    return replace(finished(context), elements=_elements(graph, pixels), whole=_whole(graph)), ()


def walk(context: Context, steps: Sequence[Step], most: int) -> None:
    """Give every output of every step its meaning; all computed constants together have at most `most` elements."""
    aliases: dict[str, str] = {}
    for written in steps:
        step = replace(written, inputs=tuple(aliases.get(name, name) for name in written.inputs))
        if _changes_nothing(step) and isinstance(context.values.get(step.operand(0)), Live | Moved):
            aliases[step.outputs[0]] = step.operand(0)
        context.makers.update((name, step) for name in step.outputs if name)
        for name, value in zip(step.outputs, _results(context, step, most), strict=False):
            context.values[name] = value


def _changes_nothing(step: Step) -> bool:
    """An identity, or a cast to floating-point numbers."""
    return step.op_type == "Identity" or (step.op_type == "Cast" and step.integer("to", 1) in FLOATS)


def _results(context: Context, step: Step, most: int) -> Sequence[Value]:
    try:
        constant = folded(context, step, most)
        if constant is not None:
            return [constant]
        if parts := folded_parts(context, step):
            return parts
        if step.op_type not in RULES:
            raise _unread(context, step)
        return elsewhere.results(context, step, RULES[step.op_type])
    except Decline as decline:
        return [decline.cause or Pending(step, decline.why)] * len(step.outputs)
    except Rejection as rejection:
        return [Pending(step, rejection.finding.message)] * len(step.outputs)
    except (ValueError, TypeError, LookupError, ArithmeticError):
        # pydantic's refusals are ValueErrors too; the others come from operands no sound file has
        return [Pending(step, "its attributes or operands do not suit it")] * len(step.outputs)


def _unread(context: Context, step: Step) -> Decline:
    """Why a node of an operator without a rule says nothing: what it reads, or its operator."""
    if step.op_type not in ON_CONSTANTS:
        return Decline("a spec has no such operation")
    operands = [context.values.get(name) for name in step.inputs]
    cause = next((operand for operand in operands if isinstance(operand, Pending)), None)
    return Decline("a spec has no such operation on computed values" if cause is None else cause.why, cause)


def _tolerance(loaded: Loaded) -> float:
    """How far numbers are from what was meant: a few roundings to the narrowest type that the file computes in."""
    kinds = {constant.tensor.dtype for constant in loaded.constants.values()}
    return max([ROUNDED[kind] for kind in kinds & set(ROUNDED)], default=SINGLE)


def explained(pending: Pending) -> str:
    step = pending.step
    return f"node `{step.name}` ({step.op_type}) has no counterpart in a spec: {pending.why}"


def _fixing(context: Context, pending: Pending) -> str | None:
    """What helps where open sizes are to blame."""
    found = {size for item in context.builder.inputs for dim in item.type.shape[1:] for size in names(dim)}
    if not found or "open" not in pending.why:
        return None
    return f"the file leaves {', '.join(sorted(found))} open: one that is exported with fixed sizes can be read"


def _refusal(message: str, file: str, help: str | None = None) -> Diagnostic:
    return Diagnostic("E0907", f"{file}: {message}", file=file, help=help)


def _layout(loaded: Loaded, metadata: dict[str, str]) -> Layout:
    """Channels last where all images are transposed before anything else happens to them."""
    if "specc.layout" in metadata:
        return "hwc" if metadata["specc.layout"] == "hwc" else "chw"
    images = [i.name for i in loaded.proto.graph.input if len(i.type.tensor_type.shape.dim) == 4]
    readers = [step for step in loaded.steps if step.operand(0) in images]
    turned = [step.op_type == "Transpose" and step.integers("perm") == (0, 3, 1, 2) for step in readers]
    return "hwc" if images and turned and all(turned) else "chw"


def _add_inputs(context: Context, loaded: Loaded, metadata: dict[str, str]) -> list[str]:
    """Declare the inputs; returns those that take pixels."""
    described = {entry.get("name"): entry for entry in _table(metadata.get("specc.inputs", "[]"))}
    pixels = []
    for item in loaded.proto.graph.input:
        if item.name in loaded.constants:
            continue
        elements = item.type.tensor_type.elem_type
        if elements not in _ELEMENTS:
            raise Unreadable(f"input `{item.name}` holds no floating-point numbers")
        shape = tuple(_sizes(context, item))
        if len(shape) < 2:
            raise Unreadable(f"input `{item.name}` has no batch and features: its shape is {list(shape)}")
        kind = TensorType(unspeak(shape, context.builder.layout))
        extra = _preprocessing(described.get(item.name, {}), elements == TensorProto.UINT8)
        context.builder.add_input(GraphInput(name=item.name, type=kind, **extra))
        context.values[item.name] = Live(item.name, context.builder.layout == "hwc" and len(shape) > 2)
        if elements == TensorProto.UINT8 and described:
            pixels.append(item.name)
    if not context.builder.inputs:
        raise Unreadable("the graph has no input")
    return pixels


def _elements(graph: onnx.GraphProto, pixels: Collection[str]) -> dict[str, str]:
    found = {item.name: item.type.tensor_type.elem_type for item in graph.input if item.name not in pixels}
    return {name: _OTHERS[kind] for name, kind in found.items() if kind in _OTHERS}


def _whole(graph: onnx.GraphProto) -> dict[str, str]:
    kinds = {item.name: item.type.tensor_type.elem_type for item in graph.output}
    return {name: TensorProto.DataType.Name(kind).lower() for name, kind in kinds.items() if kind in _WHOLE}


def _sizes(context: Context, item: onnx.ValueInfoProto) -> Iterator[Dim]:
    for index, dim in enumerate(item.type.tensor_type.shape.dim):
        name = dim.dim_param
        if index == 0:
            if dim.dim_value > 0:
                context.batch = int(dim.dim_value)
            yield symbol(name if name.isidentifier() else "N")
        elif dim.dim_value > 0:
            yield int(dim.dim_value)
        else:
            yield symbol(name if name.isidentifier() else f"{'NCDHW'[index] if index < 5 else 'S'}{index}")


def _table(text: str) -> list[dict[str, Any]]:
    try:
        table = json.loads(text)
    except json.JSONDecodeError:
        return []
    return [entry for entry in table if isinstance(entry, dict)] if isinstance(table, list) else []


def _preprocessing(entry: dict[str, Any], baked: bool) -> dict[str, Any]:
    """What specc's metadata says of an input, where it is sound; with `baked` what the graph does itself."""
    if baked and isinstance(entry.get("baked"), dict):
        entry = entry["baked"]
    found: dict[str, Any] = {}
    for key in ("range", "mean", "std"):
        value = entry.get(key)
        if isinstance(value, list) and value and all(isinstance(number, int | float) for number in value):
            found[key] = tuple(float(number) for number in value)
    if len(found.get("range", (0, 1))) != 2:
        del found["range"]
    return found


def _without_pixels(steps: Sequence[Step], context: Context, pixels: list[str]) -> list[Step]:
    """The steps without the preprocessing that `specc export --preprocess` puts in front; what it makes of the pixels,
    and none of the tensors before, is the value of the input."""
    made = {name for step in steps for name in step.outputs}
    baked = [name for name in pixels if f"{name}/normalised" in made]
    for name in baked:
        context.values[f"{name}/normalised"] = context.values.pop(name)
    ours = {f"{name}/{part}" for name in baked for part in ("cast", "scaled", "normalised")}
    return [step for step in steps if step.outputs[0] not in ours]


def _outputs(context: Context, graph: onnx.GraphProto, metadata: dict[str, str]) -> list[GraphOutput] | Pending:
    labels = {entry.get("name"): entry.get("labels") for entry in _table(metadata.get("specc.outputs", "[]"))}
    outputs = []
    for item in graph.output:
        value = context.values.get(item.name)
        if isinstance(value, Moved):
            return Pending(context.makers[item.name], OPEN if begins_with_batch(context, value) else RETURNED)
        if isinstance(value, Pending):
            return value
        if not isinstance(value, Live):
            raise Unreadable(f"output `{item.name}` does not depend on an input")
        maker = context.makers.get(item.name) or Step("Identity", item.name, (), (item.name,))
        final = context.spoken_value(maker, value)
        texts = labels.get(item.name)
        named = tuple(texts) if isinstance(texts, list) and all(isinstance(t, str) for t in texts) else None
        outputs.append(GraphOutput(name=item.name, value=final, labels=named))
    return outputs


def finished(context: Context) -> Imported:
    """The graph of the nodes that the outputs need, and their weights."""
    old = context.builder
    builder = GraphBuilder(old.name, old.file, old.layout, old.doc)
    for item in old.inputs:
        builder.add_input(item)
    tensors: dict[str, Tensor] = {}
    needed = _needed(old.nodes, [output.value for output in old.outputs])
    called = scopes(context, needed)
    for node in needed:
        name, scope = node.name, called.get(node.name)
        scope = None if scope == name else scope
        builder.append(node.op, node.inputs, node.types, name=name, layer=name, file=old.file, line=0, scope=scope)
    builder.outputs.extend(old.outputs)
    graph = builder.finish()
    named = origins(context, needed, called)
    for node in graph.nodes:
        given, names = context.weights.get(node.name, {}), named.get(node.name, {})
        for weight in graph.weights(node):
            if weight.fixed is None:
                made_of = () if weight.name in names else computed_from(context, given[weight.name])
                tensor = replace(given[weight.name], source=names.get(weight.name, ""), computed_from=made_of)
                tensors.setdefault(weight_name(node, weight), tensor)
            else:
                tensors[weight_name(node, weight)] = _fixed(weight)
    promoted = tuple(name for name, tensor in tensors.items() if tensor.is_literal)
    repeated = {} if context.own else twice(graph, tensors)
    return Imported(graph, Weights(tensors), context.batch, _held(context), promoted, repeated=repeated)


def _held(context: Context) -> dict[str, tuple[str, str]]:
    held: dict[str, tuple[str, str]] = {}
    for tensor, value in context.values.items():
        if isinstance(value, Live) and (value.value not in held or value.value == tensor):
            held[value.value] = (tensor, "hwc" if value.last else "chw")
    for tensor, value in context.values.items():
        if isinstance(value, Live):  # read in the other layout it is what a transpose makes of the value
            for other in context.reordered.get((value.value, context.otherwise(value)), ()):
                held.setdefault(other, (tensor, "chw" if value.last else "hwc"))
    for output in context.builder.outputs:
        maker = context.makers.get(output.name)
        tensor = maker.operand(0) if maker is not None and _changes_nothing(maker) else output.name
        held[output.value] = (tensor, context.builder.layout)
    for name, tensor in context.counted.items():
        held.setdefault(name, (tensor, COUNTED))
    return held | _rounded(context)


def _rounded(context: Context) -> dict[str, tuple[str, str]]:
    """The tensors of values that are cast to 16 bits before anything else happens to them: these are what layers read,
    in a file whose inputs stay float32 too."""
    first: dict[str, tuple[str, Step, Live]] = {}
    for tensor, value in context.values.items():
        maker = context.makers.get(tensor)
        if isinstance(value, Live) and maker is not None and maker.op_type == "Cast":
            first.setdefault(value.value, (tensor, maker, value))
    narrow = [item for item in first.values() if item[1].integer("to", 1) in _NARROW]
    return {value.value: (tensor, "hwc" if value.last else "chw") for tensor, _, value in narrow}


def annotated(model: Model, held: Mapping[str, tuple[str, str]], taken: Collection[str] = ()) -> Model:
    """A copy of `model` that says in specc's metadata which tensor holds which value, and in which layout; its
    weights whose names are `taken` get others."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.metadata_props[:]
    result.metadata_props.extend(entry for entry in model.metadata_props if entry.key != HELD)
    table = {value: f"{layout} {tensor}" for value, (tensor, layout) in held.items()}
    result.metadata_props.add(key=HELD, value=json.dumps(table))
    _rename_weights(result.graph, taken)
    return result


def _rename_weights(graph: onnx.GraphProto, taken: Collection[str]) -> None:
    used = {name for node in graph.node for name in (*node.input, *node.output)}
    names: dict[str, str] = {}
    for tensor in graph.initializer:
        if tensor.name in taken:
            names[tensor.name] = next(n for i in count() if (n := f"{tensor.name}.{i}") not in used)
            tensor.name = names[tensor.name]
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]


def _fixed(weight: Weight) -> Tensor:
    """A weight whose values stand in the operation."""
    assert weight.fixed is not None
    array = np.reshape(np.array(weight.fixed, np.float32), weight.shape)
    return Tensor(weight.shape, lambda: array)


def _needed(nodes: Sequence[Node], values: Sequence[str]) -> list[Node]:
    wanted = set(values)
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.outputs):
            kept.append(node if wanted.intersection(node.outputs[1:]) else _first_alone(node))
            wanted.update(node.inputs)
    return kept[::-1]


def _first_alone(node: Node) -> Node:
    """`node` without its further results, where it can do without them."""
    op = node.op.giving(1)
    if len(node.outputs) == 1 or op is node.op:
        return node
    return node.model_copy(update={"op": op, "outputs": node.outputs[:1], "types": node.types[:1]})
