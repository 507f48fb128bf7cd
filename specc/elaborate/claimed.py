"""Shapes that a `->` asserts, beside those that values have."""

from __future__ import annotations

from specc.agreement import meet
from specc.dims import Dim, Sym
from specc.elaborate.expressions import Frame
from specc.elaborate.steps import Origin
from specc.elaborate.values import Value
from specc.ops.base import Rejection
from specc.ops.fields import LARGEST_SIZE
from specc.types import TensorType, unspeak


def agrees(parts: tuple[Value | None, ...], x: TensorType, frame: Frame) -> bool:
    sizes = x.spoken(frame.layout)[1:]
    return len(parts) == len(sizes) and all(p is None or p == s for p, s in zip(parts, sizes, strict=True))


def other_reading(parts: tuple[Value | None, ...], x: TensorType, frame: Frame) -> str | None:
    """What an author of a false shape may have had in mind."""
    sizes = x.spoken(frame.layout)[1:]
    if parts[:1] == (1,) and parts[1:] == sizes:
        return f"the batch is not written: `-> {x.text(frame.layout)}`"
    if len(parts) == 1 and len(sizes) > 1 and isinstance(parts[0], int) and parts[0] == x.elements:
        return f"`flatten` makes it {parts[0]}"
    if len(parts) == len(sizes) > 1 and parts == x.spoken("chw" if frame.layout == "hwc" else "hwc")[1:]:
        order = "height x width x channels" if frame.layout == "hwc" else "channels x height x width"
        return f"with layout={frame.layout} shapes are written {order}"
    return _where_equal(parts, sizes)


def _where_equal(parts: tuple[Value | None, ...], sizes: tuple[Dim, ...]) -> str | None:
    """For which open sizes a claim holds that is not true of all: 2*(H//2) is H where H is even."""
    if len(parts) != len(sizes):
        return None
    found = [() if part is None else meet(part, size) for part, size in zip(parts, sizes, strict=True)]
    conditions = [condition for met in found for condition in met or ()]
    multiples = dict(multiple for condition in conditions if (multiple := condition.multiple) is not None)
    if None in found or len(multiples) < len({*conditions}):
        return None
    where = " and ".join(f"{name} is a multiple of {divisor}" for name, divisor in multiples.items())
    if len(multiples) > 1 and len({*multiples.values()}) == 1:
        where = f"{' and '.join(multiples)} are multiples of {min(multiples.values())}"
    every = ", ".join(str(size) for size in sizes)
    return f"that holds where {where}: `-> [{every}]` is always so, and `resize like=x` brings back the size of a value"


def chosen(parts: tuple[Value | None, ...], origin: Origin, frame: Frame) -> str | None:
    """The argument with which an operation that leaves several sizes open has the asserted shape."""
    for op, argument in () if origin.op is None else origin.op.choosing():
        try:
            (made,) = op.infer(origin.inputs)
        except Rejection:
            return None
        if agrees(parts, made, frame):
            return f"`{argument}` makes it so: a stride leaves several sizes open"
    return None


def can_be(parts: tuple[Value | None, ...]) -> bool:
    """Whether a value can have these sizes."""
    return bool(parts) and not any(isinstance(part, int) and not 1 <= part <= LARGEST_SIZE for part in parts)


def claimed_type(parts: tuple[Value | None, ...], x: TensorType, frame: Frame) -> TensorType:
    """The type that an assertion claims, `_` filled in from the real one; the real one where it claims what no value
    has."""
    if not can_be(parts):
        return x
    real = x.spoken(frame.layout)
    sizes = [p if isinstance(p, int | Sym) else (real[i + 1] if i + 1 < len(real) else 1) for i, p in enumerate(parts)]
    return TensorType(unspeak((x.shape[0], *sizes), frame.layout), x.dtype)
