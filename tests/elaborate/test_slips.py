"""Arguments and names as other languages have them: what the one message says, and that its line works."""

import numpy as np
import pytest

import specc
from specc import SpecError

MODEL = "model Net {{ input image 4x8x8; a: conv 4, 1x1; {} }}"

SAID = {
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
    "assert params == 3": "`expect params == 61_706`; a shape is asserted at its line",
}  # fmt: skip
WORKS = (
    "conv round(100*0.29), 1x1", "conv 8, 3x3, from=image", "resize like=a", "crop like=a", "maxpool 3x3, stride=2",
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
