"""Asking ONNX itself about a model: its checker, and its shape inference against the graph's own shapes."""

from __future__ import annotations

import onnx
from onnx.shape_inference import InferenceError

from specc.ir.graph import Graph
from specc.onnx.check import shape_conflicts


def check_shapes(model: onnx.ModelProto, graph: Graph) -> list[str]:
    """What ONNX finds wrong with `model`, one line each; nothing for a sound model.

    The full checker and strict inference run on the model as it is.  Then the shapes are taken out and inferred anew:
    every size that ONNX can work out must be ours, and only open sizes may stay unknown to it.
    """
    try:
        onnx.checker.check_model(model, full_check=True)
        onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except (onnx.checker.ValidationError, InferenceError) as error:
        return [str(error)]
    return [f"{value}: {text}" for value, text in shape_conflicts(model, graph).items()]
