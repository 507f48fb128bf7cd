"""Tensors of other frameworks, turned into the shape and order of axes that a layer stores.

Keras keeps kernels as (window..., in, out) and dense matrices as (in, out), where ONNX and PyTorch have (out, in,
window...) and (out, in); its images are flattened in HxWxC order (https://keras.io/api/layers/).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from specc.ir.graph import Graph, Node, weight_name
from specc.ops.base import Weight
from specc.weights.tensors import Float32, Tensor

Change = Callable[[Float32], Float32]


@dataclass(frozen=True)
class Target:
    """A tensor that the model needs, of a layer whose operation is called `word`.

    `image` is the canonical shape (C, spatial...) of the image whose values the layer reads flattened channels first,
    or `None`.  `elementwise` layers hold values for channels or positions, all others kernels.
    """

    name: str
    word: str
    weight: Weight
    image: tuple[int, ...] | None
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
        image = _flattened_image(graph, makers, node.inputs[0]) if weights else None
        for weight in weights:
            name = weight_name(node, weight)
            found[name] = Target(name, node.op.word, weight, image, node.op.weighted_layers == 0)
    return found


def adapt(tensor: Tensor, target: Target) -> Tensor | None:
    """`tensor` as `target` needs it, or `None` where it does not fit."""
    change = _keras_change(tensor.shape, target) if tensor.order == "keras" else _change(tensor.shape, target)
    if change is None:
        return None
    return replace(tensor, shape=target.shape, load=lambda: change(tensor.load()), order="onnx", recipe=None)


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
        return _image_vector(target) if shape == target.shape and target.elementwise else _change(shape, target)
    *window, second, first = shape
    if target.elementwise:  # one value for each position and channel
        moved = (first, *window, second)
        return (lambda array: np.moveaxis(array, -1, 0).reshape(target.shape)) if _fits(moved, target) else None
    if target.image is not None and shape[::-1] == target.shape:
        return _image_matrix(target)
    if _fits((first, second, *window), target):
        return lambda array: np.moveaxis(array, (-1, -2), (0, 1)).reshape(target.shape)
    if (second * first, 1, *window) == target.shape:  # depthwise: (window..., channels, multiplier)
        return lambda array: np.moveaxis(array, (-2, -1), (0, 1)).reshape(target.shape)
    return None


def _image_matrix(target: Target) -> Change:
    """(in, out) with its rows in HxWxC order to (out, in) with its columns in CxHxW order."""
    image = target.image or ()
    return lambda array: np.moveaxis(array.T.reshape(-1, *image[1:], image[0]), -1, 1).reshape(target.shape)


def _image_vector(target: Target) -> Change:
    image = target.image
    if image is None:
        return lambda array: array
    return lambda array: np.moveaxis(array.reshape(*image[1:], image[0]), -1, 0).reshape(-1)


def _flattened_image(graph: Graph, makers: Mapping[str, Node], value: str) -> tuple[int, ...] | None:
    """The image that was flattened, channels first, into the features called `value`, if one was."""
    while graph.layout == "chw" and graph.values[value].rank == 1 and value in makers:
        maker = makers[value]
        source = graph.values[maker.inputs[0]]
        if len(maker.inputs) != 1 or maker.op.weighted_layers or source.elements != graph.values[value].elements:
            return None
        if source.rank > 1:
            return tuple(size for size in source.shape[1:] if isinstance(size, int))
        value = maker.inputs[0]
    return None
