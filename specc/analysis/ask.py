"""Asking every node's operation something, once for all equal operations on equal inputs: deep networks repeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from specc.ir.graph import Graph
from specc.ops.base import Op, Types

Answer = TypeVar("Answer")


def ask(graph: Graph, question: Callable[[Op, Types, Types], Answer]) -> list[Answer]:
    """`question(op, input types, output types)` for every node, in the graph's order."""
    first, kinds = graph.kinds
    answers = [question(node.op, graph.input_types(node), node.types) for node in first]
    return [answers[kind] for kind in kinds]
