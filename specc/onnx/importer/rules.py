"""The table of ONNX operators that are read.  A rule gives the step's outputs, or raises `Decline` or `Rejection`.

Several operations of ours can come from one operator and the other way round, with patterns over several nodes; that
is why the way back is a table here and no method of the operations.  A test holds it to cover all of `OPS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from specc.onnx.importer import (
    activations,
    arithmetic,
    einsum,
    learned,
    linear,
    norms,
    picks,
    positions,
    quantised,
    resampling,
    selections,
    shapes,
    unpooling,
    windows,
)
from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Step, Value
from specc.ops.activation import Abs
from specc.ops.add import Add
from specc.ops.elementary import Sqrt
from specc.ops.global_pool import GlobalAvgPool, GlobalMaxPool
from specc.ops.merge import Mean, Min
from specc.ops.pool import AvgPool, LpPool
from specc.ops.power import Pow
from specc.ops.quantize import Round
from specc.ops.reduce import ReduceMax, ReduceMean, ReduceMin, ReduceSum

Rule = Callable[[Context, Step], list[Value]]

RULES: Final[dict[str, Rule]] = {
    **activations.SIMPLE,
    **activations.SOFTMAXES,
    "Add": arithmetic.add,
    "ArgMax": positions.argmax,
    "AveragePool": windows.pool(AvgPool),
    "BatchNormalization": norms.batch_norm,
    "Cast": shapes.cast,
    "Clip": activations.clip,
    "Concat": shapes.concat,
    "Conv": windows.conv,
    "ConvTranspose": windows.conv_transpose,
    "DequantizeLinear": quantised.dequantize,
    "DepthToSpace": shapes.depth_to_space,
    "Div": arithmetic.div,
    "Dropout": activations.dropout,
    "DynamicQuantizeLinear": quantised.dynamic,
    "Einsum": einsum.einsum,
    "Expand": learned.expand,
    "Flatten": shapes.flatten,
    "Gather": picks.gather,
    "GatherND": picks.gather_nd,
    "Gemm": linear.gemm,
    "GlobalAveragePool": windows.global_pool(GlobalAvgPool),
    "GlobalLpPool": windows.global_lp_pool,
    "GlobalMaxPool": windows.global_pool(GlobalMaxPool),
    "GroupNormalization": norms.group_norm,
    "Identity": shapes.identity,
    "InstanceNormalization": norms.instance_norm,
    "LRN": norms.lrn,
    "LayerNormalization": norms.layer_norm,
    "LpNormalization": norms.lp_normalization,
    "LpPool": windows.pool(LpPool),
    "MatMul": linear.matmul,
    "Max": selections.maximum,
    "MaxPool": unpooling.max_pool,
    "MaxUnpool": unpooling.max_unpool,
    "Mean": arithmetic.merge(Mean),
    "Min": arithmetic.merge(Min),
    "Mod": unpooling.within_image,
    "Mul": arithmetic.mul,
    "Neg": windows.negative,
    "PRelu": activations.prelu,
    "Pad": positions.pad,
    "Pow": arithmetic.power,
    "QuantizeLinear": quantised.quantize,
    "Reciprocal": arithmetic.reciprocal,
    "ReduceL1": positions.reduce(None, ReduceSum, before=(Abs(),)),
    "ReduceL2": positions.reduce(None, ReduceSum, before=(Pow(constants=(None, 2.0)),), after=(Sqrt(),)),
    "ReduceMax": positions.reduce(GlobalMaxPool, ReduceMax),
    "ReduceMean": positions.reduce(GlobalAvgPool, ReduceMean),
    "ReduceMin": positions.reduce(None, ReduceMin),
    "ReduceSum": positions.reduce(None, ReduceSum),
    "ReduceSumSquare": positions.reduce(None, ReduceSum, before=(Pow(constants=(None, 2.0)),)),
    "Reshape": shapes.reshape,
    "Resize": resampling.resize,
    "Round": activations.unary(lambda step: Round()),
    "Selu": activations.selu,
    "SequenceAt": shapes.sequence_at,
    "Slice": picks.slice_,
    "SpaceToDepth": shapes.space_to_depth,
    "Split": shapes.split,
    "SplitToSequence": shapes.split_to_sequence,
    "Squeeze": picks.squeeze,
    "Sub": arithmetic.sub,
    "Swish": activations.swish,
    "Sum": arithmetic.merge(Add),
    "Tile": learned.tile,
    "Transpose": shapes.transpose,
    "Unsqueeze": shapes.unsqueeze,
    "Upsample": resampling.resize,
    "Where": selections.where,
}
