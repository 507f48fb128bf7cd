"""Networks that pool with positions and resize to the sizes of other values: verified, and sabotaged."""

import numpy as np
import onnx
import pytest

import specc
from specc.onnx import emit_model
from specc.onnx.narrow import emit_in
from specc.onnx.precision import FLOAT16
from specc.verify import verify
from specc.verify.probes import KINDS
from specc.weights import seeded

SEGNET = """
model SegNet {{
    input image {shape}
    conv 4, 3x3, pad=1
    pooled, where: maxpool 3x3, stride=2
    conv 4, 3x3, pad=1, relu
    unpool where, 3x3, stride=2, like=image
}}
"""
PYRAMID = """
model Pyramid {{
    input image {shape}
    fine: conv 4, 3x3, stride=2, pad=1
    conv 4, 3x3, stride=2, pad=1
    resize like=fine, bilinear
    add fine
    resize like=image, cubic
}}
"""
VALID_UNET = """
model ValidUNet {{
    input image {shape}
    skip: conv 4, 3x3, relu
    maxpool 2x2
    conv 4, 3x3, relu
    up: deconv 4, 2x2, stride=2
    crop like=up, from=skip
    concat up
    conv 2, 1x1
}}
"""
FCN_8S = """
## FCN-8s (Long et al., 2015) with few channels: wide padding in front, and Caffe's offsets 5, 9 and 31.
model FCN {{
    input image {shape}
    conv 3, 3x3, pad=100, relu; maxpool 2x2, round=ceil
    conv 3, 3x3, pad=1, relu; maxpool 2x2, round=ceil
    conv 4, 3x3, pad=1, relu; pool3: maxpool 2x2, round=ceil
    conv 4, 3x3, pad=1, relu; pool4: maxpool 2x2, round=ceil
    conv 4, 3x3, pad=1, relu; maxpool 2x2, round=ceil
    conv 8, 7x7, relu
    conv 2, 1x1
    up2: deconv 2, 4x4, stride=2, bias=false
    conv 2, 1x1, from=pool4
    crop like=up2, begin=5
    add up2
    up4: deconv 2, 4x4, stride=2, bias=false
    conv 2, 1x1, from=pool3
    crop like=up4, begin=9
    add up4
    deconv 2, 16x16, stride=8, bias=false
    crop like=image, begin=31
}}
"""
SHAPES = ["[N, 3, H, W]", "3x17x14", "[N, H, W, 3], layout=hwc"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "text", [SEGNET, PYRAMID, VALID_UNET, FCN_8S], ids=["segnet", "pyramid", "valid U-Net", "FCN-8s"]
)
def test_every_layer_is_within_its_bound(text, shape):
    graph = specc.loads(text.format(shape=shape)).graph
    report, diagnostics = verify(graph, seeded(graph), kinds=tuple(KINDS), batch=2, optimised=True)
    assert report is not None, diagnostics
    assert report.passed, report.first_failure


@pytest.mark.parametrize("opset", range(13, 24))
def test_fcn_8s_takes_images_of_any_size_in_every_opset(opset):
    """The cuts begin where Caffe's do, so that the shifts of its pools and windows are taken back."""
    graph = specc.loads(FCN_8S.format(shape="3xHxW")).graph
    model, diagnostics = emit_model(graph, seeded(graph), opset=opset)
    assert model is not None, diagnostics
    report, diagnostics = verify(graph, seeded(graph), model, sizes={"H": 33, "W": 50})
    assert report is not None, diagnostics
    assert report.passed, report.first_failure


def test_sixteen_bits_leave_positions_whole():
    graph = specc.loads(SEGNET.format(shape="3x70x70")).graph  # 2048 is where float16 begins to skip whole numbers
    model, diagnostics = emit_in(graph, FLOAT16)
    assert model is not None, diagnostics
    report, diagnostics = verify(graph, seeded(graph), model)
    assert report is not None, diagnostics
    assert report.passed, report.first_failure


@pytest.mark.parametrize(
    ("operator", "constant", "layer"),
    [("Mod", 239, "pooled"), ("Mod", 100, "unpool1"), ("MaxUnpool", None, "unpool1")],
)
def test_wrong_positions_are_found_at_their_layer(operator, constant, layer):
    """Positions modulo another number, and values of another sign."""
    graph = specc.loads(SEGNET.format(shape="3x16x15")).graph
    model, _ = emit_model(graph, seeded(graph))
    (node,) = (n for n in model.graph.node if n.op_type == operator and layer in n.name)
    if constant is None:
        model.graph.node.insert(
            list(model.graph.node).index(node), onnx.helper.make_node("Neg", [node.input[0]], ["neg"])
        )
        node.input[0] = "neg"
    else:
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([constant]), "wrong"))
        node.input[1] = "wrong"
    report, _ = verify(graph, seeded(graph), model)
    assert report.first_failure.node == layer
