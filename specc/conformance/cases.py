"""ONNX's own single-node backend tests, run through import and interpreter."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests

from specc.conformance.backend import Declined, SpeccBackend

Verdict: TypeAlias = Literal["passed", "declined", "failed"]

OPERATORS: Final = (
    "Abs", "Add", "ArgMax", "AveragePool", "BatchNormalization", "Celu", "Clip", "Concat", "Conv",
    "ConvTranspose", "DepthToSpace", "DequantizeLinear", "Div", "Dropout", "DynamicQuantizeLinear", "Elu",
    "Exp", "Flatten", "Gather", "Gelu", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "GroupNormalization",
    "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "LRN", "LayerNormalization", "LeakyRelu",
    "Log", "LogSoftmax", "LpNormalization", "LpPool", "MatMul", "Max", "MaxPool", "MaxUnpool", "Mean", "Min", "Mish",
    "Mul", "Neg", "PRelu", "Pad", "Pow", "QuantizeLinear", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceMax",
    "ReduceMean", "ReduceMin", "ReduceSum", "ReduceSumSquare", "Relu", "Reshape", "Resize", "Round", "Selu", "Sigmoid",
    "Sign", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub",
    "Sum", "Swish", "Tanh", "ThresholdedRelu", "Transpose", "Unsqueeze", "Upsample",
)  # fmt: skip
"""The operators whose cases are run: those that an operation of ours exports to or is imported from, and those that
convolutional networks have besides."""


@dataclass(frozen=True)
class Outcome:
    """What became of one case; `why` says it for those that did not pass."""

    operator: str
    case: str
    verdict: Verdict
    why: str = ""


def cases() -> Iterator[TestCase]:
    """The single-node cases of `OPERATORS`, made by the onnx package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = load_model_tests(kind="node")
    for case in found:
        nodes = list(case.model.graph.node) if case.model is not None else []
        if len(nodes) == 1 and nodes[0].op_type in OPERATORS and nodes[0].domain == "":
            yield case


def judged(case: TestCase) -> Outcome:
    """Run all data of a case."""
    assert case.model is not None and case.data_sets is not None
    operator = case.model.graph.node[0].op_type
    try:
        prepared = SpeccBackend.prepare(case.model)
        for inputs, expected in case.data_sets:
            outputs = prepared.run(inputs)
            if why := _differs(outputs, expected, case.rtol, case.atol):
                return Outcome(operator, case.name, "failed", why)
    except Declined as declined:
        return Outcome(operator, case.name, "declined", str(declined))
    return Outcome(operator, case.name, "passed")


def _differs(outputs: tuple[Any, ...], expected: Sequence[Any], rtol: float, atol: float) -> str:
    if len(outputs) != len(expected):
        return f"{len(outputs)} outputs instead of {len(expected)}"
    for got, wanted in zip(outputs, expected, strict=True):
        wanted = numpy_helper.to_array(wanted) if isinstance(wanted, TensorProto) else np.asarray(wanted)
        if got.dtype != wanted.dtype or got.shape != wanted.shape:
            return f"{got.dtype}{list(got.shape)} instead of {wanted.dtype}{list(wanted.shape)}"
        if not np.allclose(got, wanted, rtol=rtol, atol=atol, equal_nan=True):
            return f"differs by up to {np.nanmax(np.abs(np.asarray(got, float) - wanted)):g}"
    return ""
