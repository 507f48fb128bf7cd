"""Shape rule, lowering and kernel of every window operation: all three meet in ONNX Runtime's results."""

from itertools import product

import numpy as np
import pytest
from layers import assert_agrees, image, layer, numbers
from lowering import model_of, nodes_of, random_weights
from onnx.helper import get_attribute_value
from onnx.numpy_helper import to_array

from specc.kernels.bounds import gamma, lp_norm
from specc.ops.base import Rejection

SIZES = {1: (11,), 2: (9, 10), 3: (7, 6, 8)}
WORDS = {
    "conv": {"channels": 4},
    "grouped conv": {"channels": 8, "groups": 2},
    "depthwise": {"multiplier": 2},
    "separable": {"channels": 5},
    "maxpool": {},
    "minpool": {},
    "avgpool": {},
    "counting avgpool": {"count_include_pad": True},
    "lppool": {},
    "weightedpool": {"falloff": "gaussian"},
    "linear weightedpool": {"falloff": "linear"},
}


def windows(*paddings):
    for stride, dilation, pad, rounding in product((1, 2, 3), (1, 2), paddings, ("floor", "ceil")):
        yield {"kernel": 3, "stride": stride, "dilation": dilation, "pad": pad, "round": rounding}


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("name", WORDS)
def test_known_sizes(name, axes):
    asymmetric = (0, 2, 1, 1, 0, 2)[: 2 * axes]
    for window in windows("valid", "same", "same_lower", 1, asymmetric):
        assert_agrees(layer(name.split()[-1], **WORDS[name], **window), numbers(2, 4, *SIZES[axes]))


@pytest.mark.parametrize("name", WORDS)
def test_open_sizes(name):
    declared = image(4, "H", "W")
    agreed = 0
    for window in windows("valid", "same", "same_lower", 1):
        op = layer(name.split()[-1], **WORDS[name], **window)
        try:
            op.infer((declared,))
        except Rejection as refused:
            assert refused.finding.code == "E0407"
            continue
        for sizes in ((9, 10), (12, 7)):
            assert_agrees(op, numbers(2, 4, *sizes), declared)
            agreed += 1
    assert agreed >= 30


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_deconv(axes, groups):
    asymmetric = (0, 1, 0, 1, 0, 1)[: 2 * axes]
    for stride, dilation, pad, kernel in product(
        (1, 2, 3), (1, 2), ("valid", "same", "same_lower", asymmetric), (2, 3)
    ):
        window = {"kernel": kernel, "stride": stride, "dilation": dilation, "pad": pad, "groups": groups}
        assert_agrees(layer("deconv", channels=6, **window), numbers(2, 4, *SIZES[axes]))
    for stride in (2, 3):
        op = layer("deconv", channels=6, kernel=3, stride=stride, output_pad=1, pad=1, groups=groups)
        assert_agrees(op, numbers(2, 4, *SIZES[axes]))


def test_deconv_of_an_open_size():
    for pad in ("valid", "same", 1):
        op = layer("deconv", channels=2, kernel=3, stride=2, pad=pad)
        assert_agrees(op, numbers(2, 4, 5, 6), image(4, "H", "W"))


