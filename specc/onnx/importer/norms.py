"""Normalisations: ONNX's operators, and the compositions that stand for them in older opsets."""

from __future__ import annotations

from math import inf, isclose
from typing import Final, Literal

import numpy as np

from specc.onnx.importer.context import Context, single
from specc.onnx.importer.values import Decline, Known, Live, Step, Value, mapped, reshaped
from specc.ops.base import Op
from specc.ops.layernorm import LayerNorm
from specc.ops.lrn import Lrn
from specc.ops.norm import BatchNorm, GroupNorm, InstanceNorm
from specc.ops.normalize import Normalize
from specc.ops.scale import Scale
from specc.ops.shape import Reshape
from specc.weights.tensors import Tensor

SMALLEST_NORMAL: Final = 1.1754944e-38


def batch_norm(ctx: Context, step: Step) -> list[Value]:
    if step.integer("training_mode", 0):
        raise Decline("it is in training mode, and a spec describes inference")
    if step.integer("spatial", 1) == 0:
        raise Decline("spatial=0 has no counterpart")
    value = ctx.live(step)
    source = ctx.first(step) if value.last and ctx.type(value).rank > 1 else value.value
    names = ("weight", "bias", "running_mean", "running_var")
    operands = {name: ctx.known(step, index) for index, name in enumerate(names, start=1)}
    eps = step.number("epsilon", 1e-5)
    tensors = {name: known.tensor for name, known in operands.items()}
    if eps == 0:
        if not (filled(operands["running_mean"], 0) and filled(operands["running_var"], 1)):
            raise Decline("its epsilon is 0")
        return [Live(scaled(ctx, step, source, tensors["weight"], tensors["bias"]))]
    affine = not (ctx.own and "/" in operands["weight"].name)
    kept = tensors if affine else {name: tensors[name] for name in names[2:]}
    return [Live(ctx.add(step, BatchNorm(eps=eps, affine=affine), source, weights=kept))]


def scaled(ctx: Context, step: Step, source: str, weight: Tensor, bias: Tensor | None) -> str:
    """`weight` x + `bias` per channel, which a normalisation without its own just before takes over.

    Both have the shape (channels,).
    """
    norm = bias is not None and not ctx.state.is_buffer(weight) and _bare_norm(ctx, source)
    if norm:
        op, inner = norm
        assert bias is not None
        return ctx.add(step, op, inner, weights={"weight": weight, "bias": bias})
    shape = (weight.shape[0], *(1,) * len(ctx.builder.types[source].spatial))
    tensors = {"weight": reshaped(weight, shape)} | ({"bias": reshaped(bias, shape)} if bias is not None else {})
    op = Scale(bias=bias is not None, buffer=ctx.state.is_buffer(weight))
    return ctx.add(step, op, source, weights=tensors)


def _bare_norm(ctx: Context, value: str) -> tuple[Op, str] | None:
    """The normalisation that made `value` without a scale and bias per channel, with them, and its input."""
    node = ctx.nodes.get(value)
    if node is None:
        return None
    op = node.op
    per_channel = isinstance(op, GroupNorm | InstanceNorm) or (isinstance(op, LayerNorm) and op.over == "channels")
    if not per_channel or getattr(op, "affine", True):
        return None
    return op.model_copy(update={"affine": True}), node.inputs[0]


def filled(known: Known, number: float) -> bool:
    """Whether a constant is `number` everywhere; what has no data yet is not."""
    return not known.is_open and bool(np.all(known.array == number))


def instance_norm(ctx: Context, step: Step) -> list[Value]:
    source = ctx.first(step)
    weight, bias = ctx.known(step, 1), ctx.known(step, 2)
    eps = step.number("epsilon", 1e-5)
    plain = "/" in weight.name if ctx.own else filled(weight, 1) and filled(bias, 0)
    if plain:
        return [Live(ctx.add(step, InstanceNorm(eps=eps, affine=False), source))]
    tensors = {"weight": weight.tensor, "bias": bias.tensor}
    return [Live(ctx.add(step, InstanceNorm(eps=eps), source, weights=tensors))]


