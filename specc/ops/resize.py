"""Images resized by factors, or to given sizes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from specc.dims import Dim, Divides, Sym
from specc.ops.base import Builder, Field, Finding, Reach, Rejection, Types
from specc.ops.families import Weightless
from specc.ops.fields import Factors, Real, Region, Window
from specc.ops.nearest import picked
from specc.ops.target import new_sizes, sizes_node
from specc.ops.windows import per_axis, spatial_axes
from specc.record import Before
from specc.types import SPATIAL_NAMES, Layout, TensorType

if TYPE_CHECKING:
    from specc.kernels.interpolation import Axis, Method
    from specc.ops.base import Array

Coordinates: TypeAlias = Literal[
    "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric"
]
Rounding: TypeAlias = Literal["floor", "ceil", "half_down", "half_up"]
ONNX_ROUNDING = {"floor": "floor", "ceil": "ceil", "half_down": "round_prefer_floor", "half_up": "round_prefer_ceil"}
"""ONNX's words for the ways to find the nearest sample."""
LARGEST_FACTOR: Final = 32
"""The most by which networks enlarge an image in one step, as FCN-32s does."""
_LITTLE: Final = Fraction(1, 1 << 16)
_NEAREST: Final[dict[Rounding, tuple[Fraction, Fraction]]] = {
    "floor": (_LITTLE - 1, Fraction(0)),
    "ceil": (Fraction(0), 1 - _LITTLE),
    "half_down": (Fraction(-1, 2), Fraction(1, 2) - _LITTLE),
    "half_up": (_LITTLE - Fraction(1, 2), Fraction(1, 2)),
}
"""How far from its position the sample lies that an output is."""


def _canonical(value: Any) -> Any:
    return {"linear": "bilinear", "bicubic": "cubic"}.get(value, value) if isinstance(value, str) else value


Mode: TypeAlias = Annotated[Literal["nearest", "bilinear", "cubic"], Before(_canonical)]