OTHERS = [
    ("dense", {"units": 5}, (17,)),
    ("dense", {"units": 5, "bias": False}, (17,)),
    *(
        ("dense", {"units": 5, "axis": axis}, sizes)
        for axis in (0, 1, -1)
        for sizes in ((4, 3), (4, 3, 2), (4, 3, 1, 2))
    ),
    ("dense", {"units": 5, "axis": 0, "bias": False}, (4, 3, 1, 2, 2)),
    *((word, {}, SIZES[axes]) for word in ("global_avgpool", "global_maxpool", "global_lppool") for axes in (1, 2, 3)),
    ("global_lppool", {"p": 3}, (9, 10)),
    ("lppool", {"p": 1, "kernel": 3, "pad": 1}, (9, 10)),
    ("lppool", {"p": 4, "kernel": 3, "pad": 1}, (9, 10)),
    ("lppool", {"kernel": 2, "dilation": 4, "stride": 1, "pad": 2}, (9, 10)),
    ("adaptive_avgpool", {"size": 1}, (9, 12)),
    ("adaptive_avgpool", {"size": 3}, (9, 12)),
    ("adaptive_avgpool", {"size": (4, 1)}, (9, 12)),
    ("adaptive_avgpool", {"size": (2, 3, 13)}, (7, 6, 8)),
    ("adaptive_maxpool", {"size": 7}, (16,)),
    ("adaptive_maxpool", {"size": (4, 10)}, (9, 10)),
    ("conv", {"channels": 2, "kernel": 2, "pad": 5, "stride": 2}, (6, 7)),
    *((word, {"channels": 2, "kernel": 3, "bias": False}, (5,)) for word in ("conv", "deconv")),
    ("maxpool", {"kernel": 2, "dilation": 4, "stride": 1, "pad": 2}, (9, 10)),
    ("avgpool", {"kernel": 2, "dilation": 4, "stride": 1, "pad": 2}, (9, 10)),
    (
        "avgpool",
        {"kernel": 2, "dilation": 4, "stride": 3, "pad": 2, "round": "ceil", "count_include_pad": True},
        (9, 10),
    ),
    ("avgpool", {"kernel": 2, "stride": (2, 3), "pad": 1, "round": "ceil", "count_include_pad": True}, (7, 9)),
    *(
        ("conv", {"channels": 2, "kernel": 3, "pad": (1, 2, 0, 1), "border": b}, (6, 7))
        for b in ("edge", "reflect", "wrap")
    ),
    ("separable", {"channels": 2, "kernel": 3, "pad": "same", "stride": 2, "border": "edge"}, (6, 7)),
    ("weightedpool", {"kernel": (3, 4), "pad": 1, "border": "reflect", "round": "ceil"}, (6, 7)),
]


@pytest.mark.parametrize(("word", "arguments", "sizes"), OTHERS)
def test_everything_else(word, arguments, sizes):
    given = sizes if word == "dense" else (4, *sizes)
    assert_agrees(layer(word, **arguments), numbers(2, *given))


@pytest.mark.parametrize("opset", [13, 17, 18, 19, 22, 23])
@pytest.mark.parametrize(
    ("word", "arguments"),
    [
        ("conv", {"channels": 2, "kernel": 3, "round": "ceil", "border": "reflect", "pad": 1}),
        ("deconv", {"channels": 2, "kernel": 3, "stride": 2, "output_pad": 1}),
        ("maxpool", {"kernel": 3, "dilation": 2, "round": "ceil", "stride": 2}),
        ("avgpool", {"kernel": 3, "dilation": 2, "round": "ceil", "stride": 2, "count_include_pad": True, "pad": 1}),
        ("lppool", {"kernel": 3, "round": "ceil", "stride": 2, "pad": 1}),
        ("global_lppool", {}),
        ("adaptive_avgpool", {"size": 4}),
        ("adaptive_maxpool", {"size": 4}),
    ],
)
def test_other_opsets(word, arguments, opset):
    assert_agrees(layer(word, **arguments), numbers(1, 4, 10, 12), opset=opset)


@pytest.mark.parametrize(
    ("word", "arguments", "opset", "nodes"),
    [
        ("avgpool", {"kernel": 2}, 13, ["AveragePool"]),
        ("avgpool", {"kernel": 2, "dilation": 2}, 18, ["Conv"]),
        ("avgpool", {"kernel": 2, "dilation": 2}, 19, ["AveragePool"]),
        ("lppool", {"kernel": 2, "dilation": 2}, 18, ["LpPool"]),
        ("conv", {"channels": 1, "kernel": 3, "pad": 1, "border": "wrap"}, 19, ["Pad", "Conv"]),
        ("adaptive_maxpool", {"size": 1}, 21, ["GlobalMaxPool"]),
        ("adaptive_maxpool", {"size": 4}, 21, ["MaxPool"]),
        (
            "adaptive_maxpool",
            {"size": 3},
            21,
            ["Slice", "ReduceMax", "Slice", "ReduceMax", "Slice", "ReduceMax", "Concat"],
        ),
        ("adaptive_maxpool", {"size": 16}, 21, [*["Slice"] * 16, "Concat"]),  # each window is one sample
    ],
)
def test_nodes(word, arguments, opset, nodes):
    assert nodes_of(layer(word, **arguments), image(1, 8), opset=opset) == nodes


@pytest.mark.parametrize(
    ("word", "size", "nodes"),
    [
        ("adaptive_maxpool", (1, 2), ["ReduceMax", "Slice", "ReduceMax", "Slice", "ReduceMax", "Concat"]),
        ("adaptive_avgpool", (3, 1), [*["Slice", "ReduceMean"] * 3, "Concat", "ReduceMean"]),
    ],
)
def test_an_axis_pooled_to_one_sample_needs_no_slices(word, size, nodes):
    assert nodes_of(layer(word, size=size), image(1, 7, 9)) == nodes


