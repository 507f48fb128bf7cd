"""Types of arguments shared by the operations, each with an error text an author understands."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

LARGEST_SIZE: Final = 2**63 - 1
"""Sizes in ONNX are 64-bit integers (onnx.proto, TensorShapeProto)."""


def whole(value: Any) -> Any:
    """Accept 96.0 where 96 is meant (`0.75 * 128`), and nothing that is not whole."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("specc_type", "needs a whole number")
    if not -LARGEST_SIZE <= value <= LARGEST_SIZE:
        raise PydanticCustomError("specc_range", "must be below 2 ** 63")
    return value


def number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("specc_type", "needs a number")
    if abs(value) > sys.float_info.max:
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


def floats(value: Any) -> Any:
    """A number or nested lists of numbers, as nested tuples of floats."""
    if isinstance(value, list | tuple):
        return tuple(floats(item) for item in value)
    return number(value)


PositiveInt: TypeAlias = Annotated[int, BeforeValidator(_positive)]
NaturalInt: TypeAlias = Annotated[int, BeforeValidator(_natural)]
Integer: TypeAlias = Annotated[int, BeforeValidator(whole)]
Real: TypeAlias = Annotated[float, BeforeValidator(number)]
PositiveReal: TypeAlias = Annotated[float, BeforeValidator(number), Field(gt=0)]
Window: TypeAlias = Annotated[tuple[int, ...], BeforeValidator(_per_axis)]
"""One positive number for all spatial axes, or one for each."""
Naturals: TypeAlias = Annotated[tuple[int, ...], BeforeValidator(_naturals)]
"""One number from 0 for all spatial axes, or one for each."""
Pad: TypeAlias = Annotated[Literal["valid", "same", "same_lower"] | tuple[int, ...], BeforeValidator(_pad)]
"""A word, one number, one for each axis, or the begins of all axes and then the ends."""
Border: TypeAlias = Literal["zeros", "edge", "reflect", "wrap"]
Round: TypeAlias = Literal["floor", "ceil", "exact"]
Values: TypeAlias = Annotated[Any, BeforeValidator(floats)]
"""Numbers written in the spec: a number, a list, a matrix, deeper."""
