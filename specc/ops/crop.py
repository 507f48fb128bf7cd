"""Positions cut off an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from specc.dims import Dim, Divides
from specc.ops.base import Builder, Field, Reach, Rejection, Types
from specc.ops.families import Rearrangement
from specc.ops.fields import Naturals, Sides, Window
from specc.ops.fitting import fits
from specc.ops.target import measured, new_sizes
from specc.ops.windows import pad_sides, per_axis, spatial_axes
from specc.types import SPATIAL_NAMES, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class Crop(Rearrangement):
    """Positions cut off an image: `crop 1` cuts every side, `crop size=(24, 24)` leaves the centre (one more is cut
    at the end where the difference is odd), `crop like=x` a centre of the size of `x`; `begin=5` leaves in place of the
    centre what begins 5 positions further on, as Caffe's Crop with an offset does: ONNX Slice-13."""

    word = "crop"
    positional = ("amount",)
    arity = (1, 2)
    operands = MappingProxyType({"like": "A value whose spatial sizes are left, open or not."})
    instead = MappingProxyType({"like": "amount"})
    measured = ("like",)

    amount: Sides | None = None
    """One number for all sides, one for each axis, or the begins of all axes and then the ends."""
    size: Window | None = None
    """The sizes to leave, around the centre."""
    begin: Naturals | None = None
    """Where what is left begins, beside `size` or `like`: one number for all axes, or one for each."""

    def infer(self, inputs: Types) -> Types:
        x = inputs[0]
        self._check_arguments(inputs)
        if self.amount is None:
            return (TensorType((*x.shape[:2], *self._left(inputs))),)
        sizes = (size - sum(side) for size, side in zip(x.spatial, self._sides(x), strict=True))
        return (TensorType((*x.shape[:2], *sizes)),)

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        if len(inputs) < 2:
            return ()
        trios = zip(inputs[0].spatial, self._begins(inputs[0]), inputs[1].spatial, strict=True)
        return tuple(condition for size, begin, keep in trios for condition in fits(size, begin + keep) or ())

    def reach(self, inputs: Types) -> Field:
        if self.begin is not None:
            return tuple(Reach(1, first=begin) for begin in self._begins(inputs[0]))
        cuts = self.cuts(inputs)
        if cuts is None:
            return (Reach(1, first=None),) * len(inputs[0].spatial)
        return tuple(Reach(1, first=begin) for begin, _ in cuts)

    def cuts(self, inputs: Types) -> list[tuple[int, int]] | None:
        """What is cut off at the begin and the end of each axis; `None` where open sizes decide it."""
        x = inputs[0]
        if self.amount is not None:
            return self._sides(x)
        differences = [size - keep for size, keep in zip(x.spatial, self._left(inputs), strict=True)]
        known = [cut for cut in differences if isinstance(cut, int)]
        if len(known) < len(differences):
            return None
        begins = [cut // 2 for cut in known] if self.begin is None else self._begins(x)
        return [(begin, cut - begin) for begin, cut in zip(begins, known, strict=True)]

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        cuts = self.cuts(inputs)
        if cuts is None:
            return (self._cut_at_run_time(build, names, outputs[0]),)
        wanted = {axis: side for axis, side in enumerate(cuts, start=2) if any(side)}
        if not wanted:
            return (names[0],)
        starts = build.ints([begin for begin, _ in wanted.values()])
        ends = build.ints([-end if end else 2**63 - 1 for _, end in wanted.values()])
        return (build.node("Slice", [names[0], starts, ends, build.ints(list(wanted))]),)

    def _cut_at_run_time(self, build: Builder, names: Sequence[str], y: TensorType) -> str:
        sizes = measured(build, names[1], 2)
        if self.begin is None:
            differences = build.node("Sub", [measured(build, names[0], 2), sizes])
            starts = build.node("Div", [differences, build.ints([2])])
        else:
            starts = build.ints(self._begins(y))
        ends, axes = build.node("Add", [starts, sizes]), build.ints(range(2, 2 + len(y.spatial)))
        left = build.node("Slice", [names[0], starts, ends, axes])
        # shape inference does not follow sums of sizes
        target = build.node("Concat", [measured(build, names[0], 0, 2), sizes], axis=0)
        return build.node("Reshape", [left, target])

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.resize import centre, cropped, part
        from specc.kernels.windows import amounts

        x = xs[0]
        ones = (1,) * (x.ndim - 2)
        if self.amount is not None:
            return (cropped(x, amounts(x.shape[2:], ones, ones, self.amount, ones)),)
        sizes = xs[1].shape[2:] if self.size is None else self.size
        return (centre(x, sizes) if self.begin is None else part(x, self.begin, sizes),)

    def _check_arguments(self, inputs: Types) -> None:
        if self.amount is None and self.size is None and len(inputs) < 2:
            raise Rejection(
                "E0302", "`crop` needs the amount to cut off, or `size` or `like` to say what to leave", help="`crop 1`"
            )
        for argument, given in (("size", self.size is not None), ("like", len(inputs) > 1)):
            if self.amount is not None and given:
                raise Rejection(
                    "E0303", f"`crop` takes the amount to cut off or the `{argument}` to leave", argument=argument
                )
        if self.amount is not None and self.begin is not None:
            raise Rejection(
                "E0303", "`begin` says where what is left begins, and the amount to cut off says it too",
                argument="begin", help="`crop like=x, begin=5`, or all begins and then all ends: `crop (5, 5, 9, 9)`",
            )  # fmt: skip

    def _sides(self, x: TensorType) -> list[tuple[int, int]]:
        """The amount for each side of each axis."""
        assert self.amount is not None
        axes = spatial_axes(self.word, x)
        sides = pad_sides(self.amount, axes)
        for size, side, name in zip(x.spatial, sides, SPATIAL_NAMES[axes], strict=True):
            if isinstance(size, int) and size <= sum(side):
                raise Rejection(
                    "E0406",
                    f"cutting {sum(side)} leaves nothing of the {name} {size}",
                    argument="amount",
                    inputs={0: x.text()},
                    notes=[f"{name}: {size} - {side[0]} - {side[1]} = {size - sum(side)}"],
                    help=self._centre_meant(x, sides),
                )
        return sides

    def _centre_meant(self, x: TensorType, sides: Sequence[tuple[int, int]]) -> str | None:
        """How the sizes to leave are written, where the amounts could be these."""
        pairs = zip(sides, x.spatial, strict=True)
        if any(begin != end or not isinstance(size, int) or begin > size for (begin, end), size in pairs):
            return None
        sizes = "x".join(str(begin) for begin, _ in sides)
        return f"the amount is cut off every side; `crop size={sizes}` leaves the centre of this size"

    def _begins(self, x: TensorType) -> tuple[int, ...]:
        """Where what is left begins at the earliest, on each axis."""
        return per_axis(self.begin or (0,), spatial_axes(self.word, x), "begin")

    def _left(self, inputs: Types) -> tuple[Dim, ...]:
        """The sizes that are left, around the centre or from `begin` on."""
        x, argument = inputs[0], "like" if self.size is None else "size"
        names = SPATIAL_NAMES[spatial_axes(self.word, x)]
        wanted = new_sizes(self.word, self.size, x, inputs[1:])
        for size, begin, keep, name in zip(x.spatial, self._begins(x), wanted, names, strict=True):
            if not isinstance(size, int) and self.size is not None:
                raise Rejection(
                    "E0407",
                    f"to leave a given size needs a known {name}, not {size}",
                    argument=argument,
                    help="give the amount to cut from each side, or a value of that size: `crop like=x`",
                )
            if self.begin is None and fits(size, keep) is None:
                raise Rejection("E0406", f"the {name} {size} has no centre of {keep}", argument=argument)
            if fits(size, begin + keep) is None:
                most = size - keep if isinstance(size, int) and isinstance(keep, int) and size >= keep else None
                raise Rejection(
                    "E0406", f"from {begin} on the {name} {size} does not hold {keep}", argument="begin",
                    inputs={0: x.text()}, notes=[f"{name}: {begin} + {keep} = {begin + keep} > {size}"],
                    help=f"{most} at most, and {most // 2} for the centre" if most is not None else None,
                )  # fmt: skip
        return wanted
