"""Lines of other notations, and the same here: the help says what to write, and that works."""

import re

import pytest

from specc import SpecError, loads

CONV = "conv 3, 3x3, pad=1"

# What is written elsewhere, and the line that the help leads to.
LINES = {
    # arguments that mean something, and so are not left out
    "layernorm axis=-1": "layernorm over=-1",
    "layernorm (3, 9, 9)": "layernorm over=all",
    "mean axis=1": "reduce_mean 0",
    "max axis=-1": "reduce_max -1",
    "min dim=height": "reduce_min height",
    "sum axis=1": "reduce_sum height",
    "mean axis=(2, 3)": "reduce_mean 1; reduce_mean 2",
    "softmax dim=1": "softmax axis=0",
    "layernorm normalized_shape=9": "layernorm over=-1",
    "flatten start_dim=2": "reshape (in.channels, -1)",
    "reduce_mean height, keepdims=false": "reduce_mean height; squeeze height",
    "maxpool 2x2, return_indices=true": "y, where: maxpool 2x2",
    "maxpool 2, ceil": "maxpool 2, round=ceil",
    "maxpool 2, ceil=true": "maxpool 2, round=ceil",
    # arguments with other names
    "conv 8, 3x3, rate=2": "conv 8, 3x3, dilation=2",
    "lrn 5, bias=2": "lrn 5, k=2",
    "conv 8, 3x3, leaky_relu=0.2": "conv 8, 3x3, leaky_relu(0.2)",
    "conv 8, 3x3, dropout=0.5": "conv 8, 3x3; dropout 0.5",
    "conv 8, 3x3, act=linear": "conv 8, 3x3, act=none",
    # signs that are missing
    "conv 8, 3x3, stride 2": "conv 8, 3x3, stride=2",
    "dropout rate 0.5": "dropout rate=0.5",
    "conv 8, 3x3, padding 1": "conv 8, 3x3, pad=1",
    "conv 8, 3x3 from image": "conv 8, 3x3, from=image",
    "conv 8, 3x3 pad 1": "conv 8, 3x3, pad=1",
    "conv 8, 3x3, dropout 0.5": "conv 8, 3x3; dropout 0.5",
    "conv 8, 3x3, bn 0.1": "conv 8, 3x3; bn",
    "flatten; dense 9, softmax dim=1": "flatten; dense 9; softmax 0",
    "flatten; dense 9, softmax axis 1": "flatten; dense 9; softmax 0",
    "flatten; dense 9, softmax axis=-1": "flatten; dense 9; softmax -1",
    "conv 8, 3x3, leaky_relu negative_slope=0.2": "conv 8, 3x3, leaky_relu(alpha=0.2)",
    # signs that are too many
    "prelu(shared=true)": "prelu shared=true",
    "leaky_relu(negative_slope=0.2)": "leaky_relu alpha=0.2",
    "conv(8, (3, 3), padding=1, bias=False)": "conv 8, (3, 3), pad=1, bias=false",
    'conv(8, 3x3, activation="relu")': "conv 8, 3x3, act=relu",
    "mul 0,5": "mul 0.5",
    "conv 1,000, 1x1": "conv 1_000, 1x1",
    "conv 1,000": "conv 1_000, 1x1",
    # names and numbers
    "conv 3, 3x3, groups=in_channels": "conv 3, 3x3, groups=in.channels",
    "conv 8, 3x3, bias=no": "conv 8, 3x3, bias=false",
    "let k = 3; conv 8, kxk": "let k = 3; conv 8, [k, k]",
    "const 4": "let c = 4; conv c, 1x1",
    "const c = 4; conv c, 1x1": "let c = 4; conv c, 1x1",
    "for c in 64, 128 { conv c, 1x1 }": "for c in [64, 128] { conv c, 1x1 }",
    "for a, b in (8, 1), (9, 2) { conv a, b }": "for a, b in [(8, 1), (9, 2)] { conv a, b }",
    "1 - in": "sub 1, in",
    "slice channels, 0:2": "slice channels, 0, 2",
    "slice height, :4, step=2": "slice height, 0, 4, step=2",
    "slice channels 0:2": "slice channels, 0, 2",
    "slice channels 0, 2": "slice channels, 0, 2",
    "slice 0:2": "slice channels, 0, 2",
    "slice :2": "slice channels, 0, 2",
    "slice height 1:": "slice height, 1",
    "a: slice height, 0:8:2, from=image": "a: slice height, 0, 8, step=2, from=image",
    "mean 1": "reduce_mean 0",
    "mean height": "reduce_mean height",
    "mean (2, 3)": "reduce_mean 1; reduce_mean 2",
    "max width": "reduce_max width",
    "let x = 1,000; conv x, 1": "let x = 1_000; conv x, 1",
    "let x = 0,5; mul x": "let x = 0.5; mul x",
    "let xs = 3, 8; conv xs[1], 1": "let xs = [3, 8]; conv xs[1], 1",
    "conv 300_000, 1; expect params == 1,200,000": "conv 300_000, 1; expect params == 1_200_000",
    "conv 8, 1x1; expect params == 32 +/- 1%": "conv 8, 1x1; expect params == 32 within 1%",
    "conv 8, 1x1; expect params == 32 +- 1%": "conv 8, 1x1; expect params == 32 within 1%",
    "conv 8, 1x1; expect params == 32 \N{PLUS-MINUS SIGN} 1%": "conv 8, 1x1; expect params == 32 within 1%",
    "deconv 8, 3x3, stride=2, pad=1 -> 8x18x18": "deconv 8, 3x3, stride=2, pad=1, output_pad=1 -> 8x18x18",
    # bodies
    f"residual {{ {CONV} }}, relu": f"residual relu {{ {CONV} }}",
    "concat {\nbranch conv 8, 1x1\nbranch { } }": "concat { branch { conv 8, 1x1 } branch { } }",
    # rows of a paper's table
    "3x3 conv, 64": "conv 64, 3x3",
    "3x3 conv, 64 -> 64x7x7": "conv 64, 3x3 -> 64x7x7",
    "conv 64, 3x3 x 2": "repeat 2 { conv 64, 3x3 }",
    "7x7, 64, stride 2": "conv 64, 7x7, stride=2",
    "3x3 max pool, stride 2": "maxpool 3x3, stride=2",
    "[3x3, 64] x 3": "repeat 3 { conv 64, 3x3 }",
    "conv3x3, 64": "conv 64, 3x3",
    "conv3x3, 64, stride 2, relu": "conv 64, 3x3, stride=2, relu",
    "conv1x1-64": "conv 64, 1x1",
    "conv3-64": "conv 64, 3x3",
    "conv 3-64": "conv 64, 3x3",
    "conv3x3(64)": "conv 64, 3x3",
    "conv, 64, 3x3": "conv 64, 3x3",
    "a: 3x3 conv, 64": "conv 64, 3x3",
    "3x3 depthwise conv": "depthwise 3x3",
    "3x3 dw conv, stride 2": "depthwise 3x3, stride=2",
    "3x3 separable conv, 64": "separable 64, 3x3",
    "3x3 deconv, 64": "deconv 64, 3x3",
    "1x1 conv, 64, relu": "conv 64, 1x1, relu",
    "maxpool2x2": "maxpool 2x2",
    "flatten; FC-4096": "flatten; dense 4096",
    "[conv3-64] x 2": "repeat 2 { conv 64, 3x3 }",
    "[1x1, 8; 3x3, 8, 1x1, 16] x 2": "repeat 2 { conv 8, 1x1; conv 8, 3x3; conv 16, 1x1 }",
}


