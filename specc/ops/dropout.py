"""Dropout: trained networks let everything through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from specc.ops.base import Builder, Types
from specc.ops.base import Field as Reaches
from specc.ops.families import Rearrangement
from specc.ops.fields import number
from specc.record import Before, Within

if TYPE_CHECKING:
    from specc.ops.base import Array


class Dropout(Rearrangement):
    """Nothing at inference (Hinton et al., 2012); tables list it, the exported graph has no node for it."""

    word = "dropout"
    keeps_order = True
    positional = ("rate",)
    works_in = "any"

    rate: Annotated[float, Within(ge=0, lt=1), Before(number)] = 0.5
    """The share of values that training sets to 0."""

    def infer(self, inputs: Types) -> Types:
        return inputs

    def reach(self, inputs: Types) -> Reaches:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (names[0],)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        return (xs[0],)
