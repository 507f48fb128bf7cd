"""What all merges have in common: several values made into one, element by element, constants among them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from specc.dims import Divides
from specc.ops.base import Builder, Field, Rejection, Types
from specc.ops.families import Weightless
from specc.ops.fields import Constants
from specc.ops.meeting import by_axis, check_meeting, joint_size, meeting_conditions
from specc.ops.windows import known_channels
from specc.types import Layout, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class Merge(Weightless):
    """Values with the same number of axes made into one, element by element.

    On each axis they have the same size, or 1: a single channel, row or column stands for all of the others', as NumPy
    and ONNX (multidirectional broadcasting) have it.  Numbers may stand among the values.
    """

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    context = ("layout", "constants")
    takes_numbers = True
    works_in = "any"

    layout: Layout = "chw"
    """The order in which the model's author writes axes."""
    constants: Constants = ()
    """Where numbers stand among the operands: all operands in order, null for a value; empty without numbers."""

    def constant_operands(self) -> tuple[float | tuple[float, ...] | None, ...]:
        return self.constants

    def infer(self, inputs: Types) -> Types:
        check_meeting(self.word, inputs, self.layout, stretches=True)
        merged = TensorType(tuple(joint_size(sizes) for sizes in by_axis(inputs)))
        for constant in self.constants:
            if isinstance(constant, tuple):
                self._check_list(len(constant), merged)
        return (merged,)

    def _check_list(self, length: int, x: TensorType) -> None:
        """Raises E0406 unless a list has a number for each channel."""
        channels = known_channels(self.word, x)
        if length != channels:
            raise Rejection(
                "E0406",
                f"`{self.word}` lists {length} numbers for {channels} channels",
                inputs={0: x.text(self.layout)},
                help="a list holds one number for each channel; a single number is for all",
            )

    def likely(self, inputs: Types) -> Types | None:
        return (inputs[0],)

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        return tuple(c for sizes in by_axis(inputs) for c in meeting_conditions(sizes))

    def reach(self, inputs: Types) -> Field:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        operands = self._named(build, names, (1,) * (inputs[0].rank - 1))
        return (operands[0] if len(operands) == 1 else self.emit(build, operands),)

    def _named(self, build: Builder, names: Sequence[str], ones: tuple[int, ...]) -> Sequence[str]:
        """All operands; a list of constants has the shape (channels, 1, ...)."""
        if not self.constants:
            return names
        values = iter(names)
        return [
            next(values)
            if constant is None
            else build.floats(constant, (len(constant), *ones))
            if isinstance(constant, tuple)
            else build.floats([constant], ())
            for constant in self.constants
        ]

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        operands = self._joined(xs)
        return (operands[0] if len(operands) == 1 else self.value(operands),)

    def _joined(self, xs: Sequence[Array]) -> Sequence[Array]:
        """All operands as arrays, the constants in float32 as ONNX keeps them."""
        if not self.constants:
            return xs
        from specc.kernels import merging

        return merging.with_constants(xs, self.constants)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """The bound of the function, and what rounding constants to 16 bits makes of it."""
        from specc.kernels import merging

        operands = self._joined(xs)
        bound = self.rounding(operands, ys[0], u)
        if not self.constants:
            return (bound,)
        return (bound + merging.constant_bound(self.value, operands, self.constants, ys[0], u),)

    @abstractmethod
    def emit(self, build: Builder, names: Sequence[str]) -> str:
        """Add the ONNX nodes that merge two or more values; the name of the result."""

    @abstractmethod
    def value(self, xs: Sequence[Array]) -> Array:
        """Two or more arrays merged."""

    @abstractmethod
    def rounding(self, xs: Sequence[Array], y: Array, u: float) -> Array:
        """The error bound of `y`, made of all operands; see `Op.error_bound`."""
