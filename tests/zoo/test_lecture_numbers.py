"""The lectures' numbers: image kernels, output sizes, padding, pooling, parameters."""

import numpy as np
import pytest
from bundled import compiled, model
from oracle import read

from specc.interpreter import interpret

LECTURE = read("lecture")
BANK = {
    "identity": "Identity",
    "edge_1": "Edge1",
    "edge_2": "Edge2",
    "edge_3": "Edge3",
    "sharpen": "Sharpen",
    "box_blur": "BoxBlur",
    "gaussian_3x3": "Gaussian3x3",
    "gaussian_5x5": "Gaussian5x5",
    "unsharp_5x5": "Unsharp5x5",
    "emboss": "Emboss",
    "prewitt_vertical_edges_Gx": "PrewittX",
    "prewitt_horizontal_edges_Gy": "PrewittY",
    "sobel_vertical_edges_Gx": "SobelX",
    "sobel_horizontal_edges_Gy": "SobelY",
}
ROUNDED = 5e-10
"""The stored outputs have nine decimals."""


def run(checked, image):
    """The outputs for each channel of one image (C, H, W), in float64; all weights are fixed in the spec."""
    graph = checked.graph
    weights = {f"{n.name}.{w.name}": np.reshape(w.fixed, w.shape) for n in graph.nodes for w in graph.weights(n)}
    (result,) = interpret(graph, {graph.inputs[0].name: image[None]}, weights, dtype=np.float64).values()
    return result[0]


def only(layers, size):
    """The one model whose input is `size` and whose layers are `layers`."""
    (checked,) = compiled(f"model M {{\n input x {size}\n {layers}\n}}").models
    return checked


def layer(layers, image):
    """The result of `layers` on one grey image."""
    image = np.asarray(image, dtype=np.float64)
    height, width = image.shape
    return run(only(layers, f"1x{height}x{width}"), image[None])[0]


# ---------------------------------------------------------------- the bank of image kernels


def test_the_bank_is_complete():
    assert BANK.keys() == LECTURE["kernel_bank"].keys()


@pytest.mark.parametrize(("pad", "stored"), [("valid", "valid"), ("same", "same_zero")])
@pytest.mark.parametrize("name", BANK)
def test_kernel_filters_an_image_of_any_size_and_every_channel(name, pad, stored):
    case = LECTURE["kernel_bank_applied"]
    image = np.array(case["image_8x8"])
    wanted = np.array(case["outputs"][name][stored])
    grey = model("lecture/filters", BANK[name], channels=1, pad=pad)
    colour = model("lecture/filters", BANK[name], pad=pad)
    np.testing.assert_allclose(run(grey, image[None]), [wanted], rtol=0, atol=ROUNDED)
    found = run(colour, np.stack([image, 2 * image, image.T]))
    np.testing.assert_allclose(found[:2], [wanted, 2 * wanted], rtol=0, atol=2 * ROUNDED)


@pytest.mark.parametrize("name", BANK)
def test_kernel_values(name):
    stored = LECTURE["kernel_bank"][name]
    (weight,) = (
        model("lecture/filters", BANK[name])
        .graph.nodes[0]
        .op.weights((model("lecture/filters", BANK[name]).graph.inputs[0].type,))
    )
    kernel = np.array(stored["matrix"]) / stored["divisor"]
    assert np.array_equal(np.reshape(weight.fixed, weight.shape), np.stack([[kernel]] * 3))


# ---------------------------------------------------------------- convolutions by hand


@pytest.mark.parametrize(
    ("case", "pad", "stored"),
    [
        ("conv_5x5_by_3x3", 0, "valid"),
        ("conv_5x5_by_3x3", 1, "same_zero_pad_1"),
        ("conv_5x5_by_3x3", 2, "full"),
        ("asymmetric_kernel_check", 0, "cross_correlation_valid"),
        ("vertical_edge_6x6", 0, "valid"),
    ],
)
def test_convolution_by_hand(case, pad, stored):
    case = LECTURE[case]
    found = layer(f"conv 1, 3x3, pad={pad}, weight={case['kernel']}, bias=false", case["image"])
    assert found.tolist() == case[stored]


# ---------------------------------------------------------------- output sizes


@pytest.mark.parametrize("case", LECTURE["output_size_no_pad"]["cases"] + LECTURE["output_size_general"]["cases"])
def test_output_size(case):
    arguments = f"[{case['f']}, {case['f']}], stride={case['stride']}, pad={case['pad']}"
    size = f"1x{case['n']}x{case['n']}"
    assert height(f"conv 1, {arguments}", size) == case["floor_output_torch"]
    assert height(f"maxpool {arguments}, round=ceil", size) == case["ceil_mode_pool_output_torch"]
    exact = compiled(f"model M {{\n input x {size}\n conv 1, {arguments}, round=exact\n}}")
    assert exact.ok == case["fits"]


