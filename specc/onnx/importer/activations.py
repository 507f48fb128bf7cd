"""Functions of single values, the ones that ONNX has and those that exporters compose of several nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isclose, pi, sqrt
from typing import Final

import numpy as np

from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Decline, Known, Live, Moved, Step, Value, reshaped
from specc.ops import activation, elementary, smooth
from specc.ops.base import Op
from specc.ops.dropout import Dropout
from specc.ops.merge import Max, Min, Mul
from specc.ops.relu import Relu
from specc.ops.scale import PRelu
from specc.ops.softmax import LogSoftmax, Softmax

FLOAT_MAX: Final = 3.4028234663852886e38
DEPTH: Final = 4
"""Products within products that an activation may be made of."""

Rule = Callable[[Context, Step], list[Value]]


def unary(make: Callable[[Step], Op]) -> Rule:
    """The rule of an ONNX operator that is a function of each single value."""

    def rule(ctx: Context, step: Step) -> list[Value]:
        return [elementwise(ctx, step, ctx.live(step), make(step))]

    return rule


def elementwise(ctx: Context, step: Step, operand: Live | Moved, op: Op) -> Live | Moved:
    """`op` of every element, in whatever layout the operand has."""
    made = ctx.add(step, op, operand.value)
    if isinstance(operand, Moved):
        return Moved(made, operand.factors, operand.axes)
    return Live(made, operand.last)


SIMPLE: Final[dict[str, Rule]] = {
    "Relu": unary(lambda step: Relu()),
    "Abs": unary(lambda step: activation.Abs()),
    "Sign": unary(lambda step: elementary.Sign()),
    "Sqrt": unary(lambda step: elementary.Sqrt()),
    "Log": unary(lambda step: elementary.Log()),
    "LeakyRelu": unary(lambda step: activation.LeakyRelu(alpha=step.number("alpha", 0.01))),
    "ThresholdedRelu": unary(lambda step: activation.ThresholdedRelu(alpha=step.number("alpha", 1.0))),
    "Elu": unary(lambda step: activation.Elu(alpha=step.number("alpha", 1.0))),
    "Celu": unary(lambda step: activation.Celu(alpha=step.number("alpha", 1.0))),
    "Sigmoid": unary(lambda step: smooth.Sigmoid()),
    "Tanh": unary(lambda step: smooth.Tanh()),
    "Exp": unary(lambda step: smooth.Exp()),
    "Softplus": unary(lambda step: smooth.Softplus()),
    "Softsign": unary(lambda step: smooth.Softsign()),
    "Mish": unary(lambda step: smooth.Mish()),
    "HardSwish": unary(lambda step: smooth.HardSwish()),
    "HardSigmoid": unary(
        lambda step: smooth.HardSigmoid(alpha=_sixth(step.number("alpha", 0.2)), beta=step.number("beta", 0.5))
    ),
    "Gelu": unary(
        lambda step: smooth.Gelu(approximate="tanh" if step.word("approximate", "none") == "tanh" else "none")
    ),
}


def _sixth(value: float) -> float:
    """1/6 where float32 made something else of it."""
    return 1 / 6 if isclose(value, 1 / 6, rel_tol=1e-7) else value


def selu(ctx: Context, step: Step) -> list[Value]:
    """With other constants than SELU's own it is a scaled ELU."""
    alpha, gamma = step.number("alpha", 1.6732632), step.number("gamma", 1.0507009)
    value = ctx.live(step)
    if isclose(alpha, 1.6732632423543772, rel_tol=1e-6) and isclose(gamma, 1.0507009873554805, rel_tol=1e-6):
        return [elementwise(ctx, step, value, activation.Selu())]
    inner = ctx.add(step, activation.Elu(alpha=alpha), value.value, part="elu")
    return [Live(ctx.add(step, Mul(constants=(None, gamma)), inner), value.last)]


