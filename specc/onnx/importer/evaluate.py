"""Constants that a node makes of constants alone, computed by ONNX's own reference implementation: what weight
standardisation, say, makes of a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Final

import numpy as np
from onnx import helper, numpy_helper

from specc.onnx.importer.masks import TooLarge
from specc.onnx.importer.values import Array, Known, Step

EACH: Final = frozenset({
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Celu", "Clip", "Cos", "Cosh", "Elu", "Erf", "Exp",
    "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Log", "Mean", "Mish", "PRelu", "Reciprocal", "Relu", "Round",
    "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sum", "Tan", "Tanh", "ThresholdedRelu", "Xor",
})  # fmt: skip
"""Functions of single elements, of operands that broadcast."""
ALONG: Final = frozenset({
    "ArgMax", "ArgMin", "CumSum", "LogSoftmax", "LpNormalization", "ReduceL1", "ReduceL2", "ReduceLogSum",
    "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "ReduceSumSquare", "Softmax",
})  # fmt: skip
"""Functions along axes, which make no more elements than they read."""
PRODUCTS: Final = frozenset({"Gemm", "MatMul"})
EVALUATED: Final = EACH | ALONG | PRODUCTS
"""Operators that make one tensor, are not random, and whose cost follows from the shapes of their operands."""
MOST_TERMS: Final = 1 << 10
"""Products that are summed for one element, on average of all that may be computed."""
READS: Final = 16
"""Elements that may be read for each that may be made."""


def evaluated(operands: list[Array], step: Step, most: int, opset: int) -> Array:
    """The tensor that `step` makes of `operands`, where it makes at most `most` elements; else raises `TooLarge`.

    What the reference implementation refuses raises `ValueError` or `TypeError`.
    """
    from onnx.reference import ReferenceEvaluator

    if cost(operands, step) > most:
        raise TooLarge
    given = dict(zip(filter(None, step.inputs), operands, strict=True))
    attributes = {key: _attribute(value) for key, value in step.attributes.items()}
    node = helper.make_node(step.op_type, step.inputs, ["made"], **attributes)
    inputs = [helper.make_empty_tensor_value_info(name) for name in given]
    graph = helper.make_graph([node], "constant", inputs, [helper.make_empty_tensor_value_info("made")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    try:
        (made,) = ReferenceEvaluator(model).run(None, given)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(str(error)) from error
    result = np.asarray(made)
    if result.dtype.kind not in "biuf":
        raise TypeError(f"{result.dtype} is no type of a constant")
    return result


def cost(operands: Sequence[Array], step: Step) -> int:
    """The elements that `step` makes; more, where it reads or multiplies many for each."""
    shapes: list[tuple[int, ...]] = [operand.shape for operand in operands]
    reads = sum(operand.size for operand in operands) // READS
    if step.op_type in EACH:
        return max(reads, prod(np.broadcast_shapes(*shapes)))
    if step.op_type in ALONG:
        return max(reads, operands[0].size)
    if any(operand.dtype.kind != "f" or not operand.ndim for operand in operands):
        raise TypeError("it multiplies no matrices of floating-point numbers")
    left, right = shapes[:2]
    rows, terms = (left[1], left[0]) if step.integer("transA", 0) else ((1, *left)[-2], left[-1])
    columns = right[0] if step.integer("transB", 0) else right[-1]
    made = prod(np.broadcast_shapes(left[:-2], right[:-2])) * rows * columns
    return max(reads, made, made * terms // MOST_TERMS)


def _attribute(value: Any) -> Any:
    return numpy_helper.from_array(value.array) if isinstance(value, Known) else value
