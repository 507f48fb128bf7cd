"""Asking every node's operation something, once for all equal operations on equal inputs: deep networks repeat."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from specc.ir.graph import Graph
from specc.ops.base import Op, Types

Answer = TypeVar("Answer")


def ask(graph: Graph, question: Callable[[Op, Types, Types], Answer]) -> list[Answer]:
    """`question(op, input types, output types)` for every node, in the graph's order."""
    known: dict[Hashable, Answer] = {}
    values = graph.values
    answers = []
    for node in graph.nodes:
        inputs = tuple([values[name] for name in node.inputs])
        key = (node.op, _kinds(node.op), inputs)
        if key not in known:
            known[key] = question(node.op, inputs, node.types)
        answers.append(known[key])
    return answers


def _kinds(op: Op) -> tuple[type, ...]:
    """The types of the attributes: `bias=true` equals `bias=1` and is something else."""
    return tuple(map(type, op.__dict__.values()))
