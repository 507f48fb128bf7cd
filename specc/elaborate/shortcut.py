"""What makes the body and the shortcut of a residual meet: only what really does is suggested."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from specc.ops.base import Op, Rejection, Types
from specc.ops.conv import Conv
from specc.types import TensorType


class Step(Protocol):
    """An operation that was applied in the body."""

    @property
    def op(self) -> Op | None:
        """What was applied; `None` for an input."""

    @property
    def inputs(self) -> Types:
        """To what."""


class _Padded(NamedTuple):
    """The body's value were its windows padded, and how they would be."""

    type: TensorType
    pad: str


_STRIDES = (1, 2, 3, 4, 8)


def remedy(steps: Sequence[Step], incoming: TensorType, body: TensorType) -> str | None:
    """What gives `incoming` and the value of a body of these steps one shape; `None` where nothing simple does."""
    shortcut = _shortcut(incoming, body)
    padded = _padded(steps, incoming, body)
    if padded is None or padded.type == body or (shortcut is not None and "stride" not in shortcut):
        return None if shortcut is None else f"`{shortcut}` behind it gives both one shape"
    if padded.type == incoming:
        return f"`{padded.pad}` in the body keeps {'x'.join(map(str, incoming.spatial))}"
    behind = _shortcut(incoming, padded.type)
    return None if behind is None else f"`{padded.pad}` in the body and `{behind}` behind it give both one shape"


def _shortcut(incoming: TensorType, body: TensorType) -> str | None:
    """The shortcut that brings `incoming` to the shape of `body`."""
    if incoming.rank != body.rank or not incoming.spatial or not isinstance(body.channels, int):
        return None
    window = "x".join("1" for _ in incoming.spatial)
    for stride in _STRIDES:
        if result(Conv(channels=body.channels, kernel=(1,), stride=(stride,)), incoming) == body:
            step = f", stride={stride}" if stride > 1 else ""
            return f"shortcut {{ conv {body.channels}, {window}{step} }}"
    return None


def result(op: Op, x: TensorType) -> TensorType | None:
    """The type that the operation makes of `x`; `None` where it refuses it."""
    try:
        return op.infer((x,))[0]
    except Rejection:
        return None


def _padded(steps: Iterable[Step], incoming: TensorType, body: TensorType) -> _Padded | None:
    """The value of the body, each step of which works on the one before, with padding where there is none."""
    real: TensorType | None = incoming
    padded: TensorType | None = incoming
    pads: set[str] = set()
    for step in steps:
        if step.op is None or padded is None or step.inputs != (real,):
            return None
        keeping = step.op.keeping()
        if keeping is not None:
            pads.add(keeping[1])
        op = step.op if keeping is None else keeping[0]
        real, padded = result(step.op, step.inputs[0]), result(op, padded)
    if not pads or padded is None or real != body:
        return None
    several = "stride=1, pad=same" if any("stride" in pad for pad in pads) else "pad=same"
    return _Padded(padded, pads.pop() if len(pads) == 1 else several)
