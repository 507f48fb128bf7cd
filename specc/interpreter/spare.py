"""Which values own their memory, so that the operation that reads one last may lay its result over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import numpy as np

from specc.interpreter.fitting import Array
from specc.ir.graph import Node


class Spare:
    """Keeps the names of values whose memory no other value, no weight and no array of the caller's shows."""

    def __init__(self) -> None:
        self._own: set[str] = set()

    def run(self, node: Node, values: dict[str, Array], weights: Mapping[str, Array], ends: bool) -> None:
        """Add the results of `node` to `values`; `ends` says that nobody reads its first input later."""
        xs = [values[name] for name in node.inputs]
        over = ends and node.inputs[0] in self._own and node.inputs.count(node.inputs[0]) == 1
        results = node.op.overwrite(xs, weights) if over else node.op.compute(xs, weights)
        values.update(zip(node.outputs, results, strict=True))
        laid_over = over and len(results) == 1 and results[0] is xs[0]
        if laid_over or _apart(results, [*xs[over:], *weights.values()]):
            self._own.update(node.outputs)
        else:
            self._own.difference_update(node.inputs)


def _apart(results: Sequence[Array], others: Iterable[Array]) -> bool:
    """Whether there is one result, and it may be written to without a change in `others`."""
    if len(results) != 1 or not results[0].flags.writeable:
        return False
    return not any(map(partial(np.may_share_memory, results[0]), others))
