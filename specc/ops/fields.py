"""Types of arguments shared by the operations, each with an error text an author understands."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Final, Literal, TypeAlias

from specc.core import PydanticCustomError
from specc.record import Before, BeforeIn, Within

LARGEST_SIZE: Final = 2**63 - 1
"""Sizes in ONNX are 64-bit integers (onnx.proto, TensorShapeProto)."""
LARGEST_REAL: Final = (2 - 2.0**-23) * 2.0**127
"""Weights and attributes of ONNX are float32."""
LARGEST_DENOMINATOR: Final = 4096
"""Of factors: what float32 can tell apart, and sizes computed from an open size stay exact."""


def whole(value: Any) -> Any:
    """Accept 96.0 where 96 is meant (`0.75 * 128`), and nothing that is not whole."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("specc_type", "needs a whole number")
    if not -LARGEST_SIZE <= value <= LARGEST_SIZE:
        raise PydanticCustomError("specc_range", "must be below 2 ** 63")
    return value


def number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("specc_type", "needs a number")
    if abs(value) > LARGEST_REAL:
        raise PydanticCustomError("specc_range", "must not be as large as this")
    return float(value)


def _positive(value: Any) -> Any:
    value = whole(value)
    if value < 1:
        raise PydanticCustomError("specc_range", "must be at least 1")
    return value


def _natural(value: Any) -> Any:
    value = whole(value)
    if value < 0:
        raise PydanticCustomError("specc_range", "must be at least 0")
    return value


def _per_axis(value: Any) -> Any:
    items = tuple(value) if isinstance(value, tuple | list) else (value,)
    if not 1 <= len(items) <= 3:
        raise PydanticCustomError("specc_type", "needs one number for each spatial axis, three at most")
    return tuple(_positive(item) for item in items)


def _factors(value: Any, in_json: bool) -> Any:
    items = tuple(value) if isinstance(value, tuple | list) else (value,)
    if not 1 <= len(items) <= 3:
        raise PydanticCustomError("specc_type", "needs one number for each spatial axis, three at most")
    return tuple(_factor(item, in_json) for item in items)


def _factor(value: Any, in_json: bool) -> int | Fraction:
    """The fraction that `value` stands for: 3/5 for 0.6.  In JSON fractions are texts."""
    if isinstance(value, str) and in_json:
        value = Fraction(value)
    exact = value if isinstance(value, Fraction) else fraction(number(value))
    if exact is None or exact.denominator > LARGEST_DENOMINATOR:
        most = {"most": LARGEST_DENOMINATOR}
        raise PydanticCustomError("specc_range", "must be a fraction with a denominator of at most {most}", most)
    if exact <= 0:
        raise PydanticCustomError("specc_range", "must be above 0")
    return exact.numerator if exact.denominator == 1 else exact


def fraction(value: float) -> Fraction | None:
    """The fraction whose nearest float is `value`; `None` if there is none with a denominator that factors may have."""
    found = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    return found if float(found) == value else None


def _ends(value: Any) -> Any:
    items = tuple(value) if isinstance(value, tuple | list) else (value,)
    if len(items) not in (2, 4, 6):
        raise PydanticCustomError("specc_type", "needs the begins of all spatial axes and then the ends")
    return tuple(number(item) for item in items)


def _naturals(value: Any) -> Any:
    items = tuple(value) if isinstance(value, tuple | list) else (value,)
    if not 1 <= len(items) <= 3:
        raise PydanticCustomError("specc_type", "needs one number for each spatial axis, three at most")
    return tuple(_natural(item) for item in items)


def _pad(value: Any) -> Any:
    if isinstance(value, str):
        if value in ("valid", "same", "same_lower"):
            return value
        raise PydanticCustomError("specc_choice", "takes `valid`, `same`, `same_lower`, or numbers")
    items = tuple(value) if isinstance(value, tuple | list) else (value,)
    if not 1 <= len(items) <= 6:
        raise PydanticCustomError("specc_type", "needs one number, one for each axis, or one for each side")
    return tuple(_natural(item) for item in items)


def _sides(value: Any) -> Any:
    if isinstance(value, str):
        raise PydanticCustomError("specc_type", "needs one number, one for each axis, or one for each side")
    return _pad(value)


def floats(value: Any) -> Any:
    """A number or nested lists of numbers, as nested tuples of floats."""
    if isinstance(value, list | tuple):
        return tuple(floats(item) for item in value)
    return number(value)


def _constant(value: Any) -> Any:
    """A number, one for each channel, or nothing; 0 has no sign."""
    if isinstance(value, list | tuple):
        return tuple(number(item) + 0.0 for item in value)
    return None if value is None else number(value) + 0.0


PositiveInt: TypeAlias = Annotated[int, Before(_positive)]
Integer: TypeAlias = Annotated[int, Before(whole)]
Real: TypeAlias = Annotated[float, Before(number)]
PositiveReal: TypeAlias = Annotated[float, Within(gt=0), Before(number)]
Window: TypeAlias = Annotated[tuple[int, ...], Before(_per_axis)]
"""One positive number for all spatial axes, or one for each."""
Factors: TypeAlias = Annotated[tuple[int | Fraction, ...], BeforeIn(_factors)]
"""One positive fraction for all spatial axes, or one for each."""
Region: TypeAlias = Annotated[tuple[float, ...], Before(_ends)]
"""The begins of all spatial axes and then the ends."""
Naturals: TypeAlias = Annotated[tuple[int, ...], Before(_naturals)]
"""One number from 0 for all spatial axes, or one for each."""
Pad: TypeAlias = Annotated[Literal["valid", "same", "same_lower"] | tuple[int, ...], Before(_pad)]
"""A word, one number, one for each axis, or the begins of all axes and then the ends."""
Sides: TypeAlias = Annotated[tuple[int, ...], Before(_sides)]
"""One number from 0, one for each axis, or the begins of all axes and then the ends."""
Border: TypeAlias = Literal["zeros", "edge", "reflect", "wrap"]
Round: TypeAlias = Literal["floor", "ceil", "exact"]
Values: TypeAlias = Annotated[Any, Before(floats)]
"""Numbers written in the spec: a number, a list, a matrix, deeper."""
Constants: TypeAlias = tuple[Annotated[float | tuple[float, ...] | None, Before(_constant)], ...]
"""The operands of a merge: a number, one number for each channel, or `None` for a value between layers."""
