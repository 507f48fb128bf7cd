"""crop like=x comes back from specc's own export: open sizes by their value, the others by the amount.

PyTorch slices one axis after the other, and writes `x[:, :, 2:2 + h, 1:1 + w]` as two slices."""

import onnx
import pytest
from exchange import compiled, imported, meaning, model_of, read_back, refusal, words

from specc.onnx.importer import annotated
from specc.verify import verify

OPEN = """model M {{ input image {shape}
    e: conv 4, 3x3
    maxpool 2x2
    u: deconv 4, 2x2, stride=2
    pad 2, from=e
    crop like=u
    add u }}"""


@pytest.mark.parametrize("shape", ["3xHxW", "3x16xW", "[N, H, W, 3], layout=hwc", "2xDxHxW"])
@pytest.mark.parametrize("opset", [13, 21])
@pytest.mark.parametrize("begin", ["", ", begin=3", ", begin=(0, 4)"])
def test_open_sizes_come_back_as_like(begin, shape, opset):
    begin = begin.replace("(0, 4)", "(0, 4, 1)") if "D" in shape else begin
    text = OPEN.replace("like=u", f"like=u{begin}").replace("add u", "concat u")
    text = text.replace("2x2", "2x2x2").replace("3x3", "3x3x3") if "D" in shape else text
    graph = compiled(text.format(shape=shape))
    assert meaning(read_back(graph, opset).graph) == meaning(graph)


def test_a_known_difference_comes_back_as_the_amount():
    graph = compiled("model M { input image 3xHxW; x: conv 4, 4x3; crop like=x, from=image; concat x }")
    (crop,) = (node.op for node in read_back(graph).graph.nodes if node.op.word == "crop")
    assert crop.amount == (1, 1, 2, 1)


SLICES = """g (float[N,3,H,W] x) => (float[N,3,h,w] y)
    <int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] three = {3}> {
    p = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(x)
    s = Shape(p)  h = Gather(s, two)  w = Gather(s, three)
    b = Add(h, two)  r = Add(w, one)
    t = Relu(x)  a = Slice(t, two, b, two, one)  c = Slice(a, one, r, three, one)
    y = Add(c, p) }"""


def test_a_slice_for_each_axis_is_one_cut():
    data = model_of(SLICES)
    found = imported(data)
    assert words(found.graph) == ["maxpool", "relu", "crop", "add"]
    assert found.graph.nodes[2].op.begin == (2, 1)
    model = annotated(onnx.load_from_string(data), found.held)
    report, diagnostics = verify(found.graph, found.weights, model, sizes={"H": 9, "W": 8})
    assert report is not None, diagnostics
    assert report.passed, report.first_failure


@pytest.mark.parametrize("start", ["zero", "minus"])
def test_slices_that_begin_elsewhere_are_refused(start):
    """From an end that is open, or with an axis that is cut twice."""
    text = SLICES.replace("zero = {0}", "minus = {-7}, int64[1] zero = {0}").replace(
        "Slice(t, two,", f"Slice(t, {start},"
    )
    text = text.replace("Slice(a, one, r, three, one)", "Slice(a, one, r, two, one)") if start == "zero" else text
    assert "open size" in refusal(model_of(text))
