"""How every operation is said in PyTorch: one function for each, from a layer to the expression of its outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from specc.ops.activation import Celu, Clip, Elu, HardTanh, LeakyRelu, ThresholdedRelu
from specc.ops.adaptive_pool import AdaptivePooling
from specc.ops.axes import axis_index
from specc.ops.dense import Dense
from specc.ops.dropout import Dropout
from specc.ops.global_pool import GlobalLpPool
from specc.ops.normalize import Normalize
from specc.ops.reduce import ArgMax, Reduction
from specc.ops.scale import Scale
from specc.ops.smooth import Gelu, HardSigmoid
from specc.ops.softmax import Softmax
from specc.ops.windows import per_axis
from specc.torch import norms, quantised, rearranging, resampling, windows
from specc.torch.layer import Layer, call, unless

Lowering: TypeAlias = Callable[[Layer], str]


def _element(template: str) -> Lowering:
    """An expression in the operand alone."""
    return lambda layer: template.format(layer.x)


def _dense(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Dense)
    axis = 1 if op.axis is None else axis_index(op.axis, layer.types[0], op.layout)
    features = layer.types[0].shape[axis]
    module = layer.module(call("nn.Linear", features, op.units, bias=unless(op.bias is not False, True)))
    if axis == layer.types[0].rank:
        return f"{module}({layer.x})"
    return f"{module}({layer.x}.movedim({axis}, -1)).movedim(-1, {axis})"


def _scale(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Scale)
    shape = op.weights(layer.types)[-1].shape
    options = {"bias": unless(op.bias is not False, False), "shared": unless(op.shared and op.bias is not False, False)}
    options["buffer"] = unless(op.buffer, False)
    return f"{layer.module(call('Scale', *shape, **options), helper=True)}({layer.x})"


def _holding(helper: str) -> Lowering:
    """A module of specc's own with one tensor, of whose shape it is made."""

    def lowering(layer: Layer) -> str:
        (weight,) = layer.op.weights(layer.types)
        buffer = unless(weight.kind == "buffer", False)
        return f"{layer.module(call(helper, *weight.shape, buffer=buffer), helper=True)}({layer.x})"

    return lowering


def _dropout(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Dropout)
    return f"{layer.module(call('nn.Dropout', op.rate))}({layer.x})"


def _adaptive(name: str) -> Lowering:
    def lower(layer: Layer) -> str:
        op = layer.op
        assert isinstance(op, AdaptivePooling)
        return f"{layer.numbered(name)}({layer.x}, {per_axis(op.size, layer.axes, 'size')})"

    return lower


def _global(template: str) -> Lowering:
    return lambda layer: template.format(layer.x, tuple(range(2, 2 + layer.axes)))


def _global_lp(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, GlobalLpPool)
    axes = tuple(range(2, 2 + layer.axes))
    return f"({layer.x}.abs() ** {op.p}).sum({axes}, keepdim=True) ** (1 / {op.p})"


def _alpha(function: str) -> Lowering:
    def lower(layer: Layer) -> str:
        op = layer.op
        assert isinstance(op, LeakyRelu | Elu | Celu)
        return f"{function}({layer.x}, {op.alpha!r})"

    return lower


def _threshold(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, ThresholdedRelu)
    return f"F.threshold({layer.x}, {op.alpha!r}, 0.0)"


def _clip(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Clip | HardTanh)
    low, high = op.limits()
    return f"{layer.x}.clamp({low!r}, {high!r})"


def _hard_sigmoid(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, HardSigmoid)
    return f"({op.alpha!r} * {layer.x} + {op.beta!r}).clamp(0.0, 1.0)"


def _gelu(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Gelu)
    return call("F.gelu", layer.x, approximate=repr(op.approximate) if op.approximate != "none" else None)


def _softmax(function: str) -> Lowering:
    def lower(layer: Layer) -> str:
        op = layer.op
        assert isinstance(op, Softmax)
        return f"{function}({layer.x}, {axis_index(op.axis, layer.types[0], op.layout)})"

    return lower


def _reduced(template: str) -> Lowering:
    def lower(layer: Layer) -> str:
        op = layer.op
        assert isinstance(op, Reduction)
        return template.format(layer.x, axis_index(op.axis, layer.types[0], op.layout))

    return lower


def _normalize(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Normalize)
    norm = "" if op.p == 2 else f"p={op.p}, "
    return f"F.normalize({layer.x}, {norm}dim={axis_index(op.axis, layer.types[0], op.layout)}, eps={op.eps!r})"


def _argmax(layer: Layer) -> str:
    """The last of several largest values is the first from the other end."""
    op = layer.op
    assert isinstance(op, ArgMax)
    axis = axis_index(op.axis, layer.types[0], op.layout)
    if not op.last:
        return f"{layer.x}.argmax({axis}, keepdim=True).to({layer.x}.dtype)"
    from_end = f"{layer.x}.flip({axis}).argmax({axis}, keepdim=True)"
    return f"({layer.x}.shape[{axis}] - 1 - {from_end}).to({layer.x}.dtype)"


