"""What generated models need beyond `torch.nn`; `specc.torch.source` copies what a model uses into its file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


class Layers(nn.Module):
    """Layers by name; names that Python or `nn.Module` would not allow as attributes are written `layers["0"]`."""

    def __getitem__(self, name: str) -> nn.Module:
        module = self._modules[name]
        assert module is not None
        return module

    def __setitem__(self, name: str, module: nn.Module) -> None:
        self._modules[name] = module

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "training":  # the mode, even where a layer is called so
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)


class Borrowed:
    """`module` on the parameters and buffers of `owner`, which alone is registered: they count and are stored once."""

    def __init__(self, owner: nn.Module, module: nn.Module) -> None:
        self.owner, self.module = owner, module
        module._parameters, module._buffers = owner._parameters, owner._buffers

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.module.train(self.owner.training)(x)
        return result


class Holding(nn.Module):
    """A module with tensors that are parameters, or, if `buffer`, kept with these and not trained."""

    weight: torch.Tensor
    bias: torch.Tensor | None

    def __init__(self, buffer: bool, **tensors: torch.Tensor) -> None:
        super().__init__()
        for name, tensor in tensors.items():
            if buffer:
                self.register_buffer(name, tensor)
            else:
                self.register_parameter(name, nn.Parameter(tensor))


class Scale(Holding):
    """weight x + bias, both of the shape (channels, 1, ...), or that of an item; of one weight for all if `shared`."""

    def __init__(self, *shape: int, bias: bool = False, shared: bool = False, buffer: bool = False) -> None:
        weight = torch.ones(1 if shared else shape)
        super().__init__(buffer, weight=weight, **({"bias": torch.zeros(shape)} if bias else {}))
        if not bias:
            self.bias = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight if self.bias is None else x * self.weight + self.bias


class Bias(Holding):
    """x + bias; the bias has the shape (channels, 1, ...), that of an item, or (1,)."""

    bias: torch.Tensor

    def __init__(self, *shape: int, buffer: bool = False) -> None:
        super().__init__(buffer, bias=torch.zeros(shape))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.bias


class Learned(Holding):
    """A tensor of its own, the same for every item of `x`."""

    def __init__(self, *shape: int, buffer: bool = False) -> None:
        super().__init__(buffer, weight=torch.zeros(shape))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight.expand(len(x), *self.weight.shape).clone()


class PRelu(nn.Module):
    """x where x >= 0, else weight x; the weight has the shape (channels, 1, ...), or (1,) for all channels."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, 0.25))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.where(x >= 0, x, x * self.weight)


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation of the channels at each position of an image."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input.movedim(1, -1)).movedim(-1, 1)