def group_norm(ctx: Context, step: Step) -> list[Value]:
    """Scale and bias are one for each channel since opset 21, one for each group before."""
    source, groups = ctx.first(step), step.integer("num_groups", 1)
    weight, bias = ctx.known(step, 1), ctx.known(step, 2)
    eps = step.number("epsilon", 1e-5)
    if ctx.own and "/" in weight.name:
        return [Live(ctx.add(step, GroupNorm(groups=groups, eps=eps, affine=False), source))]
    channels = ctx.builder.types[source].channels
    if not isinstance(channels, int) or channels % groups:
        raise Decline("its groups do not divide the channels")
    tensors = {"weight": weight.tensor, "bias": bias.tensor}
    if ctx.opset < 21:
        times = channels // groups
        tensors = {k: mapped(t, (channels,), lambda a: np.repeat(a, times)) for k, t in tensors.items()}
    return [Live(ctx.add(step, GroupNorm(groups=groups, eps=eps), source, weights=tensors))]


def regrouped(ctx: Context, step: Step, source: str, result: tuple[object, ...]) -> list[Value] | None:
    """Below opset 18 group normalisation is an instance normalisation between two reshapes, the second this step."""
    norm = ctx.node(source, InstanceNorm)
    shape = norm and ctx.node(norm.inputs[0], Reshape)
    if norm is None or not shape or getattr(norm.op, "affine", True):
        return None
    before, op = shape.inputs[0], norm.op
    assert isinstance(op, InstanceNorm)
    groups = ctx.builder.types[norm.inputs[0]].channels
    if ctx.builder.types[before].shape != result or not isinstance(groups, int):
        return None
    return [Live(ctx.add(step, GroupNorm(groups=groups, eps=op.eps, affine=False), before))]


def layer_norm(ctx: Context, step: Step) -> list[Value]:
    value = ctx.live(step)
    kind, rank = ctx.type(value), len(ctx.shape(value))
    axis = step.integer("axis", -1)
    axis = axis + rank if axis < 0 else axis
    over: Literal["channels", "all"] | int = axis if ctx.lifted else axis - 1
    if axis == rank - 1 and (value.last or kind.rank == 1):
        over = "channels"
    elif over and (value.last or ctx.builder.layout == "hwc" or over == -1):
        raise Decline(f"it normalises the axes from {axis} on, which are neither the channels nor the last of an item")
    op = LayerNorm(
        eps=step.number("epsilon", 1e-5),
        over="all" if over == 0 else -1 if over == kind.rank - 1 else over,
        statistics=any(step.outputs[1:]),
        layout=ctx.builder.layout,
    )
    return [Live(name, value.last) for name in _layer(ctx, step, value, op)]


def _layer(ctx: Context, step: Step, value: Live, op: LayerNorm) -> tuple[str, ...]:
    weight, bias = ctx.known(step, 1), ctx.optional(step, 2)
    if bias is None and ((ctx.own and "/" in weight.name) or filled(weight, 1)):
        return ctx.add_many(step, op.model_copy(update={"affine": False}), value.value)
    zeros = mapped(weight.tensor, weight.shape, np.zeros_like)
    tensors = {"weight": weight.tensor, "bias": zeros if bias is None else bias.tensor}
    if value.last and op.over == "all":
        tensors = {name: channels_first(tensor) for name, tensor in tensors.items()}
    return ctx.add_many(step, op, value.value, weights=tensors)


def channels_first(tensor: Tensor) -> Tensor:
    """A tensor whose last axis is the channels, with these as its first one."""
    shape = (tensor.shape[-1], *tensor.shape[:-1])
    return mapped(tensor, shape, lambda array: np.moveaxis(array, -1, 0))


def composed_layer_norm(ctx: Context, step: Step) -> list[Value] | None:
    """(x - mean) / sqrt(mean((x - mean)^2) + eps), where `step` is the division."""
    centred, root = ctx.maker(step.operand(0), "Sub"), ctx.maker(step.operand(1), "Sqrt")
    total = root and ctx.maker(root.operand(0), "Add")
    if centred is None or not total:
        return None
    x, mean = centred.operand(0), ctx.maker(centred.operand(1), "ReduceMean")
    for index in (0, 1):
        eps, variance = ctx.constant(total.operand(1 - index)), ctx.maker(total.operand(index), "ReduceMean")
        if eps is None or eps <= 0 or not mean or not variance or mean.operand(0) != x:
            continue
        if squares(ctx, variance.operand(0), step.operand(0)):
            return normalised(ctx, step, x, (mean, variance), eps)
    return None


