"""A layer normalisation as TensorFlow factors it out, x f + (beta - mean f) with f = gamma / sqrt(variance + eps):
`tf.nn.batch_normalization`, which Keras's LayerNormalization ends in."""

from __future__ import annotations

from specc.onnx.importer import norms
from specc.onnx.importer.context import Context
from specc.onnx.importer.values import Known, Live, Step, Value
from specc.ops.layernorm import LayerNorm


def layer_norm(ctx: Context, step: Step) -> list[Value] | None:
    """The normalisation of which `step`, the last addition, makes the result."""
    for scaled, shift in (step.inputs, step.inputs[::-1]):
        product, difference = ctx.maker(scaled, "Mul"), ctx.maker(shift, "Sub")
        centre = difference and ctx.maker(difference.operand(1), "Mul")
        if product is None or difference is None or centre is None:
            continue
        mean, factor = ctx.maker(centre.operand(0), "ReduceMean"), centre.operand(1)
        if mean is not None and product.inputs == (mean.operand(0), factor):
            return _normalised(ctx, step, mean, factor, difference.operand(0))
    return None


def _normalised(ctx: Context, step: Step, mean: Step, factor: str, beta: str) -> list[Value] | None:
    product = ctx.maker(factor, "Mul")
    inverse = product and ctx.maker(product.operand(0), "Reciprocal")
    root = inverse and ctx.maker(inverse.operand(0), "Sqrt")
    total = root and ctx.maker(root.operand(0), "Add")
    variance = total and ctx.maker(total.operand(0), "ReduceMean")
    eps = ctx.constant(total.operand(1)) if total else None
    if not product or not variance or eps is None or eps <= 0 or not _centred(ctx, variance, mean):
        return None
    weight, bias = ctx.values.get(product.operand(1)), ctx.values.get(beta)
    made = norms.normalised(ctx, step, mean.operand(0), (mean, variance), eps)
    value = made[0] if made else None
    if not isinstance(weight, Known) or not isinstance(bias, Known) or not isinstance(value, Live):
        return None
    return _affine(ctx, step, value, weight, bias)


def _centred(ctx: Context, variance: Step, mean: Step) -> bool:
    """Whether a mean is that of the squared distances from `mean`."""
    square = ctx.maker(variance.operand(0), "Mul", "Pow")
    centred = square and ctx.maker(square.operand(0), "Sub")
    if square is None or centred is None or centred.inputs != (mean.operand(0), mean.outputs[0]):
        return False
    return norms.squares(ctx, variance.operand(0), square.operand(0))


def _affine(ctx: Context, step: Step, value: Live, weight: Known, bias: Known) -> list[Value] | None:
    """The normalisation that made `value` with a weight and a bias."""
    node = ctx.node(value.value, LayerNorm)
    if node is None:
        return None
    op = node.op.model_copy(update={"affine": True})
    wanted = op.weights((ctx.builder.types[node.inputs[0]],))[0].shape
    if weight.shape != wanted or bias.shape != wanted:
        return None
    tensors = {"weight": weight.tensor, "bias": bias.tensor}
    return [Live(ctx.add(step, op, node.inputs[0], weights=tensors, part="affine"), value.last)]
