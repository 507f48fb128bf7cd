"""Convolutions computed: the lectures' examples by hand, and PyTorch over a grid of arguments."""

from itertools import product

import numpy as np
import pytest
from layers import LECTURE, computed, image, layer, numbers, weights_of

torch = pytest.importorskip("torch", reason="compares with PyTorch")
functional = torch.nn.functional
CONVOLVE = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
TRANSPOSE = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}
SIZES = {1: (11,), 2: (7, 9), 3: (5, 6, 7)}


@pytest.mark.parametrize(
    ("example", "pad", "key"),
    [
        ("conv_5x5_by_3x3", "valid", "valid"),
        ("conv_5x5_by_3x3", "same", "same_zero_pad_1"),
        ("conv_5x5_by_3x3", 2, "full"),
        ("asymmetric_kernel_check", "valid", "cross_correlation_valid"),
        ("vertical_edge_6x6", "valid", "valid"),
    ],
)
def test_the_lectures_convolutions(example, pad, key):
    case = LECTURE[example]
    picture = np.array(case["image"], np.float64)[None, None]
    op = layer("conv", channels=1, kernel=3, pad=pad, bias=False, weight=case["kernel"])
    assert np.array_equal(computed(op, picture, weights_of(op, image(*picture.shape[1:])))[0, 0], case[key])


@pytest.mark.parametrize("name", LECTURE["kernel_bank"])
@pytest.mark.parametrize(("pad", "key"), [("valid", "valid"), ("same", "same_zero")])
def test_the_lectures_image_kernels(name, pad, key):
    picture = np.array(LECTURE["kernel_bank_applied"]["image_8x8"], np.float64)[None, None]
    kernel = np.array(LECTURE["kernel_bank"][name]["matrix"]) / LECTURE["kernel_bank"][name]["divisor"]
    op = layer("depthwise", kernel=len(kernel), pad=pad, bias=False, weight=kernel.tolist())
    result = computed(op, picture, {"weight": kernel[None, None]})
    assert np.allclose(result[0, 0], LECTURE["kernel_bank_applied"]["outputs"][name][key], rtol=0, atol=1e-9)


def float64_weights(op, x):
    return {name: value.astype(np.float64) for name, value in weights_of(op, image(*x.shape[1:])).items()}


