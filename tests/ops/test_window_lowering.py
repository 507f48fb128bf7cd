"""Shape rule, lowering and kernel of every window operation: all three meet in ONNX Runtime's results."""

from itertools import product

import numpy as np
import pytest
from layers import assert_agrees, image, layer, numbers
from lowering import nodes_of

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
