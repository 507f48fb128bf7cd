"""How long values live, and the most memory they take at once.  An image of 1x2x2 is 16 bytes."""

from __future__ import annotations

import pytest
from chains import H, Layer, W, conv, graph, image
from hypothesis import given
from hypothesis import strategies as st

from specc.analysis.liveness import last_use, live_bytes, peak
from specc.dims import evaluate
from specc.ir.graph import Graph


@pytest.mark.parametrize(
    ("layers", "outputs", "alive"),
    [
        # a chain: the input and the output of the layer that runs
        ([("a", "relu", {}), ("b", "relu", {})], (), [32, 32]),
        # the input is needed once more, so it waits
        ([("a", "relu", {}), ("b", "relu", {}), ("c", "add", {}, "b", "image")], (), [32, 48, 48]),
        # an output stays to the end
        ([("a", "relu", {}), ("b", "relu", {}), ("c", "relu", {})], ("a", "c"), [32, 32, 48]),
        # what nobody reads dies at once
        ([("a", "relu", {}), ("b", "relu", {}, "image"), ("c", "relu", {})], (), [32, 32, 32]),
        # channels grow and shrink
        ([("a", "conv", conv(4, 1)), ("b", "conv", conv(2, 1))], (), [16 + 64, 64 + 32]),
        # all results of a split are made at once
        ([("a", "conv", conv(4, 1)), ("b", "split", {"parts": 2}), ("c", "add", {}, "b", "b.1")], (), [80, 128, 96]),
    ],
    ids=["chain", "skip", "output", "unused", "channels", "split"],
)
def test_bytes_alive_while_each_layer_runs(layers: list[Layer], outputs: tuple[str, ...], alive: list[int]) -> None:
    net = graph(image(1, 2, 2), *layers, outputs=outputs)
    assert live_bytes(net) == alive
    assert peak(net).bytes == max(alive)


def test_the_last_use_of_every_value() -> None:
    unread = image(1, 2, 2, name="unread")
    net = graph(
        [unread, image(1, 2, 2)], ("a", "relu", {}), ("b", "relu", {}), ("c", "add", {}, "a", "b"), outputs=("c",)
    )
    assert last_use(net) == {"unread": -1, "image": 0, "a": 2, "b": 2, "c": 3}
    assert live_bytes(net) == [32, 32, 48]  # without the 16 bytes of the input that none reads


def test_open_sizes_are_taken_to_be_large_or_as_given() -> None:
    net = graph(image(1, H), ("a", "relu", {}))
    assert live_bytes(net, {"H": 3}) == [24]
    assert live_bytes(net)[0] > 24


def test_with_open_sizes_the_peak_is_a_formula() -> None:
    found = peak(graph(image(3, H, W), ("a", "conv", conv(8, 1)), ("b", "maxpool", {"kernel": 2})))
    assert found.node == "a"
    assert found.bytes == 4 * 11 * H * W


DEEPER = conv(64, stride=2, pad=1)
POOLED: Layer = ("d", "global_avgpool", {})


def test_the_peak_is_the_largest_of_what_may_be() -> None:
    net = graph(
        image(3, H, W), ("a", "resize", {"size": (512,)}), ("b", "conv", conv(8, pad=1)), ("c", "global_avgpool", {})
    )
    assert str(peak(net).bytes) == "max(12*H*W + 3145728, 11534336)"
    assert peak(net).node == "a"


@pytest.mark.parametrize(
    "layers",
    [
        [("a", "conv", conv(8, stride=2, pad=1)), ("b", "conv", DEEPER), ("c", "conv", conv(512, stride=2, pad=1))],
        [("a", "conv", conv(8, pad=1)), ("b", "upsample", {"scale": 2}), ("c", "maxpool", {"kernel": 5}), POOLED],
        [("a", "conv", conv(4, 7, stride=4)), ("b", "relu", {}), ("c", "add", {}, "a", "b"), ("d", "relu", {})],
        [("a", "maxpool", {"kernel": 2}), ("b", "deconv", conv(16, 2, stride=2)), ("c", "conv", conv(64, 1, stride=3))],
    ],
)  # fmt: skip
def test_the_formula_of_the_peak_holds_for_all_sizes(layers: list[Layer]) -> None:
    net = graph(image(3, H, W), *layers)
    found = peak(net).bytes
    for height, width in ((7, 7), (8, 30), (15, 11), (64, 9), (224, 224)):
        sizes = {"N": 1, "H": height, "W": width}
        assert evaluate(found, sizes) == max(live_bytes(net, sizes))


def test_without_layers_the_inputs_alone_are_alive() -> None:
    assert peak(graph([image(1, 2, 2), image(1, 2, 2, name="other")], outputs=("other",))) == (32, None)


def test_lenet() -> None:
    net = graph(image(1, 32, 32), ("c1", "conv", conv(6, 5)), ("c1+tanh", "tanh", {}), ("s2", "avgpool", {"kernel": 2}))
    assert peak(net).bytes == 4 * 2 * 6 * 28 * 28
    assert peak(net).node == "c1.tanh"


@st.composite
def networks(draw: st.DrawFn) -> Graph:
    """Sums of any earlier values, any of them outputs."""
    layers: list[Layer] = []
    values = ["image"]
    for index in range(draw(st.integers(1, 8))):
        name = f"v{index}"
        layers.append((name, "add", {}, *draw(st.lists(st.sampled_from(values), min_size=1, max_size=3))))
        values.append(name)
    outputs = draw(st.lists(st.sampled_from(values[1:]), min_size=1, max_size=3, unique=True))
    return graph(image(1, 2, 2), *layers, outputs=tuple(outputs))


@given(networks())
def test_a_value_is_alive_from_where_it_is_made_to_its_last_reader(net: Graph) -> None:
    made = {"image": 0} | {node.name: index for index, node in enumerate(net.nodes)}
    readers = {name: [i for i, node in enumerate(net.nodes) if name in node.inputs] for name in made}
    last = {name: max([*readers[name], made[name] if name != "image" else -1]) for name in made}
    last.update((output.value, len(net.nodes)) for output in net.outputs)
    alive = [sum(16 for name in made if made[name] <= i <= last[name]) for i in range(len(net.nodes))]
    assert live_bytes(net) == alive
    assert peak(net).bytes == max(alive)
