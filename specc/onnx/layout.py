"""Physical layouts of a model that speaks HxWxC: which tensors lie channels-last, and where transposes must stand.

Inputs and outputs are channels-last, most operations take channels first, element-wise ones take either, and an
operation such as `flatten` may ask for the channels-last form of its input by a Transpose of its own.  Which layout
each element-wise operation runs in so that the fewest tensors change layout is a minimum cut (see `flow`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

import numpy as np

from specc.ir.graph import Graph
from specc.onnx.flow import divide
from specc.onnx.program import Program, Step
from specc.types import Layout, TensorType, speak

TRANSPOSE, RESHAPE = 1000, 1
"""What changing a tensor's layout costs: moving every element, or only renaming the axes."""


def settle(program: Program, graph: Graph) -> None:
    """Give every step and tensor of `program` its physical layout, with as few conversions as can be, and find the
    tensors of the outputs."""
    if graph.layout == "chw":
        program.outputs = {item.name: program.tensors[item.value] for item in graph.outputs}
        return
    _take_offers(program)
    wishes = _wishes(program)
    layers = _choose(program, graph, wishes)
    _Rewriter(program, wishes, layers).run(graph)


def _take_offers(program: Program) -> None:
    """Where a layer makes its value by transposing a channels-last tensor of its own, take that tensor as the value."""
    readers = Counter(name for step in program.steps for name in step.inputs)
    rename, dropped = {}, set()
    for step in program.steps:
        if step.op_type != "Transpose":
            continue
        source, value = step.inputs[0], step.outputs[0]
        if source in program.types or value not in program.types:
            continue
        if readers[source] == 1 and tuple(_ints(step.attributes["perm"])) == _to_first(program.types[value]):
            rename[source] = value
            dropped.add(step.name)
            program.layouts[value] = "hwc"
    kept = [step for step in program.steps if step.name not in dropped]
    program.steps = [_making(step, rename) for step in kept]


def _making(step: Step, rename: dict[str, str]) -> Step:
    """The step that makes a renamed tensor is called like it, as every step is called like its first tensor."""
    outputs = tuple(rename.get(name, name) for name in step.outputs)
    return replace(step, name=outputs[0], outputs=outputs)


def _wishes(program: Program) -> dict[str, str]:
    """Tensors that a layer makes as the channels-last form of a value: name to value."""
    found = {}
    for step in program.steps:
        if step.op_type == "Transpose" and step.inputs[0] in program.types and step.outputs[0] not in program.types:
            source = step.inputs[0]
            if tuple(_ints(step.attributes["perm"])) == _to_last(program.types[source]):
                found[step.outputs[0]] = source
    return found


def _ints(value: object) -> list[int]:
    assert isinstance(value, list | tuple)
    return list(value)


def _to_last(kind: TensorType) -> tuple[int, ...]:
    """The permutation that moves the channels to the end."""
    axes = tuple(range(len(kind.shape)))
    return (0, *axes[2:], 1)


def _to_first(kind: TensorType) -> tuple[int, ...]:
    """The permutation that brings the channels from the end to the front."""
    axes = tuple(range(len(kind.shape)))
    return (0, axes[-1], *axes[1:-1])


def _choose(program: Program, graph: Graph, wishes: dict[str, str]) -> set[str]:
    """The layers that are to run channels-last."""
    members: dict[str, list[Hashable]] = defaultdict(list)
    for tensor, layout in program.layouts.items():
        members[tensor].append(layout)
    for step in program.steps:
        if step.outputs[0] in wishes:
            members[step.inputs[0]].append("hwc")
            continue
        side: Hashable = _key(step, graph)
        made = [name for name in step.outputs if name not in program.layouts]
        for name in (*step.inputs, *made):
            if name in program.types:
                members[name].append(side)
    for item in graph.outputs:
        members[program.tensors[item.value]].append("hwc")
    nets = [(_cost(program.types[name]), pins) for name, pins in members.items() if len(program.types[name].shape) > 2]
    first = divide(nets, "chw", "hwc")
    free = {step.origin.name for step in program.steps if step.origin and _key(step, graph) != "chw"}
    return {name for name in free if ("layer", name) not in first}


