"""In what precision a model computes, and how far its layers may then be from the exact result.

A 16-bit model is held to this: every ONNX operator computes in float32 at least, as ONNX Runtime's kernels do on both
devices, and rounds its result; so the layer's float32 bound B holds inside the operators, and at their results, and
for constants, roundings of the type's own unit u come on top.  Bounds with u alone, for k roundings in a sum, would
promise nothing from k = 1 / u = 2048 on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from specc.ir.graph import Graph, Node, weight_name
from specc.kernels.bounds import gamma
from specc.onnx.expose import held_values
from specc.onnx.precision import FLOAT32, Precision, precision_of
from specc.onnx.proto import Model
from specc.verify.compare import Array
from specc.verify.endtoend import U
from specc.verify.probes import Probe

MOVES = frozenset({"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})
"""Operators that change no value."""
MODERATE = 2.0**8
"""The largest number that a 16-bit model is given: sums of their products are still in float16's range."""


@dataclass(frozen=True)
class Arithmetic:
    """`alone` are the nodes whose value one ONNX operator makes from their inputs and their own weights."""

    precision: Precision = FLOAT32
    alone: frozenset[str] = frozenset()

    @classmethod
    def of(cls, model: Model, graph: Graph) -> Arithmetic:
        """The arithmetic of `model`, which is an export of `graph`."""
        precision = precision_of(model.graph)
        return cls() if precision is FLOAT32 else cls(precision, _made_alone(model, graph))

    @property
    def narrow(self) -> bool:
        """Whether it is less precise than float32."""
        return self.precision is not FLOAT32

    def bounds(self, node: Node, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array]) -> Sequence[Array]:
        """How far every element of the node's results may be from `ys`, computed exactly from `xs` and `ws`."""
        inside = node.op.error_bound(xs, ws, ys, U)
        if not self.narrow:
            return inside
        outside = node.op.error_bound(xs, ws, ys, self.precision.u)
        terms = node.op.terms(xs, ws)
        return [
            self._bound(y, np.asarray(b), np.asarray(limit), terms, node.name in self.alone)
            for y, b, limit in zip(ys, inside, outside, strict=True)
        ]

    def probe(self, probe: Probe) -> Probe:
        """The probe as this precision holds it, scaled by a power of two to numbers that are neither lost nor large."""
        if not self.narrow:
            return probe
        return Probe(probe.names, {name: self._held(array) for name, array in probe.feeds.items()}, probe.sizes)

    def _bound(self, y: Array, inside: Array, outside: Array, terms: int | None, alone: bool) -> Array:
        """The bound of one result; `inside` is float32's, `outside` that of a model whose every rounding has unit u.

        One operator rounds once, and once more where it is given a constant.  In sums of k terms, gamma_k times a
        magnitude, constants may stand before the terms: three roundings of that magnitude.  Other layers of several
        operators round no more often than in float32, where `inside` allows as much in its own unit.
        """
        u, size = self.precision.u, np.abs(y)
        lost = self.precision.step / (1 if alone else 2 * u)
        if alone:
            bound = inside + gamma(2, u) * (size + inside)
        elif terms is not None:
            bound = inside * (1 + gamma(3, u) / gamma(terms, U))
        else:
            bound = np.maximum(1.01 * u / U * inside, np.where(np.isfinite(outside), outside, 0.0))
        return np.where((inside == 0) & (outside == 0), 0.0, bound + lost)

    def _held(self, array: Array) -> Array:
        if array.dtype == np.uint8:
            return array
        numbers = np.abs(array[np.isfinite(array) & (array != 0)])
        largest = float(np.max(numbers, initial=0.0))
        scale = 1.0
        if largest > MODERATE:
            scale = 2.0 ** -np.ceil(np.log2(largest / MODERATE))
        elif 0 < largest < 2.0**-100 and self.precision.step > 2.0**-100:
            scale = 2.0**112  # subnormal in float32, and then in float16
        return self.precision.rounded(array * np.float32(scale))


def _made_alone(model: Model, graph: Graph) -> frozenset[str]:
    makers = {name: node for node in model.graph.node for name in node.output if name}
    held = held_values(model, graph)
    # a constant may have been rounded, the operands that are whole numbers are not
    whole = {t.name for t in model.graph.initializer if t.data_type != precision_of(model.graph).element}

    def source(tensor: str) -> str:
        while tensor in makers and makers[tensor].op_type in MOVES and tensor not in given:
            tensor = makers[tensor].input[0]
        return tensor

    found = set()
    for node in graph.nodes:
        given = {held[name].tensor for name in node.inputs if name in held} | whole | {""}
        given |= {weight_name(node, weight) for weight in graph.weights(node)}
        made = [makers.get(source(held[name].tensor)) for name in node.outputs if name in held]
        if all(maker is not None and {source(name) for name in maker.input} <= given for maker in made):
            found.add(node.name)
    return frozenset(found)
