"""Matching tensors by the order of their layers, for files whose names are not the model's.

Other frameworks number or nest their layers as they like, but keep them in order.  The order is trusted only when
everything fits: layer after layer the same tensors, by role and shape, with none left over on either side.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import groupby
from typing import Final, NamedTuple

from specc.weights.axes import Target, adapt
from specc.weights.tensors import Weights

_ROLES: Final = {
    "weight": "weight", "kernel": "weight", "depthwise_kernel": "weight", "gamma": "weight", "scale": "weight",
    "bias": "bias", "beta": "bias",
    "running_mean": "running_mean", "moving_mean": "running_mean",
    "running_var": "running_var", "moving_variance": "running_var",
}  # fmt: skip


class _Layer(NamedTuple):
    """Tensors whose names differ in the last part only."""

    names: tuple[str, ...]
    roles: tuple[str, ...]


def by_order(wanted: dict[str, Target], given: Weights) -> dict[str, str] | None:
    """The name in `given` for each name in `wanted`, or `None` where the two do not run in step.

    With several sequences (Keras numbers layers per class) each layer must fit the head of exactly one of them.
    """
    queues = [deque(_layers(sequence)) for sequence in given.sequences]
    result: dict[str, str] = {}
    for _, group in groupby(wanted.values(), key=lambda target: target.layer):
        layer = list(group)
        fitting = [(queue, pairs) for queue in queues if queue and (pairs := _pair(layer, queue[0], given))]
        if len(fitting) != 1:
            return None
        queue, pairs = fitting[0]
        queue.popleft()
        result.update(pairs)
    return None if any(queues) else result


def ignored(name: str) -> bool:
    """Whether a tensor is bookkeeping that no model needs: PyTorch counts the batches its statistics come from."""
    return name.rpartition(".")[2] == "num_batches_tracked"


def _layers(names: Iterable[str]) -> list[_Layer]:
    kept = [name for name in names if not ignored(name)]
    layers = [tuple(group) for _, group in groupby(kept, key=lambda name: _split(name)[0])]
    return [_Layer(group, tuple(_split(name)[1] for name in group)) for group in layers]


def _split(name: str) -> tuple[str, str]:
    cut = max(name.rfind("."), name.rfind("/")) + 1
    return name[:cut], name[cut:]


def _pair(layer: list[Target], head: _Layer, given: Weights) -> dict[str, str] | None:
    """Our names to theirs: by role where all roles are known, else in order; `None` where a shape differs."""
    if len(layer) != len(head.names):
        return None
    theirs = {_ROLES.get(role, role): name for role, name in zip(head.roles, head.names, strict=True)}
    ours = {target.weight.name for target in layer}
    chosen = [theirs[target.weight.name] for target in layer] if ours == set(theirs) else head.names
    pairs = list(zip(layer, chosen, strict=True))
    if any(adapt(given.tensors[name], target) is None for target, name in pairs):
        return None
    return {target.name: name for target, name in pairs}
