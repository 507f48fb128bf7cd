"""flatten, reshape, transpose, squeeze: shapes and orders in both layouts."""

import numpy as np
import pytest
from lowering import assert_within_bound, image, model_of, nodes_of, numbers, onnx_runtime, rejected
from onnx.numpy_helper import to_array
from pydantic_core import ValidationError

from specc.dims import Divides, symbol
from specc.ops import BY_WORD
from specc.types import TensorType

H, W = symbol("H"), symbol("W")


# Shapes are canonical: (channels, height, width) whatever the layout.
@pytest.mark.parametrize(
    ("word", "arguments", "x", "wanted"),
    [
        ("flatten", {}, (16, 5, 5), (400,)),
        ("flatten", {}, (16, "H", "W"), (16 * H * W,)),
        ("flatten", {}, (10,), (10,)),
        ("reshape", {"sizes": (4, 5, 20)}, (16, 5, 5), (4, 5, 20)),
        ("reshape", {"sizes": (4, -1)}, (16, 5, 5), (4, 100)),
        ("reshape", {"sizes": (-1,)}, (16, 5, 5), (400,)),
        ("reshape", {"sizes": 400}, (16, 5, 5), (400,)),
        ("reshape", {"sizes": (1, 2, 2, 2, 2, 5, 5)}, (16, 5, 5), (1, 2, 2, 2, 2, 5, 5)),
        ("reshape", {"sizes": (16, -1)}, (16, "H", "W"), (16, H * W)),
        ("reshape", {"sizes": (5, 20, 4), "layout": "hwc"}, (16, 5, 5), (4, 5, 20)),
        ("transpose", {"order": (0, 2, 1)}, (16, 5, 7), (16, 7, 5)),
        ("transpose", {"order": (1, 2, 0)}, (16, "H", "W"), (H, W, 16)),
        ("transpose", {"order": (1, 0, 2), "layout": "hwc"}, (16, 5, 7), (16, 7, 5)),
        ("squeeze", {}, (16, 1, 1), (16,)),
        ("squeeze", {}, (16, 1, 5), (16, 5)),
        ("squeeze", {}, (1, 1, 5), (1, 5)),
        ("transpose", {"order": 0}, (5,), (5,)),
        ("squeeze", {"axis": "height"}, (16, 1, 1), (16, 1)),
        ("squeeze", {"axis": 0}, (1, 5, 7), (5, 7)),
        ("squeeze", {"axis": -1, "layout": "hwc"}, (1, 5, 7), (7, 5)),
    ],
)
def test_shapes(word, arguments, x, wanted):
    assert BY_WORD[word](**arguments).infer((image(*x),))[0].shape[1:] == wanted


def test_a_batch_of_one_stays():
    assert BY_WORD["squeeze"]().infer((TensorType((1, 16, 1, 1)),))[0].shape == (1, 16)


def test_an_open_size_must_fill_the_new_ones():
    op = BY_WORD["reshape"](sizes=(3, -1))
    assert op.conditions((image(1, "H", "W"),)) == (Divides(3, H * W),)
    assert op.conditions((image(3, "H", "W"),)) == ()
    assert BY_WORD["reshape"](sizes=(2, -1)).conditions((image(1, "H"),)) == (Divides(2, H),)
    assert BY_WORD["reshape"](sizes=(1, -1)).conditions((image(1, "H"),)) == ()


@pytest.mark.parametrize(
    ("word", "arguments", "x", "code", "message", "note", "help"),
    [
        ("reshape", {"sizes": (3, 5, 5)}, (16, 5, 5), "E0406", "16x5x5 holds 400 values, which do not fill 3x5x5",
         "75 != 400", None),
        ("reshape", {"sizes": (3, -1)}, (16, 5, 5), "E0406", "16x5x5 holds 400 values, which do not fill 3x-1",
         "400 / 3 = 133.33", None),
        ("reshape", {"sizes": (16, 25)}, (16, "H", "W"), "E0407",
         "16xHxW has an open number of values, but `reshape` names every size", "",
         "write -1 for the size that stays open, or `like=x` for the open sizes of a value `x`"),
        ("transpose", {"order": (1, 0)}, (16, 5, 5), "E0404", "`order` names 2 axes of an input with 3", "", None),
        ("squeeze", {"axis": "width"}, (16, 1, 5), "E0406", "axis width of 16x1x5 is not 1 but 5", "", None),
        ("squeeze", {"axis": "length"}, (16, 5), "E0406", "axis length of 16x5 is not 1 but 5", "", None),
        ("squeeze", {"axis": "depth"}, (16, 1, 5), "E0305", "the input has no depth", "",
         "it has channels, height, width"),
        ("squeeze", {"axis": "channels"}, (1,), "E0406", "the only axis cannot be dropped", "", None),
    ],
)  # fmt: skip
def test_rejections(word, arguments, x, code, message, note, help):
    finding = rejected(BY_WORD[word](**arguments), image(*x))
    assert (finding.code, finding.message, "".join(finding.notes), finding.help) == (code, message, note, help)
    assert finding.argument in arguments
    assert finding.inputs == {0: image(*x).text()}


