"""Values moved between channels and positions: pixel_shuffle, pixel_unshuffle, channel_shuffle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from specc.dims import Divides, Sym
from specc.ops.base import Builder, Field, Reach, Rejection, Types
from specc.ops.families import Rearrangement
from specc.ops.fields import PositiveInt
from specc.ops.target import measured
from specc.ops.windows import check_divisible, known_channels
from specc.types import SPATIAL_NAMES, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class PixelShuffle(Rearrangement):
    """Groups of factor^2 channels spread into factor x factor positions (Shi et al., 2016): ONNX
    DepthToSpace-13 in CRD order, PyTorch's PixelShuffle.

    Of signals factor channels become one, of volumes factor^3: ONNX Reshape-13 and Transpose-13.
    """

    word = "pixel_shuffle"
    positional = ("factor",)

    factor: PositiveInt
    """How much larger height and width, or all spatial axes, become."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        channels, block = _channels(self.word, x), self.factor ** len(x.spatial)
        if channels % block:
            shown = " x ".join([str(self.factor)] * len(x.spatial))
            raise Rejection(
                "E0405",
                f"{shown} does not divide the {channels} channels",
                argument="factor",
                notes=[f"{channels} / {block} = {channels / block:.2f}"],
                help=f"a convolution to {-(-channels // block) * block} channels before it would fit",
            )
        sizes = (size * self.factor for size in x.spatial)
        return (TensorType((x.shape[0], channels // block, *sizes)),)

    def reach(self, inputs: Types) -> Field:
        of_each = Reach(1, Fraction(1, self.factor), Fraction(1 - self.factor, self.factor), 0)
        return (of_each,) * len(inputs[0].spatial)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        (x,), (y,), r = inputs, outputs, self.factor
        axes = len(x.spatial)
        if axes == 2:
            return (build.node("DepthToSpace", [names[0]], blocksize=r, mode="CRD"),)
        channels = known_channels(self.word, y)
        blocks = build.node("Reshape", [names[0], _sizes(build, (channels, *(r,) * axes), (names[0], x), None)])
        order = [axis for i in range(axes) for axis in (2 + axes + i, 2 + i)]
        spread = build.node("Transpose", [blocks], perm=[0, 1, *order])
        return (build.node("Reshape", [spread, _sizes(build, (channels,), (names[0], x), ("Mul", r))]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.shuffling import spread

        return (spread(xs[0], self.factor),)


class PixelUnshuffle(Rearrangement):
    """The inverse of `pixel_shuffle`: PyTorch's PixelUnshuffle; ONNX SpaceToDepth-13, whose channels come block by
    block, and a Gather that puts them channel by channel; of signals and volumes Reshape-13 and Transpose-13."""

    word = "pixel_unshuffle"
    positional = ("factor",)

    factor: PositiveInt
    """How much smaller height and width, or all spatial axes, become."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        channels = _channels(self.word, x)
        for size, name in zip(x.spatial, SPATIAL_NAMES[len(x.spatial)], strict=True):
            if isinstance(size, int) and size % self.factor:
                raise Rejection(
                    "E0406",
                    f"{self.factor} does not divide the {name} {size}",
                    argument="factor",
                    inputs={0: x.text()},
                    notes=[f"{name}: {size} / {self.factor} = {size / self.factor:.2f}"],
                )
        sizes = (size // self.factor for size in x.spatial)
        return (TensorType((x.shape[0], channels * self.factor ** len(x.spatial), *sizes)),)

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        sizes = (size for size in inputs[0].spatial if isinstance(size, Sym))
        return tuple(Divides(self.factor, size) for size in sizes if size // self.factor * self.factor != size)

    def reach(self, inputs: Types) -> Field:
        return (Reach(self.factor, Fraction(self.factor)),) * len(inputs[0].spatial)

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        axes = len(inputs[0].spatial)
        if axes != 2:
            return (self._gathered(build, names[0], inputs[0], axes),)
        channels, square = known_channels(self.word, inputs[0]), self.factor**2
        build.afford(channels * square, "channels in order")
        blocks = build.node("SpaceToDepth", [names[0]], blocksize=self.factor)
        if channels == 1 or square == 1:
            return (blocks,)
        order = [place * channels + channel for channel in range(channels) for place in range(square)]
        return (build.node("Gather", [blocks, build.ints(order)], axis=1),)

    def _gathered(self, build: Builder, name: str, x: TensorType, axes: int) -> str:
        """The positions of each block among the channels, for any number of axes."""
        channels, r = known_channels(self.word, x), self.factor
        blocks = build.node("Reshape", [name, _sizes(build, (channels,), (name, x), ("Div", r), (r,))])
        order = [*range(3, 3 + 2 * axes, 2), *range(2, 2 + 2 * axes, 2)]
        gathered = build.node("Transpose", [blocks], perm=[0, 1, *order])
        return build.node("Reshape", [gathered, _sizes(build, (channels * r**axes,), (name, x), ("Div", r))])

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels.shuffling import gather

        return (gather(xs[0], self.factor),)


class ChannelShuffle(Rearrangement):
    """Channels of `groups` groups dealt out in turn (ShuffleNet, Zhang et al., 2018), as one ONNX Gather-13."""

    word = "channel_shuffle"
    positional = ("groups",)

    groups: PositiveInt
    """Number of groups that the channels are in."""

    def infer(self, inputs: Types) -> Types:
        check_divisible(known_channels(self.word, inputs[0]), self.groups)
        return inputs

    def reach(self, inputs: Types) -> Field:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        channels = known_channels(self.word, inputs[0])
        build.afford(channels, "channels in order")
        per_group = channels // self.groups
        order = [group * per_group + i for i in range(per_group) for group in range(self.groups)]
        return (build.node("Gather", [names[0], build.ints(order)], axis=1),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        (x,) = xs
        grouped = x.reshape(x.shape[0], self.groups, -1, *x.shape[2:])
        return (grouped.swapaxes(1, 2).reshape(x.shape),)


def _channels(word: str, x: TensorType) -> int:
    """The channels of a signal, an image or a volume."""
    if not x.spatial:
        raise Rejection("E0404", f"`{word}` needs positions beside the channels, not {x.text()}", inputs={0: x.text()})
    return known_channels(word, x)


def _sizes(
    build: Builder,
    channels: Sequence[int],
    source: tuple[str, TensorType],
    scaled: tuple[str, int] | None,
    behind: tuple[int, ...] = (),
) -> str:
    """What Reshape is told: the batch as it is, `channels`, and the spatial sizes of the `source`, each multiplied or
    divided, as `scaled` says, with `behind` behind it; one that is open is what is left."""
    name, x = source
    word, factor = scaled or ("Mul", 1)
    sizes = [size * factor if word == "Mul" else size // factor for size in x.spatial]
    if sum(not isinstance(size, int) for size in sizes) < 2:
        known = [size if isinstance(size, int) else -1 for size in sizes]
        return build.ints([0, *channels, *(part for size in known for part in (size, *behind))])
    found = measured(build, name, 2)
    if scaled is not None:
        found = build.node(word, [found, build.ints([factor])])
    if not behind:
        return build.node("Concat", [build.ints([0, *channels]), found], axis=0)
    each = [build.node("Slice", [found, build.ints([i]), build.ints([i + 1])]) for i in range(len(sizes))]
    parts = [part for size in each for part in (size, build.ints(behind))]
    return build.node("Concat", [build.ints([0, *channels]), *parts], axis=0)
