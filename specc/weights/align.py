"""Matching tensors by the order of their layers, for files whose names are not the model's.

Other frameworks number or nest their layers as they like, but keep them in order.  The order is trusted only when
everything fits: layer after layer the same tensors, by role and shape, with none left over on either side.  Where less
will do (`--lenient`), it is trusted for what fits at the ends, if that can be meant in one way only.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, takewhile, zip_longest
from typing import Final, NamedTuple

from specc.weights.axes import Target, adapt
from specc.weights.tensors import Weights
from specc.weights.torchvision import AUXILIARY, in_layer_order

_ROLES: Final = {
    "weight": "weight", "kernel": "weight", "depthwise_kernel": "weight", "pointwise_kernel": "weight",
    "gamma": "weight", "scale": "weight",
    "bias": "bias", "beta": "bias",
    "running_mean": "running_mean", "moving_mean": "running_mean",
    "running_var": "running_var", "moving_variance": "running_var",
}  # fmt: skip
_CLASSES: Final = {
    "conv": r"conv\dd", "depthwise": r"depthwise_conv\dd", "separable": r"separable_conv\dd",
    "deconv": r"conv\dd_transpose", "dense": "dense", "bn": "batch_normalization", "layernorm": "layer_normalization",
    "groupnorm": "group_normalization", "prelu": "p_re_lu",
}  # fmt: skip
"""What Keras 3 calls its layers in files."""


class _Layer(NamedTuple):
    """Tensors whose names differ in the last part only."""

    names: tuple[str, ...]
    roles: tuple[str, ...]


class Parting(NamedTuple):
    """The names, ours and theirs, that the order of layers pairs, and the first tensors that do not fit: ours and the
    name of theirs, `None` where a side has none."""

    pairs: list[tuple[str, str]]
    ours: Target | None
    theirs: str | None


def by_order(wanted: dict[str, Target], given: Weights, *, names_stay: bool = True) -> dict[str, str] | None:
    """The name in `wanted` for each name in `given`, or `None` where the two do not run in step.

    Names that both have, with tensors that fit, stand for themselves; the order of layers is asked about the others
    alone, and each of these must stand behind the same tensors on both sides (`names_stay=False` asks about all).
    Where the order of `given` means nothing, that of torchvision's models helps, if it is one of them.
    With several sequences (Keras 3 numbers layers per class) each layer must fit the head of exactly one of them, or of
    several the one of its own class.  A file may hold the values that are fixed in the spec, or be without them.
    """
    kept = _common(wanted, given) if names_stay else frozenset()
    for needed, sequences in _views(wanted, given):
        pairs = _in_step(_without(needed, kept), given, [_layers_without(part, kept) for part in sequences])
        if pairs and _behind_the_same(pairs, kept, wanted, sequences):
            return {name: name for name in kept} | pairs
    return None


def partly_by_order(wanted: dict[str, Target], given: Weights) -> dict[str, str] | None:
    """As `by_order`, where only a part of the layers fits: those in equal places where both sides have as many, and
    otherwise those at the start and those at the end.

    `None` where that leaves a choice, as between two layers alike of which `given` has one; where fewer than half of
    the layers fit, which are then those of another network; and for files without one order of layers.
    """
    kept = _common(wanted, given)
    found: list[dict[str, str]] = []
    for needed, sequences in _views(wanted, given):
        if len(sequences) == 1:
            pairs = _ends_in_step(_without(needed, kept), _layers_without(sequences[0], kept), given)
            found += [pairs] if pairs and _behind_the_same(pairs, kept, wanted, sequences) else []
    best = max(found, key=len, default=None)
    return None if best is None else {name: name for name in kept} | best


def parting(wanted: dict[str, Target], given: Weights) -> Parting | None:
    """Where the two orders part; of several ways to see them the one that gets furthest.

    `None` for files without one order of layers, and where nothing is left to be matched by order.
    """
    kept = _common(wanted, given)
    views = [(needed, sequences[0]) for needed, sequences in _views(wanted, given) if len(sequences) == 1]
    found = [_parting(_without(needed, kept), _layers_without(layers, kept), given) for needed, layers in views]
    best = max(found, key=lambda part: len(part.pairs), default=None)
    return best if best is not None and (best.ours is not None or best.theirs is not None) else None


def _parting(ours: list[list[Target]], theirs: list[_Layer], given: Weights) -> Parting:
    queue = deque(theirs)
    passed: list[tuple[str, str]] = []
    for layer in ours:
        if not queue:
            return Parting(passed, layer[0], None)
        pairs = _pair(layer, queue[0], given)
        if not pairs:
            return Parting(passed, *_first_misfit(layer, queue[0], given))
        _take(queue, len(pairs))
        passed += [(our, their) for their, our in pairs.items()]
    return Parting(passed, None, queue[0].names[0] if queue else None)


def _first_misfit(layer: list[Target], head: _Layer, given: Weights) -> tuple[Target | None, str | None]:
    """The first tensors of two layers that do not fit, by role where all roles are known; `None` for one that lacks."""
    couples: Iterable[tuple[Target | None, str | None]] = zip_longest(layer, head.names)
    if all(role in _ROLES for role in head.roles):
        theirs = {_ROLES[role]: name for role, name in zip(head.roles, head.names, strict=True)}
        ours = {_split(target.name)[1]: target for target in layer}
        couples = [(ours.get(role), theirs.get(role)) for role in dict.fromkeys((*ours, *theirs))]
    for target, name in couples:
        if target is None or name is None or adapt(given.tensors[name], target) is None:
            return target, name
    return layer[0], head.names[0]


def _views(wanted: dict[str, Target], given: Weights) -> Iterator[tuple[list[Target], list[list[_Layer]]]]:
    """The layers that may be meant on our side and theirs, the likeliest first."""
    sequences = given.sequences
    if not sequences and (known := in_layer_order(given)):
        sequences = (known,)
    layers = [_layers(sequence) for sequence in sequences]
    every = list(wanted.values())
    free = [target for target in every if target.weight.fixed is None]
    for needed in (free, every) if len(free) < len(every) else (every,):
        for parts in (layers, [_children_first(part) for part in layers]):
            yield needed, parts


def _common(wanted: dict[str, Target], given: Weights) -> frozenset[str]:
    """The names that both have, with tensors that fit."""
    fitting = (name for name, target in wanted.items() if name in given and adapt(given.tensors[name], target))
    return frozenset(fitting)


def _without(needed: list[Target], kept: frozenset[str]) -> list[list[Target]]:
    """The tensors that are needed but for those `kept`, layer by layer."""
    rest = [target for target in needed if target.name not in kept]
    return [list(group) for _, group in groupby(rest, key=lambda target: _split(target.name)[0])]


def _layers_without(layers: list[_Layer], kept: frozenset[str]) -> list[_Layer]:
    rests = ([name for name in layer.names if name not in kept] for layer in layers)
    return [_layer(names) for names in rests if names]


def _behind_the_same(
    pairs: dict[str, str], kept: frozenset[str], ours: Iterable[str], sequences: list[list[_Layer]]
) -> bool:
    """Whether each pair stands behind the same `kept` tensors on both sides."""
    order = list(ours)
    for sequence in sequences:
        names = [name for layer in sequence for name in layer.names]
        here = kept.intersection(names)
        ranks = {name: rank for rank, name in enumerate(name for name in order if name in here)}
        theirs, own = _places(names, ranks), _places(order, ranks)
        if any(theirs[name] != own[pairs[name]] for name in names if name in pairs):
            return False
    return True


def _places(names: Iterable[str], ranks: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """For each of `names` how many of those with a rank stand before it, and how many ranks up to the highest there.

    The two numbers are the same on a side in the order of ranks; on another they are so only behind the same names.
    """
    found, count, highest = {}, 0, 0
    for name in names:
        if name in ranks:
            count, highest = count + 1, max(highest, ranks[name] + 1)
        else:
            found[name] = (count, highest)
    return found


def _in_step(ours: list[list[Target]], given: Weights, layers: list[list[_Layer]]) -> dict[str, str] | None:
    queues = [deque(part) for part in layers]
    result: dict[str, str] = {}
    for layer in ours:
        fitting = [(queue, pairs) for queue in queues if queue and (pairs := _pair(layer, queue[0], given))]
        if len(fitting) > 1:
            fitting = [(queue, pairs) for queue, pairs in fitting if _is_called(queue[0], layer[0].word)]
        if len(fitting) != 1:
            return None
        queue, pairs = fitting[0]
        _take(queue, len(pairs))
        result.update(pairs)
    return None if any(queues) else result


def _ends_in_step(ours: list[list[Target]], theirs: list[_Layer], given: Weights) -> dict[str, str] | None:
    """The tensors of the layers that fit, as `partly_by_order` says."""

    def fitting(our: int, their: int) -> dict[str, str]:
        pairs = _pair(ours[our], theirs[their], given) or {}
        return pairs if len(pairs) == len(theirs[their].names) else {}

    def elsewhere(place: int, step: int) -> bool:
        """Whether the layer of the shorter side could also be one further on, among those that it may lack."""
        places = [place + step * i for i in range(1, gap + 1)]
        return any(fitting(p, place) if len(ours) > len(theirs) else fitting(place, p) for p in places)

    shorter, gap = min(len(ours), len(theirs)), abs(len(ours) - len(theirs))
    front = [*takewhile(bool, (fitting(i, i) for i in range(shorter)))]
    back = [*takewhile(bool, (fitting(-1 - i, -1 - i) for i in range(shorter)))]
    if (front and elsewhere(len(front) - 1, 1)) or (back and elsewhere(-len(back), -1)):
        return None
    found = front + back if gap else [pairs for i in range(shorter) if (pairs := fitting(i, i))]
    if 2 * len(found) < shorter:
        return None
    return {their: our for pairs in found for their, our in pairs.items()}


def ignored(name: str) -> bool:
    """Whether a tensor is bookkeeping that no model needs: PyTorch counts the batches its statistics come from."""
    return name.rpartition(".")[2] == "num_batches_tracked"


def _layers(names: Iterable[str]) -> list[_Layer]:
    kept = [name for name in names if not ignored(name) and not name.startswith(AUXILIARY)]
    return [_layer(group) for _, group in groupby(kept, key=lambda name: _split(name)[0])]


def _layer(names: Iterable[str]) -> _Layer:
    group = tuple(names)
    return _Layer(group, tuple(_split(name)[1] for name in group))


def _children_first(layers: list[_Layer]) -> list[_Layer]:
    """Tensors of a module that has layers of its own moved behind those: PyTorch lists them before (ConvNeXt's layer
    scale), though they come last in a block."""
    result: list[_Layer] = []
    waiting: list[tuple[str, _Layer]] = []
    for i, layer in enumerate(layers):
        prefix = _split(layer.names[0])[0]
        while waiting and not prefix.startswith(waiting[-1][0]):
            result.append(waiting.pop()[1])
        following = _split(layers[i + 1].names[0])[0] if i + 1 < len(layers) else ""
        if prefix and following.startswith(prefix):
            waiting.append((prefix, layer))
        else:
            result.append(layer)
    return result + [layer for _, layer in reversed(waiting)]


def _split(name: str) -> tuple[str, str]:
    cut = max(name.rfind("."), name.rfind("/")) + 1
    return name[:cut], name[cut:]


def _is_called(head: _Layer, word: str) -> bool:
    """Whether a layer of Keras 3, such as `layers/conv2d_3/vars/0`, is of the class that `word` has there."""
    parts = head.names[0].split("/")
    return len(parts) > 2 and re.fullmatch(rf"{_CLASSES.get(word, word)}(_\d+)?", parts[-3]) is not None


def _take(queue: deque[_Layer], count: int) -> None:
    """Remove `count` tensors from the first layer; Keras keeps both stages of a separable convolution in one."""
    head = queue.popleft()
    if len(head.names) > count:
        queue.appendleft(_Layer(head.names[count:], head.roles[count:]))


def _pair(layer: list[Target], head: _Layer, given: Weights) -> dict[str, str] | None:
    """Their names to ours: by role where all roles are known, else in order; `None` where anything differs.

    A batch normalisation without scale or shift, as Keras has it, leaves those of ours without a partner.
    """
    names, roles = head.names[: len(layer)], head.roles[: len(layer)]
    by_role = all(role in _ROLES for role in roles)
    pairs = _by_role(layer, names, roles) if by_role else _by_place(layer, names)
    if pairs is None or any(adapt(given.tensors[name], target) is None for target, name in pairs):
        return None
    return {name: target.name for target, name in pairs}


def _by_place(layer: list[Target], names: tuple[str, ...]) -> list[tuple[Target, str]] | None:
    return list(zip(layer, names, strict=True)) if len(layer) == len(names) else None


def _by_role(layer: list[Target], names: tuple[str, ...], roles: tuple[str, ...]) -> list[tuple[Target, str]] | None:
    theirs = {_ROLES[role]: name for role, name in zip(roles, names, strict=True)}
    ours = {_split(target.name)[1]: target for target in layer}
    absent = ours.keys() - theirs.keys()
    if theirs.keys() - ours.keys() or (absent and not (absent <= {"weight", "bias"} and "running_mean" in theirs)):
        return None
    return [(ours[role], name) for role, name in theirs.items()]
