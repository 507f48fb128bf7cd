"""Transposed convolution: what each input sample adds to the output (ONNX ConvTranspose-11)."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from specc.kernels.windows import Array, Pad, spread


class Spreading(TypedDict):
    """How a transposed convolution spreads its input."""

    stride: tuple[int, ...]
    pad: Pad
    dilation: tuple[int, ...]
    output_pad: tuple[int, ...]
    groups: int


def deconvolve(x: Array, weight: Array, bias: Array | None, how: Spreading) -> Array:
    """`x` (batch, in, *sizes) through `weight` (in, out / groups, *window) -> (batch, out, *sizes)."""
    window = weight.shape[2:]
    axes = len(window)
    stride, dilation = spread(how["stride"], axes), spread(how["dilation"], axes)
    total = [
        (size - 1) * s + (k - 1) * d + 1 + extra
        for size, k, s, d, extra in zip(
            x.shape[2:], window, stride, dilation, spread(how["output_pad"], axes), strict=True
        )
    ]
    cut = _cut(x.shape[2:], total, stride, how["pad"])
    room = [max(n, size * s) for n, size, s in zip(total, x.shape[2:], stride, strict=True)]
    full = np.zeros((x.shape[0], weight.shape[1] * how["groups"], *room), np.result_type(x, weight))
    _scatter(full, x, weight, stride, dilation, how["groups"])
    result = full[(slice(None), slice(None), *cut)]
    return result if bias is None else result + bias.reshape(-1, *(1,) * axes)


def _scatter(
    full: Array, x: Array, weight: Array, stride: tuple[int, ...], dilation: tuple[int, ...], groups: int
) -> None:
    """Add to `full` one matrix product for each tap of the window, at that tap's offset."""
    batch, channels, *sizes = x.shape
    grouped = x.reshape(batch, groups, channels // groups, -1)
    for index in np.ndindex(*weight.shape[2:]):
        tap = weight[(slice(None), slice(None), *index)].reshape(groups, channels // groups, -1)
        product = (tap.transpose(0, 2, 1) @ grouped).reshape(batch, -1, *sizes)
        target = [
            slice(i * d, i * d + (size - 1) * s + 1, s)
            for i, d, s, size in zip(index, dilation, stride, sizes, strict=True)
        ]
        full[(slice(None), slice(None), *target)] += product


def _cut(sizes: tuple[int, ...], total: list[int], stride: tuple[int, ...], pad: Pad) -> list[slice]:
    """The part of the whole result that padding leaves; `same` leaves input size x stride."""
    axes = len(sizes)
    if pad == "valid":
        return [slice(0, n) for n in total]
    if isinstance(pad, tuple):
        sides = spread(pad, axes) * 2 if len(pad) != 2 * axes else pad
        return [slice(sides[i], total[i] - sides[i + axes]) for i in range(axes)]
    cut = []
    for size, n, s in zip(sizes, total, stride, strict=True):
        surplus = max(n - size * s, 0)
        first = surplus // 2 if pad == "same" else surplus - surplus // 2
        cut.append(slice(first, first + size * s))
    return cut
