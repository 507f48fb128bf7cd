"""Convolutions and pools: ONNX Conv, ConvTranspose, MaxPool, AveragePool, LpPool and their global forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeVar, cast

from specc.dims import Dim
from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Decline, Live, Step, Value
from specc.ops.base import Op
from specc.ops.conv import Conv
from specc.ops.deconv import Deconv
from specc.ops.depthwise import Depthwise
from specc.ops.elementary import Neg
from specc.ops.global_pool import GlobalAvgPool, GlobalLpPool, GlobalMaxPool
from specc.ops.max_pool import MaxPool, MinPool
from specc.ops.pool import AvgPool, LpPool
from specc.types import TensorType
from specc.weights.tensors import Tensor

Number = TypeVar("Number", int, Fraction)

PADDED_BY = {"edge": "edge", "reflect": "reflect", "wrap": "wrap"}


def conv(ctx: Context, step: Step) -> list[Value]:
    weight = ctx.known(step, 1).tensor
    source, pads, border = _with_border(ctx, step, len(weight.shape) - 2)
    kind = ctx.builder.types[source]
    kernel = kernel_of(step, weight.shape[2:])
    bias, tensors = _bias(ctx, step, weight)
    group = step.integer("group", 1)
    motion = {**motion_of(step, len(kernel)), "pad": pads or _pad(step, kind.spatial, kernel), "border": border}
    op: Op
    if group == kind.channels and group > 1 and weight.shape[1] == 1:
        op = Depthwise(kernel=kernel, multiplier=weight.shape[0] // group, bias=bias, **motion)
    else:
        op = Conv(channels=weight.shape[0], kernel=kernel, groups=group, bias=bias, **motion)
    return [Live(ctx.add(step, op, source, weights=tensors))]


def conv_transpose(ctx: Context, step: Step) -> list[Value]:
    weight = ctx.known(step, 1).tensor
    source = ctx.first(step)
    spatial = ctx.builder.types[source].spatial
    kernel = kernel_of(step, weight.shape[2:])
    group = step.integer("group", 1)
    bias, tensors = _bias(ctx, step, weight, channels=weight.shape[1] * group)
    motion = motion_of(step, len(kernel))
    pad, extra = _spreading(step, spatial, kernel, motion)
    op = Deconv(
        channels=weight.shape[1] * group, kernel=kernel, groups=group, bias=bias, pad=pad, output_pad=extra, **motion
    )
    return [Live(ctx.add(step, op, source, weights=tensors))]


def _spreading(
    step: Step, spatial: Sequence[Dim], kernel: Sequence[int], motion: dict[str, Any]
) -> tuple[Any, tuple[int, ...]]:
    """The padding and the output padding of a transposed convolution, from whichever attributes say them."""
    axes = len(kernel)
    extra = step.integers("output_padding") or (0,) * axes
    strides, dilations = (motion[key] * (axes // len(motion[key])) for key in ("stride", "dilation"))
    auto, wanted = step.word("auto_pad", "NOTSET"), step.integers("output_shape")
    if wanted is None and auto in ("NOTSET", "VALID"):
        pads = step.integers("pads") if auto == "NOTSET" else None
        return compact_pad(pads or (0,) * (2 * axes)), compact(extra)
    begins, ends, grown = [], [], list(extra)
    for i, size in enumerate(spatial):
        span = dilations[i] * (kernel[i] - 1) + 1
        if wanted is not None and not isinstance(size, int):
            raise Decline("its output_shape fixes the size of an open input")
        target = wanted[len(wanted) - axes + i] if wanted is not None else size * strides[i]
        total = (size - 1) * strides[i] + extra[i] + span - target
        if not isinstance(total, int):
            raise Decline("its padding depends on an open size")
        if total < 0:
            grown[i], total = grown[i] - total, 0
        begin, end = (total // 2, total - total // 2) if auto == "SAME_UPPER" else (total - total // 2, total // 2)
        begins.append(begin)
        ends.append(end)
    return compact_pad((*begins, *ends)), compact(grown)


def _with_border(ctx: Context, step: Step, axes: int) -> tuple[str, Any, str]:
    """The convolution's input, and the padding with its border where a Pad node in front says both."""
    pad = ctx.maker(step.operand(0), "Pad")
    if pad is None or step.word("auto_pad", "NOTSET") not in ("NOTSET", "VALID") or any(step.integers("pads") or ()):
        return ctx.first(step), None, "zeros"
    mode, amounts = pad.word("mode", "constant"), ctx.integers(pad, 1, "pads")
    if mode not in PADDED_BY or amounts is None or pad.operand(3) or len(amounts) != 2 * (axes + 2):
        return ctx.first(step), None, "zeros"
    begins, ends = amounts[: axes + 2], amounts[axes + 2 :]
    if any((*begins[:2], *ends[:2])) or min(amounts) < 0:
        return ctx.first(step), None, "zeros"
    return ctx.first(pad), compact_pad((*begins[2:], *ends[2:])), PADDED_BY[mode]


def _bias(ctx: Context, step: Step, weight: Tensor, channels: int | None = None) -> tuple[bool, dict[str, Tensor]]:
    bias = ctx.optional(step, 2)
    if bias is None or (bias.tensor.is_literal and not bias.array.any()):
        return False, {"weight": weight}
    return True, {"weight": weight, "bias": bias.tensor}


def pool(kind: type[AvgPool | LpPool]) -> Callable[[Context, Step], list[Value]]:
    """The rule of a window pool."""

    def rule(ctx: Context, step: Step) -> list[Value]:
        source = ctx.first(step)
        op = kind(**_pooling(ctx, step, ctx.builder.types[source], None), **_extra(kind, step))
        return [Live(ctx.add(step, op, source))]

    return rule


