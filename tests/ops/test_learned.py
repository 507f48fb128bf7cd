"""learned: a tensor of its own among the values, the same for every item."""

import numpy as np
import pytest
from lowering import assert_within_bound, float64_outputs, image, model_of, nodes_of, numbers, onnx_runtime
from pydantic_core import ValidationError

from specc.ops import BY_WORD

LEARNED = BY_WORD["learned"]


@pytest.mark.parametrize(
    ("arguments", "canonical"),
    [
        ({"shape": (768, 1)}, (768, 1)),
        ({"shape": 10}, (10,)),
        ({"shape": (4, 4, 512), "layout": "hwc"}, (512, 4, 4)),
        ({"shape": (1, 2, 3, 4, 5)}, (1, 2, 3, 4, 5)),
    ],
)
def test_it_has_its_own_shape_and_the_batch_of_its_input(arguments, canonical):
    (made,) = LEARNED(**arguments).infer((image(3, "H", "W"),))
    assert made.shape == (image(1).shape[0], *canonical)
    (weight,) = LEARNED(**arguments).weights((image(3, "H", "W"),))
    assert (weight.name, weight.shape, weight.init, weight.trainable) == ("weight", canonical, "normal", True)


def test_values_can_be_fixed():
    (weight,) = LEARNED(shape=(2, 3), weight=(1, 2, 3)).weights((image(3),))
    assert weight.fixed == (1, 2, 3, 1, 2, 3)
    assert not weight.trainable


@pytest.mark.parametrize("shape", [(), 0, (3, 0), (3, -1), (1,) * 8, 1.5])
def test_refused_shapes(shape):
    with pytest.raises(ValidationError):
        LEARNED(shape=shape)


def test_every_item_gets_the_same():
    weight = np.arange(6.0).reshape(2, 3)
    assert LEARNED(shape=(2, 3)).compute([np.zeros((2, 5))], {"weight": weight})[0].tolist() == [weight.tolist()] * 2


@pytest.mark.parametrize("x", [(2, 6), (3, 4, 5), (1, 2, 3, 4)])
def test_onnx_runtime_repeats_it(x):
    assert_within_bound(LEARNED(shape=(4, 3)), numbers(*x))
    assert nodes_of(LEARNED(shape=(4, 3)), image(*x[1:])) == ["Shape", "Concat", "Expand"]


def test_with_channels_last():
    op, x, weight = LEARNED(shape=(2, 3, 4), layout="hwc"), numbers(2, 5, 6, 1), numbers(4, 2, 3)
    model = model_of(op, [image(1, 5, 6)], {"weight": weight}, layout="hwc")
    (wanted,), _ = float64_outputs(op, [x], {"weight": weight})
    np.testing.assert_array_equal(onnx_runtime(model, [x])[0], np.moveaxis(wanted, 1, -1).astype(np.float32))