def swish(ctx: Context, step: Step) -> list[Value]:
    """x sigmoid(alpha x)."""
    value, alpha = ctx.live(step), step.number("alpha", 1.0)
    if alpha == 1.0:
        return [elementwise(ctx, step, value, smooth.Silu())]
    inner = ctx.add(step, Mul(constants=(None, alpha)), value.value, part="scaled")
    gate = ctx.add(step, smooth.Sigmoid(), inner, part="gate")
    return [Live(ctx.add(step, Mul(layout=ctx.builder.layout), value.value, gate), value.last)]


def clip(ctx: Context, step: Step) -> list[Value]:
    """Limits are attributes before opset 11."""
    low = ctx.scalar(step, 1) if ctx.opset >= 11 else step.attributes.get("min")
    high = ctx.scalar(step, 2) if ctx.opset >= 11 else step.attributes.get("max")
    return [elementwise(ctx, step, ctx.live(step), clipping(low, high))]


def clipping(low: float | None, high: float | None) -> Op:
    """The operation that cuts values to a range; an absent limit is float32's own, and a lowest value above the
    highest is cut to that."""
    if low is not None and high is not None:
        low = min(low, high)
    if (low, high) == (0.0, 6.0):
        return activation.Relu6()
    if (low, high) == (-1.0, 1.0):
        return activation.HardTanh()
    if low == 0.0 and (high is None or high >= FLOAT_MAX):
        return Relu()
    low = -FLOAT_MAX if low is None else max(low, -FLOAT_MAX)
    high = FLOAT_MAX if high is None else min(high, FLOAT_MAX)
    if high == FLOAT_MAX:
        return activation.Identity() if low == -FLOAT_MAX else Max(constants=(None, low))
    return Min(constants=(None, high)) if low == -FLOAT_MAX else activation.Clip(min=low, max=high)


def _hard_sigmoid_sum(ctx: Context, step: Step) -> str | None:
    """The tensor x of Clip(x + 3, 0, 6)."""
    total = ctx.maker(step.operand(0), "Add")
    return None if total is None else plus(ctx, total, 3.0)


def prelu(ctx: Context, step: Step) -> list[Value]:
    value, slope = ctx.live(step), ctx.known(step, 1)
    if slope.elements == 1 and ctx.type(value).channels != 1:
        op = PRelu(shared=True)
        return [Live(ctx.add(step, op, value.value, weights={"weight": reshaped(slope.tensor, (1,))}), value.last)]
    slopes = ctx.per_channel(slope, value)
    if slopes is None:
        slopes = ctx.per_element(slope, value)
        if slopes is None:
            raise Decline("its slopes are neither one for each channel nor one for each element")
        op = PRelu(elementwise=True)
        return [Live(ctx.add(step, op, value.value, weights={"weight": slopes}), value.last)]
    shape = (slopes.shape[0], *(1,) * len(ctx.type(value).spatial))
    return [Live(ctx.add(step, PRelu(), value.value, weights={"weight": reshaped(slopes, shape)}), value.last)]


def softmax(kind: type[Softmax]) -> Rule:
    """Before opset 13 the axes from `axis` on are taken together."""

    def rule(ctx: Context, step: Step) -> list[Value]:
        value = ctx.live(step)
        axis = ctx.axis(value, step.integer("axis", -1 if ctx.opset >= 13 else 1))
        if ctx.opset < 13:
            after = ctx.shape(value)[step.integer("axis", 1) :]
            if sum(size != 1 for size in after) > (after[0] != 1):
                raise Decline("before opset 13 it runs over several axes at once")
        op = kind(axis=ctx.axis_argument(value, axis), layout=ctx.builder.layout)
        return [elementwise(ctx, step, value, op)]

    return rule


