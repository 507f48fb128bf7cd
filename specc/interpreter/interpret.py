"""Driving the operations' NumPy computations over a graph."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from specc.analysis.liveness import last_use
from specc.interpreter.binding import canonical, spoken
from specc.interpreter.fitting import Array
from specc.interpreter.spare import Spare
from specc.ir.graph import Graph, Node

BUFFER = 1024
"""Elements of NumPy's buffer.  What is one number for each channel is copied into it as often as it is read, where it
holds several channels' positions, and that takes as long as the product that it is for."""
FREED = 31 << 20
"""Bytes.  Once so much was freed, the C library (glibc) keeps twice as much instead of giving it back to the system at
once: to get pages anew takes as long as many a layer takes to fill them."""


def interpret(
    graph: Graph,
    inputs: Mapping[str, Array],
    weights: Mapping[str, Array],
    *,
    dtype: type[np.float32] | type[np.float64] = np.float32,
    keep: Collection[str] | None = None,
) -> dict[str, Array]:
    """The outputs of `graph` by name, or instead the values named in `keep`.

    `inputs` and results are in the author's order, batch first (NHWC under `layout=hwc`); `weights` are in ONNX
    layout by their dotted names.  Everything is computed in `dtype`.  Inputs are taken to fit: see `bind`.
    """
    feeds = {name: canonical(np.asarray(array, dtype), graph.layout) for name, array in inputs.items()}
    wanted = set(keep) if keep is not None else {output.value for output in graph.outputs}
    values = evaluate(graph, feeds, weights, dtype, wanted)
    names = {name: name for name in wanted} if keep is not None else {o.name: o.value for o in graph.outputs}
    return {name: np.ascontiguousarray(spoken(values[value], graph.layout)) for name, value in names.items()}


def evaluate(
    graph: Graph,
    inputs: Mapping[str, Array],
    weights: Mapping[str, Array],
    dtype: type[np.float32] | type[np.float64],
    keep: Collection[str],
) -> dict[str, Array]:
    """The values named in `keep`, all in canonical order; other values are dropped after their last reader."""
    values = dict(inputs)
    expiring = _expiring(graph, keep)
    spare = Spare()
    with _prepared():
        for node, expired in zip(graph.nodes, expiring, strict=True):
            spare.run(node, values, cast(graph, node, weights, dtype), node.inputs[0] in expired)
            for name in expired:
                del values[name]
    return {name: values[name] for name in keep}


def _expiring(graph: Graph, keep: Collection[str]) -> list[list[str]]:
    """For each node the values that nobody needs once it has run."""
    expiring: list[list[str]] = [[] for _ in range(len(graph.nodes) + 1)]  # the last ones never, nor do unread inputs
    for name, index in (last_use(graph) | dict.fromkeys(keep, len(graph.nodes))).items():
        expiring[index].append(name)
    return expiring[:-1]


@contextmanager
def _prepared() -> Iterator[None]:
    """NumPy and the C library set up for the sizes of a network's values."""
    np.empty(FREED, np.uint8)
    with np.errstate():  # keeps the buffer's size, too
        np.setbufsize(BUFFER)
        yield


def cast(
    graph: Graph, node: Node, weights: Mapping[str, Array], dtype: type[np.float32] | type[np.float64]
) -> dict[str, Array]:
    """The node's own weights by their names within the layer: in `dtype`, or in float32 where the operation widens
    them itself."""
    names = graph.weight_names[node.name]
    if not names:
        return {}
    held = (dtype, np.float32) if node.op.widens else (dtype,)
    return {own: _held(weights[name], dtype, held) for own, name in names.items()}


def _held(weight: Array, dtype: type[np.generic], held: tuple[type[np.generic], ...]) -> Array:
    """`weight` in one of the precisions `held`, else in `dtype`."""
    array = np.asarray(weight)
    return array if array.dtype.type in held else array.astype(dtype)