def squares(ctx: Context, tensor: str, root: str) -> bool:
    step = ctx.maker(tensor, "Mul", "Pow")
    if step is None or step.operand(0) != root:
        return False
    return step.operand(1) == root if step.op_type == "Mul" else ctx.constant(step.operand(1)) == 2


def normalised(ctx: Context, step: Step, x: str, means: tuple[Step, Step], eps: float) -> list[Value] | None:
    value = ctx.values.get(x)
    if not isinstance(value, Live) or ctx.lifted:
        return None
    axes = [sorted(ctx.axis(value, a) for a in ctx.integers(mean, 1, "axes") or ()) for mean in means]
    over = _over(axes[0], ctx.type(value).rank)
    if axes[0] != axes[1] or over is None or not all(mean.integer("keepdims", 1) for mean in means):
        return None
    if isinstance(over, int) and (value.last or ctx.builder.layout == "hwc"):
        return None
    op = LayerNorm(eps=eps, over=over, affine=False, layout=ctx.builder.layout)
    return [Live(ctx.add(step, op, value.value), value.last)]


def _over(axes: list[int], rank: int) -> Literal["channels", "all"] | int | None:
    """How a spec says that these canonical axes are normalised together."""
    if axes == [1]:
        return "channels"
    if not axes or axes != list(range(axes[0], rank + 1)):
        return None
    return "all" if axes[0] == 1 else axes[0] - 1


def whole_affine(ctx: Context, step: Step) -> list[Value] | None:
    """`step` adds a bias for each element to a layer normalisation multiplied with a weight for each."""
    product = ctx.maker(step.operand(0), "Mul")
    norm = product and ctx.values.get(product.operand(0))
    if product is None or not isinstance(norm, Live):
        return None
    node = ctx.node(norm.value, LayerNorm)
    weight, bias = ctx.values.get(product.operand(1)), ctx.values.get(step.operand(1))
    if node is None or not isinstance(weight, Known) or not isinstance(bias, Known):
        return None
    assert isinstance(node.op, LayerNorm)
    op = node.op.model_copy(update={"affine": True})
    if node.op.affine or norm.last or weight.shape != op.weights((ctx.type(norm),))[0].shape:
        return None
    return [Live(ctx.add(step, op, node.inputs[0], weights={"weight": weight.tensor, "bias": bias.tensor}))]


def lrn(ctx: Context, step: Step) -> list[Value]:
    op = Lrn(
        size=step.integer("size", 1),
        alpha=step.number("alpha", 1e-4),
        beta=step.number("beta", 0.75),
        k=step.number("bias", 1.0),
    )
    return [Live(ctx.add(step, op, ctx.first(step)))]


def composed_lrn(ctx: Context, step: Step) -> list[Value] | None:
    """x / (k + alpha / size * sum over neighbours of x^2)^beta, the sum as a convolution along the channels or across
    them."""
    x = step.operand(0)
    total, beta = _powered(ctx, step.operand(1))
    squeezed = ctx.maker(total, "Squeeze")
    conv = ctx.maker(squeezed.operand(0) if squeezed else total, "Conv")
    lifted = conv and squeezed and ctx.maker(conv.operand(0), "Unsqueeze")
    value = ctx.values.get(x)
    if conv is None or beta is None or not isinstance(value, Live):
        return None
    if not squares(ctx, lifted.operand(0) if lifted else conv.operand(0), x):
        return None
    weight, bias = ctx.values.get(conv.operand(1)), ctx.values.get(conv.operand(2))
    if not isinstance(weight, Known) or not isinstance(bias, Known) or weight.is_open or bias.is_open:
        return None
    op = _row(conv, weight, bias, beta) if lifted else _band(weight, bias, beta)
    return None if op is None else [Live(ctx.add(step, op, value.value))]


def _powered(ctx: Context, tensor: str) -> tuple[str, float | None]:
    """The base and the exponent of a power, which may be made of square roots."""
    if power := ctx.maker(tensor, "Pow"):
        return power.operand(0), ctx.constant(power.operand(1))
    if root := ctx.maker(tensor, "Sqrt"):
        return root.operand(0), 0.5
    product = ctx.maker(tensor, "Mul")
    fourth = product and ctx.maker(product.operand(1), "Sqrt")
    root = product and ctx.maker(product.operand(0), "Sqrt")
    if product and root and fourth and fourth.operand(0) == product.operand(0):
        return root.operand(0), 0.75
    return "", None


