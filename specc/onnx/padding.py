"""Keep ONNX Runtime from folding a padding of zeros into the pool behind it, where it would no longer be zeros.

Its optimiser moves the amounts of a constant Pad by 0 into the `pads` of a MaxPool, whose padding never wins: of
negative values the largest is then negative instead of 0.  Of a MaxPool or AveragePool with pads of its own the sum may
reach the kernel's size, and the model no longer loads (PadFusion, https://github.com/microsoft/onnxruntime/pull/18136,
seen in ONNX Runtime 1.31.1; ONNX's own optimiser had the same fault: https://github.com/onnx/optimizer/pull/318).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from specc.onnx.program import Program, Step

POOLS = ("MaxPool", "AveragePool")
NEGATIVE_ZERO = np.array(-0.0, "<f4")
"""PadFusion wants every byte of the padding's value to be 0.  This one is equal to 0 and not made of such bytes."""


def keep_padding(program: Program) -> None:
    """Write a padding of zeros in front of a pool as one of -0.0."""
    pooled = {step.inputs[0] for step in program.steps if step.op_type in POOLS}
    for index, step in enumerate(program.steps):
        if step.outputs[0] in pooled and _adds_zeros(step):
            name = f"{step.name}/zero"
            program.constants[name] = NEGATIVE_ZERO
            program.steps[index] = replace(step, inputs=(*step.inputs, name))


def _adds_zeros(step: Step) -> bool:
    return step.op_type == "Pad" and step.attributes.get("mode") == "constant" and len(step.inputs) == 2
