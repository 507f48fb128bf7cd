"""Values moved between channels and positions: pixel_shuffle, pixel_unshuffle, channel_shuffle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from specc.dims import Divides, Sym
from specc.ops.base import Builder, Field, Reach, Rejection, Types
from specc.ops.families import Rearrangement
from specc.ops.fields import PositiveInt
from specc.ops.windows import check_divisible, known_channels
from specc.types import SPATIAL_NAMES, TensorType

if TYPE_CHECKING:
    from specc.ops.base import Array


class PixelShuffle(Rearrangement):
    """Groups of factor^2 channels spread into factor x factor positions (Shi et al., 2016): ONNX
    DepthToSpace-13 in CRD order, PyTorch's PixelShuffle."""

    word = "pixel_shuffle"
    positional = ("factor",)

    factor: PositiveInt
    """How much larger height and width become."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        channels, square = _image_channels(self.word, x), self.factor**2
        if channels % square:
            raise Rejection(
                "E0405",
                f"{self.factor} x {self.factor} does not divide the {channels} channels",
                argument="factor",
                notes=[f"{channels} / {square} = {channels / square:.2f}"],
                help=f"a convolution to {-(-channels // square) * square} channels before it would fit",
            )
        sizes = (size * self.factor for size in x.spatial)
        return (TensorType((x.shape[0], channels // square, *sizes)),)

    def reach(self, inputs: Types) -> Field:
        return (Reach(1, Fraction(1, self.factor), Fraction(1 - self.factor, self.factor), 0),) * 2

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        return (build.node("DepthToSpace", [names[0]], blocksize=self.factor, mode="CRD"),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        (x,), r = xs, self.factor
        n, c, h, w = x.shape
        blocks = x.reshape(n, c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
        return (blocks.reshape(n, c // r**2, h * r, w * r),)


class PixelUnshuffle(Rearrangement):
    """The inverse of `pixel_shuffle`: PyTorch's PixelUnshuffle; ONNX SpaceToDepth-13, whose channels come block by
    block, and a Gather that puts them channel by channel."""

    word = "pixel_unshuffle"
    positional = ("factor",)

    factor: PositiveInt
    """How much smaller height and width become."""

    def infer(self, inputs: Types) -> Types:
        (x,) = inputs
        channels = _image_channels(self.word, x)
        for size, name in zip(x.spatial, SPATIAL_NAMES[2], strict=True):
            if isinstance(size, int) and size % self.factor:
                raise Rejection(
                    "E0406",
                    f"{self.factor} does not divide the {name} {size}",
                    argument="factor",
                    inputs={0: x.text()},
                    notes=[f"{name}: {size} / {self.factor} = {size / self.factor:.2f}"],
                )
        sizes = (size // self.factor for size in x.spatial)
        return (TensorType((x.shape[0], channels * self.factor**2, *sizes)),)

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        sizes = (size for size in inputs[0].spatial if isinstance(size, Sym))
        return tuple(Divides(self.factor, size) for size in sizes if size // self.factor * self.factor != size)

    def reach(self, inputs: Types) -> Field:
        return (Reach(self.factor, Fraction(self.factor)),) * 2

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        channels, square = known_channels(self.word, inputs[0]), self.factor**2
        build.afford(channels * square, "channels in order")
        blocks = build.node("SpaceToDepth", [names[0]], blocksize=self.factor)
        if channels == 1 or square == 1:
            return (blocks,)
        order = [place * channels + channel for channel in range(channels) for place in range(square)]
        return (build.node("Gather", [blocks, build.ints(order)], axis=1),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        (x,), r = xs, self.factor
        n, c, h, w = x.shape
        blocks = x.reshape(n, c, h // r, r, w // r, r).transpose(0, 1, 3, 5, 2, 4)
        return (blocks.reshape(n, c * r**2, h // r, w // r),)


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


def _image_channels(word: str, x: TensorType) -> int:
    """The channels of a two-dimensional image."""
    if len(x.spatial) != 2:
        raise Rejection("E0404", f"`{word}` needs an image with height and width, not {x.text()}", inputs={0: x.text()})
    return known_channels(word, x)
