"""What the tensors of an ONNX graph are while it is read: constants, values of the new graph, or not yet understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from specc.dims import Dim
from specc.weights.tensors import Tensor

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Step:
    """One ONNX node; absent inputs and outputs are ""."""

    op_type: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    """The node's metadata."""

    def operand(self, index: int) -> str:
        """The name of an input; "" where it is absent."""
        return self.inputs[index] if index < len(self.inputs) else ""

    def integers(self, key: str) -> tuple[int, ...] | None:
        """An attribute that is a list of integers; `None` where it is absent."""
        value = self.attributes.get(key)
        return None if value is None else tuple(int(item) for item in value)

    def integer(self, key: str, default: int) -> int:
        return int(self.attributes.get(key, default))

    def number(self, key: str, default: float) -> float:
        return short(float(self.attributes.get(key, default)))

    def word(self, key: str, default: str) -> str:
        return str(self.attributes.get(key, default))


@dataclass(frozen=True)
class Live:
    """A value of the new graph.  `last` says that the ONNX tensor holds it with its channels behind its positions."""

    value: str
    last: bool = False


@dataclass(frozen=True)
class Moved:
    """A tensor with the elements of a value of the new graph, whose first axis is not the batch (see `arrangement`).

    `factors` are sizes whose product is an item, in the order in which the value has its elements; each of the tensor's
    `axes` is a row of them, by their numbers, the batch being number -1.
    """

    value: str
    factors: tuple[Dim, ...]
    axes: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Known:
    """A constant: an initialiser that is not loaded before it is asked for, or a computed array.

    Arrays of type object hold sizes, some of them open.
    """

    tensor: Tensor
    name: str = ""
    is_open: bool = False
    """Whether its data is missing: specc's own graphs before their weights are filled in."""

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tensor.shape

    @cached_property
    def array(self) -> Array:
        return self.tensor.load()

    @property
    def elements(self) -> int:
        return self.tensor_elements(self.shape)

    @staticmethod
    def tensor_elements(shape: tuple[int, ...]) -> int:
        count = 1
        for size in shape:
            count *= size
        return count

    @classmethod
    def of(cls, array: Array) -> Known:
        return cls(Tensor(array.shape, lambda: array, str(array.dtype)))


@dataclass(frozen=True)
class Pending:
    """A tensor that means nothing to us yet: `why` is said of `step` unless a later node makes sense of both."""

    step: Step
    why: str


Value: TypeAlias = Live | Moved | Known | Pending


class Decline(Exception):
    """This node cannot be expressed; `cause` is the tensor that already could not, if it is to blame."""

    def __init__(self, why: str, cause: Pending | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.cause = cause


def mapped(tensor: Tensor, shape: tuple[int, ...], change: Callable[[Array], Array] | None = None) -> Tensor:
    """`tensor` in another shape and after `change`, which is carried out when the values are asked for."""

    def changed(array: Array) -> Array:
        return (change(array) if change else array).reshape(shape)

    form = tensor.form if change is None else lambda array: changed(tensor.formed(array))
    return replace(tensor, shape=shape, load=lambda: changed(tensor.load()), form=form)


def reshaped(tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
    return mapped(tensor, shape)


def short(value: float) -> float:
    """A float32 as the shortest decimal number that rounds to it: ONNX attributes are float32, specs are decimal."""
    single = np.float32(value)
    return float(str(single)) if np.isfinite(single) and float(single) == value else value
