"""Depthwise and 1x1 convolutions by their plain definitions, wherever channels lie in memory and loops run."""

from itertools import product

import numpy as np
import pytest
from layers import numbers

from specc.kernels import depthwise
from specc.kernels.convolution import convolve
from specc.kernels.windows import padded, place, taps

SIZES = {1: (11,), 2: (7, 9), 3: (5, 6, 7)}
KERNEL = {1: (3,), 2: (3, 2), 3: (2, 3, 2)}
LOOPS = [("channels", 1, 1), ("planes", 1, 1), ("planes", 300, 40), ("planes", 1 << 17, 1 << 22)]


def plainly(x, kernels, how):
    """Tap by tap: what it reads times its weight."""
    at = place(x.shape[2:], kernels.shape[1:], how)
    column = (..., *[None] * (x.ndim - 2))
    return sum(view * kernels[(slice(None), *tap)][column] for tap, view in taps(padded(x, at.reach), at))


@pytest.fixture(params=LOOPS, ids=lambda loops: "-".join(map(str, loops)))
def loops(request, monkeypatch):
    along, block, largest = request.param
    monkeypatch.setattr(depthwise, "MANY", 0 if along == "channels" else np.inf)
    monkeypatch.setattr(depthwise, "BLOCK", block)
    monkeypatch.setattr(depthwise, "LARGEST", largest)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("pad", ["valid", "same", "same_lower", "one behind"])
def test_each_channel_is_filtered_by_its_own_kernel(axes, pad, loops):
    x, kernels = numbers(2, 5, *SIZES[axes]), numbers(5, *KERNEL[axes])
    pads = (0,) * axes + (1,) * axes if pad == "one behind" else pad
    for stride, dilation, rounding in product((1, 2, 3), (1, 2, 3), ("floor", "ceil")):
        how = {"stride": (stride,), "dilation": (dilation,), "rounding": rounding, "pad": pads}
        if min(place(x.shape[2:], KERNEL[axes], how).counts) < 1:
            continue
        result = convolve(x, kernels[:, None], None, {**how, "groups": 5, "border": "zeros"})
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, plainly(x.astype(np.float64), kernels, how), rtol=0, atol=1e-5)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_what_is_not_finite_stays_in_the_windows_that_read_it(value, loops):
    x, kernels = numbers(1, 3, 6, 5), np.ones((3, 3, 3), np.float32)
    x[0, 1, 2, 4] = value
    how = {"stride": (1,), "dilation": (1,), "rounding": "floor", "pad": (1,)}
    result = convolve(x, kernels[:, None], None, {**how, "groups": 3, "border": "zeros"})
    np.testing.assert_array_equal(np.isfinite(result), np.isfinite(plainly(x, kernels, how)))


def added_up(x, weight, groups):
    """A 1x1 convolution group by group."""
    parts = zip(np.split(x, groups, 1), np.split(weight, groups), strict=True)
    return np.concatenate([np.einsum("nc...,oc->no...", x, w.reshape(len(w), -1)) for x, w in parts], 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("sizes", [(2, 3), (5, 7), (1,), (2, 1, 2)])
def test_1x1_convolutions_to_many_channels_and_back(sizes, groups, dtype):
    x, ones = numbers(2, 4, *sizes).astype(dtype), [1] * len(sizes)
    out, back = numbers(12, 4 // groups, *ones).astype(dtype), numbers(4, 12 // groups, *ones).astype(dtype)
    how = {"stride": (1,), "dilation": (1,), "rounding": "floor", "pad": "valid", "groups": groups, "border": "zeros"}
    many = convolve(x, out, None, how)
    assert many.dtype == dtype
    np.testing.assert_allclose(many, added_up(x, out, groups), rtol=0, atol=1e-5)
    np.testing.assert_allclose(convolve(many, back, None, how), added_up(many, back, groups), rtol=0, atol=1e-4)