def _row(conv: Step, weight: Known, bias: Known, beta: float) -> Lrn | None:
    """The neighbours in a row, (1, 1, size, 1...), of an image whose channels became an axis."""
    size = weight.elements
    axes = len(weight.shape) - 2
    pads = [(size - 1) // 2, *[0] * (axes - 1), size // 2, *[0] * (axes - 1)]
    moves = [*(conv.integers("strides") or ()), *(conv.integers("dilations") or ())]
    if weight.shape[:3] != (1, 1, size) or list(conv.integers("pads") or ()) != pads or {*moves, 1} != {1}:
        return None
    if not np.all(weight.array == weight.array.reshape(-1)[0]):
        return None
    return _lrn(size, float(weight.array.reshape(-1)[0]), beta, bias)


def _band(band: Known, bias: Known, beta: float) -> Lrn | None:
    if band.shape[1] != band.shape[0] or band.elements != band.shape[0] ** 2:
        return None
    rows = band.array.reshape(band.shape[0], -1)
    reach = np.flatnonzero(rows[rows.shape[0] // 2])
    middle = rows.shape[0] // 2
    size = len(reach)
    if not size or reach[0] != max(middle - (size - 1) // 2, 0):
        return None
    expected = np.array([[0 <= i - o + (size - 1) // 2 < size for i in range(len(rows))] for o in range(len(rows))])
    alpha = rows[middle, middle]
    if not np.array_equal(rows, expected * alpha) or not np.all(bias.array == bias.array.reshape(-1)[0]):
        return None
    return _lrn(size, float(alpha), beta, bias)


def _lrn(size: int, factor: float, beta: float, bias: Known) -> Lrn | None:
    """The layer whose alpha / size is `factor`, with the shortest alpha that float32 does not tell apart."""
    alpha = float(np.format_float_positional(np.float32(factor * size), unique=True))
    k = single(Known.of(bias.array.reshape(-1)[:1]))
    return Lrn(size=size, alpha=alpha, beta=beta, k=k) if isclose(alpha / size, factor, rel_tol=1e-5) else None


def lp_normalization(ctx: Context, step: Step) -> list[Value]:
    """It has no eps: only a length that is no normal number matters."""
    value = ctx.live(step)
    axis = ctx.axis(value, step.integer("axis", -1))
    return [_normalized(ctx, step, value, axis, step.integer("p", 2), SMALLEST_NORMAL)]


def composed_normalize(ctx: Context, step: Step) -> list[Value] | None:
    """x / Clip(ReduceL2(x), eps), or of ReduceL1, the divisor perhaps expanded to the shape of x."""
    value, divisor = ctx.values.get(step.operand(0)), step.operand(1)
    if expand := ctx.maker(divisor, "Expand"):
        divisor = expand.operand(0)
    clip = ctx.maker(divisor, "Clip", "Max")
    norm = clip and ctx.maker(clip.operand(0), "ReduceL1", "ReduceL2")
    if clip is None or norm is None or not isinstance(value, Live) or norm.operand(0) != step.operand(0):
        return None
    attribute = clip.attributes.get("min") if clip.op_type == "Clip" and ctx.opset < 11 else None
    eps = attribute if attribute is not None else ctx.constant(clip.operand(1))
    axes = ctx.integers(norm, 1, "axes") or ()
    unlimited = clip.op_type == "Max" or not clip.operand(2) or ctx.constant(clip.operand(2)) == inf
    if not eps or eps < 0 or len(axes) != 1 or not norm.integer("keepdims", 1) or not unlimited:
        return None
    return [_normalized(ctx, step, value, ctx.axis(value, axes[0]), int(norm.op_type[-1]), eps)]


def _normalized(ctx: Context, step: Step, value: Live, axis: int, p: int, eps: float) -> Live:
    op = Normalize(axis=ctx.axis_argument(value, axis), p=2 if p == 2 else 1, eps=eps, layout=ctx.builder.layout)
    return Live(ctx.add(step, op, value.value), value.last)