def tensors(*arrays):
    return [torch.from_numpy(np.asarray(array, np.float64)) for array in arrays]


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_conv_is_pytorchs(axes, groups):
    x = numbers(2, 4, *SIZES[axes]).astype(np.float64)
    for stride, pad, dilation, kernel in product((1, 2), (0, 1), (1, 2), (1, 3)):
        op = layer("conv", channels=8, kernel=kernel, stride=stride, pad=pad, dilation=dilation, groups=groups)
        weights = float64_weights(op, x)
        expected = CONVOLVE[axes](*tensors(x, weights["weight"], weights["bias"]), stride, pad, dilation, groups)
        assert np.allclose(computed(op, x, weights), expected.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_deconv_is_pytorchs(axes, groups):
    x = numbers(2, 4, *SIZES[axes]).astype(np.float64)
    for stride, pad, dilation, extra in product((1, 2, 3), (0, 1), (1, 2), (0, 1)):
        if extra >= stride:
            continue
        op = layer(
            "deconv", channels=6, kernel=3, stride=stride, pad=pad, dilation=dilation, groups=groups, output_pad=extra
        )
        weights = float64_weights(op, x)
        operands = tensors(x, weights["weight"], weights["bias"])
        expected = TRANSPOSE[axes](*operands, stride, pad, extra, groups, dilation)
        assert np.allclose(computed(op, x, weights), expected.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("border", "mode"), [("edge", "replicate"), ("reflect", "reflect"), ("wrap", "circular")])
def test_borders_are_pytorchs_padding_modes(border, mode):
    x = numbers(1, 3, 6, 7).astype(np.float64)
    op = layer("conv", channels=2, kernel=3, pad=(1, 2, 0, 1), border=border, bias=False)
    weights = float64_weights(op, x)
    given, weight = tensors(x, weights["weight"])
    expected = functional.conv2d(functional.pad(given, (2, 1, 1, 0), mode=mode), weight)
    assert np.allclose(computed(op, x, weights), expected.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("columns", [1, 20, 1 << 20])
def test_rows_of_zeros_are_convolved_like_others(stride, columns, monkeypatch):
    monkeypatch.setattr("specc.kernels.convolution.COLUMNS", columns)
    x = numbers(3, 2, 11, 6).astype(np.float64)
    x[0, :, 3:9] = 0
    x[1] = 0
    op = layer("conv", channels=4, kernel=3, stride=stride, pad=1, dilation=(2, 1))
    weights = float64_weights(op, x)
    given, weight, bias = tensors(x, weights["weight"], weights["bias"])
    expected = functional.conv2d(given, weight, bias, stride, 1, (2, 1))
    assert np.allclose(computed(op, x, weights), expected.numpy(), rtol=1e-12, atol=1e-12)
    weights["weight"][1, 0, 0, 0] = np.nan
    assert np.isnan(computed(op, x, weights)[1, 1]).all()


def test_depthwise_and_separable_are_grouped_and_pointwise_convolutions():
    x = numbers(2, 3, 6, 7).astype(np.float64)
    op = layer("separable", channels=5, kernel=3, multiplier=2, pad=1, stride=2)
    weights = float64_weights(op, x)
    given, first, second, bias = tensors(
        x, weights["depthwise.weight"], weights["pointwise.weight"], weights["pointwise.bias"]
    )
    middle = functional.conv2d(given, first, None, 2, 1, 1, 3)
    depthwise = layer("depthwise", kernel=3, multiplier=2, pad=1, stride=2, bias=False)
    assert np.allclose(computed(depthwise, x, {"weight": weights["depthwise.weight"]}), middle.numpy(), atol=1e-12)
    assert np.allclose(computed(op, x, weights), functional.conv2d(middle, second, bias).numpy(), atol=1e-12)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("block", [1, 600, 1 << 20])
def test_depthwise_is_pytorchs_however_many_channels_are_taken_at_a_time(axes, block, monkeypatch):
    for kernels in ("convolution", "depthwise"):
        monkeypatch.setattr(f"specc.kernels.{kernels}.BLOCK", block)
    x = numbers(2, 5, *SIZES[axes]).astype(np.float64)
    for stride, dilation, border, multiplier in product((1, 2), (1, 2), ("zeros", "edge"), (1, 3)):
        window = {"kernel": 3, "pad": 1, "stride": stride, "dilation": dilation, "border": border}
        op = layer("depthwise", multiplier=multiplier, **window)
        weights = float64_weights(op, x)
        given, weight, bias = tensors(x, weights["weight"], weights["bias"])
        mode = "constant" if border == "zeros" else "replicate"
        filled = functional.pad(given, (1, 1) * axes, mode=mode)
        expected = CONVOLVE[axes](filled, weight, bias, stride, 0, dilation, 5)
        assert np.allclose(computed(op, x, weights), expected.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("columns", [1, 8])
def test_conv_is_pytorchs_however_many_positions_are_taken_at_a_time(columns, monkeypatch):
    monkeypatch.setattr("specc.kernels.convolution.BLOCK", 1)
    monkeypatch.setattr("specc.kernels.convolution.COLUMNS", columns)
    x = numbers(2, 4, 7, 6).astype(np.float64)
    for stride, dilation, pad, groups in product((1, 2, 3), (1, 2, 3), ((4, 0, 1, 3), (0, 5, 2, 0)), (1, 2)):
        arguments = {"stride": stride, "dilation": dilation, "groups": groups}
        op = layer("conv", channels=6, kernel=(2, 3), pad=pad, **arguments)
        weights = float64_weights(op, x)
        given, weight, bias = tensors(x, weights["weight"], weights["bias"])
        filled = functional.pad(given, (pad[1], pad[3], pad[0], pad[2]))
        expected = functional.conv2d(filled, weight, bias, **arguments)
        assert np.allclose(computed(op, x, weights), expected.numpy(), rtol=1e-12, atol=1e-12)


def test_a_value_that_is_not_finite_stays_in_the_windows_that_read_it():
    x = numbers(1, 2, 5, 5)
    x[0, 0, 2, 4] = np.inf
    weight = np.ones((2, 1, 3, 3), np.float32)
    finite = np.isfinite(computed(layer("depthwise", kernel=3, pad=1, bias=False), x, {"weight": weight})[0])
    assert finite[1].all()
    assert np.array_equal(finite[0], [[not (1 <= row <= 3 and column >= 3) for column in range(5)] for row in range(5)])


POOLS = {
    1: (functional.max_pool1d, functional.avg_pool1d, functional.lp_pool1d),
    2: (functional.max_pool2d, functional.avg_pool2d, functional.lp_pool2d),
    3: (functional.max_pool3d, functional.avg_pool3d, functional.lp_pool3d),
}


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("ceil", [False, True])
def test_pools_are_pytorchs(axes, ceil):
    x = numbers(2, 3, *SIZES[axes]).astype(np.float64)
    maximum, mean, norm = POOLS[axes]
    rounding = "ceil" if ceil else "floor"
    for kernel, stride, pad in product((2, 3), (1, 2, 3), (0, 1)):
        window = {"kernel": kernel, "stride": stride, "pad": pad, "round": rounding}
        (given,) = tensors(x)
        expected = maximum(given, kernel, stride, pad, ceil_mode=ceil)
        assert np.array_equal(computed(layer("maxpool", **window), x), expected.numpy())
        for counted in (False, True):
            expected = mean(given, kernel, stride, pad, ceil_mode=ceil, count_include_pad=counted)
            op = layer("avgpool", count_include_pad=counted, **window)
            assert np.allclose(computed(op, x), expected.numpy(), rtol=1e-12, atol=1e-12)
        if not pad and not ceil:  # PyTorch's norm takes the signed power's mean, which odd exponents tell apart
            expected = norm(given, 2.0, kernel, stride)
            assert np.allclose(computed(layer("lppool", **window), x), expected.numpy(), rtol=1e-12, atol=1e-12)


def test_dilated_maxpool_is_pytorchs():
    x = numbers(2, 3, 9, 11).astype(np.float64)
    op = layer("maxpool", kernel=3, stride=2, pad=1, dilation=2)
    expected = functional.max_pool2d(*tensors(x), 3, 2, 1, 2)
    assert np.array_equal(computed(op, x), expected.numpy())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10])
def test_adaptive_pools_are_pytorchs(size):
    x = numbers(2, 3, 7, 10).astype(np.float64)
    mean, maximum = functional.adaptive_avg_pool2d(*tensors(x), size), functional.adaptive_max_pool2d(*tensors(x), size)
    assert np.allclose(computed(layer("adaptive_avgpool", size=size), x), mean.numpy(), rtol=1e-12)
    assert np.array_equal(computed(layer("adaptive_maxpool", size=size), x), maximum.numpy())
