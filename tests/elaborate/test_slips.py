"""Arguments and names as other languages have them: what the one message says, and that its line works."""

from pathlib import Path

import numpy as np
import pytest

import specc
from specc import SpecError
from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.pipeline import check
from specc.source import Source

MODEL = "model Net {{ input image 4x8x8; a: conv 4, 1x1; {} }}"

SAID = {
    "conv 3x3x64": "`conv 64, 3x3`",
    "conv 64x3x3": "`conv 64, 3x3`",
    "conv 3x3x3x64": "`conv 64, 3x3`",
    "conv 64x3x3x3": "`conv 64, 3x3`",
    "separable 3x3": "`separable 64, 3x3`",
    "conv 3, 32, 3, 1, 1": "`conv 32, 3, stride=1, pad=1`",
    "conv 8, 3,3": "`conv 8, 3x3`; with a stride it is `conv 8, 3, stride=3`",
    "pad 1, reflect": "did you mean `mode=reflect`?",
    "conv 8, 3x3, pad=reflect": "`pad=same, border=reflect`, or `pad=1, border=reflect`",
    "conv 8, 3x3, pad=true": "`pad=same`, or a number of positions: `pad=1`",
    "conv 8, 3x3 -> (None, 8, 6, 6)": "the batch is not written in a shape",
    "conv 8, 3x3 -> 8xHxW": "`_` stands for any size",
    "conv log2(8), 3x3": "`round(log(8) / log(2))`",
    "resize like=32x32": "`size` takes numbers: `resize size=32x32`",
    "conv 8, 3x3, from=3": "name a layer by a label",
    "conv 8, 3x3, act=None": "`none` means no activation",
    "let a_ = None; conv 8, 3x3, act=a_": "it is written `none`",
    "b: conv 8, 1x1; concat a, b, axis=1": "it is `axis=channels`",
    "b: conv 8, 1x1; concat a, b, axis=-1": "it is `axis=channels`",
    "flatten; dense 10, relu, softmax": "`dense 10, relu; softmax`",
    "conv 8, 3x3, relu + bn": "`conv 8, 3x3, relu; bn`",
    "repeat 0 { x: relu }; concat x": "a loop that makes no rounds",
    "conv c, 3x3; let c = 3": "",
    "var c = 16; conv c, 1x1": "`let c = 16`",
    "Let c = 16; conv c, 1x1": "`let c = 16`",
    "output y, labels=[cat, dog, cow]": '`labels=["cat", "dog", "cow"]`',
    "F.relu(a)": "did you mean `relu`?",
    "max_pooling2d 2x2": "did you mean `maxpool`?",
    "average_pooling2d 2x2": "did you mean `avgpool`?",
    "global_average_pooling2d": "did you mean `global_avgpool`?",
    "stage: repeat 2 { relu }; add stage[0], a": "`y[0]`",
    "repeat 2 { x: relu }; add x(0), a": "`x[0]`",
    "repeat 2 { x: relu }; add x_0, a": "`x[0]`",
    "repeat 2 { x: relu }; add x[1], x[2]": "items are counted from 0",
    "flatten; dense 3, softmax, labels=[1, 2]": "`output scores, labels=[1, 2]`",
    "prelu 0.25": "`prelu init=0.25`",
    "relu 6": "did you mean `relu6`?",
    "expect params(a) == 3": "without brackets: `params`",
    "conv 100*0.29, 1x1": "`round(100*0.29)` is the nearest whole number, 29: ",
    "clip 6": "`clip` takes the least and the largest value: `clip 0, 6`",
    "unpool 2x2": "`unpool w, 2x2` behind `y, w: maxpool 2x2`",
    "conv 8, 3x3, pad=same_upper": "did you mean `same`?",
    "conv 8, 3x3, pad=none": "did you mean `valid`?",
    "conv(image, 8, 3x3)": "what it works on behind `from=`: `conv 8, 3x3, from=image`",
    "conv image, 8, 3x3": "what an operation works on stands behind `from=`: `conv 8, 3x3, from=image`",
    "maxpool(image, 2x2)": "what it works on behind `from=`: `maxpool 2x2, from=image`",
    "upsample x2": "a number by itself has no `x`: `2`",
    "elementwise_add a": "did you mean `add`?",
    "resize a": "`resize like=a` takes the size of `a`",
    "crop a": "`crop like=a` takes the size of `a`",
    "conv 8, 3x3/2": "a stride is an argument of its own: `3x3, stride=2`",
    "maxpool 3/2": "a stride is an argument of its own: `3, stride=2`",
    "conv 8, 3x3, s2": "did you mean `stride=2`?",
    "conv 8, 3x3, s2, p1": "arguments behind the window have names: `conv 8, 3x3, stride=2, pad=1`",
    "conv 8, 3x3, p=1": "did you mean `pad`?",
    "conv 8, 3x3, dilate=2": "did you mean `dilation`?",
    "upsample factor=2": "did you mean `scale`?",
    "conv 8, 3x3, pad=1, in_channels=4": "leave it out: the size of what comes in is known",
    "conv 8, 3x3, stride=2, 1": "a list stands in brackets: `stride=(2, 1)`",
    "depth_to_space 2": "TensorFlow's, is `channel_shuffle 4; pixel_shuffle 2`",
    "space_to_depth 2": "`pixel_unshuffle 2` puts channels as PyTorch does",
    "hsigmoid": "did you mean `hardsigmoid`?",
    "eltwise a": "`add`, `mul` and `max`",
    "zeropad 1": "`pad 1`",
    "reflectionpad 1": "`pad 1, mode=reflect`",
    "average_pool 2x2": "did you mean `avgpool`?",
    "global avgpool": "a global pool is one word: `global_avgpool`",
    "squeeze_excite 4": "`blocks.squeeze_excite 8`",
    "parallel { branch { } branch { relu } }": "`concat { branch { ... } branch { ... } }`, or `add`",
    "ouput a": "did you mean `output`?",
    "Expect params == 20": "did you mean `expect`?",
    "leaky relu": "it is one word: `leaky_relu`",
    "max pool": "it is one word: `maxpool`",
    "assert params == 3": "`expect params == 61_706`; a shape is asserted at its line",
}  # fmt: skip
WORKS = (
    "conv round(100*0.29), 1x1", "conv 8, 3x3, from=image", "resize like=a", "crop like=a", "maxpool 3x3, stride=2",
    "conv 64, 3x3", "separable 64, 3x3", "conv 32, 3, stride=1, pad=1", "conv 8, 3, stride=3", "pad 1, mode=reflect",
    "conv 8, 3x3, pad=same, border=reflect", "conv 8, 3x3, pad=1, border=reflect", "conv 8, 3x3 -> 8x6x6",
    "conv 8, 3x3 -> 8x_x_", "conv round(log(8) / log(2)), 3x3", "resize size=32x32", "conv 8, 3x3, act=none",
    "b: conv 8, 1x1; concat a, b, axis=channels", "flatten; dense 10, relu; softmax", "conv 8, 3x3, relu; bn",
    "let c = 16; conv c, 1x1", "repeat 2 { x: relu }; add x[0], x[-1]", "prelu init=0.25", "expect params == 20",
    "pixel_unshuffle 2", "y, w: maxpool 2x2; unpool w, 2x2", "clip 0, 6", "maxpool 2x2, stride=(2, 1)",
)  # fmt: skip


