"""Faults in what operators take as whole numbers (sizes, axes, positions, orders), and in quantisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

Array = np.ndarray[Any, Any]
Alter = Callable[[Array], Array]


def _plus(amount: int, place: int) -> Alter:
    """That much more in one place, around the end of the type's range."""

    def change(array: Array) -> Array:
        wide = array.astype(np.int64)
        wide.reshape(-1)[place] += amount
        return wide.astype(array.dtype)

    return change


def _exchanged(array: Array) -> Array:
    """The last two numbers exchanged."""
    return np.concatenate([array[:-2], array[-2:][::-1]]) if array.ndim == 1 and len(array) > 1 else array


def _reversed(array: Array) -> Array:
    return array[::-1].copy() if array.ndim == 1 else array


OPERANDS: dict[str, dict[int, tuple[tuple[str, str, Alter], ...]]] = {
    # operator: {operand: (kind, what, change)}
    "Slice": {
        1: (("slice", "starts one later", _plus(1, 0)), ("slice", "starts one earlier", _plus(-1, 0))),
        2: (("slice", "ends one earlier", _plus(-1, -1)),),
        3: (("axis", "of a slice, one further", _plus(1, 0)), ("axis", "of a slice, one before", _plus(-1, 0))),
        4: (("slice", "steps one longer", _plus(1, 0)),),
    },
    "Gather": {
        1: (
            ("gather", "first index one more", _plus(1, 0)),
            ("gather", "last index one less", _plus(-1, -1)),
            ("gather", "indices reversed", _reversed),
        ),
    },
    "Reshape": {1: (("reshape", "last sizes exchanged", _exchanged),)},
    "Split": {1: (("split", "sizes reversed", _reversed), ("split", "last sizes exchanged", _exchanged))},
    "Pad": {
        1: (
            ("pad", "one more before", _plus(1, 2)),
            ("pad", "one more behind", _plus(1, -1)),
            ("asymmetric pad", "begins and ends exchanged", lambda a: np.roll(a, len(a) // 2)),
        ),
    },
    "Resize": {3: (("resize", "one size more", _plus(1, -1)), ("resize", "sizes exchanged", _exchanged))},
    "ReduceMean": {1: (("axis", "of a mean, one before", _plus(-1, 0)),)},
    "ReduceSum": {1: (("axis", "of a sum, one before", _plus(-1, 0)),)},
    "ReduceL2": {1: (("axis", "of a length, one further", _plus(1, 0)),)},
    "ReduceMin": {1: (("axis", "of a minimum, one before", _plus(-1, 0)),)},
    "ReduceMax": {1: (("axis", "of a maximum, one before", _plus(-1, 0)),)},
    "QuantizeLinear": {2: (("zero point", "one more", _plus(1, 0)), ("zero point", "one less", _plus(-1, -1)))},
    "DequantizeLinear": {2: (("zero point", "one more", _plus(1, 0)), ("zero point", "one less", _plus(-1, -1)))},
}


def operand_faults(node: onnx.NodeProto, tensors: dict[str, Array]) -> Iterator[tuple[str, str, int, Alter]]:
    """Kind, what was done, which operand, and how it changes, for all operands of `node` that are constant."""
    for position, changes in OPERANDS.get(node.op_type, {}).items():
        name = node.input[position] if position < len(node.input) else ""
        for kind, what, change in changes if name in tensors else ():
            if not np.array_equal(change(tensors[name]), tensors[name]):
                yield kind, what, position, change
    if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
        yield "quantisation step", "x 1.001", 1, lambda a: a * np.float32(1.001)
        yield "quantisation step", "x 2", 1, lambda a: a * np.float32(2)
        if tensors[node.input[1]].size > 1:
            yield "quantisation step", "of the channels, reversed", 1, _reversed


def with_operand(node: str, position: int, change: Alter) -> Callable[[onnx.ModelProto], None]:
    """Give the ONNX node `node` an operand of its own: `change` of the one it has."""

    def changed(model: onnx.ModelProto) -> None:
        target = next(item for item in model.graph.node if item.name == node)
        old = next(item for item in model.graph.initializer if item.name == target.input[position])
        new = numpy_helper.from_array(np.ascontiguousarray(change(numpy_helper.to_array(old))), f"{old.name}.wrong")
        model.graph.initializer.append(new)
        target.input[position] = new.name

    return changed


def orders(perm: list[int]) -> Iterator[list[int]]:
    """Other orders of the axes behind the batch: the last two exchanged, the first two, and all the other way round."""
    rest = perm[1:]
    for other in ([*rest[:-2], *rest[:-3:-1]], [*rest[1::-1], *rest[2:]], rest[::-1], sorted(rest)):
        if other != rest:
            yield [perm[0], *other]


def transposed_operand(node: str, position: int, rank: int) -> Callable[[onnx.ModelProto], None]:
    """Put a Transpose of the last two axes before an operand."""

    def changed(model: onnx.ModelProto) -> None:
        index = next(i for i, item in enumerate(model.graph.node) if item.name == node)
        target, name = model.graph.node[index], f"{node}.turned"
        perm = [*range(rank - 2), rank - 1, rank - 2]
        model.graph.node.insert(index, helper.make_node("Transpose", [target.input[position]], [name], name, perm=perm))
        target = model.graph.node[index + 1]
        target.input[position] = name

    return changed
