"""Computing what does not depend on the inputs' values: constants, and the shape arithmetic that exporters write.

Arrays of type object hold sizes, of which some may be open (`specc.dims`); the same code computes with both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import chain
from math import prod
from typing import Any, Final

import numpy as np

from specc.dims import Sym
from specc.onnx.importer import masks
from specc.onnx.importer.arrangement import shape_of
from specc.onnx.importer.context import Context
from specc.onnx.importer.evaluate import EVALUATED, PRODUCTS, READS, evaluated
from specc.onnx.importer.masks import Fold, TooLarge, binary
from specc.onnx.importer.quantised import stored
from specc.onnx.importer.values import Array, Decline, Known, Live, Moved, Step, mapped

LARGE: Final = "it is too large"
VIEWS: Final = ("ConstantOfShape", "Expand", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze")
"""What shows the memory of its operand, or next to none; but see `_reshape`."""
REPEATING: Final = ("Expand", "Tile")
"""What repeats a constant, perhaps along the batch: then it is a value."""
MOST_TERMS: Final = 64
"""Terms of one open size: beyond this no shape arithmetic is honest."""
VIEWED: Final = 1 << 29
"""Elements of a constant that is one number everywhere, or the view of another."""
_CASTS: Final = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64}


def folded(ctx: Context, step: Step, most: int) -> Known | None:
    """The constant that `step` makes; `None` where it is none.  All constants of a file that take memory of their own
    have at most `most` elements together."""
    if step.op_type in ("Shape", "Size"):
        return _shape(ctx, step)
    if step.op_type == "Constant":
        return _as_literal(_constant(step)) if ctx.has_literals else _constant(step)
    if step.op_type == "DequantizeLinear":
        return stored(ctx, step)
    if step.op_type == "CastLike":
        return _cast_like(ctx, step)
    rule = RULES.get(step.op_type) or _reference(ctx, step)
    operands = [ctx.values.get(name) for name in step.inputs if name]
    if rule is None or not operands or len(step.outputs) != 1 or not all(isinstance(o, Known) for o in operands):
        return None
    known = [o for o in operands if isinstance(o, Known)]
    if any(o.is_open for o in known):
        return _turned(known, step)
    if step.op_type in REPEATING and _sizes(known[-1].array):
        return None
    left = most - ctx.folded
    if step.op_type not in VIEWS and sum(o.elements for o in known) > left:
        raise Decline(f"its constant operands do not suit it ({LARGE})")
    try:
        with np.errstate(all="ignore"):
            result = _known(np.asarray(rule([o.array for o in known], step, left)))
    except TooLarge as error:
        raise Decline(f"its constant operands do not suit it ({LARGE})") from error
    except (ValueError, TypeError, IndexError, AttributeError, ZeroDivisionError, OverflowError, KeyError) as error:
        raise Decline(_unsuited(step, known)) from error
    if any(isinstance(item, Sym) and len(item.terms) > MOST_TERMS for item in _sizes(result)):
        raise Decline("the constant it makes is too large")
    if not any(np.may_share_memory(result, o.array) for o in known):
        first, last = np.lib.array_utils.byte_bounds(result)
        ctx.folded += (last - first) // result.itemsize
    if step.op_type in EVALUATED:  # a view costs nothing, and reading it again and again does
        ctx.folded += sum(o.elements for o in known) // READS
    source = known[0].tensor.source if step.op_type in VIEWS else ""
    made = _computed(ctx, result, known) if not source else Known.of(result)
    marks = [(o.tensor.is_literal, o.array.dtype.kind == "f") for o in known]
    literal = any(mark for mark, _ in marks) and all(mark for mark, is_float in marks if is_float)
    form = _form(rule, known, step, left) if source else None
    return replace(made, tensor=replace(made.tensor, source=source, is_literal=literal, form=form))


def _reference(ctx: Context, step: Step) -> Fold | None:
    """The rule of an operator that ONNX's reference implementation computes with; `None` for any other, and for layers
    where constants may be learned tensors (see `elsewhere`)."""
    if step.op_type not in EVALUATED or (step.op_type in PRODUCTS and ctx.batch == 1):
        return None
    return partial(evaluated, opset=ctx.opset)


def _computed(ctx: Context, result: Array, operands: list[Known]) -> Known:
    """A constant that says which initialisers it is computed from, single numbers that none knows aside."""
    made = Known.of(result)
    names = [(o.tensor.source,) if o.tensor.source else o.tensor.computed_from for o in operands]
    kept = [o.elements > 1 or "." in "".join(n) or ctx.is_learned(o) for n, o in zip(names, operands, strict=True)]
    named = [found for found, is_kept in zip(names, kept, strict=True) if is_kept]
    return replace(made, tensor=replace(made.tensor, computed_from=tuple(dict.fromkeys(chain(*named)))))


def _form(rule: Fold, known: list[Known], step: Step, most: int) -> Callable[[Array], Array]:
    """What `step` does to its first operand, done to the initialiser that this comes from."""
    first, *others = known
    return lambda array: np.asarray(rule([first.tensor.formed(array), *(o.array for o in others)], step, most))


def folded_parts(ctx: Context, step: Step) -> list[Known] | None:
    """The parts of a constant that `step` cuts, views of it; `None` for any other step."""
    known = [found for name in step.inputs if name and isinstance(found := ctx.values.get(name), Known)]
    if step.op_type != "Split" or len(known) < len(list(filter(None, step.inputs))) or any(o.is_open for o in known):
        return None
    cut = masks.parts([o.array for o in known], step)
    made = [_computed(ctx, part, known[:1]) for part in cut]
    return [replace(part, tensor=replace(part.tensor, is_literal=known[0].tensor.is_literal)) for part in made]


def _turned(operands: list[Known], step: Step) -> Known | None:
    """A weight without its data in another order of axes, or with more of them: both lose nothing."""
    weight = operands[0]
    axes = list(range(len(weight.shape)))
    if step.op_type == "Transpose":
        perm = step.integers("perm") or tuple(reversed(axes))
        shape = tuple(weight.shape[axis] for axis in perm)
        return replace(weight, tensor=mapped(weight.tensor, shape, lambda array: array.transpose(perm)))
    if step.op_type == "Unsqueeze" and not any(o.is_open for o in operands[1:]):
        added = _axes([o.array for o in operands[1:]], step, 0) or ()
        sizes = iter(weight.shape)
        shape = tuple(1 if axis in added else next(sizes) for axis in range(len(axes) + len(added)))
        return replace(weight, tensor=mapped(weight.tensor, shape))
    return None


def _as_literal(known: Known) -> Known:
    return replace(known, tensor=replace(known.tensor, is_literal=True))


def _unsuited(step: Step, operands: list[Known]) -> str:
    """Why NumPy could not compute a constant."""
    if not any(isinstance(item, Sym) for operand in operands for item in _sizes(operand.array)):
        return "its constant operands do not suit it"
    if step.op_type in ("ConstantOfShape", "Range"):
        return "it makes a constant as large as a size that the file leaves open, such as the batch"
    return "it computes a constant from a size that the file leaves open"


def _sizes(array: Array) -> list[Any]:
    return array.reshape(-1).tolist() if array.dtype == object else []


def _known(array: Array) -> Array:
    """Sizes as integers where none is open any longer."""
    items = _sizes(array)
    return array.astype(np.int64) if items and all(isinstance(item, int) for item in items) else array


def _constant(step: Step) -> Known:
    value = step.attributes.get("value")
    if isinstance(value, Known):
        return value
    for key, kind in (
        ("value_float", np.float32),
        ("value_floats", np.float32),
        ("value_int", np.int64),
        ("value_ints", np.int64),
    ):
        if key in step.attributes:
            return Known.of(np.array(step.attributes[key], kind))
    raise Decline("its value is of a kind that is not supported")


def _shape(ctx: Context, step: Step) -> Known | None:
    found = ctx.values.get(step.operand(0))
    if isinstance(found, Live):
        shape: tuple[Any, ...] = ctx.shape(found)
    elif isinstance(found, Moved):
        shape = shape_of(found, ctx.builder.types[found.value].shape[0])
    elif isinstance(found, Known):
        shape = found.shape
    else:
        return None
    if step.op_type == "Size":
        return Known.of(_objects([prod(shape)]).reshape(()))
    start, end = step.attributes.get("start", 0), step.attributes.get("end")
    return Known.of(_objects(list(shape)[start:end]))


def _cast_like(ctx: Context, step: Step) -> Known | None:
    """A constant as floating-point numbers, which values are."""
    found, like = (ctx.values.get(step.operand(index)) for index in (0, 1))
    if not isinstance(found, Known) or found.is_open or not isinstance(like, Live):
        return None
    made = Known.of(found.array.astype(np.float32))
    return replace(made, tensor=replace(made.tensor, is_literal=found.tensor.is_literal))


def _objects(items: list[Any]) -> Array:
    """Sizes as an array: of integers where all are known."""
    if all(isinstance(item, int) for item in items):
        return np.array(items, np.int64)
    result = np.empty(len(items), object)
    result[:] = items
    return result


def _axes(operands: list[Array], step: Step, place: int) -> tuple[int, ...] | None:
    if len(operands) > place:
        return tuple(int(axis) for axis in operands[place].reshape(-1))
    return step.integers("axes")


def _gather(operands: list[Array], step: Step, most: int) -> Array:
    data, indices = operands
    if data.size and indices.size * data.size > most:
        raise TooLarge
    return np.take(data, indices.astype(np.int64), axis=step.integer("axis", 0))


def _slice(operands: list[Array], step: Step, most: int) -> Array:
    data, *others = operands
    if others:
        starts, ends, *rest = ([int(number) for number in other.reshape(-1)] for other in others)
    else:
        starts, ends = (list(step.integers(key) or ()) for key in ("starts", "ends"))
        given = step.integers("axes")
        rest = [list(given)] if given else []
    axes = rest[0] if rest else list(range(len(starts)))
    steps = rest[1] if len(rest) > 1 else [1] * len(starts)
    index = [slice(None)] * data.ndim
    for axis, start, end, by in zip(axes, starts, ends, steps, strict=True):
        index[axis] = slice(start, None if by < 0 and end < -data.shape[axis] else end, by)
    return data[tuple(index)]


def _unsqueeze(operands: list[Array], step: Step, most: int) -> Array:
    return np.expand_dims(operands[0], _axes(operands, step, 1) or ())


def _squeeze(operands: list[Array], step: Step, most: int) -> Array:
    return np.squeeze(operands[0], _axes(operands, step, 1))


def _concat(operands: list[Array], step: Step, most: int) -> Array:
    if any(operand.dtype == object for operand in operands):
        operands = [operand.astype(object) for operand in operands]
    return np.concatenate(operands, step.integer("axis", 0))


def _cast(operands: list[Array], step: Step, most: int) -> Array:
    return operands[0] if operands[0].dtype == object else operands[0].astype(_CASTS[step.integer("to", 1)])


def _divide(operands: list[Array], step: Step, most: int) -> Array:
    left, right = operands
    if left.dtype == object or right.dtype == object or left.dtype.kind in "iu":
        return left // right
    return left / right


def _reshape(operands: list[Array], step: Step, most: int) -> Array:
    if operands[0].size > most and not operands[0].flags.c_contiguous:  # it would be copied
        raise TooLarge
    shape = [int(size) for size in (operands[1].reshape(-1) if len(operands) > 1 else step.integers("shape") or ())]
    return operands[0].reshape([operands[0].shape[i] if size == 0 else size for i, size in enumerate(shape)])


def _of_shape(operands: list[Array], step: Step, most: int) -> Array:
    shape = tuple(int(size) for size in operands[0].reshape(-1))
    value = step.attributes.get("value")
    filling = value.array.reshape(-1)[0] if isinstance(value, Known) else np.float32(0)
    return np.broadcast_to(filling, _checked(shape))


def _checked(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that costs no memory yet, and that a file with these values could have."""
    if prod(shape) > VIEWED:
        raise TooLarge
    return shape