def without_nan(ctx: Context, step: Step) -> list[Value]:
    """Where, as PyTorch guards a softmax against masks that leave nothing of a row: 0 where it is NaN, which it is
    with no other mask."""
    weights = step.operand(2)
    asked, maker = ctx.maker(step.operand(0), "IsNaN"), ctx.maker(weights, "Softmax")
    if asked is None or maker is None or asked.operand(0) != weights or ctx.constant(step.operand(1)) != 0:
        raise Decline("a spec has no such operation on computed values")
    total = ctx.maker(maker.operand(0), "Add")
    masks = [found for name in (total.inputs if total else ()) if isinstance(found := ctx.values.get(name), Known)]
    if any(mask.is_open or np.any(np.all(np.isneginf(mask.array), axis=-1)) for mask in masks):
        raise Decline("its mask leaves nothing of a row")
    return [ctx.value(step, 2)]


def dropout(ctx: Context, step: Step) -> list[Value]:
    """Everything passes, and the mask is 1 everywhere, unless training drops values at random."""
    rate = step.number("ratio", 0.5) if ctx.opset < 12 else ctx.scalar(step, 1)
    rate = 0.5 if rate is None else rate
    if step.operand(2) and ctx.scalar(step, 2) and rate:
        raise Decline("it drops values at random: it is in training mode")
    value = ctx.live(step)
    passed = elementwise(ctx, step, value, Dropout(rate=rate if 0 <= rate < 1 else 0.5))
    if not any(step.outputs[1:]):
        return [passed]
    return [passed, Live(ctx.add(step, activation.Clip(min=1.0, max=1.0), value.value, part="mask"), value.last)]


# -- products that are an activation -------------------------------------------------------------------------------


@dataclass
class Product:
    """A tensor as a product: a number, and the tensors that are multiplied."""

    factor: float = 1.0
    tensors: list[str] = field(default_factory=list)


def product_of(ctx: Context, tensor: str, depth: int = DEPTH) -> Product:
    """`tensor` with its Mul and Div nodes taken apart."""
    step = ctx.maker(tensor, "Mul", "Div") if depth else None
    if step is None:
        return Product(1.0, [tensor])
    result = Product()
    for index in (0, 1):
        number = ctx.constant(step.operand(index))
        if number is not None and not (index == 1 and step.op_type == "Div" and number == 0):
            result.factor *= 1 / number if step.op_type == "Div" and index == 1 else number
        elif step.op_type == "Div" and index == 1:
            return Product(1.0, [tensor])
        else:
            part = product_of(ctx, step.operand(index), depth - 1)
            result.factor *= part.factor
            result.tensors += part.tensors
    return result


def times(ctx: Context, tensor: str, factor: float) -> str | None:
    """The x of which `tensor` is `factor` times, x being perhaps a product itself."""
    for depth in range(1, DEPTH + 1):
        product = product_of(ctx, tensor, depth)
        if len(product.tensors) == 1 and ctx.near(product.factor, factor):
            return product.tensors[0]
    return None


def plus(ctx: Context, step: Step | None, number: float) -> str | None:
    """The tensor t of a step that is t + number."""
    if step is None:
        return None
    for index in (0, 1):
        found = ctx.constant(step.operand(1 - index))
        if found is not None and ctx.near(found, number):
            return step.operand(index)
    return None


def composed(ctx: Context, step: Step) -> list[Value] | None:
    """What the product or quotient `step` makes is called, if it is one of the composed activations."""
    for depth in range(1, DEPTH + 1):  # what x is, may be a product itself
        product = product_of(ctx, step.outputs[0], depth)
        for tensor in dict.fromkeys(product.tensors):
            others = list(product.tensors)
            others.remove(tensor)
            op, x = _factor(ctx, tensor, product.factor)
            if op is None or x is None or not (others == [x] or (not others and isinstance(op, smooth.HardSigmoid))):
                continue
            found = ctx.values.get(x)
            if isinstance(found, Live | Moved):
                return [elementwise(ctx, step, found, op)]
    return None


