"""Parameters, multiply-accumulates and bytes of every node.

Parameters are counted as PyTorch counts them: the running statistics of a batch normalisation are buffers, not
parameters.  Multiply-accumulates are those of convolutions, transposed convolutions and dense layers, for one item
of the batch, bias additions left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from specc.analysis.ask import ask
from specc.dims import Dim
from specc.ir.graph import Graph
from specc.ops.base import Op, Types

BYTES_PER_VALUE = 4


class Cost(NamedTuple):
    """`params` includes `trainable`; `macs` is a formula where sizes are open."""

    params: int = 0
    trainable: int = 0
    buffers: int = 0
    macs: Dim = 0
    activation_bytes: Dim = 0

    @property
    def weight_bytes(self) -> int:
        """All that a weights file holds: parameters and buffers in float32."""
        return BYTES_PER_VALUE * (self.params + self.buffers)


def total(parts: Sequence[Cost]) -> Cost:
    """The sum of `parts`."""
    if len(parts) == 1:
        return parts[0]
    times = Counter(map(id, parts))  # layers of one kind have one object
    whole = Cost()
    for part in {id(part): part for part in parts}.values():
        whole = _with(whole, part, times[id(part)])
    return whole


def _with(whole: Cost, part: Cost, times: int) -> Cost:
    """whole + part * times"""
    return Cost(
        whole.params + part.params * times,
        whole.trainable + part.trainable * times,
        whole.buffers + part.buffers * times,
        whole.macs + part.macs * times,
        whole.activation_bytes + part.activation_bytes * times,
    )


def costs(graph: Graph) -> list[Cost]:
    """The cost of every node, in the graph's order; weights that several have in common count for the first."""
    found = ask(graph, _cost)
    if not graph.borrowers:
        return found
    return [
        cost._replace(params=0, trainable=0, buffers=0) if node.name in graph.borrowers else cost
        for node, cost in zip(graph.nodes, found, strict=True)
    ]


def _cost(op: Op, inputs: Types, outputs: Types) -> Cost:
    params = trainable = buffers = 0
    for weight in op.weights(inputs):
        if weight.kind == "buffer":
            buffers += weight.elements
        else:
            params += weight.elements
            trainable += weight.elements if weight.trainable else 0
    written: Dim = 0
    for output in outputs:
        written = written + output.bytes
    return Cost(params, trainable, buffers, op.macs(inputs, outputs), written)
