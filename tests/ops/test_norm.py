"""Normalisations and learned factors: weights, shapes, PyTorch, ONNX Runtime."""

import numpy as np
import pytest
from lowering import assert_within_bound, float64_outputs, image, nodes_of, numbers, random_weights, rejected

from specc.ops import BY_WORD

X = numbers(2, 6, 5, 4) + 3


def weights(word, x, **arguments):
    return [(w.name, w.shape, w.init, w.kind) for w in BY_WORD[word](**arguments).weights((x,))]


@pytest.mark.parametrize(
    ("word", "arguments", "x", "wanted"),
    [
        ("layernorm", {}, image(6, "H", "W"), [("weight", (6,), 1.0), ("bias", (6,), 0.0)]),
        ("layernorm", {"over": "all"}, image(6, 5, 4), [("weight", (6, 5, 4), 1.0), ("bias", (6, 5, 4), 0.0)]),
        ("layernorm", {"affine": False}, image(6, 5, 4), []),
        ("layernorm", {"over": -1}, image("T", 64), [("weight", (64,), 1.0), ("bias", (64,), 0.0)]),
        ("layernorm", {"over": 1}, image(6, 5, 4), [("weight", (5, 4), 1.0), ("bias", (5, 4), 0.0)]),
        ("layernorm", {"over": -1, "layout": "hwc"}, image(6, 5, 4), [("weight", (6,), 1.0), ("bias", (6,), 0.0)]),
        ("groupnorm", {"groups": 3}, image(6, 5, 4), [("weight", (6,), 1.0), ("bias", (6,), 0.0)]),
        ("instancenorm", {}, image(6, 5), [("weight", (6,), 1.0), ("bias", (6,), 0.0)]),
        ("scale", {"init": 1e-6}, image(6, "H", "W"), [("weight", (6, 1, 1), 1e-6)]),
        ("scale", {"bias": True}, image(6), [("weight", (6,), 1.0), ("bias", (6,), 0.0)]),
        ("scale", {"elementwise": True}, image(16, 32), [("weight", (16, 32), 1.0)]),
        ("scale", {"shared": True, "init": 0.0}, image(6, "H", "W"), [("weight", (1,), 0.0)]),
        ("scale", {"shared": True, "bias": True}, image(6, 5), [("weight", (1,), 1.0), ("bias", (6, 1), 0.0)]),
        ("bias", {}, image(6, "H", "W"), [("bias", (6, 1, 1), 0.0)]),
        ("bias", {"elementwise": True, "init": "normal"}, image(16, 32), [("bias", (16, 32), "normal")]),
        ("bias", {"shared": True}, image(6, "H", "W"), [("bias", (1,), 0.0)]),
        ("prelu", {}, image(6, 5, 4), [("weight", (6, 1, 1), 0.25)]),
        ("prelu", {"shared": True}, image(6, 5, 4), [("weight", (1,), 0.25)]),
        ("prelu", {"elementwise": True}, image(6, 5, 4), [("weight", (6, 5, 4), 0.25)]),
        ("lrn", {}, image(6, 5, 4), []),
    ],
)
def test_parameters(word, arguments, x, wanted):
    assert weights(word, x, **arguments) == [(*w, "parameter") for w in wanted]
    assert BY_WORD[word](**arguments).infer((x,)) == (x,)


def test_running_statistics_are_buffers():
    kinds = {name: kind for name, _, _, kind in weights("bn", image(6, 5, 4))}
    assert kinds == {"weight": "parameter", "bias": "parameter", "running_mean": "buffer", "running_var": "buffer"}
    assert [name for name, *_ in weights("bn", image(6), affine=False)] == ["running_mean", "running_var"]


@pytest.mark.parametrize("word", ["bias", "learned", "scale"])
def test_tensors_that_are_not_trained_are_buffers(word):
    given = {"shape": (3,)} if word == "learned" else {}
    assert [kind for *_, kind in weights(word, image(6), buffer=True, **given)] == ["buffer"]


@pytest.mark.parametrize(
    ("word", "arguments", "x", "code"),
    [
        ("groupnorm", {"groups": 4}, image(6, 5, 4), "E0405"),
        ("instancenorm", {}, image(6), "E0404"),
        ("lrn", {}, image(6), "E0404"),
        ("bn", {}, image("C", 5, 4), "E0407"),
        ("layernorm", {"over": "all"}, image(6, "H", 4), "E0407"),
        ("layernorm", {"over": 3}, image(6, 5, 4), "E0305"),
        ("layernorm", {"over": 1, "layout": "hwc"}, image(6, 5, 4), "E0305"),
        *[(word, {"elementwise": True}, image(6, "H", 4), "E0407") for word in ("prelu", "scale")],
        ("scale", {"weight": (1.0, 2.0)}, image(6, 5, 4), "E0309"),
    ],
)
def test_rejections(word, arguments, x, code):
    assert rejected(BY_WORD[word](**arguments), x).code == code