# ONNX would assume some of these; readers of the file need not know which.
ATTRIBUTES = [
    ("conv", {"channels": 2, "kernel": 3}, (3, 8, 8), 21,
     "Conv dilations=[1, 1] group=1 kernel_shape=[3, 3] pads=[0, 0, 0, 0] strides=[1, 1]"),
    ("conv", {"channels": 2, "kernel": 3, "stride": 2, "pad": "same"}, (3, "H", 8), 21,
     "Conv auto_pad=SAME_UPPER dilations=[1, 1] group=1 kernel_shape=[3, 3] strides=[2, 2]"),
    ("conv", {"channels": 2, "kernel": 3, "stride": 2, "pad": "same_lower"}, (3, "H", 8), 21,
     "Conv auto_pad=SAME_LOWER dilations=[1, 1] group=1 kernel_shape=[3, 3] strides=[2, 2]"),
    ("deconv", {"channels": 2, "kernel": (3, 2), "stride": 2}, (3, 8, 8), 21,
     "ConvTranspose dilations=[1, 1] group=1 kernel_shape=[3, 2] output_padding=[0, 0] pads=[0, 0, 0, 0] "
     "strides=[2, 2]"),
    ("maxpool", {"kernel": 2, "pad": "same"}, (3, "H"), 21, "MaxPool auto_pad=SAME_UPPER kernel_shape=[2] strides=[2]"),
    ("conv", {"channels": 2, "kernel": 1, "stride": 2, "pad": "same"}, (3, 8), 21,
     "Conv dilations=[1] group=1 kernel_shape=[1] pads=[0, 0] strides=[2]"),
    ("conv", {"channels": 2, "kernel": 2, "stride": 2, "pad": "same"}, (3, 8), 21,
     "Conv dilations=[1] group=1 kernel_shape=[2] pads=[0, 0] strides=[2]"),
    ("maxpool", {"kernel": 3, "stride": 2, "pad": 1, "round": "ceil"}, (3, 8), 21,
     "MaxPool ceil_mode=1 kernel_shape=[3] pads=[1, 1] strides=[2]"),
    ("maxpool", {"kernel": 2, "stride": 3, "pad": 1, "round": "ceil"}, (3, 5), 21,  # ceil_mode would add a window
     "MaxPool kernel_shape=[2] pads=[1, 1] strides=[3]"),
    ("lppool", {"kernel": 3, "stride": 2, "round": "ceil"}, (3, 8), 18,
     "LpPool ceil_mode=1 kernel_shape=[3] p=2 pads=[0, 0] strides=[2]"),
    ("lppool", {"kernel": 3, "stride": 2, "round": "ceil"}, (3, 8), 17,
     "LpPool kernel_shape=[3] p=2 pads=[0, 1] strides=[2]"),
    ("maxpool", {"kernel": 2, "positions": True}, (3, 8), 21,
     "MaxPool kernel_shape=[2] pads=[0, 0] strides=[2]; Mod; Cast to=1"),
    ("maxpool", {"kernel": 2, "positions": True}, (3, "H"), 21,
     "MaxPool kernel_shape=[2] pads=[0, 0] strides=[2]; Shape start=2; ReduceProd keepdims=1; Mod; Cast to=1"),
    ("lppool", {"kernel": 2, "pad": "same_lower"}, (3, "H"), 21,
     "LpPool auto_pad=SAME_LOWER kernel_shape=[2] p=2 strides=[2]"),
    ("maxpool", {"kernel": 2, "dilation": 4, "stride": 1, "pad": 2}, (3, 8), 21,
     "Pad mode=constant; MaxPool dilations=[4] kernel_shape=[2] pads=[0, 0] strides=[1]"),
    ("avgpool", {"kernel": 2, "pad": 1, "count_include_pad": True}, (3, 8), 21,
     "AveragePool count_include_pad=1 kernel_shape=[2] pads=[1, 1] strides=[2]"),
    ("avgpool", {"kernel": 2, "dilation": 2}, (3, 8), 18,
     "Conv dilations=[2] group=3 kernel_shape=[2] pads=[0, 0] strides=[2]"),
    ("adaptive_avgpool", {"size": (1, 8)}, (1, 8, 8), 13, "AveragePool kernel_shape=[8, 1] strides=[8, 1]"),
    ("adaptive_avgpool", {"size": (1, 2)}, (1, "H", 3), 13,
     "ReduceMean axes=[2] keepdims=1; Slice; ReduceMean axes=[3] keepdims=1; Slice; ReduceMean axes=[3] keepdims=1; "
     "Concat axis=3"),
    ("adaptive_avgpool", {"size": (1, 2)}, (1, "H", 3), 18,
     "ReduceMean keepdims=1; Slice; ReduceMean keepdims=1; Slice; ReduceMean keepdims=1; Concat axis=3"),
    ("flatten", {}, (3, 8, 8), 21, "Flatten axis=1"),
]  # fmt: skip


