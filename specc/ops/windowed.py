"""What all operations with a sliding window have in common: the window's arguments and what follows from them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from specc.dims import Divides
from specc.ops.base import Field, Finding, Op, Reach, Rejection, Types
from specc.ops.fields import Border, Pad, Round, Window
from specc.ops.weights import Bias, Init
from specc.ops.windows import (
    AxisWindow,
    Geometry,
    check_border,
    check_padded,
    dropped_remarks,
    padding_remarks,
    per_axis,
    slide,
    slide_arithmetic,
    spatial_axes,
    tiling_conditions,
)
from specc.types import TensorType

if TYPE_CHECKING:
    from specc.kernels.convolution import Sliding
    from specc.kernels.windows import Motion
    from specc.ops.base import Array


class Windowed(Op):
    """An operation whose window slides over the 1, 2 or 3 spatial axes of its input."""

    slides = True

    kernel: Window
    """Window size."""
    pad: Pad = "valid"
    """Padding around the input."""
    dilation: Window = (1,)
    """Distance between the samples that a window reads."""
    round: Round = "floor"
    """What happens where the stride does not tile the input."""

    @property
    @abstractmethod
    def steps(self) -> tuple[int, ...]:
        """The stride, or what stands for it where none was given."""

    def keeping(self) -> tuple[Op, str] | None:
        """With padding, where there is none; odd windows in numbers."""
        if self.pad not in ("valid", (0,)) or max(self.kernel) == 1:
            return None
        plain = len({*self.kernel}) == 1 and self.kernel[0] % 2 == 1 and {*self.dilation} == {1}
        return self.model_copy(update={"pad": "same"}), f"pad={self.kernel[0] // 2}" if plain else "pad=same"

    def geometry(self, x: TensorType) -> Geometry:
        """The window's arguments for `x`.  Raises `Rejection` where they do not suit its rank."""
        axes = spatial_axes(self.word, x)
        return Geometry(
            per_axis(self.kernel, axes, "kernel"),
            per_axis(self.steps, axes, "stride"),
            self.pad,
            per_axis(self.dilation, axes, "dilation"),
            self.round,
        )

    def placed(self, x: TensorType) -> list[AxisWindow]:
        """Where the windows lie on each spatial axis of `x`.  Raises `Rejection` where they do not fit."""
        windows = slide(x, self.geometry(x))
        _check_padded(x, windows)
        return windows

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        return tiling_conditions(inputs[0], self.geometry(inputs[0]))

    def remarks(self, inputs: Types) -> tuple[Finding, ...]:
        how = self.geometry(inputs[0])
        return *dropped_remarks(inputs[0], how, self.placed(inputs[0])), *padding_remarks(how)

    def arithmetic(self, inputs: Types) -> tuple[str, ...]:
        return slide_arithmetic(inputs[0], self.geometry(inputs[0]), self.placed(inputs[0]))

    def likely(self, inputs: Types) -> Types | None:
        mended = {"round": "floor", "groups": 1}
        mended = {name: value for name, value in mended.items() if name in type(self).model_fields}
        try:
            return self.model_copy(update=mended).infer(inputs)
        except Rejection:
            return None

    def reach(self, inputs: Types) -> Field:
        how = self.geometry(inputs[0])
        return tuple(
            Reach(span, Fraction(stride), None if window.begin is None else -window.begin, order=self._order(window))
            for span, stride, window in zip(how.spans, how.stride, self.placed(inputs[0]), strict=True)
        )

    def _order(self, window: AxisWindow) -> Literal["kept", "all"]:
        """A window in padding that goes round sees the other end."""
        return "all" if self.goes_round and (window.begin, window.end) != (0, 0) else "kept"

    @property
    def goes_round(self) -> bool:
        """Whether padding holds what lies at the other end."""
        return False

    def motion(self) -> Motion:
        """The window's arguments as the kernels take them."""
        return {"stride": self.steps, "pad": self.pad, "dilation": self.dilation, "rounding": self.round}


def _check_padded(x: TensorType, windows: Sequence[AxisWindow]) -> None:
    for size, window in zip(x.spatial, windows, strict=True):
        check_padded(size, (window.begin or 0) + (window.end or 0) + window.overhang)


class Convolving(Windowed):
    """A window operation that is a weighted sum: what lies beyond the border can be chosen, and the stride is 1."""

    stride: Window = (1,)
    """Step of the window."""
    border: Border = "zeros"
    """What the padding holds."""

    @property
    def steps(self) -> tuple[int, ...]:
        return self.stride

    @property
    def goes_round(self) -> bool:
        return self.border == "wrap"

    def placed(self, x: TensorType) -> list[AxisWindow]:
        windows = super().placed(x)
        check_border(x, windows, self.border)
        return windows

    def sliding(self, groups: int) -> Sliding:
        """The arguments as `convolve` takes them."""
        return {**self.motion(), "groups": groups, "border": self.border}


class Learned(Convolving):
    """A convolution with a bias and a kernel that training finds."""

    bias: Bias = True
    """Whether a bias is added, or its fixed values."""
    init: Init = "he_normal"
    """Initialiser of the kernel."""


def convolution_bound(x: Array, weight: Array, bias: Array | None, how: Sliding, terms: int, u: float) -> Array:
    """The rounding-error bound of `convolve`: a dot product of `terms` terms, the bias counted as one."""
    from specc.kernels.bounds import dot_product_of_single, single
    from specc.kernels.convolution import convolve

    magnitude = convolve(single(x), single(weight), None if bias is None else single(bias), how)
    return dot_product_of_single(terms, magnitude, u)
