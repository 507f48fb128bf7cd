"""matmul and pow: two computed values."""

import numpy as np
import pytest
from lowering import assert_within_bound, float64_outputs, image, nodes_of, numbers, rejected

from specc.dims import symbol
from specc.ops import BY_WORD


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((2, 3, 4), (2, 4, 5)),
        ((2, 8, 3, 4), (2, 8, 4, 3)),
        ((2, 1, 3, 4), (2, 8, 4, 3)),
        ((2, 3, 500), (2, 500, 2)),
    ],
)
def test_matmul(left, right):
    a, b = numbers(*left), numbers(*right, seed=1)
    ((y,), _) = float64_outputs(BY_WORD["matmul"](), [a, b], {})
    np.testing.assert_allclose(y, a.astype(np.float64) @ b.astype(np.float64), rtol=1e-12, atol=1e-12)
    assert_within_bound(BY_WORD["matmul"](), a, b)


def test_matmul_reads_axes_as_written():
    """As height x width x channels, the matrices are width x channels."""
    op = BY_WORD["matmul"](layout="hwc")
    a, b = numbers(2, 4, 6, 3), numbers(2, 5, 6, 4, seed=1)
    ((y,), _) = float64_outputs(op, [a, b], {})
    assert op.infer((image(4, 6, 3), image(5, 6, 4)))[0].shape[1:] == (5, 6, 3)
    np.testing.assert_allclose(y.transpose(0, 2, 3, 1), a.transpose(0, 2, 3, 1) @ b.transpose(0, 2, 3, 1), rtol=1e-5)


def test_open_sizes_of_matrices():
    scores = BY_WORD["matmul"]().infer((image("T", 64), image(64, "T")))
    assert scores[0].shape[1:] == (symbol("T"), symbol("T"))


@pytest.mark.parametrize(
    ("left", "right", "label"),
    [
        ((3, 4), (3, 4), "needs as many columns in the first value as rows in the second"),
        ((3, 4), (2, 4, 3), "needs two values with the same number of axes, at least 2"),
        ((4,), (4,), "needs two values with the same number of axes, at least 2"),
        ((2, 3, 4), (5, 4, 3), "needs the same sizes before the last two axes"),
    ],
)
def test_matrices_that_do_not_meet(left, right, label):
    finding = rejected(BY_WORD["matmul"](), image(*left), image(*right))
    assert (finding.code, finding.label) == ("E0403", label)


@pytest.mark.parametrize("exponents", [[2.0, 3.0, 0.5, -1.0], [0.0, 1.0, 30.0, -30.0], [1e-3, 7.3, -2.7, 0.9]])
def test_pow(exponents):
    x = np.abs(numbers(2, 4, 50, 3)) * 10
    power = np.broadcast_to(np.float32(exponents).reshape(1, 4, 1, 1), (2, 4, 1, 1))
    ((y,), _) = float64_outputs(BY_WORD["pow"](), [x, power], {})
    np.testing.assert_allclose(y, x.astype(np.float64) ** power, rtol=1e-13)
    assert_within_bound(BY_WORD["pow"](), x, np.ascontiguousarray(power))


def test_powers_of_negative_numbers():
    x, power = np.float32([[-2, -2, -2, 0, 0]]), np.float32([[3, 2, 0.5, 0, -1]])
    (y,) = BY_WORD["pow"]().compute([x, power], {})
    np.testing.assert_array_equal(y, [[-8, 4, np.nan, 1, np.inf]])


def test_terms_are_the_columns_of_the_first_matrix():
    a, b = numbers(2, 3, 4), numbers(2, 4, 5)
    assert BY_WORD["matmul"]().terms([a, b], {}) == 4


def test_operators():
    assert nodes_of(BY_WORD["matmul"](), image(3, 4), image(4, 3)) == ["MatMul"]
    assert nodes_of(BY_WORD["pow"](), image(3, 4), image(3, 4)) == ["Pow"]