class Resampling(Weightless):
    """What `upsample` and `resize` have in common: how new positions get their values."""

    context = ("layout",)

    mode: Mode = "nearest"
    """How new positions get their values; `bilinear` is linear along every axis, however many there are.  `linear` and
    `bicubic` are other names."""
    align_corners: bool = False
    """Whether the corner pixels' centres stay where they are: short for `coordinates=align_corners`."""
    coordinates: Coordinates | None = None
    """Where new positions lie between the old ones, as ONNX calls it; by default `asymmetric` for `nearest`, else
    `half_pixel`."""
    rounding: Rounding = "floor"
    """Which position is the nearest; `half_up` with `coordinates=half_pixel` is PyTorch's `nearest-exact`."""
    coefficient: Real | None = None
    """The a of Keys' cubic; by default -0.75, with `antialias` -0.5."""
    antialias: bool = False
    """Whether an axis that shrinks is filtered with a window that widens as much, so that no pixel is left out."""
    exclude_outside: bool | None = None
    """Whether pixels outside the image are left out and the other weights grow, or else repeat the border; by default
    the former with `antialias`, the latter without."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        x = inputs[0]
        self._check(spatial_axes(self.word, x), x)
        return (TensorType((*x.shape[:2], *self._sizes(inputs))),)

    def reach(self, inputs: Types) -> Field:
        return tuple(
            Reach(size) if scale is None else self._reach(scale)
            for size, scale in zip(inputs[0].spatial, self._scales(inputs), strict=True)
        )

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.resize import resized

        return (resized(xs[0], self._axes(xs), self._method(), self._fill),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """`nearest`: 0, or how far the next sample is off where rounding of the position decides.  Else (1 + gamma_k)
        (|w| + e) |x| - |w| |x|: k the samples and 2 on each axis and 6, e what rounding makes of each weight: its
        kernel's slope times u (6 |position| + 7), and the evaluation of the kernel."""
        from specc.kernels.resize import resized_bound

        return (resized_bound(xs[0], ys[0], self._axes(xs), self._method(), u, self._fill),)

    @abstractmethod
    def _sizes(self, inputs: Types) -> tuple[Dim, ...]:
        """The spatial sizes of the output."""

    @abstractmethod
    def _scales(self, inputs: Types) -> tuple[Fraction | None, ...]:
        """The factor of each axis; `None` where an open size decides it."""

    @abstractmethod
    def _axes(self, xs: Sequence[Array]) -> list[Axis]:
        """For the kernel: what becomes of each axis."""

    @property
    def _fill(self) -> float:
        """What positions outside the image get."""
        return 0.0

    def placed(self) -> Coordinates:
        """Where new positions lie, the default filled in."""
        if self.align_corners:
            return "align_corners"
        return self.coordinates or ("asymmetric" if self.mode == "nearest" else "half_pixel")

    def keys_coefficient(self) -> float:
        """The a of the cubic, the default filled in."""
        return self.coefficient if self.coefficient is not None else -0.5 if self.antialias else -0.75

    def leaves_outside(self) -> bool:
        """Whether pixels outside the image count as none, the default filled in."""
        return self.antialias if self.exclude_outside is None else self.exclude_outside

    def _method(self) -> Method:
        from specc.kernels.interpolation import Method

        how = self.placed(), self.rounding, self.keys_coefficient(), self.antialias, self.leaves_outside()
        return Method(self.mode, *how)

    def _extent(self, scale: Fraction) -> int:
        """How many samples an output reads: those closer than the radius of the kernel."""
        width = {"nearest": 1, "bilinear": 2, "cubic": 4}[self.mode]
        return 1 if scale == 1 else ceil(width / min(scale, Fraction(1))) if self.antialias else width

    def _reach(self, scale: Fraction) -> Reach:
        """Of output p the samples within the kernel's radius around p * stride + offset; the outermost, whose weight is
        0, do not count.  With `align_corners` the positions are taken for those of half pixels."""
        stride = 1 / scale
        if scale == 1:
            return Reach(1)
        offset = 0 if self.placed() == "asymmetric" else (stride - 1) / 2
        if self.mode == "nearest":
            low, high = _NEAREST[self.rounding]
        else:
            radius = (1 if self.mode == "bilinear" else 2) * (max(stride, Fraction(1)) if self.antialias else 1)
            low, high = _LITTLE - radius, radius - _LITTLE
        return Reach(self._extent(scale), stride, offset + low, offset + high)

    def _check(self, axes: int, x: TensorType) -> None:
        smooth, filtered = self.mode != "nearest", self.mode == "cubic" or self.antialias
        for argument, given, fits, where in (
            ("align_corners", self.align_corners, smooth, "mode=bilinear and mode=cubic"),
            ("antialias", self.antialias, smooth, "mode=bilinear and mode=cubic"),
            ("rounding", self.rounding != "floor", not smooth, "mode=nearest"),
            ("coefficient", self.coefficient is not None, self.mode == "cubic", "mode=cubic"),
            ("exclude_outside", self.exclude_outside is not None, filtered, "mode=cubic and antialias=true"),
        ):
            if given and not fits:
                raise Rejection("E0305", f"`{argument}` is for {where}", argument=argument)
        if self.align_corners and self.coordinates not in (None, "align_corners"):
            raise Rejection(
                "E0305",
                "`align_corners=true` says where positions lie, and so does `coordinates`",
                argument="coordinates",
            )
        if self.mode == "cubic" and axes != 2:
            raise Rejection(
                "E0404",
                f"mode=cubic needs an image with a height and a width, not {x.text()}",
                argument="mode",
                inputs={0: x.text()},
                help="mode=bilinear is for any number of axes; ONNX Runtime has cubic for images alone",
            )

    def _picked(self, build: Builder, name: str, inputs: Types, outputs: Types) -> tuple[str, tuple[bool, ...]]:
        """The input of Resize, and which axes have their new sizes already: those that keep them, and of known sizes
        those where rounding would make other samples the nearest, which are taken one by one."""
        done, x, y = [], inputs[0], outputs[0]
        for axis, (old, new, scale) in enumerate(zip(x.spatial, y.spatial, self._scales(inputs), strict=True), start=2):
            indices = None
            if self.mode == "nearest" and isinstance(old, int) and isinstance(new, int) and scale is not None:
                indices = picked(old, new, scale, self.placed(), self.rounding)
            if indices is not None:
                name = build.node("Gather", [name, build.ints(indices)], axis=axis)
            done.append(indices is not None or scale == 1)
        return name, tuple(done)

    def _operand(self, build: Builder, name: str, inputs: Types) -> str:
        """The input; behind a node that does nothing where ONNX Runtime would move the transpose of a model in `hwc`
        behind Resize: its cubic cannot shrink images whose channels come last."""
        shrinks = any(scale is None or scale < 1 for scale in self._scales(inputs))
        if self.layout == "hwc" and self.mode == "cubic" and shrinks and not self.antialias:
            return build.node("DepthToSpace", [name], blocksize=1)
        return name

    def _attributes(self, build: Builder) -> dict[str, object]:
        """The attributes of ONNX's Resize that say how."""
        coordinates = self.placed()
        if self.antialias and build.opset < 18:
            raise build.unsupported("antialias", since=18)
        if coordinates == "half_pixel_symmetric" and build.opset < 19:
            raise build.unsupported("half_pixel_symmetric", since=19)
        how: dict[str, object] = {"mode": "linear" if self.mode == "bilinear" else self.mode}
        how["coordinate_transformation_mode"] = coordinates
        if self.mode == "nearest":
            how["nearest_mode"] = ONNX_ROUNDING[self.rounding]
        if self.mode == "cubic":
            how["cubic_coeff_a"] = self.keys_coefficient()
        if self.antialias:
            how["antialias"] = 1
        if self.leaves_outside():
            how["exclude_outside"] = 1
        return how


