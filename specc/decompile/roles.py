"""What the operands of attention are called: queries, keys and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from specc.ir.graph import Node
from specc.ops.matmul import MatMul
from specc.ops.softmax import Softmax
from specc.ops.split import Split

FAR: Final = 6
"""Layers between an operand of attention and where it is used."""

Readers = Mapping[str, Sequence[Node]]


def role(value: str, readers: Readers) -> str | None:
    """`queries`, `keys` or `values`, where `value` is nothing else; of the parts of a layer that makes all three `q`,
    `k` and `v`."""
    for _ in range(FAR):
        found = readers.get(value, ())
        if len(found) != 1:
            return None
        (reader,) = found
        if isinstance(reader.op, MatMul):
            return _operand(reader, value, readers)
        if len(reader.inputs) > 1 or len(reader.outputs) > 1:
            return None
        value = reader.name
    return None


def _operand(product: Node, value: str, readers: Readers) -> str | None:
    if _weighs(product.name, readers):
        return ("queries", "keys")[product.inputs.index(value)]
    return "values" if value == product.inputs[1] else None


def _weighs(scores: str, readers: Readers) -> bool:
    """Whether a softmax makes weights of the scores, before anything but a number or a mask changes them."""
    for _ in range(FAR):
        found = [reader for reader in readers.get(scores, ()) if not reader.op.sourceless]
        if len(found) != 1 or isinstance(found[0].op, MatMul):
            return False
        if isinstance(found[0].op, Softmax):
            return True
        scores = found[0].name
    return False


def part(node: Node, value: str, readers: Readers) -> str | None:
    """`q`, `k` or `v` for a result of a layer's split into all three."""
    if not isinstance(node.op, Split) or len(node.outputs) != 3:
        return None
    roles = [role(output, readers) for output in node.outputs]
    found = dict(zip(node.outputs, roles, strict=True))[value]
    return found[0] if found and sorted(map(str, roles)) == ["keys", "queries", "values"] else None
