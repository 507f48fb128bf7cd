"""The table of operations.  A new operation is one class in a file here and one line in `CLASSES`.

A class is imported when it is first looked up, for a spec uses a few and importing all takes longer than checking it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from specc.ops.base import Op

    OPS: tuple[type[Op], ...]

CLASSES: Final = {
    "conv": "conv.Conv",
    "depthwise": "depthwise.Depthwise",
    "separable": "separable.Separable",
    "deconv": "deconv.Deconv",
    "dense": "dense.Dense",
    "maxpool": "max_pool.MaxPool",
    "minpool": "max_pool.MinPool",
    "unpool": "unpool.Unpool",
    "avgpool": "pool.AvgPool",
    "lppool": "pool.LpPool",
    "weightedpool": "weighted_pool.WeightedPool",
    "global_avgpool": "global_pool.GlobalAvgPool",
    "global_maxpool": "global_pool.GlobalMaxPool",
    "global_lppool": "global_pool.GlobalLpPool",
    "adaptive_avgpool": "adaptive_pool.AdaptiveAvgPool",
    "adaptive_maxpool": "adaptive_pool.AdaptiveMaxPool",
    "bn": "norm.BatchNorm",
    "layernorm": "layernorm.LayerNorm",
    "groupnorm": "norm.GroupNorm",
    "instancenorm": "norm.InstanceNorm",
    "lrn": "lrn.Lrn",
    "normalize": "normalize.Normalize",
    "scale": "scale.Scale",
    "bias": "scale.LearnedBias",
    "learned": "learned.Learned",
    "relu": "relu.Relu",
    "relu6": "activation.Relu6",
    "leaky_relu": "activation.LeakyRelu",
    "prelu": "scale.PRelu",
    "thresholded_relu": "activation.ThresholdedRelu",
    "elu": "activation.Elu",
    "selu": "activation.Selu",
    "celu": "activation.Celu",
    "gelu": "smooth.Gelu",
    "silu": "smooth.Silu",
    "mish": "smooth.Mish",
    "softplus": "smooth.Softplus",
    "softsign": "smooth.Softsign",
    "hardswish": "smooth.HardSwish",
    "hardsigmoid": "smooth.HardSigmoid",
    "hardtanh": "activation.HardTanh",
    "sigmoid": "smooth.Sigmoid",
    "tanh": "smooth.Tanh",
    "exp": "smooth.Exp",
    "abs": "activation.Abs",
    "neg": "elementary.Neg",
    "sign": "elementary.Sign",
    "sqrt": "elementary.Sqrt",
    "log": "elementary.Log",
    "clip": "activation.Clip",
    "identity": "activation.Identity",
    "round": "quantize.Round",
    "softmax": "softmax.Softmax",
    "log_softmax": "softmax.LogSoftmax",
    "quantize": "quantize.Quantize",
    "dequantize": "quantize.Dequantize",
    "dropout": "dropout.Dropout",
    "flatten": "flatten.Flatten",
    "reshape": "shape.Reshape",
    "transpose": "shape.Transpose",
    "squeeze": "shape.Squeeze",
    "reduce_mean": "reduce.ReduceMean",
    "reduce_sum": "reduce.ReduceSum",
    "reduce_max": "reduce.ReduceMax",
    "reduce_min": "reduce.ReduceMin",
    "argmax": "reduce.ArgMax",
    "pad": "pad.Pad",
    "crop": "crop.Crop",
    "upsample": "resize.Upsample",
    "resize": "resize.Resize",
    "pixel_shuffle": "shuffle.PixelShuffle",
    "pixel_unshuffle": "shuffle.PixelUnshuffle",
    "channel_shuffle": "shuffle.ChannelShuffle",
    "split": "split.Split",
    "slice": "pick.Slice",
    "gather": "pick.Gather",
    "add": "add.Add",
    "sub": "merge.Sub",
    "mul": "merge.Mul",
    "div": "merge.Div",
    "max": "merge.Max",
    "min": "merge.Min",
    "mean": "merge.Mean",
    "pow": "power.Pow",
    "matmul": "matmul.MatMul",
    "concat": "concat.Concat",
}
"""Every operation: the word that specs use, and where its class is."""

ACTIVATIONS: Final = (
    "abs", "celu", "elu", "exp", "gelu", "hardsigmoid", "hardswish", "hardtanh", "identity", "leaky_relu",
    "log_softmax", "mish", "prelu", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign",
    "tanh", "thresholded_relu",
)  # fmt: skip
"""Those that may close another's arguments; what the classes say themselves, known without importing them."""

CHOICES: Final = (
    "align_corners", "all", "asymmetric", "bilinear", "ceil", "channels", "chw", "cubic", "depth", "edge", "exact",
    "floor", "gaussian", "half_down", "half_pixel", "half_pixel_symmetric", "half_up", "height", "hwc", "int16",
    "int8", "inverse", "length", "linear", "nearest", "none", "pytorch_half_pixel", "reflect", "same", "same_lower",
    "uint16", "uint8", "valid", "width", "wrap", "zeros",
)  # fmt: skip
"""The words that arguments take; what the types of the fields say, known without importing them."""


class Operations(Mapping[str, "type[Op]"]):
    """The classes of some words."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words
        self._known = frozenset(words)

    def __getitem__(self, word: str) -> type[Op]:
        if word not in self._known:
            raise KeyError(word)
        return _class(word)

    def __contains__(self, word: object) -> bool:
        return word in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


BY_WORD: Final = Operations(tuple(CLASSES))


@cache
def _class(word: str) -> type[Op]:
    module, _, name = CLASSES[word].partition(".")
    made: type[Op] = getattr(import_module(f"specc.ops.{module}"), name)
    return made


def __getattr__(name: str) -> tuple[type[Op], ...]:
    """`OPS`: all classes, which are imported only for those who ask."""
    if name == "OPS":
        return tuple(BY_WORD.values())
    raise AttributeError(f"module 'specc.ops' has no attribute {name!r}")
