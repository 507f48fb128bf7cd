"""The order of an image's values where a layer reads them flattened.

A dense layer's columns follow it: PyTorch flattens channel, height, width, Keras height, width, channel, and a spec in
the order in which its shapes are written (`layout=`).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import NamedTuple

import numpy as np

from specc.ir.graph import Graph, Node
from specc.types import Layout
from specc.weights.tensors import Float32, Tensor


class Flattened(NamedTuple):
    """An image of canonical `shape` (C, spatial...), whose values the model has in a row as `layout` orders them."""

    shape: tuple[int, ...]
    layout: Layout


def flattened(graph: Graph, makers: Mapping[str, Node], value: str) -> Flattened | None:
    """The image that was flattened into the features called `value`, if one was and its order matters.

    Operations on single values lie between at most; where a transpose stands before the row, or sizes are open, the
    spec says the order itself.
    """
    if graph.values[value].rank != 1:
        return None
    while (maker := makers.get(value)) is not None and _passes(graph, maker):
        value = maker.inputs[0]
    if maker is not None and maker.op.regroups and len(maker.inputs) == 1:
        return None
    shape = graph.values[value].shape[1:]
    sizes = tuple(size for size in shape if isinstance(size, int))
    if len(sizes) < max(2, len(shape)) or 1 in (sizes[0], prod(sizes[1:])):
        return None
    return Flattened(sizes, graph.layout)


def _passes(graph: Graph, maker: Node) -> bool:
    """Whether `maker` passes on each value of its input, or what it makes of that value alone, in the same order."""
    if len(maker.inputs) != 1:
        return False
    source, made = graph.values[maker.inputs[0]], graph.values[maker.name]
    if maker.op.keeps_order:
        return True
    return source.rank == made.rank == 1 and not maker.op.weighted_layers and source.elements == made.elements


def moves(tensor: Tensor, image: Flattened | None) -> bool:
    """Whether the features of `tensor` stand in another order than the model's."""
    return image is not None and _order(tensor, image) not in ("", image.layout)


def unsure(tensor: Tensor, image: Flattened | None) -> bool:
    """Whether nothing says in which order the features of `tensor` stand, and that matters."""
    if image is None or image.layout == "chw" or tensor.order == "keras" or tensor.features in ("", "hwc", "chw!"):
        return False
    return tensor.features != "chw" or len(image.shape) < 3


def _order(tensor: Tensor, image: Flattened) -> str:
    """The order of the features of `tensor`, "" for the model's own.

    PyTorch's networks have sequences either way about, so that only what has two spatial axes or more is known.
    """
    if tensor.order == "keras":
        return "hwc"
    if tensor.features == "unknown" or (tensor.features not in ("hwc", "chw!") and len(image.shape) < 3):
        return ""
    return tensor.features.rstrip("!?")


def moved(array: Float32, image: Flattened) -> Float32:
    """`array` with its last axis, the features of `image`, in the model's order in place of the other one."""
    channels, *spatial = image.shape
    rows = array.shape[:-1]
    if image.layout == "chw":
        return np.moveaxis(array.reshape(*rows, *spatial, channels), -1, len(rows)).reshape(array.shape)
    return np.moveaxis(array.reshape(*rows, channels, *spatial), len(rows), -1).reshape(array.shape)