@pytest.mark.parametrize(("line", "said"), SAID.items())
def test_the_one_message_says_what_is_meant(line: str, said: str) -> None:
    with pytest.raises(SpecError) as refused:
        specc.loads(MODEL.format(line))
    (error,) = [diagnostic for diagnostic in refused.value.diagnostics if diagnostic.severity == "error"]
    assert said in (error.help or "")
    assert "W0101" not in [diagnostic.code for diagnostic in refused.value.diagnostics]  # of the same line


@pytest.mark.parametrize("line", WORKS)
def test_and_it_can_be_written(line: str) -> None:
    specc.loads(MODEL.format(line))


def test_a_number_is_told_apart_from_the_whole_one_beside_it() -> None:
    with pytest.raises(SpecError, match=r"needs a whole number, not 28\.999999999999996"):
        specc.loads(MODEL.format("conv 100*0.29, 1x1"))


def test_the_other_order_of_depth_to_space() -> None:
    """ONNX's DCR: the positions within a block count slower than the channels."""
    x = np.arange(8.0 * 3 * 5, dtype=np.float32).reshape(1, 8, 3, 5)
    blocks = x.reshape(1, 2, 2, 2, 3, 5).transpose(0, 3, 4, 1, 5, 2).reshape(1, 2, 6, 10)
    model = specc.loads("model Net { input x 8x3x5; channel_shuffle 4; pixel_shuffle 2 }")
    assert np.array_equal(model.run(x), blocks)
    back = specc.loads("model Net { input x 2x6x10; pixel_unshuffle 2; channel_shuffle 2 }")
    assert np.array_equal(back.run(blocks), x)


CHOICE = """block basic(width) {{ conv width, 1x1 }}
block other({}) {{ relu }}
model Net(unit = basic) {{ input image 3x8x8; unit 4 }}"""


def codes(text: str) -> list[str]:
    outcome = check(Source("net.cnn", text), FileLoader(Path(), DEFAULT_LIMITS))
    return [diagnostic.code for diagnostic in outcome.diagnostics]


def test_a_block_that_could_be_chosen_is_not_unused() -> None:
    assert codes(CHOICE.format("width").replace("{ relu }", "{ conv width, 3x3 }")) == []
    assert codes(CHOICE.format("")) == ["W0202"]


@pytest.mark.parametrize(
    "text",
    [
        "block unit(c) { conv c, 1x1 }\nmodel Net { input image 3x8x8; UNIT 3 }",
        "block unit(c) { conv c, 1x1 }\nmodel Net { input image 3x8x8; unit: unit 3; unit 4 }",
        "model Net { input image 8x8x3, layout=channels_last; relu }",
        "model Net { input image 3x8x8, std=-1; relu }",
        "model Net { input image 3x8x8, mean=0.1, 0.2, 0.3; relu }",
        "model Net { input image 3x8x8; conv c, 3x3; let c = 3 }",
        "model Net { input image 3x8x8; split 3 }",
        "model Net { input image 3x8x8; repeat 0 { relu } }",
    ],
)
def test_one_cause_has_one_message(text: str) -> None:
    assert len(codes(text)) == 1