@pytest.mark.parametrize(
    ("word", "arguments", "torchs"),
    [
        ("bn", {}, lambda f, x, w: f.batch_norm(x, w["running_mean"], w["running_var"], w["weight"], w["bias"])),
        ("bn", {"eps": 1e-3, "affine": False}, lambda f, x, w: f.batch_norm(x, *w.values(), eps=1e-3)),
        ("groupnorm", {"groups": 3}, lambda f, x, w: f.group_norm(x, 3, w["weight"], w["bias"])),
        ("instancenorm", {}, lambda f, x, w: f.instance_norm(x, weight=w["weight"], bias=w["bias"])),
        ("layernorm", {"over": "all"}, lambda f, x, w: f.layer_norm(x, x.shape[1:], w["weight"], w["bias"])),
        (
            "layernorm",
            {"eps": 1e-6},
            lambda f, x, w: f.layer_norm(x.movedim(1, -1), [6], w["weight"], w["bias"], 1e-6).movedim(-1, 1),
        ),
        ("layernorm", {"over": 1}, lambda f, x, w: f.layer_norm(x, x.shape[2:], w["weight"], w["bias"])),
        ("lrn", {}, lambda f, x, w: f.local_response_norm(x, 5)),
        ("lrn", {"size": 3, "alpha": 0.3, "k": 2}, lambda f, x, w: f.local_response_norm(x, 3, 0.3, 0.75, 2)),
        ("scale", {"bias": True}, lambda f, x, w: x * w["weight"] + w["bias"]),
        ("bias", {}, lambda f, x, w: x + w["bias"]),
        ("prelu", {}, lambda f, x, w: f.prelu(x, w["weight"].flatten())),
    ],
)
def test_kernel_is_pytorchs_function(word, arguments, torchs):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    op = BY_WORD[word](**arguments)
    ws = random_weights(op, [image(6, 5, 4)])
    ((y,), _) = float64_outputs(op, [X], ws)
    wide = {name: torch.from_numpy(value.astype(np.float64)) for name, value in ws.items()}
    wanted = torchs(torch.nn.functional, torch.from_numpy(X.astype(np.float64)), wide)
    np.testing.assert_allclose(y, wanted.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("over", ["channels", "all", 1, -1])
def test_layernorm_with_its_statistics(over):
    """The mean and 1 / sqrt(variance + eps), with axes of size 1 where it normalises."""
    op, x = BY_WORD["layernorm"](over=over, eps=0.1, statistics=True), numbers(2, 6, 5, 4)
    axes = {"channels": 1, "all": (1, 2, 3), 1: (2, 3), -1: 3}[over]
    (_, mean, inverse), _ = float64_outputs(op, [x], random_weights(op, [image(6, 5, 4)]))
    np.testing.assert_allclose(mean, x.mean(axes, keepdims=True), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(inverse, (x.var(axes, keepdims=True) + 0.1) ** -0.5, rtol=1e-5)
    assert_within_bound(op, x, opsets=(17, 21))


@pytest.mark.parametrize(
    ("word", "arguments"),
    [
        ("conv", {"channels": 6, "kernel": 3}),
        ("conv", {"channels": 6, "kernel": 3, "groups": 2}),
        ("depthwise", {"kernel": 3, "multiplier": 3}),
        ("deconv", {"channels": 6, "kernel": 3}),
        ("deconv", {"channels": 6, "kernel": 3, "groups": 2}),
    ],
)
def test_a_batch_norm_is_folded_into_the_kernel_before_it(word, arguments):
    """Its factors, in the shape `by_channel` gives them, are those of the kernel's output channels."""
    linear, norm, x = BY_WORD[word](**arguments), BY_WORD["bn"](), numbers(1, 4, 5, 5).astype(np.float64)
    ws = random_weights(linear, [image(4, 5, 5)])
    stats = random_weights(norm, linear.infer((image(4, 5, 5),)), seed=1)
    factors, kernel = norm.factors(stats, np.asarray), ws[linear.kernel_name]
    bias = (ws["bias"] - stats["running_mean"]) * factors + stats["bias"]
    folded = {**ws, linear.kernel_name: kernel * linear.by_channel(factors, kernel), "bias": bias}
    (wanted,) = norm.compute(linear.compute([x], ws), stats)
    np.testing.assert_allclose(linear.compute([x], folded)[0], wanted, rtol=1e-4, atol=1e-4)


SHAPES = [(2, 6), (2, 6, 9), (2, 6, 5, 4), (1, 6, 3, 4, 5)]


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("word", "arguments"), [("bn", {}), ("layernorm", {}), ("groupnorm", {"groups": 3})])
def test_onnx_runtime_stays_within_the_bound(word, arguments, shape, affine):
    assert_within_bound(BY_WORD[word](affine=affine, **arguments), numbers(*shape) + 2, opened=True)


@pytest.mark.parametrize(
    ("word", "arguments", "shape"),
    [
        ("instancenorm", {}, (2, 6, 9)),
        ("instancenorm", {"affine": False}, (2, 6, 5, 4)),
        ("layernorm", {"over": "all"}, (2, 6, 5, 4)),
        ("layernorm", {"over": "all", "affine": False}, (2, 6, 9)),
        ("layernorm", {"over": -1}, (2, 6, 9)),
        ("layernorm", {"over": 1, "affine": False}, (2, 6, 5, 4)),
        ("scale", {"bias": True}, (2, 6)),
        ("scale", {}, (2, 6, 5, 4)),
        ("scale", {"shared": True, "bias": True}, (2, 6, 5, 4)),
        ("scale", {"elementwise": True, "weight": 1.0, "bias": True}, (2, 6, 5, 4)),
        ("bias", {}, (2, 6, 9)),
        ("bias", {"elementwise": True}, (2, 6, 5, 4)),
        ("prelu", {}, (2, 6, 9)),
        ("prelu", {"shared": True}, (2, 6, 5, 4)),
        ("prelu", {"elementwise": True}, (2, 6, 5, 4)),
        *[("lrn", {"size": size, "alpha": 0.3, "k": 2}, (2, 6, 5, 4)) for size in (1, 2, 3, 4, 5, 9)],
        *[("lrn", {"size": 3, "alpha": 0.3, "beta": beta}, (2, 6, 5, 4)) for beta in (0.25, 0.5, 1, 2.5)],
        ("lrn", {"size": 3}, (2, 6, 9)),
        ("lrn", {"size": 4}, (1, 6, 3, 4, 5)),
    ],
)
def test_other_shapes_and_arguments(word, arguments, shape):
    assert_within_bound(BY_WORD[word](**arguments), numbers(*shape) * 5)


@pytest.mark.parametrize(
    ("word", "arguments", "x", "opset", "operators"),
    [
        ("bn", {}, image(6, 5, 4), 13, ["BatchNormalization"]),
        ("groupnorm", {"groups": 3}, image(6, 5, 4), 21, ["GroupNormalization"]),
        ("layernorm", {}, image(6), 17, ["LayerNormalization"]),
        (
            "layernorm",
            {},
            image(6, "H", "W"),
            21,
            ["ReduceMean", "Sub", "Mul", "ReduceMean", "Add", "Sqrt", "Div", "BatchNormalization"],
        ),
        ("lrn", {}, image(6, 5, 4), 21, ["Mul", "Unsqueeze", "Conv", "Squeeze", "Sqrt", "Sqrt", "Mul", "Div"]),
        ("lrn", {"beta": 0.5}, image(6, 9), 13, ["Mul", "Unsqueeze", "Conv", "Squeeze", "Sqrt", "Div"]),
        ("lrn", {"beta": 0.6}, image(6, 3, 5, 4), 21, ["Mul", "Conv", "Pow", "Div"]),
        ("scale", {}, image(6, 5, 4), 21, ["Mul"]),
    ],
)
def test_operators(word, arguments, x, opset, operators):
    assert nodes_of(BY_WORD[word](**arguments), x, opset=opset) == operators


@pytest.mark.parametrize("arguments", [{}, {"size": 3, "beta": 2.0, "alpha": 1.0}, {"size": 1, "alpha": 0.3, "k": 2.0}])
@pytest.mark.parametrize("scale", [1, 30, 1000])
def test_lrn_may_slide_its_sum_along_many_channels(arguments, scale):
    """ONNX Runtime's LRN, which other exporters write, adds one square and subtracts another from channel to channel;
    large ones leave roundings behind."""

    class Operator(BY_WORD["lrn"]):
        def lower(self, build, names, inputs, outputs):
            return (build.node("LRN", names, size=self.size, alpha=self.alpha, beta=self.beta, bias=self.k),)

    for kind in (BY_WORD["lrn"], Operator):
        assert_within_bound(kind(**arguments), numbers(1, 24, 20, 20) * scale)


def test_bound_of_nearly_constant_values_is_infinite():
    """100 + 0.001 noise has a variance far below float32's rounding of its squares."""
    op = BY_WORD["groupnorm"](groups=1, affine=False)
    x = 100 + numbers(1, 6, 5, 4) * np.float32(1e-3)
    _, (bound,) = float64_outputs(op, [x], {})
    assert np.all(np.isinf(bound))
