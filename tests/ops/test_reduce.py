"""reduce_mean, reduce_sum, reduce_max, reduce_min, argmax, normalize: one value for all along an axis."""

import numpy as np
import pytest
from lowering import assert_within_bound, float64_outputs, image, nodes_of, numbers

from specc.ops import BY_WORD

NUMPY = {
    "reduce_mean": np.mean,
    "reduce_sum": np.sum,
    "reduce_max": np.max,
    "reduce_min": np.min,
    "argmax": np.argmax,
}


@pytest.mark.parametrize(
    ("arguments", "shape", "wanted"),
    [
        ({}, (8, 5, 4), (1, 5, 4)),
        ({"axis": "height"}, (8, 5, 4), (8, 1, 4)),
        ({"axis": 0, "layout": "hwc"}, (8, 5, 4), (8, 1, 4)),
        ({"axis": -1}, (8, 5, "W"), (8, 5, 1)),
        ({}, (10,), (1,)),
    ],
)
def test_the_axis_stays_with_size_1(arguments, shape, wanted):
    for word in NUMPY:
        (kind,) = BY_WORD[word](**arguments).infer((image(*shape),))
        assert tuple(str(size) for size in kind.shape[1:]) == tuple(map(str, wanted))


@pytest.mark.parametrize(("axis", "reach"), [("channels", ()), ("height", None), ("width", None)])
def test_positions_are_mixed_unless_only_channels_are(axis, reach):
    for word in ("reduce_mean", "normalize"):
        assert BY_WORD[word](axis=axis).reach((image(3, 5, 6),)) == reach


@pytest.mark.parametrize("word", ["reduce_max", "reduce_min"])
def test_from_opset_18_on_axes_are_an_input(word):
    assert_within_bound(BY_WORD[word](axis="height"), numbers(2, 3, 5, 6), opsets=(17, 18))


def test_argmax_of_equal_values():
    x = np.float32([[3, 1, 3, 2]])
    for last, place in ((False, 0), (True, 2)):
        op = BY_WORD["argmax"](last=last)
        np.testing.assert_array_equal(op.compute([x], {})[0], [[place]])
        assert_within_bound(op, np.repeat(x, 3, 0))


@pytest.mark.parametrize("word", NUMPY)
@pytest.mark.parametrize(("axis", "index"), [("channels", 1), ("height", 2), ("width", 3)])
def test_numpy_and_onnx_runtime(word, axis, index):
    op, x = BY_WORD[word](axis=axis), numbers(2, 3, 4, 5)
    (y,), _ = float64_outputs(op, [x], {})
    np.testing.assert_allclose(y, NUMPY[word](x.astype(np.float64), axis=index, keepdims=True), rtol=1e-14)
    assert_within_bound(op, x)


def test_of_equal_values_argmax_finds_the_first():
    op, x = BY_WORD["argmax"](), np.ones((1, 4, 2), np.float32)
    x[0, 2:, 1] = 2
    assert op.compute([x], {})[0].tolist() == [[[0.0, 2.0]]]
    assert_within_bound(op, x)


def test_a_number_becomes_a_value_by_a_cast():
    assert nodes_of(BY_WORD["argmax"](), image(8, 5, 4)) == ["ArgMax", "Cast"]


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("eps", [1e-12, 1.5])
@pytest.mark.parametrize(("axis", "index"), [("channels", 1), ("height", 2), (-1, 3)])
def test_normalize_is_pytorchs(axis, index, eps, p):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    op, x = BY_WORD["normalize"](axis=axis, p=p, eps=eps), numbers(2, 3, 4, 5)
    (y,), _ = float64_outputs(op, [x], {})
    wanted = torch.nn.functional.normalize(torch.from_numpy(x.astype(np.float64)), p=p, dim=index, eps=eps)
    np.testing.assert_allclose(y, wanted.numpy(), rtol=1e-14)
    assert_within_bound(op, x)


def test_nothing_has_no_direction_and_little_has_one():
    x = np.float32([[0, 0, 0], [3e-10, 0, -4e-10], [1e-20, 0, 0]])
    assert_within_bound(BY_WORD["normalize"](), x)
    np.testing.assert_allclose(BY_WORD["normalize"]().compute([x], {})[0], [[0, 0, 0], [0.6, 0, -0.8], [1e-8, 0, 0]])


def test_lengths_beyond_float32_are_promised_nothing():
    op, x = BY_WORD["normalize"](), np.full((1, 3), 1e30)
    (y,) = op.compute([x], {})
    assert np.isinf(op.error_bound([x], {}, [y], 2.0**-24)[0]).all()


@pytest.mark.parametrize(("opset", "operators"), [(13, ["ReduceL2", "Clip", "Div"]), (21, ["ReduceL2", "Clip", "Div"])])
def test_normalize_is_composed(opset, operators):
    assert nodes_of(BY_WORD["normalize"](), image(8, 5, 4), opset=opset) == operators