def _matmul(layer: Layer) -> str:
    left, right = (layer.as_written(x) for x in layer.inputs)
    return layer.as_computed(f"({left} @ {right})", layer.outputs[0].rank)


def _joined(sign: str) -> Lowering:
    return lambda layer: f" {sign} ".join(layer.operands)


def _extreme(function: str, limit: str) -> Lowering:
    """Two operands at a time, values first; a number is a limit."""

    def lower(layer: Layer) -> str:
        constants = layer.op.constant_operands()
        result, *values = layer.inputs
        for operand in values:
            result = f"{function}({result}, {operand})"
        for constant, operand in zip(constants, layer.operands, strict=bool(constants)):
            if isinstance(constant, float):
                result = f"{result}.clamp({limit}={constant!r})"
            elif constant is not None:
                result = f"{function}({result}, {operand})"
        return result

    return lower


def _mean(layer: Layer) -> str:
    return f"({' + '.join(layer.inputs)}) / {len(layer.inputs)}"


TABLE: Final[dict[str, Lowering]] = {
    "conv": windows.conv,
    "depthwise": windows.depthwise,
    "separable": windows.separable,
    "deconv": windows.deconv,
    "dense": _dense,
    "maxpool": windows.max_pool,
    "minpool": windows.min_pool,
    "unpool": windows.unpool,
    "avgpool": windows.avg_pool,
    "lppool": windows.lp_pool,
    "weightedpool": windows.weighted_pool,
    "global_avgpool": _global("{}.mean({}, keepdim=True)"),
    "global_maxpool": _global("{}.amax({}, keepdim=True)"),
    "global_lppool": _global_lp,
    "adaptive_avgpool": _adaptive("F.adaptive_avg_pool{}d"),
    "adaptive_maxpool": _adaptive("F.adaptive_max_pool{}d"),
    "bn": norms.batch_norm,
    "layernorm": norms.layer_norm,
    "groupnorm": norms.group_norm,
    "instancenorm": norms.instance_norm,
    "lrn": norms.lrn,
    "normalize": _normalize,
    "scale": _scale,
    "bias": _holding("Bias"),
    "learned": _holding("Learned"),
    "relu": _element("F.relu({})"),
    "relu6": _element("F.relu6({})"),
    "leaky_relu": _alpha("F.leaky_relu"),
    "prelu": _holding("PRelu"),
    "thresholded_relu": _threshold,
    "elu": _alpha("F.elu"),
    "selu": _element("F.selu({})"),
    "celu": _alpha("F.celu"),
    "gelu": _gelu,
    "silu": _element("F.silu({})"),
    "mish": _element("F.mish({})"),
    "softplus": _element("F.softplus({})"),
    "softsign": _element("F.softsign({})"),
    "hardswish": _element("F.hardswish({})"),
    "hardsigmoid": _hard_sigmoid,
    "hardtanh": _clip,
    "sigmoid": _element("torch.sigmoid({})"),
    "tanh": _element("torch.tanh({})"),
    "exp": _element("torch.exp({})"),
    "abs": _element("torch.abs({})"),
    "neg": _element("-{}"),
    "sign": _element("torch.sign({})"),
    "sqrt": _element("torch.sqrt({})"),
    "log": _element("torch.log({})"),
    "clip": _clip,
    "identity": _element("{}"),
    "round": _element("{}.round()"),
    "quantize": quantised.quantize,
    "dequantize": quantised.dequantize,
    "softmax": _softmax("torch.softmax"),
    "log_softmax": _softmax("torch.log_softmax"),
    "dropout": _dropout,
    "flatten": rearranging.flatten,
    "reshape": rearranging.reshape,
    "transpose": rearranging.transpose,
    "squeeze": rearranging.squeeze,
    "reduce_mean": _reduced("{}.mean({}, keepdim=True)"),
    "reduce_sum": _reduced("{}.sum({}, keepdim=True)"),
    "reduce_max": _reduced("{}.amax({}, keepdim=True)"),
    "reduce_min": _reduced("{}.amin({}, keepdim=True)"),
    "argmax": _argmax,
    "pad": rearranging.pad,
    "crop": rearranging.crop,
    "upsample": resampling.upsample,
    "resize": resampling.resize,
    "pixel_shuffle": rearranging.pixel_shuffle("F.pixel_shuffle"),
    "pixel_unshuffle": rearranging.pixel_shuffle("F.pixel_unshuffle"),
    "channel_shuffle": rearranging.channel_shuffle,
    "split": rearranging.split,
    "slice": rearranging.slice_,
    "gather": rearranging.gather,
    "add": _joined("+"),
    "sub": _joined("-"),
    "mul": _joined("*"),
    "div": _joined("/"),
    "max": _extreme("torch.maximum", "min"),
    "min": _extreme("torch.minimum", "max"),
    "mean": _mean,
    "pow": _joined("**"),
    "matmul": _matmul,
    "concat": rearranging.concat,
}


def lower(layer: Layer) -> str:
    """The expression of the layer's output; of a tuple of them where there are several."""
    return TABLE[layer.op.word](layer)
