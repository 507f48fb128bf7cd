"""Normalisations whose weights are one scale and one bias per channel: batch, instance and group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from specc.ops.base import Builder, Field, Types, Weight
from specc.ops.families import Uncounted
from specc.ops.fields import PositiveInt, PositiveReal
from specc.ops.windows import check_divisible, known_channels, spatial_axes

if TYPE_CHECKING:
    from specc.ops.base import Array


class _ChannelNorm(Uncounted):
    """A normalisation followed by `weight` x + `bias` per channel."""

    eps: PositiveReal = 1e-5
    """Added to the variance."""
    affine: bool = True
    """Whether a learned scale and bias per channel follow."""

    def infer(self, inputs: Types) -> Types:
        known_channels(self.word, inputs[0])
        return inputs

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        if not self.affine:
            return ()
        channels = known_channels(self.word, inputs[0])
        return (Weight("weight", (channels,), 1.0), Weight("bias", (channels,), 0.0))

    def scale_and_bias(self, build: Builder, inputs: Types) -> list[str]:
        """The names of the scale and bias, ones and zeros where none are learned."""
        if self.affine:
            return [build.weight("weight"), build.weight("bias")]
        channels = known_channels(self.word, inputs[0])
        build.afford(channels, "scales")
        return [build.floats([1.0] * channels), build.floats([0.0] * channels)]


class BatchNorm(_ChannelNorm):
    """Batch normalisation with its running statistics (Ioffe and Szegedy, 2015): ONNX BatchNormalization-9/14/15
    at inference.  The statistics are buffers: PyTorch counts them as no parameters."""

    word = "bn"
    centres_channels = True

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        channels = known_channels(self.word, inputs[0])
        return (
            *super().weights(inputs),
            Weight("running_mean", (channels,), 0.0, kind="buffer"),
            Weight("running_var", (channels,), 1.0, kind="buffer"),
        )

    def reach(self, inputs: Types) -> Field:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        statistics = [build.weight("running_mean"), build.weight("running_var")]
        operands = [names[0], *self.scale_and_bias(build, inputs), *statistics]
        return (build.node("BatchNormalization", operands, epsilon=self.eps),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import normalisation

        return (normalisation.batch(xs[0], ws, self.eps),)

    def overwrite(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import normalisation

        return (normalisation.batch(xs[0], ws, self.eps, out=xs[0]),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """gamma_10 (|x s| + |mean s| + |bias|), s = weight / sqrt(var + eps): 10 roundings however it is rearranged."""
        from specc.kernels import normalisation_bounds

        return (normalisation_bounds.batch(xs[0], ws, self.eps, u),)

    def factors(self, ws: Mapping[str, Array], rounded: Callable[[Array], Array]) -> Array | None:
        from specc.kernels import normalisation

        return normalisation.factors(ws, self.eps, rounded)


class InstanceNorm(_ChannelNorm):
    """Every channel of every item normalised over its positions (Ulyanov et al., 2016): ONNX
    InstanceNormalization-6/22."""

    word = "instancenorm"
    approximated = True
    centres_channels = True

    def infer(self, inputs: Types) -> Types:
        spatial_axes(self.word, inputs[0])
        return super().infer(inputs)

    def reach(self, inputs: Types) -> Field:
        return None

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        operands = [names[0], *self.scale_and_bias(build, inputs)]
        return (build.node("InstanceNormalization", operands, epsilon=self.eps),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import normalisation

        return (normalisation.group(xs[0], ws, self.eps, xs[0].shape[1]),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """The errors of mean, deviation, variance and affine part one after the other, over one channel."""
        from specc.kernels import normalisation_bounds

        return (normalisation_bounds.group(xs[0], ws, self.eps, xs[0].shape[1], u),)


class GroupNorm(_ChannelNorm):
    """Groups of channels normalised together, over all their positions (Wu and He, 2018): ONNX
    GroupNormalization-21, below opset 21 an InstanceNormalization of the groups."""

    word = "groupnorm"
    approximated = True
    positional = ("groups",)

    groups: PositiveInt
    """Number of groups that the channels are split into."""

    def infer(self, inputs: Types) -> Types:
        check_divisible(known_channels(self.word, inputs[0]), self.groups)
        return inputs

    def reach(self, inputs: Types) -> Field:
        return None

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        if build.opset >= 21 and inputs[0].spatial:  # ONNX's group normalisation is of images
            operands = [names[0], *self.scale_and_bias(build, inputs)]
            return (build.node("GroupNormalization", operands, epsilon=self.eps, num_groups=self.groups),)
        rows = build.node("Reshape", [names[0], build.ints((0, self.groups, -1))])
        build.afford(self.groups, "scales")
        ones, zeros = build.floats([1.0] * self.groups), build.floats([0.0] * self.groups)
        normal = build.node("InstanceNormalization", [rows, ones, zeros], epsilon=self.eps)
        restored = build.node("Reshape", [normal, self._shape(build, names[0], inputs)])
        return (channel_affine(build, restored, inputs) if self.affine else restored,)

    def _shape(self, build: Builder, x: str, inputs: Types) -> str:
        """The input's shape: a constant unless more than one size is open."""
        sizes = [size if isinstance(size, int) else -1 for size in inputs[0].shape[1:]]
        if sizes.count(-1) > 1:
            return build.node("Shape", [x])
        return build.ints((0, *sizes))

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        from specc.kernels import normalisation

        return (normalisation.group(xs[0], ws, self.eps, self.groups),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """The errors of mean, deviation, variance and affine part one after the other, over one group."""
        from specc.kernels import normalisation_bounds

        return (normalisation_bounds.group(xs[0], ws, self.eps, self.groups, u),)


def channel_affine(build: Builder, x: str, inputs: Types) -> str:
    """`weight` x + `bias` per channel in one node: a BatchNormalization with mean 0, variance 1 and epsilon 0,
    the one ONNX operator whose per-channel operands are one-dimensional."""
    channels = inputs[0].channels
    assert isinstance(channels, int)
    zeros, ones = build.floats([0.0] * channels), build.floats([1.0] * channels)
    operands = [x, build.weight("weight"), build.weight("bias"), zeros, ones]
    return build.node("BatchNormalization", operands, epsilon=0.0)
