"""Each operation, exported and read back."""

from pathlib import Path

import pytest
from exchange import compiled, meaning, read_back, words

from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.onnx.emit import emit
from specc.ops import OPS
from specc.pipeline import check
from specc.source import Source

IMAGE = "8x12x12"
EXAMPLES = {
    "conv": ["conv 6, 3x3, stride=2, pad=same", "conv 4, (1, 3), groups=2, pad=1, border=reflect, bias=false"],
    "depthwise": ["depthwise 3x3, pad=1, multiplier=2", "depthwise 5x5, pad=2, border=edge, dilation=2, bias=false"],
    "deconv": ["deconv 4, 2x2, stride=2", "deconv 4, 3x3, stride=2, pad=1, output_pad=1, groups=2, bias=false"],
    "dense": [
        "flatten; dense 5",
        "flatten; dense 5, bias=false",
        "dense 5, axis=-1",
        "dense 5, axis=width, bias=false",
        "reshape (12, 96); dense 5, axis=1; relu; reshape (3, 2, 2, 5, 1); dense 7, axis=-1",
    ],
    "maxpool": [
        "maxpool 3x3, stride=2, pad=1, round=ceil",
        "maxpool 2x2, dilation=2, pad=1",
        "a, b: maxpool 3x3, stride=2, pad=1; add a, b",
    ],
    "unpool": [
        "a, b: maxpool 2x2; conv 8, 1x1; unpool b, 2x2",
        "a, b: maxpool 3x3, stride=2, pad=(1, 0); unpool b, 3x3, stride=2, pad=(1, 0)",
        "unpool image, 2x2",
    ],
    "minpool": ["minpool 2x2", "minpool 3x3, stride=2, pad=1"],
    "avgpool": ["avgpool 2x2", "avgpool 3x3, stride=1, pad=1, count_include_pad=true"],
    "lppool": ["lppool 2x2", "lppool 3x3, p=3, pad=1"],
    "global_avgpool": ["global_avgpool"],
    "global_maxpool": ["global_maxpool"],
    "global_lppool": ["global_lppool p=3"],
    "bn": ["bn", "bn affine=false, eps=1e-3"],
    "layernorm": [
        "layernorm",
        "layernorm over=all",
        "flatten; layernorm affine=false",
        "layernorm affine=false",
        "layernorm over=1",
        "reshape (12, 96); layernorm over=-1",
    ],
    "groupnorm": ["groupnorm 4", "groupnorm 2, affine=false"],
    "instancenorm": ["instancenorm", "instancenorm affine=false"],
    "lrn": ["lrn 5", "lrn 4, alpha=1e-3, k=2", "lrn 3, beta=0.5", "lrn 3, beta=1.5"],
    "scale": [
        "scale",
        "scale bias=true",
        "scale shared=true",
        "scale shared=true, bias=true",
        "scale shared=true, weight=0.5",
        "scale weight=0.5",
        "scale weight=[1, 2, 3, 4, 5, 6, 7, 8], bias=true",
        "scale elementwise=true",
        "scale elementwise=true, bias=true",
        "bias elementwise=true; scale elementwise=true",
    ],
    "bias": ["conv 4, 1x1; bias", "bias elementwise=true"],
    "learned": [
        "learned 8x12x12; add image",
        "learned 6",
        "a: learned 8x1x12; concat a, image, axis=height",
        "concat axis=height { branch { learned 8x2x12 } branch { } }",
    ],
    "prelu": ["prelu", "prelu shared=true", "prelu elementwise=true"],
    "leaky_relu": ["leaky_relu 0.2"],
    "elu": ["elu 0.5"],
    "celu": ["celu 2"],
    "thresholded_relu": ["thresholded_relu 0.5"],
    "gelu": ["gelu", "gelu approximate=tanh"],
    "hardsigmoid": ["hardsigmoid", "hardsigmoid 0.2"],
    "clip": ["clip -0.5, 2"],
    "quantize": ["quantize 0.05, 128", "quantize 0.1; relu", "conv 2, 1x1; quantize [0.1, 0.2], [1, -2], int8"],
    "dequantize": [
        "quantize 0.05, 128; dequantize 0.05, 128",
        "dequantize 0.5, 3",
        "quantize 0.1; dequantize 0.1, dtype=int8",
    ],
    "softmax": ["flatten; softmax", "softmax height"],
    "log_softmax": ["flatten; log_softmax"],
    "flatten": ["flatten"],
    "reshape": ["reshape (4, 8, 36)", "reshape (2, 4, 6, 2, 6, 2)", "flatten; reshape (8, 12, 12)"],
    "transpose": ["transpose (2, 0, 1)", "transpose (0, 2, 1)"],
    "squeeze": ["global_avgpool; squeeze", "global_avgpool; squeeze height"],
    "pad": [
        "pad 1",
        "pad (1, 2, 0, 0), value=0.5",
        "pad 2, mode=reflect",
        "pad (1, 3), axis=channels",
        "pad 2, axis=0, value=1",
    ],
    "crop": ["crop 2", "crop size=8", "crop size=(3, 8), begin=4"],
    "upsample": [
        "upsample 2",
        "upsample 3x2, bilinear",
        "upsample 2, bilinear, align_corners=true",
        "upsample (3/2, 1/3), cubic",
        "upsample 0.75, rounding=half_up, coordinates=half_pixel",
    ],
    "resize": [
        "resize 7x18, bilinear",
        "resize 5, cubic, coefficient=-0.5, coordinates=asymmetric",
        "resize 5, bilinear, region=(0.25, 0, 1.5, 0.8), value=0.5",
        "resize 7, rounding=half_down, coordinates=align_corners",
    ],
    "pixel_shuffle": ["pixel_shuffle 2"],
    "pixel_unshuffle": ["pixel_unshuffle 2"],
    "channel_shuffle": ["channel_shuffle 2"],
    "split": ["a, b: split 2; add a, b", "a, b: split [2, 6]; concat b, a", "a, b, c: split 3, height; add a, c"],
    "add": [
        "add 3",
        "add [1, 2, 3, 4, 5, 6, 7, 8]; add 0",
        "a: conv 8, 1x1; add 1, image, 2.5, a",
        "a: conv 8, 1x1; add image",
        "a: global_avgpool; b: conv 8, 1x1; add a, b, image",
    ],
    "sub": ["a: conv 8, 1x1; sub image", "sub 0.1; sub 1, in", "sub [1, 2, 3, 4, 5, 6, 7, 8], in"],
    "mul": ["a: global_avgpool; mul a, image", "mul 0.17; mul 1", "mul [1, 2, 3, 4, 5, 6, 7, 8]"],
    "div": ["a: conv 8, 1x1, sigmoid; div image, a", "div 6; div 1, in", "div [1, 2, 3, 4, 5, 6, 7, 8]"],
    "reduce_mean": ["reduce_mean", "reduce_mean height"],
    "reduce_sum": ["reduce_sum", "reduce_sum height"],
    "reduce_max": ["reduce_max", "reduce_max width"],
    "reduce_min": ["reduce_min", "reduce_min width"],
    "normalize": ["normalize", "normalize height, eps=1e-3", "normalize p=1", "flatten; normalize; scale"],
    "argmax": ["argmax", "argmax width", "argmax last=true"],
    "slice": ["slice height, step=2", "slice width, 1, -2, step=3", "slice channels, step=-1"],
    "gather": ["gather [2, 0, 5]", "gather [3, -1, 3, 0], width"],
    "pow": ["a: abs; b: conv 8, 1x1, from=image; pow a, b", "pow 2; pow 0.5", "pow 2, in"],
    "matmul": ["a: conv 8, 1x1; matmul image", "a: reshape (96, 12); b: transpose (1, 0); matmul a, b"],
    "max": ["a: conv 8, 1x1; max image", "max 0", "a: conv 8, 1x1; max image, 0.5, a"],
    "min": ["a: conv 8, 1x1; min image", "min 6", "min [1, 2, 3, 4, 5, 6, 7, 8]"],
    "mean": ["a: conv 8, 1x1; b: conv 8, 1x1; mean a, b, image"],
    "concat": ["a: conv 8, 1x1; concat image", "a: conv 8, 1x1; concat image, axis=height"],
}
PLAIN = [
    "abs",
    "neg",
    "sign",
    "sqrt",
    "log",
    "exp",
    "relu",
    "relu6",
    "round",
    "selu",
    "silu",
    "mish",
    "softplus",
    "softsign",
    "hardswish",
    "hardtanh",
    "sigmoid",
    "tanh",
]
OTHERS = {
    "identity": ("conv 4, 1x1; identity", ["conv"]),
    "dense": ("dense 4, axis=channels", ["conv"]),
    "reshape": ("reshape -1", ["flatten"]),
    "dropout": ("conv 4, 1x1; dropout", ["conv"]),
    "separable": ("separable 4, 3x3", ["depthwise", "conv"]),
    "weightedpool": ("weightedpool 3x3", ["depthwise"]),
    "adaptive_avgpool": ("adaptive_avgpool 6", ["avgpool"]),
    "adaptive_maxpool": ("adaptive_maxpool 1", ["global_maxpool"]),
}
LISTED = {"resize 8x9": ["resize", "resize"], "upsample 0.7, rounding=half_up, coordinates=half_pixel": ["gather"] * 2}
"""Images of 12x12 whose nearest samples are listed, along one axis after the other."""
"""Operations that ONNX has no node for come back as those that they consist of."""

