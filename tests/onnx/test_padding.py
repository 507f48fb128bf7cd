"""A padding of zeros in front of a pool counts as zeros in ONNX Runtime too, its optimiser on."""

import numpy as np
import onnxruntime
import pytest

import specc
from specc.interpreter import interpret
from specc.onnx.emit import OPSETS, emit
from specc.onnx.write import to_bytes
from specc.weights import seeded

POOLS = ("maxpool 3, stride=1", "maxpool 3, pad=1", "maxpool 3, pad=1, round=ceil", "avgpool 3, count_include_pad=true")


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("opset", [OPSETS[0], 18, 21])
@pytest.mark.parametrize("layout", ["chw", "hwc"])
def test_zeros_stay_zeros(pool, opset, layout):
    shape = "2x5x6" if layout == "chw" else "5x6x2"
    model = specc.loads(f"model Net {{ input x {shape}, layout={layout}\npad (1, 1, 2, 2)\n{pool}\n}}")
    emitted, _ = emit(model.graph, opset=opset)
    data, _ = to_bytes(emitted, {})
    sizes = (1, 2, 5, 6) if layout == "chw" else (1, 5, 6, 2)
    x = -1 - np.random.default_rng(0).random(sizes, np.float32)
    expected = interpret(model.graph, {"x": x}, seeded(model.graph, 0))["output"]
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"x": x})[0], expected, rtol=1e-6)


def test_in_front_of_a_convolution_it_is_left_to_be_folded():
    emitted, _ = emit(specc.loads("model Net { input x 2x5x6\npad 1\nconv 2, 3 }").graph)
    (pad,) = (node for node in emitted.graph.node if node.op_type == "Pad")
    assert len(pad.input) == 2