class FixedFilter(nn.Module):
    """Every channel filtered by the same constant window."""

    def __init__(self, window: Sequence[float], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]):
        super().__init__()
        self.register_buffer("window", torch.tensor(window).reshape(1, 1, *kernel), persistent=False)
        self.stride, self.dilation = tuple(stride), tuple(dilation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        window = self.get_buffer("window").to(x.dtype)
        return filtered(x, window, self.stride, self.dilation)


def filtered(x: torch.Tensor, window: torch.Tensor, stride: Sequence[int], dilation: Sequence[int]) -> torch.Tensor:
    """Every channel of `x` filtered by `window`, of the shape (1, 1, *sizes)."""
    convolve = (F.conv1d, F.conv2d, F.conv3d)[x.dim() - 3]
    channels = x.shape[1]
    weight = window.expand(channels, *window.shape[1:])
    return convolve(x, weight, None, tuple(stride), 0, tuple(dilation), channels)


def window_sums(x: torch.Tensor, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> torch.Tensor:
    """The sum of each window of each channel."""
    return filtered(x, torch.ones(1, 1, *kernel, dtype=x.dtype, device=x.device), stride, dilation)


def window_means(
    x: torch.Tensor, counted: torch.Tensor, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> torch.Tensor:
    """The mean of each window of the padded `x` over the samples that are 1 in `counted`."""
    return window_sums(x, kernel, stride, dilation) / window_sums(counted, kernel, stride, dilation)


def pad_same(
    x: torch.Tensor, kernel: Sequence[int], stride: Sequence[int], lower: bool = False, value: float = 0.0
) -> torch.Tensor:
    """`x` padded so that ceil(size / stride) windows fit on each axis; an odd sample goes to the end, or with
    `lower` to the begin."""
    pads: list[int] = []
    for size, k, s in zip(reversed(x.shape[2:]), reversed(kernel), reversed(stride), strict=True):
        total = max((-(-size // s) - 1) * s + k - size, 0)
        small, large = total // 2, total - total // 2
        pads += [large, small] if lower else [small, large]
    return F.pad(x, pads, value=value)


def numbered(x: torch.Tensor) -> torch.Tensor:
    """The positions in the image of one channel of `x`, of the shape (1, 1, *sizes)."""
    sizes = x.shape[2:]
    return torch.arange(sizes.numel(), dtype=x.dtype, device=x.device).reshape(1, 1, *sizes)


def with_positions(
    found: tuple[torch.Tensor, torch.Tensor], numbers: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pooled values and where they were found, as numbers like them; `numbers` are the padded image's."""
    pooled, places = found
    return pooled, places.to(pooled.dtype) if numbers is None else numbers.flatten()[places]


def centre(x: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """The centre of `x`; where the difference is odd, one more is cut at the end."""
    starts = [(old - new) // 2 for old, new in zip(x.shape[2:], sizes, strict=True)]
    for axis, (start, size) in enumerate(zip(starts, sizes, strict=True), start=2):
        x = x.narrow(axis, start, size)
    return x


def unpooled(x: torch.Tensor, where: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """The values `x` at the positions `where` of images of `sizes`, zeros elsewhere."""
    image = torch.zeros(*x.shape[:2], torch.Size(sizes).numel(), dtype=x.dtype, device=x.device)
    places = where.flatten(2).long() % image.shape[2]
    return image.scatter(2, places, x.flatten(2)).reshape(*x.shape[:2], *sizes)


def resized(
    x: torch.Tensor,
    mode: str,
    coordinates: str,
    *,
    factors: Sequence[tuple[int, int]] | None = None,
    sizes: Sequence[int] | None = None,
    rounding: str = "floor",
    coefficient: float = -0.75,
    antialias: bool = False,
    exclude_outside: bool = False,
    region: Sequence[tuple[float, float]] | None = None,
    value: float = 0.0,
) -> torch.Tensor:
    """`x` resized by factors (p, q) = p/q, or to sizes, as ONNX's Resize does it; outside a region comes `value`."""
    for axis in range(2, x.dim()):
        size = x.shape[axis]
        p, q = (sizes[axis - 2], size) if sizes is not None else (factors or ())[axis - 2]
        ends = region[axis - 2] if region is not None else None
        at = positions(size, size * p // q, p, q, coordinates, ends).to(x.device)
        inside = (at >= 0) & (at <= size - 1)
        if mode == "nearest":
            shift = {"floor": 0.0, "ceil": 0.0, "half_down": -0.5, "half_up": 0.5}[rounding]
            rounded = (at + shift).floor() if rounding in ("floor", "half_up") else (at + shift).ceil()
            x = x.index_select(axis, rounded.long().clamp(0, size - 1))
        else:
            squeeze = min(p / q, 1.0) if antialias else 1.0
            at = at if mode == "cubic" or antialias else at.clamp(0, size - 1)
            matrix = interpolation(at, size, mode, coefficient, squeeze, exclude_outside)
            x = (x.movedim(axis, -1) @ matrix.to(x.dtype)).movedim(-1, axis)
        if ends is not None:
            x = torch.where(inside.reshape(-1, *[1] * (x.dim() - 1 - axis)), x, value)
    return x


def positions(
    size: int, count: int, p: int, q: int, coordinates: str, region: tuple[float, float] | None
) -> torch.Tensor:
    """Where `count` new positions lie on an axis of `size`, resized by p/q, in float64."""
    i = torch.arange(count, dtype=torch.float64)
    if region is not None:
        start, end = region
        first = start if count > 1 else (start + end) / 2
        return first * (size - 1) + i * ((end - start) * (size - 1) / max(count - 1, 1))
    if coordinates == "align_corners":
        return i * (size - 1) / max(count - 1, 1)
    if coordinates == "asymmetric":
        return i * q / p
    if coordinates == "half_pixel_symmetric":
        return ((2 * i + 1 - count) * q + (size - 1) * p) / (2 * p)
    if coordinates == "pytorch_half_pixel" and count == 1:
        return i
    return ((2 * i + 1) * q - p) / (2 * p)


def interpolation(
    at: torch.Tensor, size: int, mode: str, a: float, squeeze: float, exclude_outside: bool
) -> torch.Tensor:
    """The weight of each of `size` samples (rows) at each position (columns): a triangle, or Keys' cubic with his a,
    widened by 1 / `squeeze`; samples beyond the border repeat it, or are left out."""
    reach = int(-(-(2 if mode == "cubic" else 1) // squeeze))
    index = torch.arange(-reach - 1, size + reach + 1, device=at.device)
    t = ((index[:, None] - at) * squeeze).abs()
    weight = (1 - t).clamp(min=0)
    if mode == "cubic":
        inner, outer = ((a + 2) * t - (a + 3)) * t * t + 1, ((t - 5) * t + 8) * t * a - 4 * a
        weight = torch.where(t <= 1, inner, torch.where(t < 2, outer, 0.0))
    if exclude_outside:
        weight = weight * ((index >= 0) & (index < size))[:, None]
    matrix = torch.zeros(size, len(at), dtype=at.dtype, device=at.device)
    return matrix.index_add(0, index.clamp(0, size - 1), weight / weight.sum(0))


def fix(parameter: nn.Parameter, values: Sequence[float]) -> None:
    """Give a parameter the values written in the spec, repeated over its leading axes, and keep training off it."""
    with torch.no_grad():
        parameter.copy_(torch.tensor(values).repeat(parameter.numel() // len(values)).reshape(parameter.shape))
    parameter.requires_grad_(False)
