"""The type of a value between two layers: element type and shape, batch first, channels second."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal, TypeAlias

from specc.core import CoreSchema, dataclass_of, schema
from specc.dims import Dim, Sym, formula, product
from specc.frozen import frozen

DType: TypeAlias = Literal["float32"]
Layout: TypeAlias = Literal["chw", "hwc"]

SPATIAL_NAMES: dict[int, tuple[str, ...]] = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


@frozen
class TensorType:
    """`shape` is canonical whatever the model's layout: (batch, channels or features, spatial sizes...)."""

    shape: tuple[Dim, ...]
    dtype: DType = "float32"

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Kept, for deep networks look the same few types up over and over."""
        return hash((self.shape, self.dtype))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        """What pydantic finds in a dataclass by itself, in a thousandth of the time."""
        size = schema("union", choices=[schema("int"), handler.generate_schema(Sym)])
        dtype = schema("default", schema=schema("literal", expected=["float32"]), default="float32")
        return dataclass_of(cls, {"shape": schema("tuple", items_schema=[size], variadic_item_index=0), "dtype": dtype})

    @property
    def channels(self) -> Dim:
        return self.shape[1]

    @property
    def spatial(self) -> tuple[Dim, ...]:
        return self.shape[2:]

    @property
    def rank(self) -> int:
        """The number of axes, the batch not counted."""
        return len(self.shape) - 1

    @cached_property
    def elements(self) -> Dim:
        """The number of values for one item of the batch."""
        return product(self.shape[1:])

    @property
    def bytes(self) -> Dim:
        """The size of one item of the batch in memory."""
        return self.elements * 4

    def spoken(self, layout: Layout) -> tuple[Dim, ...]:
        """The shape in the order in which the model's author writes it: batch first, then `layout`."""
        return speak(self.shape, layout)

    def text(self, layout: Layout = "chw") -> str:
        """`6x28x28`, the batch left out, in the author's order."""
        return "x".join(_size_text(size) for size in self.spoken(layout)[1:])


def speak(shape: tuple[Dim, ...], layout: Layout) -> tuple[Dim, ...]:
    """Canonical order to the author's: under `hwc` the channels move to the end."""
    if layout == "chw" or len(shape) < 3:
        return shape
    return (shape[0], *shape[2:], shape[1])


def unspeak(shape: tuple[Dim, ...], layout: Layout) -> tuple[Dim, ...]:
    """The author's order back to canonical."""
    if layout == "chw" or len(shape) < 3:
        return shape
    return (shape[0], shape[-1], *shape[1:-1])


def _size_text(size: Dim) -> str:
    text = formula(size)
    return (
        text
        if text.isalnum() or isinstance(size, int)
        else f"({text.removeprefix('(').removesuffix(')')})"
        if (text.startswith("(") and text.endswith(")") and text.count("(") == 1)
        else f"({text})"
    )
