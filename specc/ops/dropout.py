"""Dropout: trained networks let everything through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from specc.ops.arguments import Unsuitable
from specc.ops.base import Builder, Field, Types
from specc.ops.families import Rearrangement
from specc.ops.fields import number

if TYPE_CHECKING:
    from specc.ops.base import Array


def _share(value: Any) -> Any:
    value = number(value)
    if not value >= 0:
        raise Unsuitable("range", "must be at least 0")
    if not value < 1:
        raise Unsuitable("range", "must be below 1")
    return value


class Dropout(Rearrangement):
    """Nothing at inference (Hinton et al., 2012); tables list it, the exported graph has no node for it."""

    word: ClassVar[str] = "dropout"
    positional: ClassVar[tuple[str, ...]] = ("rate",)
    works_in: ClassVar[Literal["canonical", "any"]] = "any"

    rate: Annotated[float, _share] = 0.5
    """The share of values that training sets to 0."""

    def infer(self, inputs: Types) -> Types:
        return inputs

    def reach(self, inputs: Types) -> Field:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (names[0],)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        return (xs[0],)
