"""The table of operations.  A new operation is one class in a file here and one line in `OPS`."""

from __future__ import annotations

from typing import Final

from specc.ops.activation import Abs, Celu, Clip, Elu, HardTanh, Identity, LeakyRelu, Relu, Relu6, Selu, ThresholdedRelu
from specc.ops.adaptive_pool import AdaptiveAvgPool, AdaptiveMaxPool
from specc.ops.base import Op
from specc.ops.concat import Concat
from specc.ops.conv import Conv
from specc.ops.deconv import Deconv
from specc.ops.dense import Dense
from specc.ops.depthwise import Depthwise
from specc.ops.dropout import Dropout
from specc.ops.global_pool import GlobalAvgPool, GlobalLpPool, GlobalMaxPool
from specc.ops.layernorm import LayerNorm
from specc.ops.lrn import Lrn
from specc.ops.merge import Add, Max, Mean, Min, Mul, Sub
from specc.ops.norm import BatchNorm, GroupNorm, InstanceNorm
from specc.ops.pad import Crop, Pad
from specc.ops.pool import AvgPool, LpPool, MaxPool, MinPool
from specc.ops.resize import Upsample
from specc.ops.scale import PRelu, Scale
from specc.ops.separable import Separable
from specc.ops.shape import Flatten, Reshape, Squeeze, Transpose
from specc.ops.shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle
from specc.ops.smooth import Exp, Gelu, HardSigmoid, HardSwish, Mish, Sigmoid, Silu, Softplus, Softsign, Tanh
from specc.ops.softmax import LogSoftmax, Softmax
from specc.ops.split import Split
from specc.ops.weighted_pool import WeightedPool

OPS: Final[tuple[type[Op], ...]] = (
    Conv,
    Depthwise,
    Separable,
    Deconv,
    Dense,
    MaxPool,
    MinPool,
    AvgPool,
    LpPool,
    WeightedPool,
    GlobalAvgPool,
    GlobalMaxPool,
    GlobalLpPool,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    BatchNorm,
    LayerNorm,
    GroupNorm,
    InstanceNorm,
    Lrn,
    Scale,
    Relu,
    Relu6,
    LeakyRelu,
    PRelu,
    ThresholdedRelu,
    Elu,
    Selu,
    Celu,
    Gelu,
    Silu,
    Mish,
    Softplus,
    Softsign,
    HardSwish,
    HardSigmoid,
    HardTanh,
    Sigmoid,
    Tanh,
    Exp,
    Abs,
    Clip,
    Identity,
    Softmax,
    LogSoftmax,
    Dropout,
    Flatten,
    Reshape,
    Transpose,
    Squeeze,
    Pad,
    Crop,
    Upsample,
    PixelShuffle,
    PixelUnshuffle,
    ChannelShuffle,
    Split,
    Add,
    Sub,
    Mul,
    Max,
    Min,
    Mean,
    Concat,
)

BY_WORD: Final[dict[str, type[Op]]] = {op.word: op for op in OPS}
