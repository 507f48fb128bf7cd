"""What families of operations have in common, so that an operation's file holds only what is its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from specc.dims import Dim
from specc.ops.base import Builder, Field, Op, Types, Weight

if TYPE_CHECKING:
    from specc.ops.base import Array


class Uncounted(Op):
    """An operation without multiply-accumulates: MACs are those of convolutions and dense layers only."""

    def macs(self, inputs: Types, outputs: Types) -> Dim:
        return 0


class Weightless(Uncounted):
    """An operation without weights."""

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return ()


class Rearrangement(Weightless):
    """An operation that only moves, drops or repeats values, and therefore rounds nothing."""

    moves = True

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """0: values are only moved."""
        from specc.kernels.bounds import exact

        return tuple(exact(y) for y in ys)


class Activation(Weightless):
    """A function of each single value; a subclass says what `node`, `value` and `rounding` it has."""

    is_activation = True
    keeps_order = True
    approximated = True
    works_in = "any"

    def infer(self, inputs: Types) -> Types:
        return inputs

    def reach(self, inputs: Types) -> Field:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (self.emit(build, names[0]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        return (self.value(xs[0]),)

    def overwrite(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        return (self.value_over(xs[0]),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """The bound of the function; see `kernels.activation_bounds`."""
        return (self.rounding(xs[0], ys[0], u),)

    @abstractmethod
    def emit(self, build: Builder, x: str) -> str:
        """Add the ONNX nodes of the function of `x`; the name of its value."""

    @abstractmethod
    def value(self, x: Array) -> Array:
        """The function of every element of `x`, in the precision of `x`."""

    def value_over(self, x: Array) -> Array:
        """The same, perhaps laid over `x`."""
        return self.value(x)

    @abstractmethod
    def rounding(self, x: Array, y: Array, u: float) -> Array:
        """The error bound of `y`, the function of `x`; see `Op.error_bound`."""
