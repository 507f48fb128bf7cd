"""The weights that several operations have in common: kernels and biases, fixed or initialised."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from specc.dims import product
from specc.ops.base import Rejection, Weight
from specc.ops.fields import floats

Initialiser: TypeAlias = Literal[
    "he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform",
    "normal", "uniform", "orthogonal", "zeros", "ones",
]  # fmt: skip


def _init(value: Any) -> Any:
    if isinstance(value, str) and value in get_args(Initialiser):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    names = ", ".join(get_args(Initialiser))
    raise PydanticCustomError("specc_choice", "takes a number or one of " + names)


def _bias(value: Any) -> Any:
    return value if isinstance(value, bool) else floats(value)


Init: TypeAlias = Annotated[str | float, BeforeValidator(_init)]
"""An initialiser by name, or a number for a constant."""
Bias: TypeAlias = Annotated[Any, BeforeValidator(_bias)]
"""true, false, or fixed values."""


def kernel_weight(shape: tuple[int, ...], fixed: Any, init: str | float, groups: int = 1) -> Weight:
    """A kernel stored as (out, in / groups, *window).

    fan-in is in / groups x window, fan-out is out / groups x window (He et al., 2015; Glorot and Bengio, 2010).
    """
    window = product(shape[2:])
    assert isinstance(window, int)
    fans = (shape[1] * window, shape[0] // groups * window)
    return Weight("weight", shape, init, fans, fixed=None if fixed is None else fit("weight", fixed, shape))


def bias_weights(channels: int, bias: Any) -> tuple[Weight, ...]:
    """The bias as one weight, or none."""
    if bias is False:
        return ()
    return (Weight("bias", (channels,), 0.0, fixed=None if bias is True else fit("bias", bias, (channels,))),)


def fit(argument: str, values: Any, shape: tuple[int, ...]) -> tuple[float, ...]:
    """`values` row-major, repeated over the leading axes they do not have or have as 1: a 3x3 matrix fits
    every (out, 1, 3, 3) kernel, a number fits everything.  Raises E0309 otherwise."""
    given = shape_of(values)
    padded = (1,) * (len(shape) - len(given)) + given
    repeated = len(shape) - len(given)
    ok = len(given) <= len(shape) and given == shape[repeated:]
    if argument == "weight" and ok and 0 < len(given) < len(shape) and len(shape) > 2 and shape[1] != 1:
        ok = False  # one matrix for several input channels would silently add the channels up
    if not ok:
        raise Rejection(
            "E0309",
            f"`{argument}` is {_by(given) or 'a number'}, but the layer holds {_by(shape)}",
            argument=argument,
            notes=["the axes are (output channels, input channels / groups, window sizes)"] if len(shape) > 2 else [],
            help="`depthwise` applies one matrix to each channel by itself"
            if len(shape) > 3 and len(given) == 2
            else None,
        )
    flat = _flatten(values)
    count = product(shape)
    assert isinstance(count, int) and padded
    return flat * (count // len(flat))


def shape_of(values: Any) -> tuple[int, ...]:
    """The shape of nested tuples; raises E0309 where rows differ in length."""
    if not isinstance(values, tuple):
        return ()
    shapes = {shape_of(item) for item in values}
    if len(shapes) != 1:
        raise Rejection("E0309", "the rows of the matrix differ in length or depth", argument="weight")
    return (len(values), *shapes.pop())


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _flatten(values: Any) -> tuple[float, ...]:
    if not isinstance(values, tuple):
        return (values,)
    return tuple(number for item in values for number in _flatten(item))
