"""What a 16-bit model and constant folding make of constants and weights.

A number in a spec, such as the 0.17 that a residual is multiplied by, is rounded to the type when the model is written.
Graph optimisers multiply the weights of a convolution by the scales of the normalisation behind it.  ONNX Runtime's
ConvBnFusion computes them in the weights' own type, every step rounded: var + eps, its root, scale = weight / root,
the kernel times scale, and (bias - mean) scale + bias.  In float16 1 / sqrt(1 + 0.001) becomes 1.  Such an error has
one cause in a whole channel, and in a network without training in all channels of all layers: each layer multiplies
what it passes on by 1.0005, and they add up where rounding errors of random signs cancel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from specc.ir.graph import Graph, Node
from specc.onnx.precision import Precision
from specc.ops.base import Op
from specc.verify.compare import Array

_ZERO = np.zeros(1, np.float32)


@dataclass(frozen=True)
class Folded(Mapping[str, Array]):
    """The `weights` of a graph in float32, those of convolutions and of the normalisations behind them so that both in
    turn compute what the convolution with folded ones does; each is made when it is asked for.

    `kernels` and `means` name the tensors that folding changes, with the pair of nodes.
    """

    graph: Graph
    weights: Mapping[str, Array]
    precision: Precision
    kernels: Mapping[str, tuple[Node, Node]]
    means: Mapping[str, tuple[Node, Node]]

    def __getitem__(self, name: str) -> Array:
        with np.errstate(all="ignore"):
            if name in self.kernels:
                return self._kernel(name, *self.kernels[name])
            if name in self.means:
                return self._mean(*self.means[name])
        return self.weights[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.weights)

    def __len__(self) -> int:
        return len(self.weights)

    def _kernel(self, name: str, linear: Node, norm: Node) -> Array:
        """The folded kernel, divided by the scale that the normalisation multiplies by again."""
        kernel = self.weights[name]
        exact, rounded = (linear.op.by_channel(factors, kernel) for factors in self._factors(norm))
        folded = self.precision.rounded(kernel * rounded)
        return np.where(exact == 0, kernel, folded / exact).astype(np.float32).reshape(kernel.shape)

    def _mean(self, linear: Node, norm: Node) -> Array:
        """The mean with which the normalisation adds what the folded bias adds."""
        exact, rounded = self._factors(norm)
        before = self._of(linear).get(linear.op.kernel_name.replace("weight", "bias"), _ZERO)
        bias = self._of(norm).get("bias", _ZERO)
        mean, to = self._of(norm)["running_mean"], self.precision.rounded
        off = to(to(to(before - mean) * rounded) + bias) - ((before.astype(np.float64) - mean) * exact + bias)
        return np.where(exact == 0, mean, mean - off / exact).astype(np.float32)

    def _factors(self, norm: Node) -> tuple[Array, Array]:
        """The factor of each channel: in float64, and every step rounded."""
        wide = {name: array.astype(np.float64) for name, array in self._of(norm).items()}
        exact = norm.op.factors(wide, np.asarray)
        rounded = norm.op.factors(self._of(norm), self.precision.rounded)
        assert exact is not None
        assert rounded is not None
        return exact, rounded

    def _of(self, node: Node) -> dict[str, Array]:
        return _own(self.graph, node, self.weights)


def folded(graph: Graph, weights: Mapping[str, Array], precision: Precision) -> Mapping[str, Array]:
    """`weights` as folding in `precision` leaves them, and as they are where the graph has nothing to fold.  A layer
    whose weights others share is left out."""
    names = graph.weight_names
    owners = Counter(name for node in graph.nodes for name in set(names[node.name].values()))
    kernels, means = {}, {}
    for pair in _pairs(graph, weights):
        own = [names[node.name] for node in pair]
        if any(owners[name] > 1 for found in own for name in found.values()):
            continue
        kernels[own[0][pair[0].op.kernel_name]] = pair
        means[own[1]["running_mean"]] = pair
    return Folded(graph, weights, precision, kernels, means) if kernels else weights


def with_constants(op: Op, precision: Precision) -> Op:
    """The operation with the numbers among its operands as a model of `precision` has them."""
    if not op.numbers:
        return op
    held = tuple(_rounded(number, precision) for number in op.constant_operands())
    return op.model_copy(update={"constants": held})


def _rounded(number: float | tuple[float, ...] | None, precision: Precision) -> float | tuple[float, ...] | None:
    if number is None:
        return None
    held = precision.rounded(np.asarray(number, np.float32)).tolist()
    return tuple(held) if isinstance(held, list) else float(held)


def _pairs(graph: Graph, weights: Mapping[str, Array]) -> Iterator[tuple[Node, Node]]:
    """Each convolution with the normalisation that alone reads its value."""
    makers = {name: node for node in graph.nodes for name in node.outputs}
    readers = Counter(name for node in graph.nodes for name in node.inputs)
    readers.update(output.value for output in graph.outputs)
    for norm in graph.nodes:
        linear = makers.get(norm.inputs[0]) if norm.inputs else None
        if linear is None or not linear.op.kernel_name or readers[norm.inputs[0]] > 1:
            continue
        small = all(len(weight.shape) == 1 for weight in graph.weights(norm))
        if small and norm.op.factors(_own(graph, norm, weights), np.asarray) is not None:
            yield linear, norm


def _own(graph: Graph, node: Node, weights: Mapping[str, Array]) -> dict[str, Array]:
    """The node's own weights by their names within it."""
    return {own: np.asarray(weights[name]) for own, name in graph.weight_names[node.name].items()}