def _expand(operands: list[Array], step: Step, most: int) -> Array:
    shape = np.broadcast_shapes(operands[0].shape, tuple(int(size) for size in operands[1].reshape(-1)))
    return np.broadcast_to(operands[0], _checked(shape))


def _tile(operands: list[Array], step: Step, most: int) -> Array:
    times = tuple(int(count) for count in operands[1].reshape(-1))
    if operands[0].size * prod(times) > most:
        raise TooLarge
    return np.tile(operands[0], times)


def _range(operands: list[Array], step: Step, most: int) -> Array:
    start, end, by = (operand.reshape(()).item() for operand in operands)
    if by == 0 or (end - start) / by > most:
        raise TooLarge
    return np.arange(start, end, by, dtype=operands[0].dtype)


def _where(operands: list[Array], step: Step, most: int) -> Array:
    if prod(np.broadcast_shapes(*(operand.shape for operand in operands))) > most:
        raise TooLarge
    return np.where(*operands)


def _whole(operands: list[Array], step: Step, most: int) -> Array:
    """Floor and Ceil: sizes are whole already."""
    function = np.floor if step.op_type == "Floor" else np.ceil
    return operands[0] if operands[0].dtype == object else np.asarray(function(operands[0]))


def _reduced(operands: list[Array], step: Step, most: int) -> Array:
    return np.asarray(np.prod(operands[0], _axes(operands, step, 1), keepdims=bool(step.integer("keepdims", 1))))


