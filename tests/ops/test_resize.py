"""pad, crop, upsample: sizes, PyTorch, ONNX Runtime."""

from fractions import Fraction

import numpy as np
import pytest
from lowering import assert_within_bound, image, nodes_of, numbers, rejected
from pydantic_core import ValidationError

from specc.dims import symbol
from specc.ops import BY_WORD

H, W = symbol("H"), symbol("W")


@pytest.mark.parametrize(
    ("word", "arguments", "x", "wanted"),
    [
        ("pad", {"amount": 1}, (3, 5, 6), (3, 7, 8)),
        ("pad", {"amount": (1, 2)}, (3, "H", "W"), (3, H + 2, W + 4)),
        ("pad", {"amount": (0, 1, 2, 3)}, (3, 5, 6), (3, 7, 10)),  # top, left, bottom, right
        ("crop", {"amount": 1}, (3, "H", 6), (3, H - 2, 4)),
        ("crop", {"amount": (0, 1, 2, 3)}, (3, 5, 6), (3, 3, 2)),
        ("crop", {"size": (2, 3)}, (3, 5, 6), (3, 2, 3)),
        ("upsample", {}, (3, "H", 6), (3, 2 * H, 12)),
        ("upsample", {"scale": (1, 3), "mode": "bilinear"}, (3, 5, 6), (3, 5, 18)),
        ("upsample", {"scale": 4}, (3, 5), (3, 20)),
    ],
)
def test_shapes(word, arguments, x, wanted):
    assert BY_WORD[word](**arguments).infer((image(*x),))[0].shape[1:] == wanted


@pytest.mark.parametrize(
    ("word", "arguments", "x", "code"),
    [
        ("pad", {"amount": 1}, (3,), "E0404"),
        ("pad", {"amount": (1, 2, 3)}, (3, 5, 6), "E0304"),
        ("pad", {"amount": 5, "mode": "reflect"}, (3, 5, 6), "E0406"),
        ("pad", {"amount": 6, "mode": "wrap"}, (3, 5, 6), "E0406"),
        ("pad", {"amount": (2**63 - 1, 1, 0, 0)}, (3, "H", 6), "E0703"),
        ("crop", {}, (3, 5, 6), "E0302"),
        ("crop", {"amount": 1, "size": 2}, (3, 5, 6), "E0303"),
        ("crop", {"amount": 3}, (3, 5, 6), "E0406"),
        ("crop", {"size": 7}, (3, 5, 6), "E0406"),
        ("crop", {"size": 2}, (3, "H", 6), "E0407"),
        ("upsample", {}, (3,), "E0404"),
        ("upsample", {"align_corners": True}, (3, 5, 6), "E0305"),
    ],
)
def test_rejections(word, arguments, x, code):
    assert rejected(BY_WORD[word](**arguments), image(*x)).code == code


@pytest.mark.parametrize(
    ("word", "arguments"),
    [
        ("pad", {"amount": "same"}),
        ("pad", {"amount": -1}),
        ("upsample", {"scale": 0}),
        ("upsample", {"mode": "lanczos"}),
    ],
)
def test_arguments_that_say_nothing(word, arguments):
    with pytest.raises(ValidationError):
        BY_WORD[word](**arguments)


def interpolated(f, x, scale, mode, **how):
    names = {1: "linear", 2: "bilinear", 3: "trilinear"}
    return f.interpolate(x, scale_factor=scale, mode=names[x.ndim - 2] if mode == "bilinear" else mode, **how)


@pytest.mark.parametrize(
    ("word", "arguments", "shape", "torchs"),
    [
        ("pad", {"amount": (1, 2, 3, 4)}, (2, 3, 5, 6), lambda f, x: f.pad(x, (2, 4, 1, 3))),
        ("pad", {"amount": 2, "mode": "edge"}, (2, 3, 5), lambda f, x: f.pad(x, (2, 2), mode="replicate")),
        ("pad", {"amount": 2, "mode": "reflect"}, (2, 3, 5), lambda f, x: f.pad(x, (2, 2), mode="reflect")),
        ("pad", {"amount": 2, "mode": "wrap"}, (2, 3, 5), lambda f, x: f.pad(x, (2, 2), mode="circular")),
        ("pad", {"amount": 1, "value": 0.5}, (2, 3, 5), lambda f, x: f.pad(x, (1, 1), value=0.5)),
        ("crop", {"amount": (0, 1, 2, 3)}, (2, 3, 5, 6), lambda f, x: x[:, :, :3, 1:3]),
        ("crop", {"size": (2, 3)}, (2, 3, 5, 6), lambda f, x: x[:, :, 1:3, 1:4]),
        *[
            (
                "upsample",
                {"scale": 3, "mode": mode, "align_corners": corners},
                shape,
                lambda f, x, mode=mode, how={"align_corners": corners} if mode == "bilinear" else {}: interpolated(
                    f, x, 3, mode, **how
                ),
            )
            for mode, corners in [("nearest", False), ("bilinear", False), ("bilinear", True)]
            for shape in [(2, 3, 5), (2, 3, 5, 6), (1, 2, 3, 4, 5), (1, 1, 1, 1)]
        ],
    ],
)
def test_pytorch_and_onnx_runtime(word, arguments, shape, torchs):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    op, x = BY_WORD[word](**arguments), numbers(*shape)
    wanted = torchs(torch.nn.functional, torch.from_numpy(x.astype(np.float64))).numpy()
    np.testing.assert_allclose(op.compute([x.astype(np.float64)], {})[0], wanted, rtol=1e-12, atol=1e-14)
    assert_within_bound(op, x, opsets=(19, 21) if arguments.get("mode") == "wrap" else (13, 17, 21))


def test_a_crop_of_nothing_computes_nothing():
    assert nodes_of(BY_WORD["crop"](amount=0), image(3, 5, 6)) == ["Identity"]


def test_wrapping_needs_opset_19():
    with pytest.raises(AssertionError, match="mode=wrap needs opset 19 or later"):
        nodes_of(BY_WORD["pad"](amount=1, mode="wrap"), image(3, 5, 6), opset=18)


@pytest.mark.parametrize("align_corners", [False, True])
def test_large_images_stay_within_the_bound(align_corners):
    op = BY_WORD["upsample"](scale=(7, 3), mode="bilinear", align_corners=align_corners)
    assert_within_bound(op, numbers(1, 2, 33, 190), opened=True)


@pytest.mark.parametrize(
    ("word", "arguments", "operators"),
    [("pad", {"amount": 1}, ["Pad"]), ("crop", {"amount": 1}, ["Slice"]), ("upsample", {}, ["Resize"])],
)
def test_operators(word, arguments, operators):
    assert nodes_of(BY_WORD[word](**arguments), image(3, "H", "W")) == operators


def test_upsampling_halves_the_step_between_outputs():
    x = image(3, 5, 6)
    assert [reach[:2] for reach in BY_WORD["upsample"]().reach((x,))] == [(1, Fraction(1, 2))] * 2
    assert [reach[:2] for reach in BY_WORD["upsample"](mode="bilinear").reach((x,))] == [(2, Fraction(1, 2))] * 2
