"""Layers of an ONNX file that read the same initialisers: in a graph they share their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from specc.ir.graph import Node
from specc.onnx.importer.context import Context
from specc.ops.base import Weight
from specc.weights.tensors import Tensor

Tensors: TypeAlias = Mapping[str, Tensor]


def scopes(context: Context, nodes: Sequence[Node]) -> dict[str, str]:
    """By node name the name under which its tensors are called, where other nodes have the same ones.

    It is what the file calls them, `head` of `head.weight` and `head.bias`, else the name of the first node.
    """
    groups: dict[object, list[Node]] = {}
    for node in nodes:
        if (key := _key(context, node)) is not None:
            groups.setdefault(key, []).append(node)
    found: dict[str, str] = {}
    for group in groups.values():
        first, *others = group
        same = [first, *(node for node in others if _equal(context, first, node))]
        if len(same) > 1:
            name = _called(context, first)
            found.update((node.name, name) for node in same)
    return found


def _key(context: Context, node: Node) -> object | None:
    """What nodes agree in that may share: operation, tensors and initialisers; `None` for those that cannot."""
    weights = _free(context, node)
    given = context.weights.get(node.name, {})
    sources = tuple([given[weight.name].source for weight in weights])
    return (type(node.op), weights, sources) if weights and all(sources) else None


def _free(context: Context, node: Node) -> tuple[Weight, ...]:
    """The node's tensors, unless the text would fix one."""
    weights = node.op.weights(tuple([context.builder.types[name] for name in node.inputs]))
    return () if any(weight.fixed is not None for weight in weights) else weights


def _equal(context: Context, first: Node, node: Node) -> bool:
    """Whether what became of the initialisers is the same: they may have been cut in pieces, or turned.

    Exporters write tensors of equal numbers once, such as the statistics of untrained normalisations: in foreign files
    equal numbers throughout say nothing.
    """
    if context.own:
        return True
    ours, theirs = context.weights[first.name], context.weights[node.name]
    arrays = [(ours[name].load(), theirs[name].load()) for name in ours]
    return all(map(np.array_equal, *zip(*arrays, strict=True))) and any(len(np.unique(a)) > 1 for a, _ in arrays)


def _called(context: Context, node: Node) -> str:
    tensors = context.weights[node.name]
    names = {tensor.source.removesuffix(f".{own}") for own, tensor in tensors.items()}
    whole = all(tensor.source.endswith(f".{own}") for own, tensor in tensors.items())
    return names.pop() if whole and len(names) == 1 else node.name
