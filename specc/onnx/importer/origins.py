"""What a network calls the weights that its ONNX file holds: exporters keep the names of most initialisers, and say in
which module a node was made.

PyTorch's TorchScript exporter calls nodes by the path of their module, `/layer1/layer1.0/conv1/Conv`; the other writes
it into their metadata (`torch.onnx.export`, `dynamo=False` and `dynamo=True`).
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from specc.ir.graph import Node
from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Step
from specc.weights.tensors import Tensor

SCOPES: Final = "pkg.torch.onnx.name_scopes"
REWRITES: Final = "pkg.onnxscript.rewriter.rule_name"
_MADE: Final = re.compile(r"onnx::|_?val_\d|/|\d+$|_?Constant")
"""How exporters call what has no name in the network."""


def origins(context: Context, nodes: Sequence[Node], scopes: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """By node, what the network calls its tensors, by their names within it; `scopes` are those of shared weights.

    Tensors that the exporter has changed, such as those that a batch normalisation was folded into, have no name; nor
    have the pieces of one tensor.
    """
    given = {node.name: context.weights.get(node.name, {}) for node in nodes}
    owners = {(scopes.get(name, name), t.source) for name, tensors in given.items() for t in tensors.values()}
    shared = Counter(source for _, source in owners)
    found: dict[str, dict[str, str]] = {}
    for name, tensors in given.items():
        step = context.makers.get(name)
        if step is None or not _is_folded(step, tensors):
            found[name] = dict(_names(tensors, shared, None if step is None else module(step)))
    owned = {(scopes.get(name, name), key, called) for name, names in found.items() for key, called in names.items()}
    times = Counter(called for _, _, called in owned)
    return {name: {k: called for k, called in names.items() if times[called] == 1} for name, names in found.items()}


def _names(tensors: Mapping[str, Tensor], shared: Mapping[str, int], path: str | None) -> Iterator[tuple[str, str]]:
    """A tensor is called as in the file.  What has no name there is called after its module, or as the layer's other
    tensors are; equal tensors, which exporters write once, by the last part of their name in their own module."""
    own = {key: tensor.source for key, tensor in tensors.items() if _is_own(tensor.source, shared)}
    layers = {source.removesuffix(f".{key}") for key, source in own.items() if source.endswith(f".{key}")}
    layer = path or (layers.pop() if len(layers) == 1 else "")
    for key, tensor in tensors.items():
        if key in own:
            yield key, own[key]
        elif layer and tensor.source and not tensor.is_literal:
            last = tensor.source.rpartition(".")[2]
            yield key, f"{layer}.{key if last in tensors or _MADE.match(tensor.source) else last}"


def _is_own(source: str, shared: Mapping[str, int]) -> bool:
    return bool(source) and shared[source] == 1 and not _MADE.match(source)


def _is_folded(step: Step, tensors: Mapping[str, Tensor]) -> bool:
    """Whether the exporter has multiplied a batch normalisation into the weights of a convolution."""
    weight = tensors["weight"].source if "weight" in tensors else ""
    return weight.startswith("onnx::Conv") or "BatchNorm" in step.notes.get(REWRITES, "")


def module(step: Step) -> str | None:
    """The module that made a node, as its network calls it: `layer1.0.conv1`."""
    if SCOPES in step.notes:
        try:
            scopes = ast.literal_eval(step.notes[SCOPES])
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
        return str(scopes[-2]) or None if isinstance(scopes, list) and len(scopes) > 1 else None
    if not step.name.startswith("/"):
        return None
    path: list[str] = []
    for part in step.name.split("/")[1:-1]:
        if path and part.startswith(f"{path[-1]}."):
            path.pop()
        path.append(part)
    return ".".join(path) or None