RULES: Final[dict[str, Fold]] = {
    **masks.RULES,
    "Add": binary(lambda left, right: left + right),
    "Cast": _cast,
    "Ceil": _whole,
    "Concat": _concat,
    "ConstantOfShape": _of_shape,
    "Div": _divide,
    "Expand": _expand,
    "Floor": _whole,
    "Gather": _gather,
    "Identity": lambda operands, step, most: operands[0],
    "Max": binary(np.maximum),
    "Min": binary(np.minimum),
    "Mod": binary(lambda left, right: left % right),
    "Mul": binary(lambda left, right: left * right),
    "Neg": lambda operands, step, most: -operands[0],
    "Pow": binary(lambda left, right: left**right),
    "Range": _range,
    "ReduceProd": _reduced,
    "Reshape": _reshape,
    "Slice": _slice,
    "Sqrt": lambda operands, step, most: np.sqrt(operands[0]),
    "Squeeze": _squeeze,
    "Sub": binary(lambda left, right: left - right),
    "Tile": _tile,
    "Transpose": lambda operands, step, most: np.transpose(operands[0], step.integers("perm")),
    "Unsqueeze": _unsqueeze,
    "Where": _where,
}
"""By operator: the operands' arrays, the step and the most elements to the result."""
ON_CONSTANTS: Final = frozenset(
    {*RULES, *EVALUATED, "CastLike", "Constant", "DequantizeLinear", "Shape", "Size", "Split"}
)
"""The operators that are read where they make a constant."""
