"""reshape like=x comes back from specc's own export, and from PyTorch's way of looking sizes up one by one."""

import pytest
from exchange import compiled, imported, meaning, model_of, read_back, refusal

ATTENTION = """model M {{ input image {shape}
    x: conv 8, 1x1
    reshape {rows}
    relu
    reshape {sizes}, like=x
}}"""
VIEW = """g (float[N,8,H,W] x) => (float[N,2,4,H,W] y) <int64 two = {{2}}, int64 three = {{3}},
        int64[1] zero = {{0}}, int64[3] rows = {{0, 8, -1}}, int64[3] first = {{0, 2, 4}}> {{
    a = Reshape(x, rows)  b = Relu(a)
    s = Shape(x)  h = Gather(s, two)  w = Gather(s, three)  h1 = Unsqueeze(h, zero)  w1 = Unsqueeze(w, zero)
    target = Concat<axis = 0>(first, {spatial})  y = Reshape(b, target)
}}"""


@pytest.mark.parametrize("opset", [13, 21])
@pytest.mark.parametrize(
    ("shape", "rows", "sizes"),
    [("3xHxW", "(8, -1)", "8"), ("3xHxW", "(8, -1)", "(2, 4)"), ("HxWx3, layout=hwc", "(-1, 8)", "8")],
)
def test_open_sizes_come_back_as_like(shape, rows, sizes, opset):
    graph = compiled(ATTENTION.format(shape=shape, rows=rows, sizes=sizes))
    assert meaning(read_back(graph, opset).graph) == meaning(graph)


def test_sizes_that_are_looked_up_one_by_one():
    graph = imported(model_of(VIEW.format(spatial="h1, w1"))).graph
    (*_, last) = graph.nodes
    assert (last.op.word, last.op.sizes, last.inputs[1]) == ("reshape", (2, 4), "x")


def test_sizes_of_no_image_are_refused():
    assert "it leaves several sizes open" in refusal(model_of(VIEW.format(spatial="w1, h1")))


DIVIDED = """g (float[N,3,H,W] x) => (float[N,4,h,w] y) <int64 one = {{1}}, int64 less = {{-1}}, int64 by = {{{by}}},
        int64[1] list = {{-1}}> {{
    low = Conv<kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]>(x, k)  r = Relu(low)
    small = Conv<kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]>(r, l)
    h0 = Shape<start = 2, end = 3>(x)  h1 = Squeeze(h0)  h2 = Add(h1, less)  h3 = Div(h2, by)  h4 = Add(h3, one)
    w0 = Shape<start = 3, end = 4>(x)  w1 = Squeeze(w0)  w2 = Add(w1, less)  w3 = Div(w2, by)  w4 = Add(w3, one)
    h = Reshape(h4, list)  w = Reshape(w4, list)  first = Shape<start = 0, end = 2>(small)
    sizes = Concat<axis = 0>(first, h, w)  z = Resize<mode = "linear">(small, , , sizes)
    y = Add(r, z)
}}"""
"""Sizes as PyTorch's newer exporter computes them from the input's, whatever value the network has asked."""
KERNELS = [("k", (4, 3, 3, 3)), ("l", (4, 4, 3, 3))]


def test_computed_sizes_are_those_of_the_last_value_that_has_them():
    graph = imported(model_of(DIVIDED.format(by=2), KERNELS, opset=18)).graph
    (resized,) = [node for node in graph.nodes if node.op.word == "resize"]
    assert resized.inputs == ("small", "r")


def test_computed_sizes_that_no_value_has_are_refused():
    assert "its sizes depend on open ones" in refusal(model_of(DIVIDED.format(by=3), KERNELS, opset=18))
