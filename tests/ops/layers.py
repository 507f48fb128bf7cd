"""One layer at a time: its shapes, its NumPy result, and ONNX Runtime's on the graph that it lowers to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from specc.dims import symbol
from specc.ir.build import GraphBuilder
from specc.ir.graph import GraphInput, GraphOutput, weight_name
from specc.onnx.emit import emit_model
from specc.ops import BY_WORD
from specc.ops.base import Op, Rejection
from specc.types import TensorType

FLOAT32 = 2.0**-24
LECTURE = json.loads((Path(__file__).parents[1] / "oracles" / "lecture.json").read_text())


def layer(word: str, **arguments: Any) -> Op:
    return BY_WORD[word](**arguments)


def image(*shape: int | str) -> TensorType:
    """(channels, sizes...) behind an open batch; a string is an open size."""
    return TensorType((symbol("N"), *(symbol(s) if isinstance(s, str) else s for s in shape)))


def shape_of(op: Op, x: TensorType) -> tuple[Any, ...]:
    """The output's shape without its batch."""
    return op.infer((x,))[0].shape[1:]


def weights_of(op: Op, x: TensorType, seed: int = 0) -> dict[str, np.ndarray]:
    """Random float32 weights, fixed ones as the spec has them."""
    random = np.random.default_rng(seed)
    return {
        w.name: np.asarray(random.standard_normal(w.shape) if w.fixed is None else w.fixed, np.float32).reshape(w.shape)
        for w in op.weights((x,))
    }


def numbers(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def computed(op: Op, x: np.ndarray, weights: dict[str, np.ndarray] | None = None) -> np.ndarray:
    return np.asarray(op.compute([x], weights or {})[0])


def onnx_runtime(op: Op, x: np.ndarray, declared: TensorType, weights: dict[str, np.ndarray], opset: int) -> np.ndarray:
    """What ONNX Runtime makes of the layer's ONNX nodes, which pass ONNX's checker and strict shape inference."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    build = GraphBuilder("Layer")
    build.add_input(GraphInput(name="x", type=declared))
    (name,) = build.add("y", op, ("x",))
    build.outputs.append(GraphOutput(name="y", value=name))
    graph = build.finish()
    named = {weight_name(graph.nodes[0], w): weights[w.name] for w in graph.weights(graph.nodes[0])}
    model, diagnostics = emit_model(graph, named, opset=opset)
    assert model is not None, diagnostics
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])


def assert_agrees(op: Op, x: np.ndarray, declared: TensorType | None = None, opset: int = 21) -> None:
    """Shape rule, float32 kernel and ONNX Runtime against the float64 kernel, within the layer's own error bound."""
    declared = declared or TensorType((symbol("N"), *x.shape[1:]))
    weights = weights_of(op, declared)
    wide = {name: value.astype(np.float64) for name, value in weights.items()}
    exact = computed(op, x.astype(np.float64), wide)
    (bound,) = op.error_bound([x.astype(np.float64)], wide, [exact], FLOAT32)
    assert exact.dtype == np.float64
    assert bound.shape == exact.shape
    concrete = TensorType(x.shape)
    assert op.infer((concrete,))[0].shape == exact.shape
    for result in (computed(op, x, weights), onnx_runtime(op, x, declared, weights, opset)):
        assert result.dtype == np.float32
        assert result.shape == exact.shape
        assert np.all(np.abs(result - exact) <= bound), (np.abs(result - exact) / bound).max()


def rejection(word: str, x: TensorType, **arguments: Any) -> Rejection:
    """The refusal of a layer that must be refused."""
    op = layer(word, **arguments)
    try:
        op.infer((x,))
        op.weights((x,))
    except Rejection as refused:
        return refused
    raise AssertionError(f"{op!r} was accepted on {x.text()}")
