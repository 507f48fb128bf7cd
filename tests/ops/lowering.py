"""A layer with any number of inputs and outputs, run by ONNX Runtime and held to its own error bound."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from specc.dims import symbol
from specc.ir.build import GraphBuilder
from specc.ir.graph import GraphInput, GraphOutput, weight_name
from specc.onnx.emit import emit_model
from specc.ops.base import Finding, Op, Rejection
from specc.types import Layout, TensorType

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

FLOAT32 = 2.0**-24
OPSETS = (13, 17, 21)


def image(*sizes: int | str) -> TensorType:
    """(channels, sizes...) behind an open batch; a string is an open size."""
    return TensorType((symbol("N"), *(symbol(size) if isinstance(size, str) else size for size in sizes)))


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """Normally distributed float32 numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def declared(x: np.ndarray, opened: bool = False) -> TensorType:
    """The type of an array, its batch open; with `opened` its spatial sizes as well."""
    spatial = tuple(symbol(f"S{i}") for i in range(x.ndim - 2)) if opened else x.shape[2:]
    return TensorType((symbol("N"), x.shape[1], *spatial))


def random_weights(op: Op, types: Sequence[TensorType], seed: int = 0) -> dict[str, np.ndarray]:
    """Random float32 weights, variances positive."""
    random = np.random.default_rng(seed)
    values = {w.name: random.standard_normal(w.shape).astype(np.float32) for w in op.weights(tuple(types))}
    return {name: abs(value) + np.float32(0.1) if name == "running_var" else value for name, value in values.items()}


def float64_outputs(
    op: Op, xs: Sequence[np.ndarray], weights: Mapping[str, np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The float64 kernel's outputs, and the float32 error bounds that belong to them."""
    wide = {name: value.astype(np.float64) for name, value in weights.items()}
    inputs = [x.astype(np.float64) for x in xs]
    exact = [np.asarray(y) for y in op.compute(inputs, wide)]
    return exact, [np.asarray(bound) for bound in op.error_bound(inputs, wide, exact, FLOAT32)]


def model_of(
    op: Op, types: Sequence[TensorType], weights: Mapping[str, np.ndarray], opset: int = 21, layout: Layout = "chw"
) -> Any:
    """The ONNX model whose only layer is `op`."""
    build = GraphBuilder("Layer", layout=layout)
    names = tuple(build.add_input(GraphInput(name=f"x{i}", type=t)) for i, t in enumerate(types))
    made = build.add("layer", op, names)
    build.outputs.extend(GraphOutput(name=f"y{i}", value=name) for i, name in enumerate(made))
    graph = build.finish()
    (node,) = graph.nodes
    named = {weight_name(node, w): weights[w.name] for w in graph.weights(node)}
    model, diagnostics = emit_model(graph, named, opset=opset)
    assert model is not None, diagnostics
    return model


def nodes_of(op: Op, *types: TensorType, opset: int = 21) -> list[str]:
    """The ONNX operators that the layer becomes, in order."""
    return [node.op_type for node in model_of(op, types, random_weights(op, types), opset).graph.node]


def onnx_runtime(model: Any, xs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What ONNX Runtime makes of `xs`, physical arrays in the model's own layout."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(None, dict(zip((i.name for i in session.get_inputs()), xs, strict=True))))


def rejected(op: Op, *types: TensorType) -> Finding:
    """What the layer says when it refuses these inputs."""
    with pytest.raises(Rejection) as refusal:
        op.infer(types)
    return refusal.value.finding


def assert_within_bound(op: Op, *xs: np.ndarray, opsets: Sequence[int] = OPSETS, opened: bool = False) -> None:
    """ONNX Runtime and the float32 kernel agree with the float64 kernel, within the layer's own bound."""
    types = [declared(x, opened) for x in xs]
    weights = random_weights(op, types)
    exact, bounds = float64_outputs(op, xs, weights)
    shapes = [t.shape for t in op.infer(tuple(TensorType(x.shape) for x in xs))]
    assert [y.shape for y in exact] == shapes
    assert all(y.dtype == np.float64 for y in exact)
    results: dict[Any, Sequence[np.ndarray]] = {"float32 kernel": op.compute(xs, weights)}
    results |= {opset: onnx_runtime(model_of(op, types, weights, opset), xs) for opset in opsets}
    for who, outputs in results.items():
        for y, wanted, bound in zip(outputs, exact, bounds, strict=True):
            assert y.dtype == np.float32, who
            assert bound.shape == wanted.shape == y.shape, who
            with np.errstate(invalid="ignore", divide="ignore"):
                same = (y == wanted) | (np.isnan(y) & np.isnan(wanted))
                off = np.where(same, 0, np.abs(y.astype(np.float64) - wanted))
                within = np.all((off == 0) | (off <= bound))
                assert within, f"{op.word}, {who}: {np.nanmax(off / bound):.3g} of the bound"
