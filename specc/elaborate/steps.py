"""How a layer was made, so that it can be made again under another name."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from specc.ir.graph import Node
from specc.ops.base import Op, Rejection, Types, Weight
from specc.source import Span


class Origin(NamedTuple):
    """Where a value came from, for messages about what reads it."""

    span: Span
    op: Op | None = None
    inputs: Types = ()

    @property
    def arithmetic(self) -> tuple[str, ...]:
        """How the value's sizes come about."""
        try:
            return self.op.arithmetic(self.inputs) if self.op is not None else ()
        except Rejection:
            return ()  # the value stands in for one that an error left without a shape


class Mark(NamedTuple):
    """The place of a node's operation in the text, and the arguments that were written for it."""

    place: Span
    written: Container[str]


class Step(NamedTuple):
    """A node of a layer, called `suffix` behind the layer's name, with the tensors it needs."""

    node: Node
    suffix: str
    inputs: Types
    weights: tuple[Weight, ...]
    mark: Mark
    origin: Origin