@pytest.mark.parametrize(("wrong", "right"), LINES.items())
def test_what_the_help_says_can_be_written(wrong: str, right: str) -> None:
    with pytest.raises(SpecError) as refused:
        loads(f"model Net {{\ninput image 3x9x9\n{wrong} }}")
    helps = [diagnostic.help or "" for diagnostic in refused.value.diagnostics]
    told = [part.removesuffix(" { ... }").removeprefix(", ") for help in helps for part in re.findall("`(.+?)`", help)]
    assert any(part in right and part not in wrong for part in told), helps
    loads(f"model Net {{\ninput image 3x9x9\n{right} }}")


@pytest.mark.parametrize(
    ("wrong", "help"),
    {
        "conv 8, 3x3 -> relu": "`->` asserts a shape: an operation stands on a line of its own, or behind `;`",
        "conv 8, 3x3 -> conv 8, 3x3": "`->` asserts a shape: an operation stands on a line of its own, or behind `;`",
        "conv 8, 3x3, -> 8x7x7": "no comma stands before `->`",
        "conv 8, 3x3, relu=true": "it is written `relu` alone",
        "concat [in, in], 1": "`concat [in, in]` joins the channels; another axis is named, as in `axis=height`",
        "/* a comment */": "a comment starts with `#`, on each of its lines",
        "conv 8, 3x3 // output": "a comment starts with `#`",
        "bn axis=1": "leave it out: there is nothing to choose here",
        "flatten start_dim=1": "leave it out: there is nothing to choose here",
        "conv 8, 3x3, data_format=channels_last": (
            "channels are last where the input says so: `input image 32x32x3, layout=hwc`"
        ),
        "conv 8, 3x3, strides (2, 2)": "did you mean the argument `stride=`?",
        "prelu shared_axes=[1, 2]": "leave it out: each channel has its slope, or with `shared=true` all have one",
        "relu(inplace=True)": "the arguments of an operation stand without brackets: `relu`",
        "act linear": "an activation is an operation itself, or closes one: `relu`, `conv 8, 3x3, relu`",
    }.items(),
)
def test_one_help_says_it_all(wrong: str, help: str) -> None:
    with pytest.raises(SpecError) as refused:
        loads(f"model Net {{\ninput image 3x9x9\n{wrong} }}")
    assert [diagnostic.help for diagnostic in refused.value.diagnostics] == [help]


BLOCK = "block b(c) { conv c, 3x3, stride=stride }\nmodel M(stride = 2) { input x 3x9x9; b 8 }"
HANDED = "block b(c, stride) { conv c, 3x3, stride=stride }\nmodel M(stride = 2) { input x 3x9x9; b 8, stride=stride }"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (BLOCK, HANDED),
        (BLOCK.replace("(stride = 2)", "").replace("b 8", "let stride = 2; b 8"), HANDED),
        ("import blocks as b\nmodel M { input x 3x9x9; blocks.conv_bn 8, 3 }",
         "import blocks as b\nmodel M { input x 3x9x9; b.conv_bn 8, 3 }"),
    ],
)  # fmt: skip
def test_names_that_are_called_otherwise_or_not_seen(wrong: str, right: str) -> None:
    with pytest.raises(SpecError) as refused:
        loads(wrong)
    told = re.findall("`(.+?)`", refused.value.diagnostics[0].help or "")
    assert told[-1] in right
    assert len(refused.value.diagnostics) == 1  # what is to be handed over is not called unused
    loads(right)
