"""Tensors of other frameworks, turned into the shape and order of axes that a layer stores.

Keras keeps kernels as (window..., in, out) and dense matrices as (in, out), where ONNX and PyTorch have (out, in,
window...) and (out, in) (https://keras.io/api/layers/).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from specc.ir.graph import Graph, weight_name
from specc.ops.base import Weight
from specc.weights.flattened import Flattened, flattened, moved, moves
from specc.weights.tensors import Float32, Tensor

Change = Callable[[Float32], Float32]


@dataclass(frozen=True)
class Target:
    """A tensor that the model needs, of a layer whose operation is called `word`.

    `image` is what was flattened into the features that the tensor's last axis stands for, or `None`.  `elementwise`
    layers hold values for channels or positions, all others kernels.
    """

    name: str
    word: str
    weight: Weight
    image: Flattened | None
    elementwise: bool

    @property
    def shape(self) -> tuple[int, ...]:
        return self.weight.shape


def targets(graph: Graph) -> dict[str, Target]:
    """Every tensor of `graph` by its name, in graph order."""
    makers = {output: maker for maker in graph.nodes for output in maker.outputs}
    found = {}
    for node in graph.nodes:
        weights = graph.weights(node)
        image = flattened(graph, makers, node.inputs[0]) if weights else None
        elementwise = node.op.weighted_layers == 0
        for weight in weights:
            name = weight_name(node, weight)
            read = image if image and _by_feature(weight.shape, image, elementwise) else None
            found[name] = Target(name, node.op.word, weight, read, elementwise)
    return found


def _by_feature(shape: tuple[int, ...], image: Flattened, elementwise: bool) -> bool:
    """Whether the last axis of a weight of this shape has one place for each value of `image`."""
    return len(shape) == (1 if elementwise else 2) and shape[-1] == prod(image.shape)


def adapt(tensor: Tensor, target: Target) -> Tensor | None:
    """`tensor` as `target` needs it, or `None` where it does not fit."""
    change = _keras_change(tensor.shape, target) if tensor.order == "keras" else _change(tensor.shape, target)
    if change is None:
        return None
    image = target.image if moves(tensor, target.image) else None

    def load() -> Float32:
        array = change(tensor.load())
        return array if image is None else moved(array, image)

    return replace(tensor, shape=target.shape, load=load, order="onnx", features="", recipe=None)


def _change(shape: tuple[int, ...], target: Target) -> Change | None:
    return (lambda array: array.reshape(target.shape)) if _fits(shape, target) else None


def _fits(shape: tuple[int, ...], target: Target) -> bool:
    """Equal shapes fit, and so do those that differ in axes of size 1 behind: a vector (C) and (C, 1, 1), which
    broadcasts; a matrix (out, in) and the 1x1 convolution (out, in, 1, 1).  Values for every element of an item may
    have an axis for the batch before them, as embeddings of positions have in PyTorch, and those that are repeated
    along the first axes of an item may lack these; a single number has any number of axes."""
    if target.elementwise and (shape == (1, *target.shape) or shape == _without_ones_before(target.shape)):
        return True
    if target.elementwise and prod(shape) == prod(target.shape) == 1:
        return True
    return _without_ones_behind(shape) == _without_ones_behind(target.shape)


def _without_ones_behind(shape: tuple[int, ...]) -> tuple[int, ...]:
    while len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _without_ones_before(shape: tuple[int, ...]) -> tuple[int, ...]:
    while len(shape) > 1 and shape[0] == 1:
        shape = shape[1:]
    return shape


def _keras_change(shape: tuple[int, ...], target: Target) -> Change | None:
    if len(shape) < 2:
        return _change(shape, target)
    *window, second, first = shape
    if target.elementwise:  # one value for each position and channel
        moved = (first, *window, second)
        return (lambda array: np.moveaxis(array, -1, 0).reshape(target.shape)) if _fits(moved, target) else None
    if _fits((first, second, *window), target):
        return lambda array: np.moveaxis(array, (-1, -2), (0, 1)).reshape(target.shape)
    if (second * first, 1, *window) == target.shape:  # depthwise: (window..., channels, multiplier)
        return lambda array: np.moveaxis(array, (-2, -1), (0, 1)).reshape(target.shape)
    return None
