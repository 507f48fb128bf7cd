"""What a network calls the weights that its ONNX file holds: exporters keep the names of most initialisers, and say in
which module a node was made.

PyTorch's TorchScript exporter calls nodes by the path of their module, `/layer1/layer1.0/conv1/Conv`; the other writes
it into their metadata (`torch.onnx.export`, `dynamo=False` and `dynamo=True`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from math import prod
from typing import Final, Literal

import numpy as np

from specc.ir.graph import Node
from specc.onnx.importer.context import Context
from specc.onnx.importer.state import listed
from specc.onnx.importer.values import Known, Step
from specc.ops.conv import Conv
from specc.ops.dense import Dense
from specc.ops.learned import Learned
from specc.ops.scale import LearnedBias, Scale
from specc.weights.tensors import Tensor

SCOPES: Final = "pkg.torch.onnx.name_scopes"
CLASSES: Final = "pkg.torch.onnx.class_hierarchy"
LINEAR: Final = "aten.linear"
"""A product with a matrix turned over."""
PRODUCTS: Final = frozenset({"Add", "Cast", "Constant", "Gemm", "Identity", "MatMul", "Reshape", "Transpose"})
"""What linear layers are exported as."""
REWRITES: Final = "pkg.onnxscript.rewriter.rule_name"


def origins(context: Context, nodes: Sequence[Node], scopes: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """By node, what the network calls its tensors, by their names within it; `scopes` are those of shared weights.

    Tensors that are changed, by the exporter, as where a batch normalisation was folded into them, or by the import, as
    where a matrix is turned over, have no name; nor have the pieces of one tensor.
    """
    given = {node.name: context.weights.get(node.name, {}) for node in nodes}
    owners = {(scopes.get(name, name), t.source) for name, tensors in given.items() for t in tensors.values()}
    shared = Counter(source for _, source in owners)
    within: dict[str | None, set[str]] = {}
    for step in context.makers.values():
        within.setdefault(module(step), set()).add(step.op_type)
    busy = {path for path, kinds in within.items() if path and not kinds <= PRODUCTS}
    found = {node.name: _Layer(context, node, shared, busy).names() for node in nodes}
    owned = {(scopes.get(name, name), key, called) for name, names in found.items() for key, called in names.items()}
    times = Counter(called for _, _, called in owned)
    return {name: {k: called for k, called in names.items() if times[called] == 1} for name, names in found.items()}


class _Layer:
    """The tensors of a node, those that are literals aside, and the module that made it.  By how many layers each
    initialiser is `shared`, and which modules do more than a linear layer, the `busy` ones, is known of all layers."""

    def __init__(self, context: Context, node: Node, shared: Mapping[str, int], busy: Collection[str]) -> None:
        self._context, self._node, self._shared, self._busy = context, node, shared, busy
        self._step = context.makers.get(node.name)
        self._notes = {} if self._step is None else self._step.notes
        self._path = None if self._step is None else module(self._step)
        tensors = context.weights.get(node.name, {})
        self._tensors = {key: t for key, t in tensors.items() if t.source and not t.is_literal}

    def names(self) -> dict[str, str]:
        """A tensor is called as in the file, if its values stand there in their order.  What has no name there is
        called after the layer's other tensors, or after its module; equal tensors, which exporters write once, by the
        last part of their name in their own module."""
        if self._step is not None and _is_folded(self._step, self._tensors):
            return {}
        named = {key: t for key, t in self._tensors.items() if not self._context.state.is_made(t.source)}
        found = {key: t.source for key, t in named.items() if self._shared[t.source] == 1 and self._order(t) == "same"}
        stem = self._stem(found)
        for key, tensor in named.items():
            if key not in found and stem and self._shared[tensor.source] > 1 and self._order(tensor) == "same":
                last = tensor.source.rpartition(".")[2]
                found[key] = f"{stem}{key}" if last in self._tensors else f"{self._path or stem[:-1]}.{last}"
        guesses = {key: self._guess(key, self._stem(found)) for key in self._tensors if key not in named}
        return found | {key: guess for key, guess in guesses.items() if guess}

    def _stem(self, found: Mapping[str, str]) -> str:
        """What the names of the layer's tensors begin with: `fc.`, or `in_proj_`."""
        stems = {name.removesuffix(key) for key, name in found.items() if name.endswith((f".{key}", f"_{key}"))}
        within = {stem for stem in stems if not self._path or stem.startswith(f"{self._path}.")}
        if len(within) == 1:
            return within.pop()
        return f"{self._path}." if self._path else ""

    def _guess(self, key: str, stem: str) -> str:
        """What a tensor is called that the exporter has turned, as it does with matrices, or given further axes."""
        tensor, made_of = self._tensors[key], self._context.state.made_of.get(self._tensors[key].source)
        if not self._is_known() or not self._order(tensor):
            return ""
        guess = f"{stem}{key}" if stem else ""
        if made_of is None:
            whole = isinstance(self._node.op, Dense | Conv) and stem == f"{self._path}."
            return "" if whole and self._path in self._busy else guess
        if guess in made_of or self._context.state.is_listed(guess):  # what is equal elsewhere is written once
            return guess
        return made_of[0] if len(made_of) == 1 and self._is_linear() else ""

    def _is_known(self) -> bool:
        """Whether this may be a layer of PyTorch's own, which computes nothing from its tensors."""
        classes = listed(self._notes.get(CLASSES, ""))
        own = len(classes) < 2 or str(classes[-2]).startswith("torch.nn.modules.")
        return own and not isinstance(self._node.op, Scale | LearnedBias | Learned)

    def _is_linear(self) -> bool:
        return LINEAR in self._notes.get(CLASSES, "")

    def _order(self, tensor: Tensor) -> Literal["same", "turned"] | None:
        """How the values stand in the file: in their order, as those of the matrix turned over, or not at all."""
        if tensor.form is None:
            return "same"
        stored = self._context.values.get(tensor.source)
        if not isinstance(stored, Known) or stored.elements != prod(tensor.shape):
            return None
        probe = np.arange(2, stored.elements + 2, dtype=np.float32).reshape(stored.shape)
        found = tensor.formed(probe).reshape(-1)
        if np.array_equal(found, probe.reshape(-1)):
            return "same"
        return "turned" if probe.ndim == 2 and np.array_equal(found, probe.T.reshape(-1)) else None


