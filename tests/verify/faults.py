"""Faults that an export might have, put into exported graphs: are they found, and at the right layer?

`tests/verify/sabotage.py` injects them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.verify.operand_faults import operand_faults, orders, transposed_operand, with_operand

Model = onnx.ModelProto
Change = Callable[[Model], None]


@dataclass(frozen=True)
class Fault:
    """`kind` for the table, `what` was done to the ONNX node `node`."""

    kind: str
    node: str
    what: str
    change: Change


def faults(model: Model, weights: Collection[str]) -> Iterator[Fault]:
    """Every fault that `model` can have, node by node; `weights` are the names of the tensors that training finds."""
    tensors = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    for node in model.graph.node:
        yield from _attribute_faults(node)
        yield from _structure_faults(node, tensors)
        for kind, what, position, alter in operand_faults(node, tensors):
            yield Fault(kind, node.name, f"operand {position}: {what}", with_operand(node.name, position, alter))
        for position, name in enumerate(node.input):
            if name in tensors and tensors[name].dtype == np.float32 and tensors[name].size:
                if name in weights:
                    yield from _weight_faults(node, position, name, tensors[name])
                elif node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
                    yield _tensor("constant", node, name, "x 1.001", lambda a: a * np.float32(1.001))


def _attribute_faults(node: onnx.NodeProto) -> Iterator[Fault]:
    values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    pads = values.get("pads")
    if pads:
        pads = list(pads)
        axes = len(pads) // 2
        moved = [pads[0] + 1, *pads[1:axes], max(pads[axes] - 1, 0), *pads[axes + 1 :]]
        yield _attribute("pad", node, "pads", moved)
        yield _attribute("pad", node, "pads", [p + 1 for p in pads])
        if any(pads):
            yield _attribute("pad", node, "pads", [0] * len(pads))
        if pads[axes:] != pads[:axes]:
            yield _attribute("asymmetric pad", node, "pads", [*pads[axes:], *pads[:axes]])
        yield _attribute("asymmetric pad", node, "pads", [pads[0] + 1, *pads[1:], 0][: 2 * axes])
    for key, kind in (("strides", "stride"), ("dilations", "dilation")):
        if key in values or node.op_type in ("Conv", "MaxPool"):
            old = list(values.get(key) or [1] * len(values["kernel_shape"]))
            yield _attribute(kind, node, key, [s + 1 for s in old])
            yield _attribute(kind, node, key, [old[0] + 1, *old[1:]])
    for key, kind, new in (
        ("axis", "axis", lambda v: v - 1 if v > 1 or v < -1 else v + 1 if v >= 0 else v - 1),
        ("epsilon", "epsilon", lambda v: v * 10),
        ("epsilon", "epsilon", lambda v: v * 2),
        ("alpha", "constant", lambda v: v * 1.001),
        ("beta", "constant", lambda v: v * 1.001),
        ("bias", "constant", lambda v: v * 1.001),
        ("size", "constant", lambda v: v + 2),
        ("p", "constant", lambda v: v + 1),
        ("group", "groups", lambda v: max(1, v // 2)),
        ("num_groups", "groups", lambda v: v * 2),
        ("count_include_pad", "padding counted", lambda v: 1 - v),
        ("blocksize", "blocks", lambda v: v + 1),
        ("extrapolation_value", "constant", lambda v: v + 0.25),
    ):
        if key in values and isinstance(values[key], (int, float)) and new(values[key]) != values[key]:
            yield _attribute(kind, node, key, new(values[key]))
    if node.op_type in ("MaxPool", "AveragePool", "LpPool"):
        yield _attribute("ceil for floor", node, "ceil_mode", 1 - int(values.get("ceil_mode", 0)))
    yield from _words(node, values)
    if node.op_type == "Transpose":
        for other in orders(list(values["perm"])):
            yield _attribute("permutation", node, "perm", other)
    if node.op_type == "Gelu":
        tanh = values.get("approximate", b"none") == b"tanh"
        yield _attribute("activation", node, "approximate", "none" if tanh else "tanh")
    if node.op_type == "Resize":
        mode = "linear" if values.get("mode", b"nearest") == b"nearest" else "nearest"
        if "antialias" not in values:
            yield _attribute("interpolation", node, "mode", mode)
        yield from _resizing_faults(node, values)


def _words(node: onnx.NodeProto, values: dict[str, object]) -> Iterator[Fault]:
    """Other modes of padding and of blocks, the other one of equal values."""
    if node.op_type == "Pad":
        for mode in sorted({"constant", "reflect", "edge"} - {values.get("mode", b"constant").decode()}):
            yield _attribute("border", node, "mode", mode)
    if node.op_type == "DepthToSpace":
        yield _attribute("blocks", node, "mode", "DCR" if values["mode"] == b"CRD" else "CRD")
    if node.op_type == "ArgMax":
        yield _attribute("last of equal values", node, "select_last_index", 1 - values.get("select_last_index", 0))


def _resizing_faults(node: onnx.NodeProto, values: dict[str, object]) -> Iterator[Fault]:
    placed = values.get("coordinate_transformation_mode")
    for other in ("half_pixel", "align_corners", "asymmetric"):
        if placed != other.encode():
            yield _attribute("coordinates", node, "coordinate_transformation_mode", other)
    if values["mode"] == b"nearest":
        rounding = "ceil" if values["nearest_mode"] == b"floor" else "floor"
        yield _attribute("coordinates", node, "nearest_mode", rounding)
    if values["mode"] == b"cubic":
        yield _attribute("constant", node, "cubic_coeff_a", values["cubic_coeff_a"] * 1.001)
        yield _attribute("border", node, "exclude_outside", 1 - int(values.get("exclude_outside", 0)))
    if "antialias" in values:
        yield _attribute("interpolation", node, "antialias", 0)


SWAPS = {
    "Relu": ("LeakyRelu", "Elu", "Softplus"),
    "LeakyRelu": ("Relu", "Elu"),
    "Elu": ("Selu", "Relu"),
    "Selu": ("Elu",),
    "Gelu": ("Relu",),
    "Tanh": ("Softsign", "Sigmoid"),
    "Sigmoid": ("HardSigmoid", "Tanh"),
    "HardSwish": ("Relu",),
    "HardSigmoid": ("Sigmoid",),
    "Softplus": ("Relu",),
    "Softsign": ("Tanh",),
    "Add": ("Sub",),
    "Sub": ("Add",),
    "Mul": ("Add",),
    "Div": ("Mul", "Sub"),
    "Max": ("Min", "Mean"),
    "Min": ("Max",),
    "Pow": ("Mul",),
    "ReduceMean": ("ReduceMax", "ReduceSum"),
    "ReduceMax": ("ReduceMean", "ReduceMin"),
    "ArgMax": ("ArgMin",),
    "GlobalMaxPool": ("GlobalAveragePool",),
    "GlobalLpPool": ("GlobalAveragePool",),
    "LpPool": ("AveragePool",),
    "Round": ("Floor", "Ceil"),
    "Exp": ("Softplus",),
    "Abs": ("Relu", "Neg"),
    "Clip": ("Relu",),
    "Celu": ("Elu", "Relu"),
    "ThresholdedRelu": ("Relu",),
    "Sqrt": ("Abs",),
    "Neg": ("Abs",),
    "Log": ("Sqrt",),
    "Sign": ("Abs",),
    "ReduceSum": ("ReduceMean",),
    "ReduceMin": ("ReduceMax",),
    "ReduceL2": ("ReduceL1",),
    "Softmax": ("LogSoftmax",),
    "LogSoftmax": ("Softmax",),
    "GlobalAveragePool": ("GlobalMaxPool",),
    "AveragePool": ("MaxPool",),
    "MaxPool": ("AveragePool",),
}
RESHAPING = {"Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"}
RESHAPING |= {
    "AveragePool",
    "MaxPool",
    "LpPool",
    "ReduceMean",
    "ReduceMax",
    "ArgMax",
    "ReduceSum",
    "ReduceMin",
    "ReduceL2",
}
NORMS = {"LRN", "BatchNormalization", "GroupNormalization", "InstanceNormalization", "LayerNormalization"}
SAME_SHAPE = {*SWAPS, *NORMS, "PRelu"} - RESHAPING


def _structure_faults(node: onnx.NodeProto, tensors: dict[str, np.ndarray]) -> Iterator[Fault]:
    for other in SWAPS.get(node.op_type, ()):
        yield Fault("activation or operation", node.name, f"{node.op_type} -> {other}", _retyped(node.name, other))
    if node.op_type in SAME_SHAPE:
        yield Fault("missing node", node.name, "Identity", _identity(node.name))
    if node.op_type in ("Sub", "Concat", "Div", "Pow", "MatMul"):
        yield Fault("swapped inputs", node.name, "inputs reversed", _reversed_inputs(node.name))
    if node.op_type == "Split":
        yield Fault("swapped outputs", node.name, "outputs reversed", _reversed_outputs(node.name))
    if node.op_type == "MatMul":
        for position in (0, 1):
            change = transposed_operand(node.name, position, 3)
            yield Fault("transposed operand", node.name, f"operand {position}", change)
    if node.op_type in ("Conv", "ConvTranspose", "Gemm"):
        if len(node.input) > 2:
            yield Fault("dropped bias", node.name, "no bias", _without_bias(node.name))
        yield Fault("rounded input", node.name, "through float16 (10-bit mantissa, as TF32)", _halved_input(node.name))


def _tensor(kind: str, node: onnx.NodeProto, name: str, what: str, change: Callable[[np.ndarray], np.ndarray]) -> Fault:
    return Fault(kind, node.name, f"{name}: {what}", _changed(name, change))


def _weight_faults(node: onnx.NodeProto, position: int, name: str, array: np.ndarray) -> Iterator[Fault]:
    fault = partial(_tensor, node=node, name=name)
    if position == 1 and array.ndim >= 2:
        yield fault("TF32 weights", what="10-bit mantissa", change=lambda a: _rounded(a, 13))
        yield fault("float16 weights", what="float16", change=lambda a: a.astype(np.float16).astype(np.float32))
        yield fault("bfloat16 weights", what="7-bit mantissa", change=lambda a: _rounded(a, 16))
        if array.shape[0] == array.shape[1] > 1:
            yield fault("transposed weight", what="axes 0 and 1", change=lambda a: a.swapaxes(0, 1))
        if array.ndim > 2 and array.shape[-1] > 1:
            yield fault("flipped kernel", what="last axis", change=lambda a: a[..., ::-1])
            yield fault("flipped kernel", what="both axes", change=lambda a: a[..., ::-1, ::-1])
            yield fault("transposed kernel", what="height and width", change=lambda a: a.swapaxes(-1, -2))
    for spot, where in enumerate((array.size // 2, 0, array.size - 1)):
        yield fault(
            "one wrong weight", what=f"element {where} + 1 %", change=_one(where, lambda v: v * np.float32(1.01))
        )
        if spot == 0:
            yield fault("one wrong weight", what=f"element {where} = 0", change=_one(where, lambda v: v * 0))
            yield fault(
                "one wrong weight",
                what=f"element {where} one ulp up",
                change=_one(where, lambda v: np.nextafter(v, v + 1)),
            )


def _rounded(array: np.ndarray, bits: int) -> np.ndarray:
    """`array` without the last `bits` bits of its mantissas, rounded to nearest."""
    raw = array.view(np.uint32).astype(np.uint64) + (1 << (bits - 1))
    return (raw >> bits << bits).astype(np.uint32).view(np.float32)


def _one(where: int, change: Callable[[np.float32], np.float32]) -> Callable[[np.ndarray], np.ndarray]:
    def changed(array: np.ndarray) -> np.ndarray:
        array.flat[where] = change(array.flat[where])
        return array

    return changed


def _node(model: Model, name: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.name == name)


def _attribute(kind: str, node: onnx.NodeProto, key: str, value: object) -> Fault:
    name = node.name

    def change(model: Model) -> None:
        target = _node(model, name)
        kept = [a for a in target.attribute if a.name != key]
        del target.attribute[:]
        target.attribute.extend([*kept, helper.make_attribute(key, value)])

    return Fault(kind, name, f"{key} = {value}", change)


def _changed(name: str, change_array: Callable[[np.ndarray], np.ndarray]) -> Change:
    def change(model: Model) -> None:
        tensor = next(item for item in model.graph.initializer if item.name == name)
        tensor.raw_data = np.ascontiguousarray(change_array(numpy_helper.to_array(tensor).copy())).tobytes()

    return change


def _retyped(name: str, other: str) -> Change:
    def change(model: Model) -> None:
        node = _node(model, name)
        node.op_type = other
        allowed = set(onnx.defs.get_schema(other, 21).attributes)
        kept = [a for a in node.attribute if a.name in allowed]
        del node.attribute[:]
        node.attribute.extend(kept)

    return change


def _identity(name: str) -> Change:
    def change(model: Model) -> None:
        node = _node(model, name)
        node.op_type = "Identity"
        del node.attribute[:]
        del node.input[1:]

    return change


def _reversed_inputs(name: str) -> Change:
    def change(model: Model) -> None:
        node = _node(model, name)
        node.input[:] = list(reversed(node.input))

    return change


def _reversed_outputs(name: str) -> Change:
    def change(model: Model) -> None:
        node = _node(model, name)
        node.output[:] = list(reversed(node.output))

    return change


def _without_bias(name: str) -> Change:
    def change(model: Model) -> None:
        del _node(model, name).input[2]

    return change


def _halved_input(name: str) -> Change:
    def change(model: Model) -> None:
        index = next(i for i, node in enumerate(model.graph.node) if node.name == name)
        node = model.graph.node[index]
        low, back = f"{name}.low", f"{name}.back"
        casts = [
            helper.make_node("Cast", [node.input[0]], [low], low, to=onnx.TensorProto.FLOAT16),
            helper.make_node("Cast", [low], [back], back, to=onnx.TensorProto.FLOAT),
        ]
        node.input[0] = back
        for cast in reversed(casts):
            model.graph.node.insert(index, cast)

    return change