def _factor(ctx: Context, tensor: str, factor: float) -> tuple[Op | None, str | None]:
    """The activation of x that x times `factor` times `tensor` is, and x."""
    step = ctx.makers.get(tensor)
    if step is None:
        return None, None
    if ctx.near(factor, 1.0):
        return _unit_factor(ctx, step)
    if ctx.near(factor, 1 / 6) and step.op_type == "Clip":
        return _clipped_sum(ctx, step)
    if ctx.near(factor, 0.5) and step.op_type == "Add":
        return _gelu(ctx, plus(ctx, step, 1.0))
    return None, None


def _unit_factor(ctx: Context, step: Step) -> tuple[Op | None, str | None]:
    x = step.operand(0)
    if step.op_type == "Sigmoid":
        return smooth.Silu(), x
    if step.op_type == "HardSigmoid":
        sixth = isclose(step.number("alpha", 0.2), 1 / 6, rel_tol=1e-6) and step.number("beta", 0.5) == 0.5
        return (smooth.HardSwish(), x) if sixth else (None, None)
    if step.op_type == "Tanh" and (inner := ctx.maker(x, "Softplus")):
        return smooth.Mish(), inner.operand(0)
    return None, None


def _clipped_sum(ctx: Context, step: Step) -> tuple[Op | None, str | None]:
    """Clip(x + 3, 0, 6): with x and 1/6 it is hardswish; with 1/6 alone hardsigmoid."""
    limits = [
        ctx.constant(step.operand(i)) if ctx.opset >= 11 else step.attributes.get(k)
        for i, k in ((1, "min"), (2, "max"))
    ]
    x = _hard_sigmoid_sum(ctx, step)
    if x is None or limits != [0.0, 6.0]:
        return None, None
    return smooth.HardSwish(), x


def hard_sigmoid(ctx: Context, step: Step) -> list[Value] | None:
    """Clip(x + 3, 0, 6) / 6."""
    product = product_of(ctx, step.outputs[0])
    if len(product.tensors) != 1 or not ctx.near(product.factor, 1 / 6):
        return None
    inner = ctx.maker(product.tensors[0], "Clip")
    op, x = _clipped_sum(ctx, inner) if inner else (None, None)
    found = ctx.values.get(x) if op is not None and x is not None else None
    return [elementwise(ctx, step, found, smooth.HardSigmoid())] if isinstance(found, Live | Moved) else None


def _gelu(ctx: Context, wave: str | None) -> tuple[Op | None, str | None]:
    """The x of Erf(x / sqrt(2)), or of tanh(sqrt(2 / pi) (x + 0.044715 x^3))."""
    if wave is None:
        return None, None
    if erf := ctx.maker(wave, "Erf"):
        x = times(ctx, erf.operand(0), sqrt(0.5))
        return (None, None) if x is None else (smooth.Gelu(), x)
    if tanh := ctx.maker(wave, "Tanh"):
        x = times(ctx, tanh.operand(0), sqrt(2 / pi))
        return (None, None) if x is None else (smooth.Gelu(approximate="tanh"), _bent(ctx, x))
    return None, None


def _bent(ctx: Context, tensor: str) -> str | None:
    """The x of x + 0.044715 x^3."""
    total = ctx.maker(tensor, "Add")
    for index in (0, 1) if total else ():
        assert total is not None
        x = total.operand(index)
        if any(_is_cube(ctx, product_of(ctx, total.operand(1 - index), depth), x) for depth in range(1, DEPTH + 1)):
            return x
    return None


def _is_cube(ctx: Context, product: Product, x: str) -> bool:
    """Whether a product is 0.044715 x^3, to float32's rounding of the factor."""
    power = ctx.maker(product.tensors[0], "Pow") if len(product.tensors) == 1 else None
    cubed = product.tensors == [x] * 3 or (
        power is not None and power.operand(0) == x and ctx.constant(power.operand(1)) == 3.0
    )
    return cubed and isclose(product.factor, 0.044715, rel_tol=max(ctx.tolerance, 1e-5))


SOFTMAXES: Final[dict[str, Rule]] = {"Softmax": softmax(Softmax), "LogSoftmax": softmax(LogSoftmax)}