def as_text(node) -> str:
    values = ((attribute.name, get_attribute_value(attribute)) for attribute in node.attribute)
    texts = (f"{name}={value.decode() if isinstance(value, bytes) else value}" for name, value in values)
    return " ".join((node.op_type, *texts))


@pytest.mark.parametrize(("word", "arguments", "given", "opset", "written"), ATTRIBUTES)
def test_attributes_are_written_out(word, arguments, given, opset, written):
    op, x = layer(word, **arguments), image(*given)
    nodes = model_of(op, [x], random_weights(op, [x]), opset).graph.node
    assert "; ".join(map(as_text, nodes)) == written


def test_the_value_of_a_padding_is_one_number_without_axes():
    op = layer("maxpool", kernel=2, dilation=4, stride=1, pad=2)
    (_, value) = model_of(op, [image(3, 8)], {}).graph.initializer
    assert (list(value.dims), to_array(value)) == ([], -np.inf)


# word, arguments, input, how many roundings the bound allows for
ROUNDINGS = [
    ("avgpool", {"kernel": (3, 2)}, (4, 9, 9), 3 * 2 + 2 + 2 * 2),
    ("avgpool", {"kernel": 3}, (4, 9), 3 + 2 + 2),
    ("adaptive_avgpool", {"size": 4}, (4, 9, 9), 4 * 4 + 2 * 2),
    ("adaptive_avgpool", {"size": 4}, (4, 9), 4 + 2),
]


@pytest.mark.parametrize(("word", "arguments", "given", "roundings"), ROUNDINGS)
def test_the_bound_of_a_mean_allows_for_each_sum_division_and_factor(word, arguments, given, roundings):
    ones = np.ones((1, *given))
    (bound,) = layer(word, **arguments).error_bound([ones], {}, [ones], 2.0**-24)
    np.testing.assert_allclose(bound, gamma(roundings, 2.0**-24), rtol=1e-9)


@pytest.mark.parametrize(("counted", "mean"), [(True, 0.5), (False, 1.0)])
def test_the_bound_of_a_mean_is_of_the_samples_that_count(counted, mean):
    ones = np.ones((1, 1, 2))
    pool = layer("avgpool", kernel=2, pad=1, count_include_pad=counted)
    (bound,) = pool.error_bound([ones], {}, pool.compute([ones], {}), 2.0**-24)
    np.testing.assert_allclose(bound, [[[mean * gamma(2 + 2 + 2, 2.0**-24)] * 2]], rtol=1e-9)


def test_the_bound_of_a_norm_allows_for_every_sample_of_its_window():
    x = np.full((1, 2, 6, 6), 3.0)
    pool = layer("lppool", kernel=3, p=3)
    (y,) = pool.compute([x], {})
    np.testing.assert_array_equal(pool.error_bound([x], {}, [y], 2.0**-24)[0], lp_norm(9, y, 3, 2.0**-24))


def test_bounds_allow_float32_and_nothing_like_a_missing_term():
    op, x = layer("conv", channels=4, kernel=3, bias=False), numbers(1, 8, 12, 12).astype(np.float64)
    weight = numbers(4, 8, 3, 3).astype(np.float64)
    exact = op.compute([x], {"weight": weight})[0]
    bound = op.error_bound([x], {"weight": weight}, [exact], 2.0**-24)[0]
    without_one_tap = weight.copy()
    without_one_tap[:, 0, 0, 0] = 0
    wrong = op.compute([x], {"weight": without_one_tap})[0]
    assert (abs(wrong - exact) > bound).mean() > 0.99
    assert (bound < 1e-4 * abs(exact).max()).all()
