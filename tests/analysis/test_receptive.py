"""Receptive fields and strides, against values worked out by hand or published."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from chains import H, Layer, W, conv, graph, image
from hypothesis import assume, given, reject
from hypothesis import strategies as st

import specc
from specc.analysis.open_sizes import large_sizes
from specc.analysis.receptive import receptive_fields
from specc.dims import Sym
from specc.interpreter import interpret
from specc.ir.graph import Graph
from specc.ops.base import Rejection
from specc.weights import seeded


def seen(net: Graph) -> dict[str, list[tuple[object, object]]]:
    """(field, stride) of every value on every axis."""
    sizes = large_sizes(net)
    return {name: [(axis.seen(sizes), axis.jump) for axis in view] for name, view in receptive_fields(net).items()}


def fields(net: Graph) -> dict[str, tuple[object, object]]:
    """(field, stride) of every value that sees the same on all axes."""
    assert all(len(set(view)) <= 1 for view in seen(net).values())
    return {name: view[0] for name, view in seen(net).items() if view}


def samples(net: Graph, name: str) -> list[object]:
    """The field of a value on every axis."""
    return [field for field, _ in seen(net)[name]]


def alexnet() -> Graph:
    """Field and stride of every layer: Araujo, Norris and Sim (2019), table of AlexNet v2: 195 and 32 at pool5."""
    pool = {"kernel": 3, "stride": 2}
    return graph(
        image(3, 224, 224),
        ("conv1", "conv", conv(64, 11, stride=4)),
        ("pool1", "maxpool", pool),
        ("conv2", "conv", conv(192, 5, pad="same")),
        ("pool2", "maxpool", pool),
        ("conv3", "conv", conv(384, 3, pad="same")),
        ("conv4", "conv", conv(384, 3, pad="same")),
        ("conv5", "conv", conv(256, 3, pad="same")),
        ("pool5", "maxpool", pool),
    )


def test_a_chain_as_published() -> None:
    assert list(fields(alexnet()).values()) == [
        (1, 1), (11, 4), (19, 8), (51, 8), (67, 16), (99, 16), (131, 16), (163, 16), (195, 32),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([("a", "conv", conv(4, 3, dilation=2, stride=2))], (5, 2)),
        ([("a", "relu", {}), ("b", "bn", {})], (1, 1)),
        ([("a", "maxpool", {"kernel": 2}), ("b", "upsample", {"scale": 2}), ("c", "conv", conv(4, 3))], (4, 1)),
        # the longest way counts: two 3x3 beside one 1x1
        (
            [
                ("a", "conv", conv(4, 3, pad="same")),
                ("b", "conv", conv(4, 3, pad="same")),
                ("c", "conv", conv(4, 1), "image"),
                ("d", "add", {}, "b", "c"),
            ],
            (5, 1),
        ),
        # a flat layer sees all positions of its input: 3 + (14 - 1) * 1
        ([("a", "conv", conv(4, 3)), ("b", "flatten", {}), ("c", "dense", {"units": 2})], (16, None)),
        ([("a", "conv", conv(4, 3)), ("b", "global_avgpool", {})], (16, None)),
        ([("a", "crop", {"size": (1,)}), ("b", "global_avgpool", {})], (1, None)),
        # of values with one position each, the one with a place of its own gives the stride
        (
            [
                ("a", "conv", conv(3, 16)),
                ("b", "global_avgpool", {}, "image"),
                ("c", "conv", conv(3, 1)),
                ("d", "add", {}, "c", "a"),
                ("e", "add", {}, "b", "d"),
                ("f", "global_avgpool", {}, "b"),
                ("g", "add", {}, "f", "e"),
            ],
            (16, 1),
        ),
        # branches that move at different paces: samples 0 and 1 with 8, 14 and 15 with 15; the larger stride
        (
            [
                ("a", "maxpool", {"kernel": 2}),
                ("b", "crop", {"amount": (8, 8, 0, 0)}, "image"),
                ("c", "add", {}, "b", "a"),
                ("d", "add", {}, "a", "c"),
            ],
            (9, 2),
        ),
        # copies of the first and the last sample see one beyond each border
        (
            [("a", "upsample", {"scale": 2}), ("b", "conv", conv(4, 3, pad="same")), ("c", "global_avgpool", {})],
            (18, None),
        ),
    ],
    ids=[
        "dilated", "pointwise", "upsampled", "branches", "dense", "pooled", "one sample", "one position", "two paces",
        "enlarged",
    ],
)  # fmt: skip
def test_a_value(layers: list[Layer], expected: tuple[int, int | None]) -> None:
    assert list(fields(graph(image(3, 16, 16), *layers)).values())[-1] == expected


def test_behind_a_layer_that_sees_everything_the_field_stays() -> None:
    net = graph(
        image(3, 16, 16),
        ("a", "conv", conv(4, 3, pad="same")),
        ("pool", "global_avgpool", {}),
        ("gate", "conv", conv(4, 1)),
        ("scaled", "mul", {}, "a", "gate"),
        ("b", "conv", conv(4, 3, stride=2)),
        ("again", "global_avgpool", {}),
    )
    assert fields(net) == {
        "image": (1, 1), "a": (3, 1), "pool": (18, None), "gate": (18, None), "scaled": (18, 1), "b": (18, 2),
        "again": (18, None),
    }  # fmt: skip


def squeeze_and_excitation(name: str, source: str) -> list[Layer]:
    """A gate for each channel, worked out of all positions (Hu et al., 2018)."""
    pool, gate = (f"{name}.pool", "global_avgpool", {}, source), (f"{name}.gate", "conv", conv(4, 1))
    return [pool, gate, (name, "mul", {}, source, f"{name}.gate")]


def test_beside_a_gate_the_field_goes_on() -> None:
    """21 convolutions see 1 + 21 * 2 samples; a gate behind the first, which sees 3 + 31, takes nothing away."""
    chain: list[Layer] = [(f"conv{i}", "conv", conv(4, 3, pad="same")) for i in range(1, 22)]
    net = graph(image(3, 32, 32), chain[0], *squeeze_and_excitation("se", "conv1"), *chain[1:])
    found = fields(net)
    assert [found[name] for name in ("se", "conv2", "conv16", "conv17", "conv21")] == [
        (34, 1), (34, 1), (34, 1), (35, 1), (43, 1),
    ]  # fmt: skip


def test_a_pool_of_the_whole_image_is_a_gate_too() -> None:
    for word, arguments in [("avgpool", {"kernel": 16}), ("global_avgpool", {})]:
        gate = ("gate", word, arguments, "a")
        net = graph(image(3, 16, 16), ("a", "maxpool", {"kernel": 1}), gate, ("m", "mul", {}, "a", "gate"),
                    ("b", "conv", conv(4, 3, stride=2)))  # fmt: skip
        assert (fields(net)["m"], fields(net)["b"]) == ((16, 1), (16, 2))


LAYERS = st.sampled_from(
    [("conv", conv(4, 3, pad="same")), ("conv", conv(4, 3, stride=2, pad=1)), ("conv", conv(4, 3, dilation=2, pad=2)),
     ("maxpool", {"kernel": 2}), ("upsample", {"scale": 2}), ("global_avgpool", {}), ("relu", {})]
)  # fmt: skip


@given(st.lists(LAYERS, min_size=1, max_size=6), st.integers(0, 5))
def test_no_field_is_smaller_for_a_gate(layers: list[tuple[str, dict[str, object]]], at: int) -> None:
    gated: list[Layer] = [("first", "conv", conv(4, 1))]
    plain = [*gated]
    for index, (word, arguments) in enumerate(layers):
        for chain in (plain, gated):
            chain.append((f"layer{index}", word, arguments))
        if index == at:
            gated += squeeze_and_excitation("se", f"layer{index}")
    try:
        before, behind = (fields(graph(image(3, 32, 32), *chain)) for chain in (plain, gated))
    except Rejection:
        reject()  # nothing is left to pool
    for name, (field, stride) in before.items():
        assert behind[name][0] >= field
        assert behind[name][1] == stride


def test_axes_differ() -> None:
    net = graph(image(3, 16, 16), ("a", "conv", {"channels": 4, "kernel": (1, 7), "stride": (1, 2)}))
    assert seen(net)["a"] == [(1, 1), (7, 2)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("conv 4, 3x5, pad=same; conv 4, 3x5, pad=same", (5, 9)),
        ("a: conv 4, 3x1, pad=same, from=x; b: conv 4, 1x5, pad=same, from=x; add a, b", (3, 5)),
        ("a: conv 4, 3x3, pad=same, from=x; b: conv 4, 1x5, pad=same, from=x; add a, b", (3, 5)),
        ("conv 4, 3x3, stride=(1, 2), pad=1; conv 4, 3x3, pad=1", (5, 7)),
    ],
)
def test_windows_that_are_not_square_on_an_image_that_is(body: str, expected: tuple[int, int]) -> None:
    """Axes that are alike are reckoned once."""
    assert specc.loads(f"model Net {{ input x 4x16x16; {body} }}").summary.layers[-1].receptive_field == expected


def test_a_pattern_that_repeats_late_is_taken_on_average() -> None:
    net = graph(image(3, 1291, 1291), ("up", "resize", {"size": (1297,)}), ("a", "conv", conv(4, 3)))
    step = Fraction(1291, 1297)
    assert receptive_fields(net)["a"][0].field == 1 + 2 * step
    assert fields(net)["a"] == (3, step)
    double, whole = ("double", "upsample", {"scale": 2}, "up"), ("whole", "global_avgpool", {}, "up")
    again = graph(image(3, 1291, 1291), ("up", "resize", {"size": (1297,)}), double, whole)
    assert fields(again)["double"] == (1, step / 2)
    assert receptive_fields(again)["whole"][0].common == 1 + 1296 * step


def test_behind_layers_that_double_and_halve_a_value_lies_where_it_was() -> None:
    net = graph(
        image(3, 16),
        ("up", "upsample", {"scale": 2}),
        ("down", "maxpool", {"kernel": 2}),
        ("behind", "conv", conv(3, 3, pad=(0, 2))),
        ("before", "conv", conv(3, 3, pad=(2, 0)), "image"),
        ("same", "add", {}, "image", "down"),
        ("both", "add", {}, "before", "behind"),
    )
    assert (fields(net)["same"], fields(net)["both"]) == ((1, 1), (5, 1))


def test_where_a_part_lies() -> None:
    """Samples 0 and 8 are seen together; behind an enlargement the edges of its copies still count."""
    part, up, down = (
        ("part", "split", {"parts": 2, "axis": "length"}),
        ("up", "upsample", {"scale": 2}),
        ("down", "maxpool", {"kernel": 2}),
    )
    second = ("second", "crop", {"amount": (8, 0)}, "image")
    sums = ("sum", "add", {}, "down", "second"), ("again", "add", {}, "second", "sum"), ("all", "global_avgpool", {})
    found = fields(graph(image(3, 16), part, up, down, second, *sums))
    assert [found[name] for name in ("sum", "again", "all")] == [(9, 1), (9, 1), (16, None)]
    coarse, copies = ("coarse", "avgpool", {"kernel": 4}), ("copies", "upsample", {"scale": 4})
    for stride in (1, 2):
        net = graph(image(1, 96), coarse, copies, part, ("across", "conv", conv(1, 3, stride=stride)))
        assert samples(net, "across") == [8] == [measured(net)]


def test_open_sizes_give_formulas() -> None:
    net = graph(image(3, H, W), ("a", "conv", conv(4, 3)), ("b", "global_avgpool", {}))
    assert samples(net, "b") == [H, W]


def test_of_an_image_and_a_flat_value_the_image_counts() -> None:
    net = graph(
        [image(3, 4, 5), image(7, name="flat")],
        ("a", "flatten", {}, "image"),
        ("b", "concat", {}, "flat", "a"),
        ("c", "concat", {}, "a", "flat"),
    )
    assert samples(net, "b") == samples(net, "c") == [4, 5]


def test_behind_half_a_sample_an_open_size_counts_once() -> None:
    up = ("up", "upsample", {"scale": 2})
    net = graph(image(3, H, W), up, ("a", "conv", conv(4, 2)), ("b", "global_avgpool", {}))
    assert samples(net, "b") == [H, W]


def test_of_a_number_and_an_open_size_the_larger_field_counts() -> None:
    near, gate = ("a", "conv", conv(4, 3, pad="same")), ("gate", "global_avgpool", {}, "a")
    for sources in (("a", "gate"), ("gate", "a")):
        wide, again = ("wide", "conv", conv(4, 3, pad="same")), ("again", "global_avgpool", {}, "wide")
        net = graph(image(3, H, W), near, gate, ("m", "mul", {}, *sources), wide, again)
        assert seen(net)["m"] == [(H + 2, 1), (W + 2, 1)]
        assert seen(net)["again"] == [(H + 4, None), (W + 4, None)]


@pytest.mark.parametrize("sizes", [(H, W), (H, H)], ids=["any", "square"])
def test_of_two_formulas_the_larger_field_counts(sizes: tuple[Sym, Sym]) -> None:
    near, wide = ("near", "conv", conv(3, 3, pad="same"), "image"), ("wide", "conv", conv(3, 5, pad="same"), "image")
    gates = ("near_gate", "global_avgpool", {}, "near"), ("wide_gate", "global_avgpool", {}, "wide")
    for sources in (("near_gate", "wide_gate"), ("wide_gate", "near_gate")):
        net = graph(image(3, *sizes), near, wide, *gates, ("both", "add", {}, *sources))
        assert samples(net, "both") == [size + 4 for size in sizes]


def test_a_pool_over_an_open_axis_is_a_gate_for_it() -> None:
    net = graph(
        [image(4, 1, 16, name="other"), image(3, H, 16)],
        ("near", "conv", conv(4, 3, pad="same")),
        ("gate", "global_avgpool", {}),
        ("gated", "mul", {}, "near", "gate"),
        ("wide", "conv", conv(4, 3, pad="same")),
        ("row", "adaptive_avgpool", {"size": (1, 16)}),
        ("beside", "mul", {}, "near", "row"),
        ("near_row", "adaptive_avgpool", {"size": (1, 16)}, "near"),
        ("rows", "add", {}, "near_row", "row"),
        ("either", "add", {}, "row", "other"),
    )
    for name in ("beside", "rows", "either"):
        assert seen(net)[name] == [(H + 4, 1), (18, 1)]


def test_what_is_learned_sees_nothing() -> None:
    net = graph(
        image(3, 16, 16),
        ("constant", "learned", {"shape": [4, 4, 4]}),
        ("grown", "deconv", {"channels": 4, "kernel": 4, "stride": 4}),
        ("all", "reduce_mean", {"axis": "height"}, "grown"),
        ("a", "conv", conv(4, 3, pad="same"), "image"),
        ("both", "add", {}, "grown", "a"),
        ("again", "add", {}, "a", "grown"),
        ("c", "conv", conv(4, 3, pad="same")),
    )
    nothing = (0, 0)
    assert fields(net) == {
        "image": (1, 1), "constant": nothing, "grown": nothing, "all": nothing, "a": (3, 1), "both": (3, 1),
        "again": (3, 1), "c": (5, 1),
    }  # fmt: skip


def test_what_sees_nothing_moves_nothing() -> None:
    """Windows that end and begin at one sample see five together, with a learned value beside one of them or not."""
    constant = ("constant", "learned", {"shape": [4, 16]}, "image")
    before = ("before", "conv", conv(4, 3, pad=(2, 0)), "image")
    behind = ("behind", "conv", conv(4, 3, pad=(0, 2)), "image")
    for sources in (("before", "constant"), ("constant", "before")):
        biased, both = ("biased", "add", {}, *sources), ("both", "add", {}, "biased", "behind")
        assert fields(graph(image(3, 16), constant, before, behind, biased, both))["both"] == (5, 1)


def test_a_flat_input_has_no_field() -> None:
    assert receptive_fields(graph(image(784), ("a", "dense", {"units": 10}))) == {"image": (), "a": ()}


def test_a_value_that_is_only_measured_adds_nothing() -> None:
    wide = ("wide", "conv", conv(4, 9, pad="same"), "image")
    near = ("near", "conv", conv(4, 3, pad="same"), "image")
    net = graph(image(3, 16, 16), wide, near, ("cut", "crop", {}, "near", "wide"), ("sum", "add", {}, "near", "wide"))
    assert (fields(net)["cut"], fields(net)["sum"]) == ((3, 1), (9, 1))


def test_what_is_joined_to_itself_sees_no_more() -> None:
    joined = ("joined", "concat", {"axis": "height"}, "image", "image")
    assert samples(graph(image(3, 8, 8), joined, ("all", "global_avgpool", {})), "all") == [8, 8]


def test_two_values_that_are_read_whole() -> None:
    near, wide = ("near", "conv", conv(4, 3, pad="same"), "image"), ("wide", "conv", conv(4, 5, pad="same"), "image")
    product = ("product", "matmul", {}, "near", "wide")
    assert fields(graph(image(3, 16, 16), near, wide, product))["product"] == (5 + 15, None)


def test_strides_are_fractions_only_where_something_upsamples() -> None:
    net = graph(
        image(3, 16, 16),
        ("half", "maxpool", {"kernel": 2}),
        ("double", "upsample", {"scale": 4}),
        ("again", "maxpool", {"kernel": 2}),
    )
    assert [type(view[0].jump) for view in receptive_fields(net).values()] == [int, int, Fraction, int]


def test_branches_that_see_other_samples_see_them_together() -> None:
    up = ("up", "upsample", {"scale": 4}, "image")
    near, wide = ("near", "conv", conv(4, 2, pad=(0, 1)), "up"), ("wide", "conv", conv(4, 3, pad=1), "up")
    before, behind = (
        ("before", "conv", conv(4, 3, pad=(2, 0)), "image"),
        ("behind", "conv", conv(4, 3, pad=(0, 2)), "image"),
    )
    for sources in (("near", "wide"), ("wide", "near")):
        net = graph(image(3, 4), up, near, wide, ("both", "add", {}, *sources))
        assert samples(net, "both") == [2]
    late, both = ("late", "conv", conv(4, 5, pad=(0, 4)), "image"), ("both", "add", {}, "before", "behind")
    net = graph(image(3, 9), before, behind, late, both, ("all", "add", {}, "both", "late"))
    assert (samples(net, "both"), samples(net, "all")) == ([5], [7])


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([("avgpool", 4), ("upsample", 4), ("conv", 3)], 8),
        ([("avgpool", 2), ("upsample", 2), ("conv", 2)], 4),
        ([("avgpool", 8), ("upsample", 8), ("conv", 3)], 16),
        ([("avgpool", 4), ("deconv", 4), ("conv", 3)], 8),
        ([("avgpool", 2), ("avgpool", 2), ("upsample", 2), ("conv", 3), ("upsample", 2), ("conv", 3)], 12),
    ],
)  # fmt: skip
def test_behind_an_enlargement_windows_lie_across_its_edges(layers: list[tuple[str, int]], expected: int) -> None:
    """A window that reaches from one copy of a sample into the next sees all that both see."""
    arguments = {
        "avgpool": lambda size: {"kernel": size},
        "upsample": lambda scale: {"scale": scale},
        "conv": lambda kernel: conv(1, kernel, pad="same"),
        "deconv": lambda kernel: conv(1, kernel, stride=kernel),
    }
    chain = [(f"layer{i}", word, arguments[word](number)) for i, (word, number) in enumerate(layers)]
    net = graph(image(1, 96), *chain)
    assert samples(net, chain[-1][0]) == [expected] == [measured(net)]


def test_beside_an_enlargement_its_edges_stay() -> None:
    coarse, copies = ("coarse", "avgpool", {"kernel": 4}), ("copies", "upsample", {"scale": 4})
    across, whole = ("across", "conv", conv(1, 3, pad="same"), "sum"), ("whole", "global_avgpool", {}, "sum")
    for sources in (("copies", "image"), ("image", "copies")):
        late, all_three = ("late", "conv", conv(1, 5, pad=(0, 4)), "image"), ("all", "add", {}, "late", "sum")
        net = graph(image(1, 96), coarse, copies, ("sum", "add", {}, *sources), whole, late, all_three, across)
        assert samples(net, "across") == [8] == [measured(net)]
        assert (samples(net, "whole"), samples(net, "all")) == ([96], [8])
    gated = (
        ("gate", "global_avgpool", {}),
        ("gated", "mul", {}, "copies", "gate"),
        ("sum", "add", {}, "copies", "gated"),
    )
    assert receptive_fields(graph(image(1, 96), coarse, copies, *gated, across))["across"][0].field == 8


LENGTH = 160
PADS = st.tuples(st.integers(0, 2), st.integers(0, 2))
STEPS = st.one_of(
    st.builds(lambda k, s, d, pad: ("conv", conv(1, k, stride=s, dilation=d, pad=pad)),
              st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), PADS),
    st.builds(lambda k, s: ("maxpool", {"kernel": k, "stride": s}), st.integers(1, 4), st.integers(1, 3)),
    st.builds(lambda k, s, pad: ("deconv", conv(1, k, stride=s, pad=pad)), st.integers(3, 5), st.integers(1, 3), PADS),
    st.builds(lambda scale, mode: ("upsample", {"scale": scale, "mode": mode}),
              st.sampled_from([2, 3, 1.5]), st.sampled_from(["nearest", "bilinear"])),
    st.builds(lambda amount: ("pad", {"amount": amount}), PADS),
    st.builds(lambda amount: ("crop", {"amount": amount}), PADS),
    st.builds(lambda start, step: ("slice", {"axis": "length", "start": start, "step": step}),
              st.integers(0, 3), st.integers(1, 2)),
)  # fmt: skip


@given(st.lists(STEPS, min_size=1, max_size=5), st.integers(0, 4), st.integers(1, 5))
def test_the_field_is_what_an_output_depends_on(steps: list[tuple[str, Any]], at: int, kernel: int) -> None:
    """Of one-dimensional networks with a residual somewhere, measured far from the border."""
    chain: list[Layer] = []
    for index, (word, arguments) in enumerate(steps):
        chain.append((f"layer{index}", word, arguments))
        if index == at:
            side = conv(1, kernel, pad=(kernel - 1, 0))
            chain += [("side", "conv", side), ("sum", "add", {}, f"layer{index}", "side")]
    try:
        net = graph(image(1, LENGTH), *chain)
    except Rejection:
        reject()
    (field,) = samples(net, chain[-1][0])
    assume(isinstance(field, int) and 3 * field < LENGTH and net.nodes[-1].types[0].spatial[0] > 20)
    assert field == measured(net)


@pytest.mark.parametrize(
    ("source", "body", "expected"),
    [
        ("4x300", "a, b, c: split 3, axis=length; add a, b, c; flatten; dense 3", (300,)),
        ("3x32x32", "a, b: split 2, axis=height; add a, b; global_avgpool", (32, 32)),
        ("3x32x32", "a, b: split 2, axis=height; add a, b", (17, 1)),
        ("3x32x32", "a, b: split 2, axis=height; concat a, b, axis=height; conv 4, 3, pad=1", (3, 3)),
        ("3x32x32", "p: learned [3, 4, 32]; concat p, x, p, axis=height; conv 4, 3, pad=1", (3, 3)),
        ("3x32x32", "slice height, step=-1", (1, 1)),
        ("3x32x32", "slice height, step=-1; add x", (32, 1)),
        ("3x32x32", "conv 4, 3, pad=1, border=wrap", (32, 32)),
        ("3x32x32", "conv 4, 3, border=wrap", (3, 3)),
        ("3x32x32", "weightedpool 3, stride=1, pad=1, border=wrap", (32, 32)),
        ("3x32", "pad (0, 2), mode=wrap; conv 4, 3", (32,)),
        ("3x32x32", "h: slice height, 0, 3; t: slice height, 3, from=x; concat t, h, axis=height", (1, 1)),
        ("3x32x32", "h: slice height, 0, 3; t: slice height, 3, from=x; concat t, h, axis=height; conv 4, 3", (32, 3)),
        ("4x100", "slice length, 99; add x", (100,)),
        ("4x100", "slice length, -1; add x", (100,)),
        ("4x100", "slice length, -5; conv 4, 3; global_avgpool", (5,)),
        ("4x100", "resize 1; add x", (100,)),
        ("4x100", "slice length, 40, 60; global_avgpool; add x", (60,)),
        ("4x100", "slice length, 0, 50; upsample 2; add x", (51,)),
        ("3x32x32", "concat x, x, axis=height; global_avgpool", (32, 32)),
        ("3xHxW", "a, b: split 2, axis=height; add a, b", (H, 1)),
        ("3xHxW", "a, b: split 2, axis=height; conv 4, 3, from=b", (3, 3)),
    ],
)  # fmt: skip
def test_samples_that_lie_apart(source: str, body: str, expected: tuple[object, ...]) -> None:
    """From the first to the last, for the output that sees most."""
    assert specc.loads(f"model Net {{ input x {source}; {body} }}").summary.totals.receptive_field == expected


SHORT = 24
PIECES: dict[str, list[Layer]] = {
    "conv": [("{}a", "conv", conv(1, 3, pad=1))],
    "pool": [("{}a", "maxpool", {"kernel": 2})],
    "enlarged": [("{}a", "upsample", {"scale": 2})],
    "wrapped": [("{}a", "conv", conv(1, 3, pad=1, border="wrap"))],
    "mirrored": [("{}a", "slice", {"axis": "length", "step": -1})],
    "end": [("{}a", "slice", {"axis": "length", "start": -7})],
    "middle": [("{}a", "slice", {"axis": "length", "start": 2, "stop": 5})],
    "all": [("{}a", "global_avgpool", {})],
    "one": [("{}a", "slice", {"axis": "length", "start": -2, "stop": -1})],
    "halves": [("{}s", "split", {"parts": 2, "axis": "length"}), ("{}a", "add", {}, "{}s", "{}s.1")],
    "swapped": [
        ("{}s", "split", {"parts": 2, "axis": "length"}), ("{}a", "concat", {"axis": "length"}, "{}s.1", "{}s"),
    ],
    "again": [
        ("{}s", "split", {"parts": 2, "axis": "length"}), ("{}a", "concat", {"axis": "length"}, "{}s", "{}s.1"),
    ],
}  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(sorted(PIECES)), st.booleans()), min_size=1, max_size=5))
def test_no_field_is_too_small(pieces: list[tuple[str, bool]]) -> None:
    """Of one-dimensional networks whose pieces cut, turn and join; after each its input may be added once more."""
    chain: list[Layer] = []
    value = "image"
    for index, (piece, is_residual) in enumerate(pieces):
        for name, word, arguments, *sources in PIECES[piece]:
            called = [source.format(f"v{index}") for source in sources] or [value]
            chain.append((name.format(f"v{index}"), word, arguments, *called))
        if is_residual:
            chain.append((f"v{index}+sum", "add", {}, f"v{index}a", value))
        value = chain[-1][0].replace("+", ".")
    try:
        net = graph(image(1, SHORT), *chain)
    except Rejection:
        reject()
    (field,) = samples(net, value)
    assert isinstance(field, int)
    assert field >= measured(net)


def measured(net: Graph) -> int:
    """How many samples of a one-dimensional input one output depends on at most: those with which it grows where all
    weights are 1, and biases 0."""
    (source,) = net.inputs
    x = np.eye(source.type.spatial[0], dtype=np.float32)[:, None]
    weights = {name: np.full_like(w, not name.endswith("bias")) for name, w in seeded(net).items()}
    (y,) = interpret(net, {source.name: x}, weights).values()
    found = [np.flatnonzero(places) for places in (y > 1e-6).any(axis=1).T]
    return max(int(places[-1] - places[0]) + 1 for places in found if len(places))
