"""Seeded values: the same bits everywhere, and distributed as their initialiser says."""

import hashlib
import math
import statistics
from typing import get_args

import numpy as np
import pytest

from specc.ops.base import Weight
from specc.ops.learned import Learned
from specc.ops.weights import Initialiser
from specc.types import TensorType
from specc.weights.generator import bits, key, log, normal, uniform
from specc.weights.initialisers import BLOCK, deviation, initial
from specc.weights.orthogonal import orthogonal

RANDOM = ["he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform"]
RANDOM += ["normal", "uniform"]


def values(init: str | float, shape=(64, 32, 3, 3), fans=(288, 576), name="conv1.weight", seed=0) -> np.ndarray:
    return initial(Weight("weight", shape, init, fans), name, seed).load()


# Computed once; a change here changes the weights of every model ever seeded.
DIGESTS = {
    "he_normal": "4fdd6e98071446a4",
    "he_uniform": "40d02105ea9959c0",
    "glorot_normal": "6a406fc6d9726292",
    "glorot_uniform": "470cb2daa57a070b",
    "lecun_normal": "353d3a38681119d2",
    "lecun_uniform": "0f504c10d55ad0cc",
    "normal": "3ed399fbbff5148f",
    "uniform": "c5691794e614b81f",
    "orthogonal": "72d3e792585a9c94",
}


@pytest.mark.parametrize("init", DIGESTS)
def test_the_bits_are_those_of_every_other_machine(init):
    data = values(init).astype("<f4").tobytes()
    assert hashlib.sha256(data).hexdigest()[:16] == DIGESTS[init]


def test_every_initialiser_is_pinned_or_constant():
    assert set(get_args(Initialiser)) == {*DIGESTS, "zeros", "ones"}


@pytest.mark.parametrize(("init", "value"), [("zeros", 0.0), ("ones", 1.0), (0.25, 0.25)])
def test_constants(init, value):
    assert (values(init) == value).all()


def test_fixed_values_are_taken_row_by_row():
    weight = Weight("weight", (1, 1, 2, 2), "he_normal", fixed=(1.0, 2.0, 3.0, 4.0))
    assert initial(weight, "x", 0).load().tolist() == [[[[1, 2], [3, 4]]]]


@pytest.mark.parametrize("init", RANDOM)
def test_mean_and_variance_are_within_five_standard_errors(init):
    x = values(init, shape=(200_000,)).astype(np.float64)
    sigma = deviation(init, (288, 576))
    kurtosis = 1.8 if init.endswith("uniform") else 3.0
    assert abs(x.mean()) < 5 * sigma / math.sqrt(x.size)
    assert abs(x.var() / sigma**2 - 1) < 5 * math.sqrt((kurtosis - 1) / x.size)


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("he_normal", math.sqrt(2 / 288)),
        ("glorot_uniform", math.sqrt(2 / (288 + 576))),
        ("lecun_normal", math.sqrt(1 / 288)),
        ("uniform", 0.05 / math.sqrt(3)),
    ],
)
def test_deviations_are_those_of_the_papers(init, expected):
    assert deviation(init, (288, 576)) == pytest.approx(expected)


def test_values_depend_on_name_and_seed_but_not_on_the_rest_of_the_model():
    assert (values("normal") == values("normal")).all()
    assert (values("normal") != values("normal", name="conv2.weight")).any()
    assert (values("normal") != values("normal", seed=1)).any()


def test_a_tensor_drawn_in_blocks_is_one_stream():
    x = values("normal", shape=(2 * BLOCK + 5,))
    direct = normal(key(0, "conv1.weight"), 0, x.size) * 0.05
    assert (x == direct.astype(np.float32)).all()


def test_normal_numbers_are_the_inverse_distribution_function_of_the_uniform_ones():
    inverse = statistics.NormalDist().inv_cdf
    exact = [inverse(p) for p in uniform(7, 0, 5000)]
    np.testing.assert_allclose(normal(7, 0, 5000), exact, rtol=1e-14, atol=1e-15)


def plain_bits(stream, index):
    """SplitMix64 with Python's integers."""
    z = (stream + (index + 1) * 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def test_raw_numbers_are_splitmix64():
    assert bits(0, 0, 2).tolist() == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]  # the published sequence from seed 0
    assert bits(2**64 - 3, 5, 40).tolist() == [plain_bits(2**64 - 3, i) for i in range(5, 45)]


def test_log_is_accurate_to_a_few_units_in_the_last_place():
    x = np.concatenate([2.0 ** -np.arange(0.5, 53), np.linspace(0.3, 3, 1001)])
    exact = [math.log(v) for v in x]
    np.testing.assert_allclose(log(x), exact, rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize("shape", [(8, 3, 3, 3), (40, 10), (1, 5), (5, 1), (7, 7)])
def test_orthogonal_matrices_have_orthonormal_rows_or_columns(shape):
    matrix = orthogonal(shape, key(0, "x")).reshape(shape[0], -1).astype(np.float64)
    short = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    np.testing.assert_allclose(short @ short.T, np.eye(len(short)), atol=1e-6)


def test_orthogonal_matrices_are_not_sparse():
    """A mixed vector's entries are nearly normal: their kurtosis is 3, where a unit vector's is its length."""
    matrix = orthogonal((64, 256), key(0, "x")).astype(np.float64)
    assert (matrix**4).mean() / (matrix**2).mean() ** 2 == pytest.approx(3.0, abs=0.2)


@pytest.mark.parametrize(
    ("init", "expected"),
    [("he_normal", 2 / 6400), ("lecun_uniform", 1 / 6400), ("glorot_normal", 2 / (6400 + 5 * 16))],
)
@pytest.mark.parametrize("layout", ["chw", "hwc"])
def test_fans_of_a_learned_tensor_are_those_of_pytorch(init, expected, layout):
    """`torch.nn.init._calculate_fan_in_and_fan_out` of a tensor 5x400x16 gives 6400 and 80."""
    shape = (400, 16, 5) if layout == "hwc" else (5, 400, 16)
    (weight,) = Learned(shape=shape, init=init, layout=layout).weights((TensorType((1, 3)),))
    assert math.isclose(initial(weight, "k", 0).load().var(), expected, rel_tol=0.05)


def test_fans_of_a_learned_vector_are_its_size():
    (weight,) = Learned(shape=(64,)).weights((TensorType((1, 3)),))
    assert weight.fans == (64, 64)
