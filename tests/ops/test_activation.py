"""Activations: the NumPy kernels against PyTorch, ONNX Runtime against the kernels within their bounds."""

import math

import numpy as np
import pytest
from lowering import assert_within_bound, image, nodes_of, rejected
from pydantic_core import ValidationError

from specc.kernels.error_function import erfc
from specc.ops import BY_WORD

# (word, arguments, the same function of torch.nn.functional)
CASES = [
    ("identity", {}, lambda f, x: x),
    ("abs", {}, lambda f, x: abs(x)),
    ("neg", {}, lambda f, x: -x),
    ("sign", {}, lambda f, x: x.sign()),
    ("sqrt", {}, lambda f, x: x.sqrt()),
    ("log", {}, lambda f, x: x.log()),
    ("exp", {}, lambda f, x: x.exp()),
    ("relu", {}, lambda f, x: f.relu(x)),
    ("relu6", {}, lambda f, x: f.relu6(x)),
    ("hardtanh", {}, lambda f, x: f.hardtanh(x)),
    ("clip", {"min": -0.1, "max": 0.7}, lambda f, x: x.clip(-0.1, 0.7)),
    ("leaky_relu", {}, lambda f, x: f.leaky_relu(x)),
    ("leaky_relu", {"alpha": 0.2}, lambda f, x: f.leaky_relu(x, 0.2)),
    ("thresholded_relu", {"alpha": 0.5}, lambda f, x: f.threshold(x, 0.5, 0.0)),
    ("elu", {}, lambda f, x: f.elu(x)),
    ("elu", {"alpha": 0.3}, lambda f, x: f.elu(x, 0.3)),
    ("selu", {}, lambda f, x: f.selu(x)),
    ("celu", {"alpha": 0.3}, lambda f, x: f.celu(x, 0.3)),
    ("gelu", {}, lambda f, x: f.gelu(x)),
    ("gelu", {"approximate": "tanh"}, lambda f, x: f.gelu(x, approximate="tanh")),
    ("silu", {}, lambda f, x: f.silu(x)),
    ("mish", {}, lambda f, x: f.mish(x)),
    ("softplus", {}, lambda f, x: f.softplus(x, threshold=1000)),
    ("softsign", {}, lambda f, x: f.softsign(x)),
    ("hardswish", {}, lambda f, x: f.hardswish(x)),
    ("hardsigmoid", {}, lambda f, x: f.hardsigmoid(x)),
    ("hardsigmoid", {"alpha": 0.2}, lambda f, x: (0.2 * x + 0.5).clip(0, 1)),
    ("sigmoid", {}, lambda f, x: x.sigmoid()),
    ("tanh", {}, lambda f, x: x.tanh()),
    ("softmax", {}, lambda f, x: f.softmax(x, 1)),
    ("softmax", {"axis": "length"}, lambda f, x: f.softmax(x, 2)),
    ("log_softmax", {}, lambda f, x: f.log_softmax(x, 1)),
]
each_case = pytest.mark.parametrize(("word", "arguments", "torchs"), CASES, ids=[f"{w}{a or ''}" for w, a, _ in CASES])
SPECIAL = [0.0, -0.0, 1e30, -1e30, 1e-30, -1e-40, 3.0, -3.0, 6.0, 18.0, -18.1, 88.0, -104.0, 0.5]


def samples(n: int = 12_000) -> np.ndarray:
    """Numbers of every size from 2^-40 to 2^7, many around 0, and some at the seams of the functions."""
    random = np.random.default_rng(7)
    sizes = 2.0 ** random.uniform(-40, 7, n) * random.choice([-1, 1], n)
    values = [sizes, random.uniform(-20, 20, n), random.uniform(-3, 3, n - len(SPECIAL)), SPECIAL]
    return np.concatenate(values).astype(np.float32).reshape(1, 4, -1)


@each_case
def test_kernel_is_pytorchs_function(word, arguments, torchs):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    x = samples().astype(np.float64)
    wanted = torchs(torch.nn.functional, torch.from_numpy(x)).numpy()
    (y,) = BY_WORD[word](**arguments).compute([x], {})
    # PyTorch's own formulas cancel below 0 (gelu), hence the absolute part.
    np.testing.assert_allclose(y, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("word", ["relu", "relu6", "hardtanh"])
def test_nan_stays_nan(word):
    x = np.array([[[np.nan, -np.inf, np.inf]]], np.float32)
    (y,) = BY_WORD[word]().compute([x], {})
    assert np.isnan(y).tolist() == [[[True, False, False]]]


@each_case
def test_onnx_runtime_stays_within_the_bound(word, arguments, torchs):
    assert_within_bound(BY_WORD[word](**arguments), samples())


def test_a_bound_can_be_broken():
    """Half the tanh where the whole is expected: the helper of all these tests must notice."""

    class Half(BY_WORD["tanh"]):
        def value(self, x):
            return np.tanh(x) / 2

    with pytest.raises(AssertionError, match="of the bound"):
        assert_within_bound(Half(), samples(100))


@pytest.mark.parametrize(
    ("word", "opset", "operators"),
    [
        ("relu", 21, ["Relu"]),
        ("gelu", 20, ["Gelu"]),
        ("gelu", 19, ["Mul", "Erf", "Add", "Mul", "Mul"]),
        ("mish", 18, ["Mish"]),
        ("mish", 17, ["Softplus", "Tanh", "Mul"]),
        ("hardswish", 14, ["HardSwish"]),
        ("hardswish", 13, ["HardSigmoid", "Mul"]),
        ("silu", 21, ["Sigmoid", "Mul"]),
        ("identity", 21, ["Identity"]),  # only because the model's output needs a name of its own
    ],
)
def test_operators(word, opset, operators):
    assert nodes_of(BY_WORD[word](), image(4, 5, 5), opset=opset) == operators


def test_those_with_defaults_close_an_argument_list():
    assert BY_WORD["relu"].is_activation
    assert BY_WORD["leaky_relu"].is_activation
    assert BY_WORD["softmax"].is_activation
    assert not BY_WORD["clip"].is_activation
    assert not BY_WORD["conv"].is_activation


def test_clip_needs_a_range():
    assert rejected(BY_WORD["clip"](min=1, max=0), image(10)).code == "E0305"
    with pytest.raises(ValidationError):
        BY_WORD["clip"](min=1)


def test_softmax_needs_an_axis_of_its_input():
    assert rejected(BY_WORD["softmax"](axis="height"), image(10)).code == "E0305"
    assert rejected(BY_WORD["softmax"](axis=3), image(3, 8, 8)).code == "E0305"


def test_error_function_is_exact_to_double_precision():
    x = np.linspace(-7, 26, 5001)
    wanted = np.array([math.erfc(value) for value in x])
    np.testing.assert_allclose(erfc(x), wanted, rtol=2e-15)
