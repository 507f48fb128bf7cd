"""crop like=x comes back from specc's own export: open sizes by their value, the others by the amount."""

import pytest
from exchange import compiled, meaning, read_back

OPEN = """model M {{ input image {shape}
    e: conv 4, 3x3
    maxpool 2x2
    u: deconv 4, 2x2, stride=2
    crop like=u, from=e
    add u }}"""


@pytest.mark.parametrize("shape", ["3xHxW", "3x16xW", "[N, H, W, 3], layout=hwc", "2xDxHxW"])
@pytest.mark.parametrize("opset", [13, 21])
def test_open_sizes_come_back_as_like(shape, opset):
    text = OPEN.replace("2x2", "2x2x2").replace("3x3", "3x3x3") if "D" in shape else OPEN
    graph = compiled(text.format(shape=shape))
    assert meaning(read_back(graph, opset).graph) == meaning(graph)


def test_a_known_difference_comes_back_as_the_amount():
    graph = compiled("model M { input image 3xHxW; x: conv 4, 4x3; crop like=x, from=image; concat x }")
    (crop,) = (node.op for node in read_back(graph).graph.nodes if node.op.word == "crop")
    assert crop.amount == (1, 1, 2, 1)
