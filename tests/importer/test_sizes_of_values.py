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
