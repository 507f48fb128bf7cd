"""New shapes for the same values, in the order of axes as the author writes it: reshape, transpose, squeeze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from specc.core import PydanticCustomError
from specc.dims import Dim, Divides, Sym, product
from specc.ops.axes import Axis, axis_index, canonical_order, spoken_axes
from specc.ops.base import Builder, Finding, Rejection, Types
from specc.ops.fields import whole
from specc.ops.ordered import Ordered, as_written, permuted
from specc.ops.target import measured
from specc.record import Before
from specc.types import TensorType, unspeak

if TYPE_CHECKING:
    from specc.ops.base import Array

Part = TypeVar("Part")
MOST_SIZES: Final = 7
"""ONNX Runtime's kernels and PyTorch's take eight axes, of which one is the batch."""


def _sizes(value: Any) -> Any:
    items = tuple(value) if isinstance(value, tuple | list) else (value,)
    sizes = tuple(whole(item) for item in items)
    if not 1 <= len(sizes) <= MOST_SIZES or any(size < 1 and size != -1 for size in sizes):
        message = "needs 1 to {most} sizes of at least 1, or -1 for what is left"
        raise PydanticCustomError("specc_range", message, {"most": MOST_SIZES})
    if sizes.count(-1) > 1:
        raise PydanticCustomError("specc_range", "can leave only one size open with -1")
    return sizes


class Reshape(Ordered):
    """The same values in other sizes, in the order of the shapes as they are written: ONNX Reshape-13.

    `reshape 64, like=x` is 64xHxW where `x` has the spatial sizes HxW, open or not.
    """

    word = "reshape"
    keeps_order = True
    regroups = True
    positional = ("sizes",)
    arity = (1, 2)
    operands = MappingProxyType({"like": "A value whose spatial sizes stand beside the sizes given, open or not."})
    measured = ("like",)

    sizes: Annotated[tuple[int, ...], Before(_sizes)]
    """The new sizes without the batch; one may be -1 and takes what is left."""

    def infer(self, inputs: Types) -> Types:
        x, target = inputs[0], self.target(inputs)
        left = self._left_over(x, target)
        sizes: tuple[Dim, ...] = tuple(left if size == -1 else size for size in target)
        return (TensorType(unspeak((x.shape[0], *sizes), self.layout)),)

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        elements, known = inputs[0].elements, product(_given(self.target(inputs)))
        if isinstance(elements, Sym) and isinstance(known, int) and elements // known * known != elements:
            return (Divides(known, elements),)
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        written = as_written(build, names[0], inputs[0], self.layout)
        target = self.target(inputs)
        left = self._left_over(inputs[0], target)
        sizes = [left if size == -1 and isinstance(left, int) else size for size in target]
        known = [size for size in sizes if isinstance(size, int)]
        wanted = build.ints((0, *known)) if len(known) == len(sizes) else self._measured(build, names[1])
        order = canonical_order(tuple(range(1, len(sizes) + 1)), self.layout)
        return (permuted(build, build.node("Reshape", [written, wanted]), order),)

    def _measured(self, build: Builder, like: str) -> str:
        """The sizes, those that are taken from a value once it is there."""
        spatial, first, given = measured(build, like, 2), build.ints([0]), build.ints(self.sizes)
        return build.node("Concat", [first, *self.beside(given, spatial)], axis=0)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.axes import as_computed, as_written

        spatial = xs[1].shape[2:] if len(xs) > 1 else ()
        sizes = (*self.sizes, *spatial) if self.layout == "chw" else (*spatial, *self.sizes)
        written = as_written(xs[0], self.layout).reshape(xs[0].shape[0], *sizes)
        return (as_computed(written, self.layout),)

    def beside(self, sizes: Part, spatial: Part) -> tuple[Part, Part]:
        """Both in the order in which shapes are written: channels before the spatial sizes, or behind them."""
        return (sizes, spatial) if self.layout == "chw" else (spatial, sizes)

    def target(self, inputs: Types) -> tuple[Dim, ...]:
        """The sizes as they are written, -1 among them for what is left."""
        if len(inputs) < 2:
            return self.sizes
        spatial, most = inputs[1].spatial, MOST_SIZES - len(self.sizes)
        if not 1 <= len(spatial) <= most:
            given = inputs[1].text(self.layout)
            raise Rejection(
                "E0404", f"`like` needs a value with 1 to {most} spatial axes, not {given}", argument="like"
            )
        return tuple(size for part in self.beside(self.sizes, spatial) for size in part)

    def _left_over(self, x: TensorType, target: tuple[Dim, ...]) -> Dim:
        """What -1 stands for, 1 without one; raises E0406 where the values do not fill the sizes."""
        known = product(_given(target))
        if -1 not in target:
            if known != x.elements:
                raise self._unfilled(x, target, known)
        elif isinstance(known, Sym):
            raise Rejection(
                "E0407", f"what is left beside {_text(target)} is not known", argument="sizes",
                help="with the open sizes of `like` name every other size",
            )  # fmt: skip
        elif isinstance(x.elements, int) and x.elements % known:
            raise self._unfilled(x, target, known)
        return x.elements // known if isinstance(known, int) else 1

    def _unfilled(self, x: TensorType, target: tuple[Dim, ...], known: Dim) -> Rejection:
        if isinstance(x.elements, Sym) and isinstance(known, int):
            return Rejection(
                "E0407",
                f"{x.text(self.layout)} has an open number of values, but `reshape` names every size",
                argument="sizes",
                inputs={0: x.text(self.layout)},
                help="write -1 for the size that stays open, or `like=x` for the open sizes of a value `x`",
            )
        relation = f"{known} != {x.elements}"
        if -1 in target and isinstance(x.elements, int) and isinstance(known, int):
            relation = f"{x.elements} / {known} = {x.elements / known:.2f}"
        return Rejection(
            "E0406",
            f"{x.text(self.layout)} holds {x.elements} values, which do not fill {_text(target)}",
            argument="sizes",
            inputs={0: x.text(self.layout)},
            notes=[relation],
        )


def _given(target: tuple[Dim, ...]) -> tuple[Dim, ...]:
    return tuple(size for size in target if size != -1)


def _text(target: tuple[Dim, ...]) -> str:
    return "x".join(map(str, target))


def _permutation(value: Any) -> Any:
    items = tuple(value) if isinstance(value, tuple | list) else (value,)
    order = tuple(whole(item) for item in items)
    if sorted(order) != list(range(len(order))):
        raise PydanticCustomError("specc_range", "needs every axis from 0 once, as in (1, 2, 0)")
    return order


class Transpose(Ordered):
    """The axes in another order, the batch staying first: ONNX Transpose-13.

    `transpose (1, 2, 0)` puts the second axis of the shape as it is written first.
    """

    word = "transpose"
    regroups = True
    positional = ("order",)

    order: Annotated[tuple[int, ...], Before(_permutation)]
    """The input's axes in their new order, counted from 0 in the shape as it is written, without the batch."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        if len(self.order) != x.rank:
            raise Rejection(
                "E0404",
                f"`order` names {len(self.order)} axes of an input with {x.rank}",
                argument="order",
                inputs={0: x.text(self.layout)},
                help=self._without_batch(x),
            )
        return (TensorType((x.shape[0], *(x.shape[axis] for axis in self._canonical(x)))),)

    def _without_batch(self, x: TensorType) -> str | None:
        if len(self.order) != x.rank + 1 or self.order[0] != 0:
            return None
        return f"the batch is not counted: `transpose ({', '.join(str(axis - 1) for axis in self.order[1:])})`"

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (permuted(build, names[0], self._canonical(inputs[0])),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.axes import as_computed, as_written

        written = as_written(xs[0], self.layout).transpose(0, *(axis + 1 for axis in self.order))
        return (as_computed(written, self.layout),)

    def _canonical(self, x: TensorType) -> tuple[int, ...]:
        written = spoken_axes(x.rank, self.layout)
        return canonical_order(tuple(written[axis] for axis in self.order), self.layout)


class Squeeze(Ordered):
    """Drops axes of size 1: the one named, or all spatial ones: ONNX Squeeze-13."""

    word = "squeeze"
    keeps_order = True
    positional = ("axis",)

    axis: Axis | None = None
    """The axis to drop; every spatial axis of size 1 where none is named."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        return (TensorType((x.shape[0], *(x.shape[axis] for axis in self._kept(x)))),)

    def remarks(self, inputs: Types) -> tuple[Finding, ...]:
        if self._dropped(inputs[0]):
            return ()
        sizes = inputs[0].text(self.layout)
        message = f"`squeeze` changes nothing: no spatial axis of {sizes} has size 1"
        return (Finding("W0106", message, help="remove it, or name the axis that it is to drop, `squeeze height`"),)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        dropped, kept = self._dropped(inputs[0]), self._kept(inputs[0])
        if not dropped:
            return (names[0],)
        less = build.node("Squeeze", [names[0], build.ints(dropped)])
        return (permuted(build, less, tuple(sorted(kept).index(axis) + 1 for axis in kept)),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.axes import as_computed, as_written, axis_of

        (x,) = xs
        dropped = [i for i in range(2, x.ndim) if x.shape[i] == 1]
        if self.axis is not None:
            dropped = [axis_of(x, self.axis, self.layout)]
        if not dropped:
            return (x,)
        # A mark travels along with every axis, so that dropping needs no arithmetic on axis numbers.
        written = as_written(x, self.layout)
        marks = [i for i in range(x.ndim) if i != 1] + [1] if self.layout == "hwc" else list(range(x.ndim))
        kept = [size for size, mark in zip(written.shape, marks, strict=True) if mark not in dropped]
        return (as_computed(written.reshape(kept), self.layout),)

    def _dropped(self, x: TensorType) -> tuple[int, ...]:
        if self.axis is None:
            return tuple(i for i in range(2, x.rank + 1) if x.shape[i] == 1)
        index = axis_index(self.axis, x, self.layout)
        if x.shape[index] != 1 or x.rank == 1:
            raise Rejection(
                "E0406",
                f"axis {self.axis} of {x.text(self.layout)} is not 1 but {x.shape[index]}"
                if x.rank > 1
                else "the only axis cannot be dropped",
                argument="axis",
                inputs={0: x.text(self.layout)},
            )
        return (index,)

    def _kept(self, x: TensorType) -> tuple[int, ...]:
        """The canonical indices of the axes that stay, in the canonical order of the output."""
        dropped = self._dropped(x)
        return canonical_order(tuple(i for i in spoken_axes(x.rank, self.layout) if i not in dropped), self.layout)
