"""Tensors that a network uses in two ways, as a token and as what is added to tokens: exporters write them twice, and a
spec has a learned tensor for each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, combinations
from math import prod
from typing import Final

import numpy as np

from specc.ir.graph import Graph, weight_name
from specc.onnx.importer.values import Array
from specc.ops.learned import Learned
from specc.ops.scale import LearnedBias, Scale
from specc.weights.tensors import Tensor, Unreadable

MOST_COMPARED: Final = 64
"""Learned tensors that are compared with each other."""
MOST_ELEMENTS: Final = 1 << 22
"""Elements of all of them together."""
FEW: Final = 2
"""Different numbers of a tensor that says nothing, such as a mask."""


def twice(graph: Graph, tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """By the names of learned tensors the larger ones that hold their values too."""
    nodes = [node for node in graph.nodes if isinstance(node.op, Learned | LearnedBias | Scale)]
    names = dict.fromkeys(weight_name(node, weight) for node in nodes for weight in graph.weights(node))
    free = [name for name in names if not tensors[name].is_literal][:MOST_COMPARED]
    totals = accumulate(prod(tensors[name].shape) for name in free)
    arrays = {name: _values(tensors[name]) for name, total in zip(free, totals, strict=True) if total <= MOST_ELEMENTS}
    found: dict[str, str] = {}
    for pair in combinations(arrays, 2):
        part, whole = sorted(pair, key=lambda name: arrays[name].size)
        if part not in found and _holds(arrays[whole], arrays[part]):
            found[part] = whole
    return found


def _values(tensor: Tensor) -> Array:
    """The values; none where they cannot be read, or say nothing."""
    try:
        array = np.asarray(tensor.load())
    except (Unreadable, OSError):
        return np.empty(0)
    return array if len(np.unique(array)) > FEW else np.empty(0)


def _holds(whole: Array, part: Array) -> bool:
    """Whether all elements of `part`, which are fewer, stand in a row of `whole`, in either order of its axes."""
    if not part.size or whole.size == part.size or whole.size % part.size:
        return False
    wanted = part.reshape(-1)
    rows = [order.reshape(-1, part.size) for order in (whole, whole.T)]
    return any(bool((some[some[:, 0] == wanted[0]] == wanted).all(axis=1).any()) for some in rows)