def computed_from(context: Context, tensor: Tensor) -> tuple[str, ...]:
    """What the network calls the tensors that the file, or its exporter, computes `tensor` from.  The exporter names
    what it computed in between as well, without the path of a module."""
    state, names = context.state, list[str]()
    for name in tensor.computed_from or (tensor.source,):
        made_of = state.made_of.get(name)
        if made_of is not None:
            names += [other for other in made_of if (state.is_listed(other) if state.kinds else "." in other)]
        elif tensor.computed_from:
            names.append(name)
    return tuple(name for name in dict.fromkeys(names) if not state.is_made(name))


def _is_folded(step: Step, tensors: Mapping[str, Tensor]) -> bool:
    """Whether the exporter has multiplied a batch normalisation into the weights of a convolution."""
    weight = tensors["weight"].source if "weight" in tensors else ""
    return weight.startswith("onnx::Conv") or "BatchNorm" in step.notes.get(REWRITES, "")


def module(step: Step) -> str | None:
    """The module that made a node, as its network calls it: `layer1.0.conv1`."""
    if SCOPES in step.notes:
        scopes = listed(step.notes[SCOPES])
        return str(scopes[-2]) or None if len(scopes) > 1 else None
    if not step.name.startswith("/"):
        return None
    path: list[str] = []
    for part in step.name.split("/")[1:-1]:
        if path and part.startswith(f"{path[-1]}."):
            path.pop()
        path.append(part)
    return ".".join(path) or None
