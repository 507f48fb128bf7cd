"""Giving the graph's outputs their names without copying data where renaming does."""

from __future__ import annotations

from dataclasses import replace

from specc.diagnostics import Diagnostic
from specc.ir.graph import Graph
from specc.onnx.program import EmitError, Program, Step


def name_outputs(program: Program, graph: Graph) -> None:
    """Rename the tensors in `program.outputs` to their output names.

    An input, and a tensor that already is another output, is copied by an Identity node instead.  A tensor that is in
    the way makes room and is called `name/value`.
    """
    inputs = {item.name for item in graph.inputs}
    rename: dict[str, str] = {}
    copies: list[Step] = []
    for name, tensor in program.outputs.items():
        if name in inputs:
            if tensor != name:
                raise EmitError(Diagnostic("E0203", f"`{name}` is both an input and an output", file=graph.file))
        elif tensor in inputs or tensor in rename:
            copies.append(Step("Identity", name, (tensor,), (name,)))
        else:
            rename[tensor] = name
    for name in program.outputs:
        if name in _tensors(program) and name not in rename and name not in inputs:
            rename[name] = f"{name}/value"
    _apply(program, rename)
    program.steps.extend(replace(step, inputs=(rename.get(step.inputs[0], step.inputs[0]),)) for step in copies)
    program.outputs = {name: name for name in program.outputs}


def _tensors(program: Program) -> set[str]:
    return {name for step in program.steps for name in step.outputs}


def _apply(program: Program, rename: dict[str, str]) -> None:
    def renamed(name: str) -> str:
        return rename.get(name, name)

    program.steps = [
        replace(step, inputs=tuple(map(renamed, step.inputs)), outputs=tuple(map(renamed, step.outputs)))
        for step in program.steps
    ]
    program.tensors = {value: renamed(tensor) for value, tensor in program.tensors.items()}
    program.types = {renamed(tensor): kind for tensor, kind in program.types.items()}
    program.layouts = {renamed(tensor): layout for tensor, layout in program.layouts.items()}