CASES = [(word, text) for word, texts in EXAMPLES.items() for text in texts] + [(word, word) for word in PLAIN]


LOADER = FileLoader(Path(), DEFAULT_LIMITS)


def spec(text: str, image: str = IMAGE) -> str:
    lines = "\n".join(text.split("; "))
    return f"model Example {{\n input image {image}\n {lines}\n}}"


def test_every_operation_has_an_example():
    assert {op.word for op in OPS} == set(EXAMPLES) | set(PLAIN) | set(OTHERS)


@pytest.mark.parametrize("opset", [13, 17, 21])
@pytest.mark.parametrize(("word", "text"), CASES)
def test_comes_back_the_same(word, text, opset):
    graph = compiled(spec(text))
    assert word in words(graph)
    assert meaning(read_back(graph, opset).graph) == meaning(graph)


@pytest.mark.parametrize(("text", "expected"), LISTED.items())
def test_listed_samples_come_back_axis_by_axis(text, expected):
    assert words(read_back(compiled(spec(text))).graph) == expected


@pytest.mark.parametrize("image", [IMAGE, "8xHxW", "12x12x8, layout=hwc"])
@pytest.mark.parametrize("word", list({**EXAMPLES, **OTHERS}))
def test_every_constant_of_an_export_is_read(word, image):
    outcomes = [check(Source("test.cnn", spec(text, image)), LOADER) for text in EXAMPLES.get(word) or OTHERS[word][:1]]
    for graph in [outcome.models[0].graph for outcome in outcomes if outcome.models]:
        for opset in (13, 21):
            model, _ = emit(graph, opset=opset)
            read = {name for node in model.graph.node for name in node.input}
            assert [tensor.name for tensor in model.graph.initializer if tensor.name not in read] == []


@pytest.mark.parametrize(
    ("text", "opset"),
    [
        ("a, b, c: layernorm statistics=true; mul a, c; add b", 17),
        ("a, b, c: layernorm over=1, statistics=true, affine=false; mul a, c; add b", 17),
        ("quantize 0.001, dtype=int16; dequantize 0.001, dtype=int16", 21),
        ("a, b: maxpool 5x5; conv 8, 1x1; unpool b, 5x5, size=12", 14),
        ("quantize 0.5; dequantize 0.5; conv 2, 1x1; quantize 0.1, dtype=uint16", 23),
    ],
)
def test_what_younger_opsets_say_comes_back_the_same(text, opset):
    graph = compiled(spec(text))
    assert meaning(read_back(graph, opset).graph, opset) == meaning(graph, opset)


@pytest.mark.parametrize(("text", "expected"), OTHERS.values(), ids=OTHERS)
def test_comes_back_in_parts(text, expected):
    assert words(read_back(compiled(spec(text))).graph) == expected
