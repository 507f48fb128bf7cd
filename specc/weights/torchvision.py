"""The order of the layers in torchvision's models, for files that sort their tensors by name, as safetensors does.

`torchvision.json` lists each model's modules with tensors as its `state_dict()` has them (torchvision 0.28.0), the
auxiliary classifiers left out.  An order is used only for a file that holds tensors of exactly these modules.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

AUXILIARY: Final = ("aux1.", "aux2.", "AuxLogits.")
"""The auxiliary classifiers of GoogLeNet and Inception-v3, which inference has no use for."""
_PARTS: Final = ("layer_scale", "weight", "bias", "running_mean", "running_var")


def in_layer_order(names: Iterable[str]) -> tuple[str, ...] | None:
    """`names` as the network they belong to orders them, or `None` where they are of no network listed."""
    kept = [name for name in names if not name.startswith(AUXILIARY) and name.rpartition(".")[2] in _PARTS]
    modules = frozenset(name.rpartition(".")[0] for name in kept)
    order = _orders().get(modules)
    if order is None:
        return None
    return tuple(sorted(kept, key=lambda name: _place(order, name)))


def _place(order: dict[str, int], name: str) -> tuple[int, int]:
    module, _, part = name.rpartition(".")
    return order[module], _PARTS.index(part)


@cache
def _orders() -> dict[frozenset[str], dict[str, int]]:
    """For each set of modules their places."""
    listed = json.loads((files("specc.weights") / "torchvision.json").read_text(encoding="utf-8"))
    networks = [text.split(" ") for text in listed.values()]
    return {frozenset(modules): {module: i for i, module in enumerate(modules)} for modules in networks}
