"""How quantisation is said in PyTorch."""

from __future__ import annotations

from struct import pack, unpack

from specc.ops.axes import axis_index
from specc.ops.quantize import Dequantize, Quantize
from specc.torch.layer import Layer


def quantize(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Quantize)
    low, high = op.limits()
    scale, zero = (_numbers(layer, numbers) for numbers in (op.scale, op.zero))
    return f"(({layer.x} / {scale}).round() + {zero}).clamp({low}, {high})"


def dequantize(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Dequantize)
    low, high = op.limits()
    scale, zero = (_numbers(layer, numbers) for numbers in (op.scale, op.zero))
    return f"({layer.x}.round().clamp({low}, {high}) - {zero}) * {scale}"


def _numbers(layer: Layer, numbers: float | tuple[float, ...]) -> str:
    """One number as it is, one for each position of an axis as a tensor that broadcasts; both as float32 holds them."""
    op = layer.op
    assert isinstance(op, Quantize | Dequantize)
    if not isinstance(numbers, tuple):
        return repr(_single(numbers))
    behind = layer.types[0].rank - axis_index(op.axis, layer.types[0], op.layout)
    return f"{layer.x}.new_tensor({[_single(item) for item in numbers]}).reshape({(-1, *(1,) * behind)})"


def _single(value: float) -> float:
    if isinstance(value, int):
        return value
    (rounded,) = unpack("<f", pack("<f", value))
    return float(rounded)
