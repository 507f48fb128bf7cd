"""The weights that several operations have in common: kernels and biases, fixed or initialised."""

from __future__ import annotations

from math import prod
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from specc.core import PydanticCustomError
from specc.ops.base import Rejection, Weight
from specc.ops.fields import floats, number
from specc.record import Before

Initialiser: TypeAlias = Literal[
    "he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform",
    "normal", "uniform", "orthogonal", "zeros", "ones",
]  # fmt: skip


def _init(value: Any) -> Any:
    if isinstance(value, str) and value in get_args(Initialiser):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    names = ", ".join(f"`{name}`" for name in get_args(Initialiser))
    raise PydanticCustomError("specc_choice", "takes a number or one of " + names)


def _bias(value: Any) -> Any:
    if isinstance(value, str):
        raise PydanticCustomError("specc_type", "takes `true`, `false` or numbers")
    return value if isinstance(value, bool) else floats(value)


Init: TypeAlias = Annotated[str | float, Before(_init)]
"""An initialiser by name, or a number for a constant."""
Bias: TypeAlias = Annotated[Any, Before(_bias)]
"""true, false, or fixed values."""


MOST_FIXED: Final = 1 << 24
"""The largest number of values that a weight fixed in the text may have."""
KERNEL_AXES: Final = "output channels, input channels / groups, window sizes"
TRANSPOSED_AXES: Final = "input channels, output channels / groups, window sizes"


def kernel_weight(shape: tuple[int, ...], fixed: Any, init: str | float, groups: int = 1) -> Weight:
    """A kernel stored as (out, in / groups, *window).

    fan-in is in / groups x window, fan-out is out / groups x window (He et al., 2015; Glorot and Bengio, 2010).
    """
    window = prod(shape[2:])
    fans = (shape[1] * window, shape[0] // groups * window)
    values = None if fixed is None else fit("weight", fixed, shape, axes=KERNEL_AXES, lone=shape[1] == 1)
    return Weight("weight", shape, init, fans, fixed=values)


def transposed_weight(shape: tuple[int, ...], fixed: Any, init: str | float, groups: int) -> Weight:
    """The kernel of a transposed convolution, stored as (in, out / groups, *window); fans as in `kernel_weight`,
    from the values that are summed, whatever the stride."""
    window = prod(shape[2:])
    fans = (shape[0] // groups * window, shape[1] * window)
    values = None if fixed is None else fit("weight", fixed, shape, axes=TRANSPOSED_AXES, lone=shape[0] == groups)
    return Weight("weight", shape, init, fans, fixed=values)


def dense_weight(shape: tuple[int, int], fixed: Any, init: str | float) -> Weight:
    """The matrix of a dense layer, stored as (out, in)."""
    values = None if fixed is None else fit("weight", fixed, shape, axes="output features, input features")
    return Weight("weight", shape, init, (shape[1], shape[0]), fixed=values)


def bias_weights(channels: int, bias: Any) -> tuple[Weight, ...]:
    """The bias as one weight, or none."""
    if bias is False:
        return ()
    return (Weight("bias", (channels,), 0.0, fixed=None if bias is True else fit("bias", bias, (channels,))),)


def fit(argument: str, values: Any, shape: tuple[int, ...], axes: str = "", lone: bool = True) -> tuple[float, ...]:
    """`values` row-major, repeated over the leading axes of `shape` that they lack: a 3x3 matrix fits every
    (out, 1, 3, 3) kernel, a number fits everything.  A kernel lacks both channels or none.  Raises E0309 otherwise.

    `axes` names the axes of `shape` for the message.  `lone` says that each output reads one input channel: only then
    does a single window stand for a whole kernel, for else it would silently add the channels up.
    """
    given = shape_of(values, argument)
    kernel = axes in (KERNEL_AXES, TRANSPOSED_AXES)
    window_only = kernel and len(given) == len(shape) - 2
    partial = kernel and len(given) not in (0, len(shape) - 2, len(shape))
    if given != shape[len(shape) - len(given) :] or len(given) > len(shape) or partial or (window_only and not lone):
        raise Rejection(
            "E0309",
            f"`{argument}` has the shape {_by(given)}, not {_by(shape)}",
            argument=argument,
            notes=[f"the axes are ({axes})"] if axes else [],
            help=_fitting(shape, window_only, lone) if kernel else None,
        )
    if prod(shape) > MOST_FIXED:
        raise Rejection(
            "E0706",
            f"`{argument}` would be spelt out as {prod(shape)} numbers",
            argument=argument,
            notes=[f"{_by(shape)} = {prod(shape)} > {MOST_FIXED}"],
            help="`init` takes a number too, and fills a weight of any size with it" if given == () else None,
        )
    flat = _flatten(values)
    return flat * (prod(shape) // len(flat))


def _fitting(shape: tuple[int, ...], window_only: bool, lone: bool) -> str:
    """What a fixed kernel may be beside all of its values."""
    if window_only and not lone:
        return "`depthwise` applies one matrix to each channel by itself"
    window = f"one window of {_by(shape[2:])} for all, or " if lone else ""
    return f"give all of its values, or {window}one number"


def shape_of(values: Any, argument: str) -> tuple[int, ...]:
    """The shape of nested tuples; raises E0309 where rows differ in length or are empty."""
    if not isinstance(values, tuple):
        return ()
    shapes = {shape_of(item, argument) for item in values}
    if not shapes:
        raise Rejection("E0309", "the matrix holds no numbers", argument=argument)
    if len(shapes) != 1:
        raise Rejection("E0309", "the rows of the matrix differ in length or depth", argument=argument)
    return (len(values), *shapes.pop())


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _flatten(values: Any) -> tuple[float, ...]:
    if not isinstance(values, tuple):
        return (values,)
    return tuple(number for item in values for number in _flatten(item))
