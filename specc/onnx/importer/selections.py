"""Where and Max that are a leaky ReLU, `torch.where(x > 0, x, 0.1 * x)` and `torch.maximum(x, 0.1 * x)`, or an ELU."""

from __future__ import annotations

from specc.onnx.importer import activations, arithmetic
from specc.onnx.importer.activations import elementwise, product_of
from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Live, Moved, Step, Value, short
from specc.ops.activation import Elu, LeakyRelu
from specc.ops.merge import Max

ABOVE = ("Greater", "GreaterOrEqual")
BELOW = ("Less", "LessOrEqual")


def where(ctx: Context, step: Step) -> list[Value]:
    return chosen(ctx, step) or activations.without_nan(ctx, step)


def maximum(ctx: Context, step: Step) -> list[Value]:
    return larger(ctx, step) or arithmetic.merge(Max)(ctx, step)


def chosen(ctx: Context, step: Step) -> list[Value] | None:
    """Where, which takes x above 0, or from there on, and a multiple of x below."""
    asked = ctx.maker(step.operand(0), *ABOVE, *BELOW)
    zeros = [index for index in (0, 1) if asked and ctx.constant(asked.operand(index)) == 0]
    if asked is None or len(zeros) != 1:
        return None
    x = asked.operand(1 - zeros[0])
    is_above = (asked.op_type in ABOVE) == (zeros[0] == 1)
    above, below = (step.operand(index) for index in ((1, 2) if is_above else (2, 1)))
    if above != x:
        return None
    return _leaky(ctx, step, x, _multiple(ctx, below, x)) or _elu(ctx, step, x, below)


def _elu(ctx: Context, step: Step, x: str, below: str) -> list[Value] | None:
    """A multiple of exp(x) - 1 below 0 (Clevert et al., 2016)."""
    product = product_of(ctx, below)
    total = ctx.maker(product.tensors[0], "Sub", "Add") if len(product.tensors) == 1 else None
    wave = total and ctx.maker(total.operand(0), "Exp")
    found = ctx.values.get(x)
    if total is None or wave is None or wave.operand(0) != x or not isinstance(found, Live | Moved):
        return None
    if ctx.constant(total.operand(1)) != (1.0 if total.op_type == "Sub" else -1.0):
        return None
    return [elementwise(ctx, step, found, Elu(alpha=short(product.factor)))]


def larger(ctx: Context, step: Step) -> list[Value] | None:
    """Max of x and a fraction of it."""
    if ctx.own or len(step.inputs) != 2:
        return None
    for x, other in (step.inputs, step.inputs[::-1]):
        alpha = _multiple(ctx, other, x)
        if alpha is not None and 0 < alpha < 1:
            return _leaky(ctx, step, x, alpha)
    return None


def _multiple(ctx: Context, tensor: str, x: str) -> float | None:
    """How many times `x` the tensor is; `None` where it is none."""
    product = product_of(ctx, tensor)
    return product.factor if product.tensors == [x] and tensor != x else None


def _leaky(ctx: Context, step: Step, x: str, alpha: float | None) -> list[Value] | None:
    found = ctx.values.get(x)
    if alpha is None or not isinstance(found, Live | Moved):
        return None
    return [elementwise(ctx, step, found, LeakyRelu(alpha=alpha))]