def _extra(kind: type[Op], step: Step) -> dict[str, Any]:
    if kind is LpPool:
        return {"p": step.integer("p", 2)}
    return {"count_include_pad": bool(step.integer("count_include_pad", 0))}


def max_pooled(ctx: Context, step: Step, positions: bool = False) -> tuple[str, ...]:
    """The pooled values, and with `positions` where they were found."""
    source, pads = _with_neutral_padding(ctx, step)
    if positions and pads:
        raise Decline("its positions count through the padding in front of it")
    op = MaxPool(**_pooling(ctx, step, ctx.builder.types[source], pads), positions=positions)
    return ctx.add_many(step, op, source)


def _pooling(ctx: Context, step: Step, kind: TensorType, pads: Any) -> dict[str, Any]:
    kernel = kernel_of(step, ())
    motion = motion_of(step, len(kernel))
    ceil = step.integer("ceil_mode", 0) == 1
    stride = motion["stride"] if motion["stride"] * (len(kernel) // len(motion["stride"])) != kernel else None
    pad = pads or _pad(step, kind.spatial, kernel)
    return {**motion, "kernel": kernel, "stride": stride, "pad": pad, "round": "ceil" if ceil else "floor"}


def _with_neutral_padding(ctx: Context, step: Step) -> tuple[str, Any]:
    """The pool's input, and its padding where a Pad node of minus infinity in front says it."""
    pad = ctx.maker(step.operand(0), "Pad")
    if pad is None or any(step.integers("pads") or ()) or ctx.constant(pad.operand(2)) != float("-inf"):
        return ctx.first(step), None
    amounts = ctx.integers(pad, 1, "pads") or ()
    half = len(amounts) // 2
    if any((*amounts[:2], *amounts[half : half + 2])):
        raise Decline("it pads channels")
    return ctx.first(pad), compact_pad((*amounts[2:half], *amounts[half + 2 :]))


def global_pool(kind: type[GlobalAvgPool | GlobalMaxPool]) -> Callable[[Context, Step], list[Value]]:
    def rule(ctx: Context, step: Step) -> list[Value]:
        return [Live(ctx.add(step, kind(), ctx.first(step)))]

    return rule


def global_lp_pool(ctx: Context, step: Step) -> list[Value]:
    return [Live(ctx.add(step, GlobalLpPool(p=step.integer("p", 2)), ctx.first(step)))]


def negative(ctx: Context, step: Step) -> list[Value]:
    """-maxpool(-x) is minpool."""
    inner = ctx.maker(step.operand(0), "MaxPool")
    negated = inner and ctx.maker(inner.operand(0), "Neg")
    padded = inner and not negated and ctx.maker(inner.operand(0), "Pad")
    if padded:
        negated = ctx.maker(padded.operand(0), "Neg")
    if inner is None or not negated:
        value = ctx.live(step)
        return [Live(ctx.add(step, Neg(), value.value), value.last)]
    source = ctx.first(negated)
    pads = None
    if padded:
        _, pads = _with_neutral_padding(ctx, inner)
    op = MinPool(**_pooling(ctx, inner, ctx.builder.types[source], pads))
    return [Live(ctx.add(step, op, source))]


def kernel_of(step: Step, default: Sequence[int]) -> tuple[int, ...]:
    kernel = step.integers("kernel_shape") or tuple(default)
    if not 1 <= len(kernel) <= 3:
        raise Decline(f"its window has {len(kernel)} axes")
    return kernel


def motion_of(step: Step, axes: int) -> dict[str, Any]:
    ones = (1,) * axes
    return {
        "stride": compact(step.integers("strides") or ones),
        "dilation": compact(step.integers("dilations") or ones),
    }


def _pad(step: Step, spatial: Sequence[Dim], kernel: Sequence[int]) -> Any:
    """The padding as a spec writes it: a word, one number, one for each axis or one for each side."""
    auto = step.word("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        return "same" if auto == "SAME_UPPER" else "same_lower"
    pads = step.integers("pads") if auto == "NOTSET" else None
    pads = pads or (0,) * (2 * len(kernel))
    if min(pads) < 0:
        raise Decline("its padding is negative")
    return _as_same(step, spatial, kernel, pads) or compact_pad(pads)


def _as_same(step: Step, spatial: Sequence[Dim], kernel: Sequence[int], pads: tuple[int, ...]) -> str | None:
    """`same` for lopsided padding that is just TensorFlow's."""
    axes = len(kernel)
    if pads[:axes] == pads[axes:] or not all(isinstance(size, int) for size in spatial):
        return None
    strides, dilations = (step.integers(key) or (1,) * axes for key in ("strides", "dilations"))
    same = []
    for size, k, s, d in zip(cast("Sequence[int]", spatial), kernel, strides, dilations, strict=True):
        same.append(max((-(-size // s) - 1) * s + d * (k - 1) + 1 - size, 0))
    upper = (*(total // 2 for total in same), *(total - total // 2 for total in same))
    if pads == upper:
        return "same"
    return "same_lower" if pads == (*upper[axes:], *upper[:axes]) else None


def compact(numbers: Sequence[Number]) -> tuple[Number, ...]:
    """One number where all are the same."""
    return (numbers[0],) if len(set(numbers)) == 1 else tuple(numbers)


def compact_pad(pads: Sequence[int]) -> Any:
    """All begins and then all ends, as short as a spec can say it."""
    half = len(pads) // 2
    if not any(pads):
        return "valid"
    if min(pads) < 0:
        raise Decline("its padding is negative")
    return compact(pads[:half]) if tuple(pads[:half]) == tuple(pads[half:]) else tuple(pads)