def _key(step: Step, graph: Graph) -> Hashable:
    """On which side of the cut a step is: fixed, or where its layer will be."""
    if not step.free or step.origin is None:
        return "chw"
    kinds = (*graph.input_types(step.origin), *step.origin.types)
    same = len({len(kind.shape) for kind in kinds}) == 1 and len(kinds[0].shape) > 2
    return ("layer", step.origin.name) if same else "chw"


def _cost(kind: TensorType) -> int:
    return RESHAPE if _renames(kind) else TRANSPOSE


def _renames(kind: TensorType) -> bool:
    """Whether a Reshape changes the layout: no element moves, and its operand can leave one open size to be found."""
    moves = kind.channels != 1 and any(size != 1 for size in kind.spatial)
    return not moves and sum(not isinstance(size, int) for size in kind.shape[1:]) <= 1


@dataclass
class _Rewriter:
    """Builds the steps anew with every operand in the layout its step runs in."""

    program: Program
    wishes: dict[str, str]
    last: set[str]
    """Layers that run channels-last."""
    steps: list[Step] = field(default_factory=list)
    forms: dict[tuple[str, Layout], str] = field(default_factory=dict)

    def run(self, graph: Graph) -> None:
        for step in self.program.steps:
            if step.outputs[0] not in self.wishes:
                self._add(step)
        for item in graph.outputs:
            tensor = self.program.tensors[item.value]
            self.program.outputs[item.name] = self._form(tensor, "hwc")
        self.program.steps = self.steps

    def _add(self, step: Step) -> None:
        layout: Layout = "hwc" if step.free and step.origin and step.origin.name in self.last else "chw"
        inputs = tuple(self._operand(name, layout) for name in step.inputs)
        if layout == "hwc":
            self.program.layouts.update((name, layout) for name in step.outputs if name in self.program.types)
        lies = self.program.layouts.get(step.outputs[0], "chw")
        self.steps.append(replace(step, inputs=inputs, layout=lies))

    def _operand(self, name: str, layout: Layout) -> str:
        if name in self.wishes:
            return self._form(self.wishes[name], "hwc")
        if name in self.program.types:
            return self._form(name, layout)
        return name if layout == "chw" else self._constant(name)

    def _constant(self, name: str) -> str:
        """A constant of a layer that runs channels-last; one for each channel lies along the last axis there."""
        constants, last = self.program.constants, f"{name}/hwc"
        if name in constants and constants[name].ndim > 1:
            constants[last] = np.moveaxis(constants.pop(name), 0, -1)
        return last if last in constants else name

    def _form(self, tensor: str, layout: Layout) -> str:
        """The tensor in `layout`, converted once."""
        kind = self.program.types[tensor]
        own = self.program.layouts.get(tensor, "chw")
        if layout == own or len(kind.shape) < 3:
            return tensor
        if (tensor, layout) not in self.forms:
            self.forms[tensor, layout] = self._convert(tensor, kind, layout)
        return self.forms[tensor, layout]

    def _convert(self, tensor: str, kind: TensorType, layout: Layout) -> str:
        name = f"{tensor}/{layout}"
        if _renames(kind):
            sizes = [size if isinstance(size, int) else -1 for size in speak(kind.shape, layout)[1:]]
            self.program.constants[f"{name}.shape"] = np.array([0, *sizes], "<i8")  # 0 keeps the batch
            step = Step("Reshape", name, (tensor, f"{name}.shape"), (name,))
        else:
            perm = _to_last(kind) if layout == "hwc" else _to_first(kind)
            step = Step("Transpose", name, (tensor,), (name,), {"perm": perm})
        self.steps.append(step)
        self.program.types[name] = kind
        self.program.layouts[name] = layout
        return name
