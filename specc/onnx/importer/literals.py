"""Which constants of a file are no weights: those that the network's author wrote, and training would leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from specc.onnx.importer.values import Known, Step

WEIGHTED: Final = ("BatchNormalization", "Conv", "ConvTranspose", "Gemm", "MatMul", "PRelu")
"""Operators whose second operand is trained."""

WINDOWED: Final = ("AveragePool", "Conv", "ConvTranspose", "LpPool", "MaxPool")


def has_literals(steps: Sequence[Step]) -> bool:
    """Whether the Constant nodes of a file hold literals, as in files of PyTorch's exporter, which makes parameters
    initialisers.  Other exporters write every weight as a Constant node."""
    written = {step.outputs[0] for step in steps if step.op_type == "Constant"}
    weights = [step.operand(1) for step in steps if step.op_type in WEIGHTED]
    return not weights or not written.issuperset(weights)


def own_literals(constants: Mapping[str, Known]) -> dict[str, Known]:
    """The initialisers of a file of specc's own; those that are constants of a layer have names with a slash."""
    return {
        name: replace(known, tensor=replace(known.tensor, is_literal=True)) if "/" in name else known
        for name, known in constants.items()
    }


def has_signals(steps: Sequence[Step], constants: Mapping[str, Known]) -> bool:
    """Whether a node slides a window along a single axis: then two axes may be channels along a length."""
    for step in steps:
        weight = constants.get(step.operand(1))
        window = step.integers("kernel_shape") or (weight.shape[2:] if weight is not None else ())
        if step.op_type in WINDOWED and len(window) == 1:
            return True
    return False
