"""Max pools that say where they found their values, and unpool, which puts values back there: PyTorch, ONNX Runtime."""

from fractions import Fraction

import numpy as np
import pytest
from lowering import (
    assert_within_bound,
    float64_outputs,
    image,
    model_of,
    nodes_of,
    numbers,
    onnx_runtime,
    rejected,
)

from specc.dims import symbol
from specc.ops import BY_WORD
from specc.ops.base import Reach
from specc.ops.max_pool import MaxPool

H, W = symbol("H"), symbol("W")


def pool(**arguments):
    return BY_WORD["maxpool"](**arguments).giving(2)


def unpool(**arguments):
    return BY_WORD["unpool"](**arguments)


@pytest.mark.parametrize(
    ("arguments", "x", "like", "wanted"),
    [
        ({"kernel": 2}, (3, 4, 5), (), (3, 8, 10)),
        ({"kernel": 3, "stride": 2, "pad": 1}, (3, 4, 5), (), (3, 7, 9)),
        ({"kernel": (3, 2), "stride": (2, 1), "pad": (1, 0, 0, 0)}, (3, 4, 5), (), (3, 8, 6)),
        ({"kernel": 2}, (3, "H", "W"), (), (3, 2 * H, 2 * W)),
        ({"kernel": 2, "size": (9, 11)}, (3, 4, 5), (), (3, 9, 11)),
        ({"kernel": 2}, (3, 4, 5), (7, 9, 10), (3, 9, 10)),
        ({"kernel": 2}, (3, 4, 5), (7, "H", "W"), (3, H, W)),
        ({"kernel": 2}, (3, 8), (), (3, 16)),
        ({"kernel": 1}, (3, 1, 1), (), (3, 1, 1)),
    ],
)
def test_shapes(arguments, x, like, wanted):
    x, others = image(*x), (image(*like),) if like else ()
    assert unpool(**arguments).infer((x, x, *others))[0].shape[1:] == wanted


@pytest.mark.parametrize(
    ("arguments", "types", "code"),
    [
        ({"kernel": 2}, [(3, 4, 5), (3, 4, 4)], "E0406"),
        ({"kernel": 2}, [(3,), (3,)], "E0404"),
        ({"kernel": (2, 2)}, [(3, 8), (3, 8)], "E0304"),
        ({"kernel": 2, "pad": 8}, [(3, 4, 4), (3, 4, 4)], "E0406"),
        ({"kernel": 2, "size": 9}, [(3, 4, 4), (3, 4, 4), (3, 9, 9)], "E0303"),
        ({"kernel": 2}, [(3, 4, 4), (3, 4, 4), (3, 9)], "E0404"),
    ],
)
def test_rejections(arguments, types, code):
    assert rejected(unpool(**arguments), *(image(*x) for x in types)).code == code


def test_positions_that_float32_cannot_hold_are_refused():
    assert rejected(pool(kernel=2), image(1, 4096, 4100)).code == "E0406"
    assert len(pool(kernel=2).infer((image(1, 4096, 4096),))) == 2


POOLS = [
    ({"kernel": 2}, (2, 3, 5, 6)),
    ({"kernel": 3, "stride": 2, "pad": 1}, (2, 3, 7, 6)),
    ({"kernel": 3, "stride": 2, "pad": 1, "round": "ceil"}, (1, 2, 6, 6)),
    ({"kernel": 2, "dilation": 2, "stride": 1}, (1, 2, 6, 7)),
    ({"kernel": 3}, (2, 2, 9)),
    ({"kernel": 2}, (1, 2, 4, 5, 6)),
]


@pytest.mark.parametrize(("arguments", "shape"), POOLS)
def test_positions_are_pytorchs_and_onnx_runtimes(arguments, shape):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    op, x = pool(**arguments), numbers(*shape)
    names = {"kernel": "kernel_size", "pad": "padding"}
    given = {names.get(name, name): value for name, value in arguments.items() if name != "round"}
    function = getattr(torch.nn.functional, f"max_pool{x.ndim - 2}d")
    wanted = function(torch.from_numpy(x), ceil_mode="round" in arguments, return_indices=True, **given)
    for got, expected in zip(op.compute([x], {}), wanted, strict=True):
        np.testing.assert_array_equal(got, expected.numpy())
    assert_within_bound(op, x)
    assert_within_bound(op, x, opsets=(21,), opened=True)


@pytest.mark.parametrize("pad", ["same", "same_lower", (1, 0, 0, 1)])
def test_padding_is_not_counted(pad):
    op, x = pool(kernel=3, stride=2, pad=pad), numbers(1, 2, 6, 7)
    pooled, where = op.compute([x], {})
    np.testing.assert_array_equal(np.take_along_axis(x.reshape(1, 2, -1), where.reshape(1, 2, -1).astype(int), 2),
                                  pooled.reshape(1, 2, -1))  # fmt: skip
    assert_within_bound(op, x)


def test_padding_that_onnx_refuses_cannot_be_put_before_the_pool():
    """Positions would be those of the padded image."""
    with pytest.raises(AssertionError, match="positions of maxima with padding as wide as the window"):
        nodes_of(pool(kernel=2, dilation=3, pad=2, stride=1), image(1, 8, 8))