@pytest.mark.parametrize("case", LECTURE["same_padding"]["cases"])
def test_same_padding_of_stride_1(case):
    size = f"1x{case['n']}x{case['n']}"
    assert height(f"conv 1, [{case['f']}, {case['f']}], pad=same", size) == case["out"]
    assert height(f"conv 1, [{case['f']}, {case['f']}], pad={case['p']}", size) == case["out"]


@pytest.mark.parametrize("case", LECTURE["keras_same_padding"]["cases"])
def test_keras_same_padding_adds_the_odd_one_at_the_end(case):
    """Ones counted by a kernel of ones: a border below the centre shows which side is padded."""
    kernel = f"[{case['f']}, {case['f']}], stride={case['stride']}, pad=same"
    ones = layer(f"conv 1, {kernel}, weight=1, bias=false", np.ones((case["n"], case["n"])))
    middle = case["out"] // 2
    assert ones.shape == (case["out"], case["out"])
    found = ones[0, middle], ones[-1, middle], ones[middle, middle]
    assert found == tuple(case[f"response_to_ones_{place}"] for place in ("first", "last", "centre"))


@pytest.mark.parametrize("case", LECTURE["maxpool_ceil_mode_last_window_rule"]["cases"].items(), ids=str)
def test_no_pooling_window_starts_in_the_padding_behind_the_image(case):
    name, stored = case
    n, k, s, p = (part.partition("=")[2] for part in name.split(","))
    assert height(f"maxpool [{k}, {k}], stride={s}, pad={p}, round=ceil", f"1x{n}x{n}") == stored["torch_shape"][0]


def height(layers, size):
    return only(layers, size).summary.outputs[0].type.spatial[0]


# ---------------------------------------------------------------- pooling


@pytest.mark.parametrize(
    ("pool", "stored"),
    [
        ("maxpool 2x2", "max"),
        ("avgpool 2x2", "average"),
        ("minpool 2x2", "min"),
        ("maxpool 3x3, stride=1", "max_3x3_s1"),
        ("maxpool 3x3, stride=2", "max_3x3_s2_floor"),
        ("maxpool 3x3, stride=2, round=ceil", "max_3x3_s2_ceil"),
        ("avgpool 3x3, stride=2, round=ceil", "avg_3x3_s2_ceil"),
        ("avgpool 3x3, stride=1, pad=1, count_include_pad=true", "avg_3x3_s1_p1_count_include_pad"),
        ("avgpool 3x3, stride=1, pad=1", "avg_3x3_s1_p1_exclude_pad"),
    ],
)
def test_pooling_by_hand(pool, stored):
    case = LECTURE["pool_2x2_s2"]
    np.testing.assert_allclose(layer(pool, case["input"]), case[stored], rtol=1e-7)  # stored in float32


@pytest.mark.parametrize("count", [False, True])
@pytest.mark.parametrize("rounding", ["floor", "ceil"])
def test_average_pooling_at_the_border(rounding, count):
    cases = LECTURE["avgpool_6x6_k3_s2_p1_on_arange_1_36"]
    (stored,) = {
        str(case["torch"]): case["torch"]
        for name, case in cases.items()
        if f"ceil_mode={int(rounding == 'ceil')},count_include_pad={int(count)}" in name
    }.values()
    pool = f"avgpool 3x3, stride=2, pad=1, round={rounding}, count_include_pad={str(count).lower()}"
    np.testing.assert_allclose(layer(pool, np.arange(1, 37).reshape(6, 6)), stored, rtol=1e-7)


# ---------------------------------------------------------------- parameters


@pytest.mark.parametrize("case", LECTURE["filters_volume"])
def test_filters_on_a_volume(case):
    height, width, channels = case["input"]
    arguments = f"{case['filters']}, [{case['f']}, {case['f']}], stride={case['stride']}, pad={case['pad']}"
    summary = only(f"conv {arguments}", f"{height}x{width}x{channels}, layout=hwc").summary
    assert list(summary.outputs[0].type.spoken("hwc")[1:]) == case["output"]
    assert (summary.totals.params, summary.totals.macs) == (case["params"], case["macs"])


def test_parameter_counts():
    stored = LECTURE["parameter_counts"]
    dense, conv = stored["dense_200x200x3_to_300"], stored["conv_3x3x3_300_filters"]
    for layers, size, wanted in [
        ("conv 1, 5x5, bias=false", "3x32x32", stored["kernel_5x5_rgb_weights"]),
        ("conv 1, 5x5", "3x32x32", stored["kernel_5x5_rgb_with_bias"]),
        ("flatten; dense 300", "3x200x200", dense["params"]),
        ("flatten; dense 300, bias=false", "3x200x200", dense["weights"]),
        ("conv 300, 3x3", "3x32x32", conv["params"]),
        ("conv 300, 3x3, bias=false", "3x32x32", conv["weights"]),
        ("conv 300, 3x3", "1x32x32", conv["slide_says"]),  # the slide counts one input channel
    ]:
        assert only(layers, size).summary.totals.params == wanted