class Upsample(Resampling):
    """Images enlarged by factors, or reduced by factors below 1: ONNX Resize-13/18/19, with PyTorch's defaults.

    A size becomes floor(size x factor), and new positions lie by the factor itself: `upsample 3/2` and `resize` to the
    same size differ where the product is not whole.  Factors are fractions: 0.6 is 3/5.  The nearest sample
    is that of the exact position; where float32 would make it another, exports list them, but for open sizes.
    """

    word = "upsample"
    positional = ("scale", "mode")

    scale: Factors = (2,)
    """The factor, one for all spatial axes or one for each."""

    def remarks(self, inputs: Types) -> tuple[Finding, ...]:
        """W0107 for `upsample 64`; signals are enlarged by as much, and a single position by whatever is needed."""
        spatial = inputs[0].spatial
        if len(self.scale) > 1 or self.scale[0] <= LARGEST_FACTOR or len(spatial) < 2 or set(spatial) == {1}:
            return ()
        size = self.scale[0]
        message = f"`upsample {size}` multiplies the sizes by {size}"
        factors = ", ".join([str(size)] * len(spatial))
        help = f"`resize {size}` makes an image of this size; where factors are meant, write `upsample ({factors})`"
        return (Finding("W0107", message, argument="scale", help=help),)

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        """Under `align_corners` no part of a position may be left over: what becomes of it ONNX does not say."""
        if self.placed() != "align_corners":
            return ()
        products = zip(inputs[0].spatial, self._factors(inputs[0]), strict=True)
        parts = ((size * scale.numerator, scale.denominator) for size, scale in products)
        return tuple(Divides(part, size) for size, part in parts if isinstance(size, Sym) and part > 1)

    def arithmetic(self, inputs: Types) -> tuple[str, ...]:
        (x,) = inputs
        names = SPATIAL_NAMES[len(x.spatial)]
        return tuple(
            f"{name}: {size} * {scale} = {float(size * scale):g}, rounded down to {_floor(size, scale)}"
            for name, size, scale in zip(names, x.spatial, self._factors(x), strict=True)
            if isinstance(size, int) and (size * scale).denominator > 1
        )

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        (x,), (y,) = inputs, outputs
        factors = self._factors(x)
        if self.placed() == "align_corners" and not self.antialias:  # only the sizes count
            factors = tuple(map(_quotient, x.spatial, y.spatial, factors))
        name, done = self._picked(build, self._operand(build, names[0], inputs), inputs, outputs)
        if name != names[0] and all(done):
            return (name,)
        factors = tuple(Fraction(1) if taken else factor for taken, factor in zip(done, factors, strict=True))
        scales = build.floats([1.0, 1.0, *map(_rounded_up, factors)])
        return (build.node("Resize", [name, "", scales], **self._attributes(build)),)

    def _sizes(self, inputs: Types) -> tuple[Dim, ...]:
        (x,) = inputs
        sizes = tuple(map(_floor, x.spatial, self._factors(x)))
        for size, scale, made, name in zip(x.spatial, self._factors(x), sizes, SPATIAL_NAMES[len(sizes)], strict=True):
            if made == 0:
                notes = [f"{name}: {size} * {scale} is below 1"]
                raise Rejection("E0406", f"nothing is left of the {name} {size}", argument="scale", notes=notes)
            if made == size and scale != 1 and (self.antialias or sizes == x.spatial):
                notes = [*self.arithmetic((x,)), "positions would move, but PyTorch and ONNX Runtime leave them"]
                raise Rejection(
                    "E0406", f"the factor {scale} does not change the {name} {size}", argument="scale", notes=notes
                )
        return sizes

    def _scales(self, inputs: Types) -> tuple[Fraction, ...]:
        return self._factors(inputs[0])

    def _factors(self, x: TensorType) -> tuple[Fraction, ...]:
        return tuple(map(Fraction, per_axis(self.scale, spatial_axes(self.word, x), "scale")))

    def _axes(self, xs: Sequence[Array]) -> list[Axis]:
        from specc.kernels.interpolation import by_factor

        sizes = xs[0].shape[2:]
        scales = self.scale if len(self.scale) == len(sizes) else self.scale * len(sizes)
        return list(map(by_factor, sizes, scales))