def test_of_equal_values_any_position_will_do_and_no_other():
    x = np.array([[[[1, 3, 0, 3], [3, 2, 0, 1]]]], np.float32)
    (pooled, where), (exact, bound) = float64_outputs(pool(kernel=2), [x], {})
    assert pooled.tolist() == [[[[3, 3]]]]
    assert where.tolist() == [[[[1, 3]]]]
    assert not exact.any()
    assert bound.tolist() == [[[[3, 0]]]]  # from position 1 to position 4; 3 is the only one


def test_where_a_window_holds_nan_positions_are_not_judged():
    x = np.array([[[[1, np.nan, 4, 3]]]], np.float32)
    (_, where), (_, bound) = float64_outputs(pool(kernel=(1, 2)), [x], {})
    assert where.tolist() == [[[[1, 2]]]]
    assert bound.tolist() == [[[[np.inf, 0]]]]


@pytest.mark.parametrize(
    ("pooling", "back", "shape", "opened"),
    [
        ({"kernel": 2}, {"kernel": 2}, (2, 3, 6, 8), True),
        ({"kernel": 3, "stride": 3}, {"kernel": 3}, (2, 2, 9), True),
        ({"kernel": 2}, {"kernel": 2, "size": (5, 7)}, (1, 3, 5, 7), False),
        ({"kernel": 2, "round": "ceil"}, {"kernel": 2, "size": (5, 7)}, (1, 3, 5, 7), False),  # beyond the input
        ({"kernel": 2}, {"kernel": 2}, (1, 2, 4, 2, 6), False),
    ],
)
def test_values_go_back_as_pytorch_puts_them(pooling, back, shape, opened):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    x = numbers(*shape)
    pooled, where = pool(**pooling).compute([x], {})
    function = getattr(torch.nn.functional, f"max_unpool{x.ndim - 2}d")
    wanted = function(torch.from_numpy(pooled), torch.from_numpy(where).long(), back["kernel"],
                      output_size=back.get("size"))  # fmt: skip
    np.testing.assert_array_equal(unpool(**back).compute([pooled, where], {})[0], wanted.numpy())
    assert_within_bound(unpool(**back), pooled, where, opened=opened, opsets=(14, 17, 21))


def test_the_size_of_another_value_is_taken():
    x, like = numbers(1, 2, 3, 3), numbers(1, 5, 7, 6)
    where = np.arange(18, dtype=np.float32).reshape(x.shape) * 2
    assert unpool(kernel=2).compute([x, where, like], {})[0].shape == (1, 2, 7, 6)
    for opened in (False, True):
        assert_within_bound(unpool(kernel=2), x, where, like, opened=opened, opsets=(14, 17, 21))


def test_positions_count_modulo_the_image_and_the_last_value_stays():
    x = np.array([[[[1, 2], [3, 4]]]], np.float32)
    where = np.array([[[[0, 17], [-1, 16]]]], np.float32)
    (y,) = unpool(kernel=2).compute([x, where], {})
    assert y.flatten().tolist() == [4, 2] + [0] * 13 + [3]
    assert_within_bound(unpool(kernel=2), x, where)


def test_the_arithmetic_of_a_size_is_that_of_the_pool_backwards():
    x = image(3, 4, 5)
    assert unpool(kernel=3, stride=2, pad=1).arithmetic((x, x)) == (
        "height: (4 - 1) * 2 - 2 + 3 = 7",
        "width: (5 - 1) * 2 - 2 + 3 = 9",
    )
    assert unpool(kernel=2, size=9).arithmetic((x, x)) == ()


def test_a_size_of_its_own_needs_opset_14():
    with pytest.raises(AssertionError, match="needs opset 14 or later"):
        nodes_of(unpool(kernel=2, size=9), image(1, 4, 4), image(1, 4, 4), opset=13)
    assert nodes_of(unpool(kernel=2), image(1, 4, 4), image(1, 4, 4), opset=13)[-1] == "MaxUnpool"


def test_an_output_lies_under_a_few_windows():
    x = image(3, 5, 6)
    assert unpool(kernel=2).reach((x, x)) == (Reach(1, Fraction(1, 2), Fraction(-1, 2), 0),) * 2
    assert unpool(kernel=3, stride=2).reach((x, x)) == (Reach(2, Fraction(1, 2), Fraction(-1), 0),) * 2


def test_only_pools_with_positions_jump():
    assert pool(kernel=2).may_jump()
    assert not MaxPool(kernel=(2,)).may_jump()
    assert pool(kernel=2).giving(1) == MaxPool(kernel=(2,))


def test_an_open_number_of_channels():
    pooled, where = pool(kernel=2).compute([numbers(2, 3, 4, 6)], {})
    model = model_of(unpool(kernel=2), [image("C", 2, 3)] * 2, {})
    np.testing.assert_array_equal(
        onnx_runtime(model, [pooled, where])[0], unpool(kernel=2).compute([pooled, where], {})[0]
    )
