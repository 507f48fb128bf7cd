"""What lowering makes and later steps rewrite: ONNX nodes and constants, before they become protobuf messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from specc.diagnostics import Diagnostic
from specc.ir.graph import Node
from specc.types import Layout, TensorType

Array: TypeAlias = np.ndarray[Any, Any]


class EmitError(Exception):
    """The graph cannot become this ONNX model; carries the diagnostic that says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(frozen=True)
class Step:
    """One ONNX node.  `origin` is the layer it belongs to; `free` says that it is element-wise and may run in
    whatever physical layout its inputs have; `layout` is the layout it was given, where a layer made it."""

    op_type: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, object] = field(default_factory=dict)
    origin: Node | None = None
    free: bool = False
    layout: Layout = "chw"


@dataclass
class Program:
    """A model in the making.

    `tensors` maps every value of the graph to the ONNX tensor that holds it; `types` gives a tensor's canonical type
    (tensors inside a layer have none); `layouts` its physical layout where that is not "chw".  `constants` hold their
    values, `weights` only their shapes; both keep the order of first use.
    """

    steps: list[Step] = field(default_factory=list)
    tensors: dict[str, str] = field(default_factory=dict)
    types: dict[str, TensorType] = field(default_factory=dict)
    layouts: dict[str, Layout] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    weights: dict[str, tuple[int, ...]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    """Output name to tensor."""
    copies: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Tensors that are an integer tensor as float32: that tensor and its type."""