@pytest.mark.parametrize(
    ("word", "arguments"),
    [
        ("reshape", {"sizes": (-1, -1)}),
        ("reshape", {"sizes": (0, 4)}),
        ("transpose", {"order": (0, 0, 1)}),
        ("squeeze", {"axis": "depths"}),
    ],
)
def test_arguments_that_say_nothing(word, arguments):
    with pytest.raises(ValidationError):
        BY_WORD[word](**arguments)


# NumPy on the array as it is written: (batch, height, width, channels) under hwc.
WRITTEN = [
    ("flatten", {}, (2, 4, 5, 6), lambda x: x.reshape(2, -1)),
    ("reshape", {"sizes": (10, 12)}, (2, 4, 5, 6), lambda x: x.reshape(2, 10, 12)),
    ("reshape", {"sizes": (2, 10, -1)}, (2, 4, 5, 6), lambda x: x.reshape(2, 2, 10, 6)),
    ("reshape", {"sizes": (2, 2, 5, 6)}, (2, 4, 5, 6), lambda x: x.reshape(2, 2, 2, 5, 6)),
    ("reshape", {"sizes": (3, 4)}, (2, 12), lambda x: x.reshape(2, 3, 4)),
    ("transpose", {"order": (2, 0, 1)}, (2, 4, 5, 6), lambda x: x.transpose(0, 3, 1, 2)),
    ("squeeze", {"axis": 0}, (2, 1, 5, 6), lambda x: x[:, 0]),
    ("squeeze", {"axis": 2}, (2, 4, 5, 1), lambda x: x[..., 0]),
    ("softmax", {"axis": 1}, (2, 4, 5, 6), lambda x: np.exp(x) / np.exp(x).sum(2, keepdims=True)),
    ("split", {"parts": 2, "axis": 2}, (2, 4, 5, 6), lambda x: x[..., :3]),
    ("concat", {"axis": 0}, (2, 4, 5, 6), lambda x: x),
]


def canonical(x: np.ndarray, layout: str) -> np.ndarray:
    return np.moveaxis(x, -1, 1) if layout == "hwc" else x


@pytest.mark.parametrize("layout", ["chw", "hwc"])
@pytest.mark.parametrize(("word", "arguments", "shape", "written"), WRITTEN)
def test_axes_count_as_they_are_written(word, arguments, shape, written, layout):
    """The NumPy kernel and ONNX Runtime, whose model takes arrays in the order in which they are written."""
    op = BY_WORD[word](**arguments, layout=layout)
    x = numbers(*shape)
    computed = op.compute([canonical(x, layout)], {})[0]
    np.testing.assert_allclose(computed, canonical(written(x), layout), rtol=1e-6)
    types = [TensorType((symbol("N"), *canonical(x, layout).shape[1:]))]
    for opset in (13, 21):
        (y, *_) = onnx_runtime(model_of(op, types, {}, opset, layout), [x])
        np.testing.assert_allclose(y, written(x), rtol=1e-6)


@pytest.mark.parametrize(
    ("word", "arguments", "shape"),
    [
        *[("flatten", {}, shape) for shape in [(2, 6), (2, 6, 9), (2, 6, 5, 4), (1, 6, 3, 4, 5)]],
        *[("squeeze", {}, shape) for shape in [(2, 6, 1, 5), (1, 6, 1, 5), (2, 1, 1, 5), (2, 6, 4, 5)]],
        ("reshape", {"sizes": (6, -1)}, (2, 6, 5, 4)),
        ("transpose", {"order": (1, 2, 0)}, (2, 6, 5, 4)),
    ],
)
def test_open_sizes_and_ranks(word, arguments, shape):
    assert_within_bound(BY_WORD[word](**arguments), numbers(*shape), opened=word != "squeeze")


@pytest.mark.parametrize(
    ("word", "arguments", "x", "operators"),
    [
        ("flatten", {}, (16, 5, 5), ["Flatten"]),
        ("flatten", {"layout": "hwc"}, (16, 5, 5), ["Transpose", "Flatten"]),
        ("flatten", {"layout": "hwc"}, (16, 1, 1), ["Flatten"]),
        ("flatten", {"layout": "hwc"}, (1, 5, 5), ["Flatten"]),
        ("squeeze", {"layout": "hwc"}, (16, 1, 5), ["Squeeze"]),
        ("transpose", {"order": (1, 2, 0)}, (16, 5, 5), ["Transpose"]),
        ("reshape", {"sizes": (25, 16)}, (16, 5, 5), ["Reshape"]),
    ],
)
def test_transposes_appear_only_where_they_move_a_value(word, arguments, x, operators):
    assert nodes_of(BY_WORD[word](**arguments), image(*x)) == operators


@pytest.mark.parametrize(
    ("x", "operand"), [((16, 5, 5), [0, 4, 100]), (("C", 5, 5), [0, 4, -1]), ((16, "H", 5), [0, 4, -1])]
)
def test_what_is_left_over_is_left_to_onnx_only_where_it_is_open(x, operand):
    """-1 has no meaning for a batch of nothing."""
    (sizes,) = model_of(BY_WORD["reshape"](sizes=(4, -1)), [image(*x)], {}).graph.initializer
    assert to_array(sizes).tolist() == operand
