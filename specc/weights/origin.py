"""What is to be told of where a model's weights come from: a network of seeded ones computes nothing of use."""

from __future__ import annotations

from typing import NamedTuple

from specc.ir.graph import Graph, weight_name
from specc.weights.tensors import Weights


class Origin(NamedTuple):
    """Of a model's `tensors`, without those fixed in its spec, the number that is `seeded`, under which `seed`."""

    tensors: int
    seeded: int
    seed: int | None

    @property
    def text(self) -> str:
        """`seeded weights (seed 0)`, `2 of 6 tensors seeded (seed 0)`; empty where none are."""
        if not self.seeded:
            return ""
        what = "seeded weights" if self.seeded == self.tensors else f"{self.seeded} of {self.tensors} tensors seeded"
        return f"{what} (seed {self.seed})"


def origin(graph: Graph, weights: Weights) -> Origin:
    """Where `weights`, as seeded or matched for `graph`, come from."""
    free = {weight_name(node, w) for node in graph.nodes for w in graph.weights(node) if w.fixed is None}
    seeded = len(free & weights.seeded)
    return Origin(len(free), seeded, weights.seed if seeded else None)
