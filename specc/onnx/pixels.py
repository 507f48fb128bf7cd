"""The declared preprocessing inside the graph: uint8 pixels to what the first layer expects."""

from __future__ import annotations

import numpy as np

from specc.ir.graph import Graph, GraphInput
from specc.onnx.program import Array, Program, Step


def scale_and_shift(item: GraphInput) -> tuple[Array, Array]:
    """(scale, shift) per channel with (range-scaled x - mean) / std = x * scale + shift, folded in float64.

    One number where the channels agree.
    """
    low, high = item.range
    mean = np.array(item.mean if item.mean is not None else [0.0])
    std = np.array(item.std if item.std is not None else [1.0])
    scale = (high - low) / 255.0 / std
    shift = (low - mean) / std
    return scale.astype("<f4"), shift.astype("<f4")


def add_pixels(program: Program, graph: Graph, item: GraphInput) -> str:
    """Cast, scale and shift the pixels of `item` in the layout in which they come; returns the result's name."""
    tail = () if graph.layout == "hwc" else (1,) * len(item.type.spatial)
    cast, scaled, result = (f"{item.name}/{part}" for part in ("cast", "scaled", "normalised"))
    operands = []
    for part, values in zip(("scale", "shift"), scale_and_shift(item), strict=True):
        name = f"{item.name}/{part}"
        program.constants[name] = values.reshape(-1, *tail)
        operands.append(name)
    program.steps.append(Step("Cast", cast, (item.name,), (cast,), {"to": 1}))
    program.steps.append(Step("Mul", scaled, (cast, operands[0]), (scaled,)))
    program.steps.append(Step("Add", result, (scaled, operands[1]), (result,)))
    return result