class Resize(Resampling):
    """Images brought to a size, `resize 224x224, bilinear`, or to that of another value, `resize like=skip`: ONNX
    Resize-13/18/19, with PyTorch's defaults.

    With a `region` a part of the image is resized, as by TensorFlow's crop_and_resize: its ends are numbers from 0, the
    centre of the first pixel, to 1, the centre of the last; positions outside the image get `value`.  The nearest
    sample is that of the exact position; where float32 would make it another, exports list them, but for open sizes.
    """

    word = "resize"
    positional = ("size", "mode")
    arity = (1, 2)
    operands = MappingProxyType({"like": "A value whose spatial sizes are the new ones, open or not."})
    instead = MappingProxyType({"like": "size"})
    measured = ("like",)

    size: Window | None = None
    """The new size, one for all spatial axes or one for each."""
    region: Region | None = None
    """The part to resize: the begins of all axes and then the ends, as parts of the image."""
    value: Real = 0.0
    """What positions of a `region` get that lie outside the image."""

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        how, region = self._attributes(build), ""
        axes = len(inputs[0].spatial)
        if self.region is not None:
            how["coordinate_transformation_mode"], how["extrapolation_value"] = "tf_crop_and_resize", self.value
            region = build.floats((0.0, 0.0, *self.region[:axes], 1.0, 1.0, *self.region[axes:]))
        operand, done = self._picked(build, self._operand(build, names[0], inputs), inputs, outputs)
        if operand != names[0] and all(done):
            return (operand,)
        target = sizes_node(build, names[0], outputs[0], names[-1])
        return (build.node("Resize", [operand, region, "", target], **how),)

    def _check(self, axes: int, x: TensorType) -> None:
        super()._check(axes, x)
        if self.region is None:
            if self.value != 0:
                raise Rejection("E0305", "`value` is for what a `region` has outside the image", argument="value")
            return
        if len(self.region) != 2 * axes:
            raise Rejection(
                "E0304", f"`region` needs {2 * axes} numbers for an image like {x.text()}", argument="region"
            )
        for argument, given in (("coordinates", self.coordinates is not None), ("antialias", self.antialias)):
            if given:
                raise Rejection("E0305", f"`{argument}` cannot be chosen with a `region`", argument=argument)

    def _sizes(self, inputs: Types) -> tuple[Dim, ...]:
        wanted = new_sizes(self.word, self.size, inputs[0], inputs[1:])
        if self.region is not None and inputs[0].spatial == wanted:
            why = "ONNX Runtime returns the whole image then"
            raise Rejection("E0406", "a `region` cannot get the size of the image", argument="size", notes=[why])
        return wanted

    def _scales(self, inputs: Types) -> tuple[Fraction | None, ...]:
        pairs = zip(inputs[0].spatial, self._sizes(inputs), strict=True)
        known = [(old, new) if isinstance(old, int) and isinstance(new, int) else None for old, new in pairs]
        return tuple(Fraction(pair[1], pair[0]) if pair and not self.region else None for pair in known)

    def _axes(self, xs: Sequence[Array]) -> list[Axis]:
        from specc.kernels.interpolation import by_size

        sizes = xs[0].shape[2:]
        wanted = xs[1].shape[2:] if self.size is None else self.size * (len(sizes) // len(self.size))
        ends: Sequence[tuple[float, float] | None] = [None] * len(sizes)
        if self.region is not None:
            ends = list(zip(self.region[: len(sizes)], self.region[len(sizes) :], strict=True))
        return list(map(by_size, sizes, wanted, ends))

    @property
    def _fill(self) -> float:
        return self.value


def _floor(size: Dim, scale: Fraction) -> Dim:
    return size * scale.numerator // scale.denominator


def _quotient(size: Dim, made: Dim, scale: Fraction) -> Fraction:
    """The factor by which a known size has changed."""
    return Fraction(made, size) if isinstance(size, int) and isinstance(made, int) else scale


def _rounded_up(scale: Fraction) -> float:
    """The smallest float32 that is no less, so that a runtime that multiplies a size n by it and rounds down gets whole
    products; others stay below the next whole number as long as 3 n u < 1 / denominator."""
    import numpy as np

    near = np.float32(float(scale))
    return float(near if Fraction(float(near)) >= scale else np.nextafter(near, np.float32(np.inf)))
