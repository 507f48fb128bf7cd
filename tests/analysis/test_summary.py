"""All that is known of a model, by layer and in total."""

from __future__ import annotations

import pytest
from chains import Layer, conv, graph, image

from specc.analysis import summarise
from specc.analysis.depth import depth
from specc.types import TensorType


def lenet() -> list[Layer]:
    return [
        ("conv1", "conv", conv(6, 5)), ("conv1+tanh", "tanh", {}), ("avgpool1", "avgpool", {"kernel": 2}),
        ("conv2", "conv", conv(16, 5)), ("conv2+tanh", "tanh", {}), ("avgpool2", "avgpool", {"kernel": 2}),
        ("conv3", "conv", conv(120, 5)), ("conv3+tanh", "tanh", {}), ("flatten1", "flatten", {}),
        ("dense1", "dense", {"units": 84}), ("dense1+tanh", "tanh", {}),
        ("dense2", "dense", {"units": 10}), ("dense2+softmax", "softmax", {}),
    ]  # fmt: skip


def test_the_totals_of_lenet5() -> None:
    summary = summarise(graph(image(1, 32, 32), *lenet()))
    totals = summary.totals
    assert (totals.params, totals.trainable, totals.buffers, totals.macs) == (61_706, 61_706, 0, 416_520)
    assert (totals.weight_bytes, totals.depth, totals.receptive_field) == (246_824, 5, (32, 32))
    assert summary.linear


def test_an_activation_belongs_to_its_layer() -> None:
    summary = summarise(graph(image(1, 32, 32), *lenet()))
    assert len(summary.layers) == 8
    first, pool = summary.layers[:2]
    assert (first.name, first.type, first.inputs, first.line) == ("conv1", "conv + tanh", ("image",), 3)
    assert (pool.type, pool.inputs, pool.output.text()) == ("avgpool", ("conv1",), "6x14x14")
    assert first.cost.activation_bytes == 2 * 4 * 6 * 28 * 28


def test_branches_and_further_results_are_named() -> None:
    net = graph(
        image(4, 8, 8), ("s", "split", {"parts": 2}), ("a", "relu", {}, "s.1"), ("sum", "add", {}, "s", "a"),
        outputs=("sum", "s.1"),
    )  # fmt: skip
    summary = summarise(net)
    assert [layer.inputs for layer in summary.layers] == [("image",), ("s.1",), ("s", "a")]
    assert [len(layer.outputs) for layer in summary.layers] == [2, 1, 1]
    assert [(output.name, output.layer) for output in summary.outputs] == [("sum", "sum"), ("s.1", "s.1")]
    assert not summary.linear


def test_two_inputs() -> None:
    net = graph([image(3, 8, 8, name="left"), image(3, 8, 8, name="right")], ("both", "concat", {}, "left", "right"))
    summary = summarise(net)
    assert summary.layers[0].inputs == ("left", "right")
    assert summary.outputs[0].type == TensorType((net.inputs[0].type.shape[0], 6, 8, 8))
    assert not summary.linear


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([("a", "relu", {})], 0),
        ([("a", "conv", conv(4)), ("b", "bn", {}), ("c", "flatten", {}), ("d", "dense", {"units": 2})], 2),
        # a block of two convolutions beside a shortcut of one
        (
            [
                ("a", "conv", conv(4, 3, pad=1)), ("b", "conv", conv(4, 3, pad=1)),
                ("short", "conv", conv(4, 1), "image"), ("sum", "add", {}, "b", "short"),
            ],
            2,
        ),
        # what is learned stands at the beginning of a way
        ([("a", "conv", conv(4)), ("b", "learned", {"shape": [4, 14, 14]}), ("c", "conv", conv(4, 1))], 1),
    ],
    ids=["none", "chain", "residual", "learned"],
)  # fmt: skip
def test_the_depth_counts_the_longest_way(layers: list[Layer], expected: int) -> None:
    assert depth(graph(image(3, 16, 16), *layers)) == expected
