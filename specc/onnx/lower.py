"""Lowering a graph layer by layer: every operation writes its own ONNX nodes through a `LayerBuilder`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from specc.diagnostics import Diagnostic
from specc.ir.graph import Graph, Node, weight_name
from specc.onnx.program import Array, EmitError, Program, Step

MOST_SPELT_OUT = 2**24
"""Numbers that one constant may hold, as many as a weight written in the text."""


@dataclass
class LayerBuilder:
    """The `Builder` of one layer (see `specc.ops.base.Builder`)."""

    layer: Node
    opset: int
    own: dict[str, tuple[str, tuple[int, ...]]]
    """The layer's weights by their name within the layer: name in the model, shape."""
    steps: list[Step] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    weights: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    copies: dict[str, tuple[str, str]] = field(default_factory=dict)
    """See `Program`; the layer's own come to those of the layers before."""

    def node(self, op_type: str, inputs: Sequence[str], **attributes: object) -> str:
        return self.nodes(op_type, inputs, 1, **attributes)[0]

    def nodes(self, op_type: str, inputs: Sequence[str], outputs: int, **attributes: object) -> tuple[str, ...]:
        name = self._fresh(op_type.lower())
        results = (name, *(f"{name}.{i}" for i in range(1, outputs)))
        given = {key: value for key, value in attributes.items() if value is not None}
        for value in given.values():
            self._check_range(value if isinstance(value, tuple) else ())
        free = self.layer.op.works_in == "any"
        self.steps.append(Step(op_type, name, tuple(inputs), results, given, self.layer, free))
        return results

    def weight(self, name: str) -> str:
        self.weights.add(self.own[name][0])
        return self.own[name][0]

    def ints(self, values: Sequence[int]) -> str:
        self._check_range(values)
        return self._constant(np.array(values, "<i8"))

    def floats(self, values: Sequence[float], shape: Sequence[int] | None = None) -> str:
        array = np.array(values, "<f4")
        return self._constant(array if shape is None else array.reshape(tuple(shape)))

    def integers(self, values: Sequence[int], dtype: str, shape: Sequence[int]) -> str:
        return self._constant(np.array(values, np.dtype(dtype).newbyteorder("<")).reshape(tuple(shape)))

    def float_copy(self, name: str, dtype: str) -> str:
        copy = self.node("Cast", [name], to=1)
        self.copies[copy] = (name, dtype)
        return copy

    def integer_copy(self, name: str, dtype: str) -> str | None:
        whole, known = self.copies.get(name, (None, None))
        return whole if known == dtype else None

    def afford(self, count: int, what: str, most: int = MOST_SPELT_OUT) -> None:
        if count <= most:
            return
        message = f"layer `{self.layer.layer}` ({self.layer.op.word}) needs {what}: {count:_}; the limit is {most:_}"
        raise EmitError(Diagnostic("E0706", message, file=self.layer.file))

    def unsupported(self, why: str, since: int | None = None) -> EmitError:
        needs = f"{why} needs opset {since} or later" if since else why
        return EmitError(
            Diagnostic(
                "E0905",
                f"layer `{self.layer.layer}` ({self.layer.op.word}) cannot be expressed in opset {self.opset}: {needs}",
                file=self.layer.file,
                notes=(f"{self.layer.file}:{self.layer.line}",) if self.layer.line else (),
                help=f"export with --opset {since}" if since else None,
            )
        )

    def _check_range(self, values: Sequence[object]) -> None:
        """ONNX's integers have 64 bits; what is padded by a size, say, may be more than each of its parts."""
        if any(isinstance(value, int) and abs(value) >= 2**63 for value in values):
            message = f"layer `{self.layer.layer}` ({self.layer.op.word}) needs a number that is not below 2 ** 63"
            raise EmitError(Diagnostic("E0703", message, file=self.layer.file))

    def _constant(self, value: Array) -> str:
        for name, known in self.constants.items():
            if known.dtype == value.dtype and known.shape == value.shape and known.tobytes() == value.tobytes():
                return name
        name = self._fresh("constant")
        self.constants[name] = value
        return name

    def _fresh(self, part: str) -> str:
        """`conv1/pad`, then `conv1/pad_2`: no name of a spec contains a slash."""
        name, count = f"{self.layer.name}/{part}", 1
        while name in self.used:
            count += 1
            name = f"{self.layer.name}/{part}_{count}"
        self.used.add(name)
        return name


def lower_layer(program: Program, graph: Graph, layer: Node, opset: int) -> None:
    """Add `layer` to `program`.  A result that is one of the layer's inputs adds nothing: later readers use the
    source.  Raises `EmitError` where `opset` lacks what the layer needs."""
    own = {weight.name: (weight_name(layer, weight), weight.shape) for weight in graph.weights(layer)}
    builder = LayerBuilder(layer, opset, own, copies=program.copies)
    names = [program.tensors[name] for name in layer.inputs]
    results = layer.op.lower(builder, names, graph.input_types(layer), layer.types)
    made = {output for step in builder.steps for output in step.outputs}
    rename: dict[str, str] = {}
    for value, value_type, result in zip(layer.outputs, layer.types, results, strict=True):
        if result in made and result not in rename:
            rename[result] = value
            program.types[value] = value_type
        program.tensors[value] = rename.get(result, result)
        if result in program.copies:
            program.copies[program.tensors[value]] = program.copies[result]
    program.steps.extend(_renamed(step, rename, layer) for step in builder.steps)
    program.constants.update(builder.constants)
    program.weights.update((name, shape) for name, shape in own.values() if name in builder.weights)


def _renamed(step: Step, rename: dict[str, str], layer: Node) -> Step:
    """The step that makes the layer's value carries the layer's name; steps before it keep theirs."""
    outputs = tuple(rename.get(name, name) for name in step.outputs)
    inputs = tuple(rename.get(name, name) for name in step.inputs)
    name = layer.name if layer.name in outputs else step.name
    return replace(step, name=name, inputs=inputs, outputs=outputs)


def without_unread_copies(program: Program, graph: Graph) -> None:
    """Hold values in their integer tensors alone where nothing reads the float copies."""
    read = {name for step in program.steps for name in step.inputs}
    read.update(program.tensors[output.value] for output in graph.outputs)
    unread = {name: whole for name, (whole, _) in program.copies.items() if name not in read}
    program.steps = [step for step in program.steps if step.outputs[0] not in unread]
    program.tensors = {value: unread.get(tensor, tensor) for value, tensor in program.tensors.items()}
