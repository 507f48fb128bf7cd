"""pixel_shuffle, pixel_unshuffle, channel_shuffle, split: sizes, PyTorch, ONNX Runtime."""

from fractions import Fraction

import numpy as np
import pytest
from lowering import assert_within_bound, image, nodes_of, numbers, rejected
from pydantic_core import ValidationError

from specc.dims import Divides, symbol
from specc.ops import BY_WORD
from specc.ops.base import Reach

H, W = symbol("H"), symbol("W")


@pytest.mark.parametrize(
    ("word", "arguments", "x", "wanted"),
    [
        ("pixel_shuffle", {"factor": 2}, (8, "H", 5), [(2, 2 * H, 10)]),
        ("pixel_shuffle", {"factor": 2}, (8, 5), [(4, 10)]),
        ("pixel_shuffle", {"factor": 2}, (8, 3, "H", 5), [(1, 6, 2 * H, 10)]),
        ("pixel_unshuffle", {"factor": 2}, (2, "H", 6), [(8, H // 2, 3)]),
        ("pixel_unshuffle", {"factor": 2}, (2, 6), [(4, 3)]),
        ("pixel_unshuffle", {"factor": 3}, (1, 6, "H", 9), [(27, 2, H // 3, 3)]),
        ("channel_shuffle", {"groups": 3}, (6, "H", "W"), [(6, H, W)]),
        ("channel_shuffle", {"groups": 3}, (6,), [(6,)]),
        ("split", {"parts": 2}, (6, "H", "W"), [(3, H, W)] * 2),
        ("split", {"parts": [1, 5]}, (6, "H", "W"), [(1, H, W), (5, H, W)]),
        ("split", {"parts": 2, "axis": "width"}, (6, "H", "W"), [(6, H, W // 2)] * 2),
        ("split", {"parts": 2, "axis": -1, "layout": "hwc"}, (6, 4, 5), [(3, 4, 5)] * 2),
    ],
)
def test_shapes(word, arguments, x, wanted):
    assert [y.shape[1:] for y in BY_WORD[word](**arguments).infer((image(*x),))] == wanted


@pytest.mark.parametrize(
    ("word", "arguments", "x", "code"),
    [
        ("pixel_shuffle", {"factor": 3}, (8, 4, 4), "E0405"),
        ("pixel_shuffle", {"factor": 2}, (8,), "E0404"),
        ("pixel_shuffle", {"factor": 2}, (7, 4), "E0405"),
        ("pixel_shuffle", {"factor": 2}, (4, 4, 4, 4), "E0405"),
        ("pixel_unshuffle", {"factor": 2}, (8, 5), "E0406"),
        ("pixel_unshuffle", {"factor": 2}, (8, 5, 4), "E0406"),
        ("channel_shuffle", {"groups": 4}, (6, 5, 4), "E0405"),
        ("split", {"parts": 4}, (6, 5, 4), "E0406"),
        ("split", {"parts": [2, 3]}, (6, 5, 4), "E0406"),
        ("split", {"parts": [2, 3], "axis": "height"}, (6, "H", 4), "E0407"),
        ("split", {"parts": 2, "axis": "depth"}, (6, 5, 4), "E0305"),
    ],
)
def test_rejections(word, arguments, x, code):
    assert rejected(BY_WORD[word](**arguments), image(*x)).code == code


@pytest.mark.parametrize("parts", [0, [], [2, 0], 1.5, "two"])
def test_split_needs_parts(parts):
    with pytest.raises(ValidationError):
        BY_WORD["split"](parts=parts)


def test_reach():
    """A position of the output reads one of the input, or as many as have become its channels."""
    assert BY_WORD["pixel_unshuffle"](factor=3).reach((image(2, 6, 9),)) == (Reach(3, Fraction(3)),) * 2
    assert (
        BY_WORD["pixel_shuffle"](factor=3).reach((image(9, 2, 3),))
        == (Reach(1, Fraction(1, 3), Fraction(-2, 3), 0),) * 2
    )


def test_open_sizes_that_are_cut_must_divide():
    x = image(6, "H", "W")
    assert BY_WORD["split"](parts=2, axis="width").conditions((x,)) == (Divides(2, W),)
    assert BY_WORD["pixel_unshuffle"](factor=2).conditions((x,)) == (Divides(2, H), Divides(2, W))


@pytest.mark.parametrize(
    ("word", "arguments", "shape", "torchs"),
    [
        ("pixel_shuffle", {"factor": 2}, (2, 8, 3, 4), lambda t, x: [t.pixel_shuffle(x, 2)]),
        ("pixel_unshuffle", {"factor": 2}, (2, 3, 6, 4), lambda t, x: [t.pixel_unshuffle(x, 2)]),
        ("pixel_unshuffle", {"factor": 3}, (2, 1, 6, 3), lambda t, x: [t.pixel_unshuffle(x, 3)]),
        ("channel_shuffle", {"groups": 3}, (2, 6, 3, 4), lambda t, x: [t.channel_shuffle(x, 3)]),
        ("split", {"parts": 2}, (2, 6, 3, 4), lambda t, x: t.split(x, 3, 1)),
        ("split", {"parts": [1, 5]}, (2, 6, 3, 4), lambda t, x: t.split(x, [1, 5], 1)),
        ("split", {"parts": 2, "axis": "width"}, (2, 6, 3, 4), lambda t, x: t.split(x, 2, 3)),
    ],
)
def test_pytorch_and_onnx_runtime(word, arguments, shape, torchs):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    op, x = BY_WORD[word](**arguments), numbers(*shape)
    for y, wanted in zip(op.compute([x], {}), torchs(torch, torch.from_numpy(x)), strict=True):
        np.testing.assert_array_equal(y, wanted.numpy())
    assert_within_bound(op, x, opened=True)


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("sizes", [(6,), (4, 2, 6)])
@pytest.mark.parametrize(("word", "channels"), [("pixel_shuffle", 16), ("pixel_unshuffle", 3)])
def test_signals_and_volumes(word, channels, sizes, opened):
    """In ONNX Runtime, and as the inverse of one another; of signals it is `b (c r) l -> b c (l r)` in einops."""
    op, x = BY_WORD[word](factor=2), numbers(2, channels, *sizes)
    (y,) = op.compute([x], {})
    (back,) = BY_WORD["pixel_unshuffle" if word == "pixel_shuffle" else "pixel_shuffle"](factor=2).compute([y], {})
    np.testing.assert_array_equal(back, x)
    if word == "pixel_shuffle" and len(sizes) == 1:
        pairs = x.reshape(2, 8, 2, -1).swapaxes(2, 3)
        np.testing.assert_array_equal(y, pairs.reshape(2, 8, -1))
    assert_within_bound(op, x, opened=opened)


@pytest.mark.parametrize(
    ("word", "arguments", "operators"),
    [
        ("pixel_shuffle", {"factor": 2}, ["DepthToSpace"]),
        ("pixel_unshuffle", {"factor": 2}, ["SpaceToDepth", "Gather"]),
        ("channel_shuffle", {"groups": 2}, ["Gather"]),
        ("split", {"parts": 2}, ["Split"]),
    ],
)
def test_operators_at_open_sizes(word, arguments, operators):
    assert nodes_of(BY_WORD[word](**arguments), image(8, "H", "W")) == operators
