"""The reference networks in `tests/oracles`, and which of their layers is which node of ours.

Oracles list layers in the order of execution, as another framework has them.  Each kind of layer that an oracle
lists is compared as a whole sequence; what it does not list (PyTorch's function calls, Keras's fused activations)
is left out on our side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from math import prod, sqrt
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from specc.ir.graph import Graph, Node

SUMS = 1e-12
"""How far float64 results of different orders of summation may be apart, relative to a layer's root mean square."""
ORDERS = 16
"""How much more float32 error another library's order of summation may show than the reference itself did."""

FOLDER = Path(__file__).parents[1] / "oracles"
_BLOCK = 1 << 16
"""Elements made at a time, so that they stay in the processor's cache."""

KINDS = {
    "Conv2d": "conv", "Conv2D": "conv", "Convolution": "conv", "DepthwiseConv2D": "conv",
    "ConvTranspose2d": "deconv",
    "Linear": "dense", "Dense": "dense", "InnerProduct": "dense",
    "BatchNorm2d": "bn", "BatchNormalization": "bn", "LayerNorm": "layernorm", "LayerNorm2d": "layernorm",
    "LRN": "lrn",
    "MaxPool2d": "maxpool", "MaxPooling2D": "maxpool",
    "AvgPool2d": "avgpool", "AveragePooling2D": "avgpool",
    "AdaptiveAvgPool2d": "global_avgpool", "GlobalAveragePooling2D": "global_avgpool",
    "ReLU": "relu", "ReLU6": "relu6", "SiLU": "silu", "GELU": "gelu", "Sigmoid": "sigmoid", "Tanh": "tanh",
    "Softmax": "softmax",
    "Dropout": "dropout", "Concat": "concat",
    "Flatten": "flatten", "Reshape": "flatten",  # Keras's MobileNet drops its axes of size 1 with a Reshape
}  # fmt: skip

NO_COUNTERPART = {
    "Input": "an input is no node",
    "InputLayer": "an input is no node",
    "ZeroPadding2D": "our depthwise convolution pads by itself",
    "Permute": "PyTorch moves channels last for a Linear, where we have a 1x1 convolution",
    "StochasticDepth": "nothing at inference; in ConvNeXt it stands behind the factors that we call `scale`",
}

UNLISTED = {
    "densenet121": {"relu2"},
    "inception_v3_noaux": {"mixed_6a.maxpool1", "mixed_7a.maxpool1"},
}
"""Nodes of a listed kind that the oracle lacks: PyTorch calls a function there, which leaves no layer."""


class Row(NamedTuple):
    """A layer as both sides have it: kind, shape with batch 1, own parameters and multiply-accumulates."""

    kind: str
    shape: tuple[int, ...]
    params: int
    macs: int


@cache
def read(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def kind(layer: str, attributes: Mapping[str, Any], shape: list[int]) -> str | None:
    """Our word for an oracle's layer, `None` where it has no counterpart."""
    if layer == "Pooling":
        window = "maxpool" if attributes["pool"] == "MAX" else "avgpool"
        return "global_avgpool" if attributes["pool"] == "AVE" and shape[2:] == [1, 1] else window
    if layer == "Activation":
        return str(attributes["activation"])
    if layer == "ReLU" and attributes.get("max_value") == 6.0:
        return "relu6"
    if layer == "AdaptiveAvgPool2d" and shape[2:] != [1, 1]:
        return None  # 6x6 of 6x6 and 7x7 of 7x7: nothing to do at this image size
    if layer == "Linear" and len(shape) == 4:
        return "conv"
    return None if layer in NO_COUNTERPART else KINDS[layer]


def word(node: Node) -> str:
    """What the oracles call our node: a depthwise convolution is a convolution."""
    return "conv" if node.op.word == "depthwise" else node.op.word


def listed(graph: Graph, kinds: set[str], oracle: str = "") -> list[Node]:
    """The nodes of `graph` of the kinds that an oracle lists."""
    return [node for node in graph.nodes if word(node) in kinds and node.name not in UNLISTED.get(oracle, ())]


def closed_form(name: str, shape: Sequence[int], scale: float = 1.0, offset: float = 0.0) -> np.ndarray:
    """offset + scale u in float32, u from [0, 1): the splitmix64 stream that the oracles' weights and inputs are."""
    values = np.empty(prod(shape), dtype=np.float32)
    for start in range(0, len(values), _BLOCK):
        stop = min(start + _BLOCK, len(values))
        values[start:stop] = offset + scale * uniform(name, start, stop)
    return values.reshape(shape)


def uniform(name: str, start: int, stop: int) -> np.ndarray:
    """Numbers in [0, 1), those from `start` to `stop` of the stream called `name`, in float64."""
    z = np.arange(start + 1, stop + 1, dtype=np.uint64)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z += np.uint64(crc32(name.encode()) << 32)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z ^= z >> np.uint64(shift)
        z *= np.uint64(factor)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)) * 2.0**-53


def symmetric(name: str, shape: Sequence[int], limit: float) -> np.ndarray:
    """Values in [-limit, limit): limit (2u - 1)."""
    return closed_form(name, shape, 2 * limit, -limit)


def torch_values(name, shape):
    role = name.rpartition(".")[2]
    if role == "layer_scale":
        return closed_form(name, shape, 0.2, 0.1)
    if role in ("bias", "running_mean"):
        return symmetric(name, shape, 0.2)
    if len(shape) == 1:
        return closed_form(name, shape, 0.5, 0.75)
    return symmetric(name, shape, sqrt(6 / prod(shape[1:])))


def assert_same_output(stored, output, tolerance):
    """The first values, the extremes and where the largest is, to `tolerance` of the root mean square."""
    flat = output.astype(np.float64).ravel()
    assert list(output.shape) == stored["output"]
    assert flat.argmax() == stored["argmax"]
    np.testing.assert_allclose(flat[:64], stored["out_first64"], rtol=0, atol=tolerance * stored["out_rms"])
    found = {
        "out_mean": flat.mean(),
        "out_rms": np.sqrt(np.mean(flat**2)),
        "out_min": flat.min(),
        "out_max": flat.max(),
    }
    for fact in found.keys() & stored.keys():
        np.testing.assert_allclose(found[fact], stored[fact], rtol=0, atol=tolerance * stored["out_rms"], err_msg=fact)
