"""Parameters, multiply-accumulates and bytes of single layers, against counts done by hand."""

from __future__ import annotations

from typing import Any

import pytest
from chains import H, W, conv, graph, image

from specc.analysis.cost import Cost, costs, total
from specc.dims import Dim


@pytest.mark.parametrize(
    ("word", "arguments", "sizes", "params", "macs"),
    [
        ("conv", conv(6, 5), (1, 32, 32), 6 * (25 + 1), 6 * 28 * 28 * 25),
        ("conv", conv(6, 5, bias=False), (1, 32, 32), 6 * 25, 6 * 28 * 28 * 25),
        ("conv", conv(8, 3, groups=4), (4, 8, 8), 8 * 10, 8 * 36 * 9),
        ("conv", conv(8, 3), (4, 10), 8 * (12 + 1), 8 * 8 * 12),
        ("conv", conv(2, 3), (1, 4, 5, 6), 2 * (27 + 1), 2 * 2 * 3 * 4 * 27),
        ("depthwise", {"kernel": 3}, (4, 8, 8), 4 * 10, 4 * 36 * 9),
        ("deconv", conv(3, 2, stride=2), (5, 4, 4), 3 * 5 * 4 + 3, 5 * 16 * 3 * 4),
        ("dense", {"units": 10}, (84,), 850, 840),
        ("maxpool", {"kernel": 2}, (4, 8, 8), 0, 0),
        ("relu", {}, (4, 8, 8), 0, 0),
        ("bn", {}, (4, 8, 8), 8, 0),
    ],
)
def test_a_layer(word: str, arguments: dict[str, Any], sizes: tuple[int, ...], params: int, macs: int) -> None:
    (cost,) = costs(graph(image(*sizes), ("a", word, arguments)))
    assert (cost.params, cost.macs) == (params, macs)


def test_running_statistics_are_buffers_and_fixed_values_are_not_trained() -> None:
    edges = conv(1, 2, weight=[[1, 0], [0, -1]])
    normalised, fixed = costs(graph(image(1, 8, 8), ("bn", "bn", {}), ("edges", "conv", edges)))
    assert (normalised.params, normalised.trainable, normalised.buffers) == (2, 2, 2)
    assert (fixed.params, fixed.trainable, fixed.buffers) == (5, 1, 0)
    assert normalised.weight_bytes == 16


def test_a_sum_counts_layers_of_one_kind_as_often_as_they_stand() -> None:
    net = graph(image(2, 8, 8), ("a", "conv", conv(2, 1)), ("bn1", "bn", {}), ("bn2", "bn", {}), ("b", "relu", {}))
    assert total(costs(net)) == Cost(
        params=6 + 2 * 4, trainable=6 + 2 * 4, buffers=2 * 4, macs=64 * 4, activation_bytes=4 * 512
    )


def test_true_and_one_are_different_biases() -> None:
    """Equal operations are asked once; `bias=true` equals `bias=1` in Python, and only one of them is trained."""
    learned, fixed = costs(
        graph(image(1, 8, 8), ("a", "conv", conv(1, 1, bias=True)), ("b", "conv", conv(1, 1, bias=1.0)))
    )
    assert (learned.trainable, fixed.trainable) == (2, 1)


@pytest.mark.parametrize(("kernel", "macs"), [(1, 12 * H * W), (3, 108 * (H - 2) * (W - 2))])
def test_open_sizes_give_formulas(kernel: int, macs: Dim) -> None:
    (cost,) = costs(graph(image(3, H, W), ("a", "conv", conv(4, kernel))))
    assert cost.macs == macs
    assert cost.activation_bytes == 16 * (H - kernel + 1) * (W - kernel + 1)


def test_nothing_overflows() -> None:
    wide = 10**6
    (cost,) = costs(graph(image(wide, 10**5, 10**5), ("a", "conv", conv(wide, 1))))
    assert cost.macs == 10**22
    assert cost.weight_bytes == 4 * (10**12 + 10**6)
