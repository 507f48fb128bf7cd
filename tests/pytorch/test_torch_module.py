"""The live module computes what the interpreter computes, for every operation and in both layouts."""

import numpy as np
import pytest

import specc
from specc.dims import symbol
from specc.interpreter import interpret
from specc.ir.build import GraphBuilder
from specc.ir.graph import Graph, GraphInput, GraphOutput
from specc.ops import BY_WORD
from specc.ops.base import Rejection
from specc.torch.table import TABLE
from specc.types import TensorType, speak
from specc.weights import Weights, seeded

torch = pytest.importorskip("torch", reason="modules are PyTorch's")

from specc.torch import module  # noqa: E402

IMAGE = (4, 7, 9)
LIST = (-1.0, 0.5, 2.0, 3.0)
LAYERS = [
    ("conv", {"channels": 6, "kernel": (3, 2)}, IMAGE),
    ("conv", {"channels": 6, "kernel": (3,), "stride": (2,), "pad": (1,), "groups": 2, "bias": False}, IMAGE),
    ("conv", {"channels": 2, "kernel": (3,), "pad": "same", "dilation": (2,)}, IMAGE),
    ("conv", {"channels": 2, "kernel": (3,), "pad": "same", "stride": (2,)}, IMAGE),
    ("conv", {"channels": 2, "kernel": (4,), "pad": "same_lower", "stride": (3,)}, IMAGE),
    ("conv", {"channels": 2, "kernel": (3,), "pad": (0, 1, 2, 1)}, IMAGE),
    ("conv", {"channels": 2, "kernel": (3,), "stride": (4,), "round": "ceil"}, IMAGE),
    *(("conv", {"channels": 2, "kernel": (3,), "pad": (1,), "border": b}, IMAGE) for b in ("edge", "reflect", "wrap")),
    ("conv", {"channels": 2, "kernel": (3,), "pad": (1, 0, 0, 2), "border": "reflect"}, IMAGE),
    ("conv", {"channels": 2, "kernel": (3,), "pad": (1,)}, (3, 8)),
    ("conv", {"channels": 2, "kernel": (2,), "pad": (1,)}, (3, 4, 5, 6)),
    ("depthwise", {"kernel": (3,), "multiplier": 2, "pad": "same"}, IMAGE),
    ("depthwise", {"kernel": (3,), "weight": ((0, 1, 0), (1, -4, 1), (0, 1, 0)), "bias": False}, IMAGE),
    ("separable", {"channels": 3, "kernel": (3,), "multiplier": 2, "pad": (1,)}, IMAGE),
    ("deconv", {"channels": 3, "kernel": (2,), "stride": (2,)}, IMAGE),
    ("deconv", {"channels": 4, "kernel": (3,), "stride": (2,), "pad": (1,), "output_pad": (1,), "groups": 2}, IMAGE),
    ("deconv", {"channels": 3, "kernel": (4,), "stride": (3,), "pad": "same"}, IMAGE),
    ("deconv", {"channels": 3, "kernel": (2,), "stride": (3,), "pad": "same"}, IMAGE),
    ("deconv", {"channels": 3, "kernel": (3,), "dilation": (2,), "pad": (0, 1, 1, 0)}, IMAGE),
    ("dense", {"units": 5}, (6,)),
    *(("dense", {"units": 5, "axis": axis, "bias": axis != 1}, IMAGE) for axis in ("channels", 1, -1)),
    *(
        (word, arguments, IMAGE)
        for word in ("maxpool", "minpool", "avgpool", "lppool", "weightedpool")
        for arguments in (
            {"kernel": (2,)},
            {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 1)},
            {"kernel": (3,), "stride": (2,), "pad": "same"},
            {"kernel": (3,), "stride": (2,), "round": "ceil", "pad": (0, 1, 1, 0)},
            {"kernel": (3,), "stride": (4,), "round": "ceil", "pad": (1,)},
            {"kernel": (2,), "stride": (1,), "dilation": (3,)},
        )
    ),
    ("avgpool", {"kernel": (3,), "stride": (2,), "pad": (1,), "count_include_pad": True, "round": "ceil"}, IMAGE),
    ("avgpool", {"kernel": (3,), "stride": (2,), "pad": (1, 0, 0, 1), "count_include_pad": True}, IMAGE),
    (
        "avgpool",
        {"kernel": (4,), "stride": (3,), "pad": (1, 0, 0, 1), "count_include_pad": True, "round": "ceil"},
        IMAGE,
    ),
    ("maxpool", {"kernel": (2,)}, (3, 8)),
    ("avgpool", {"kernel": (2,)}, (3, 4, 5, 6)),
    ("lppool", {"kernel": (2,), "p": 3}, (3, 8)),
    ("weightedpool", {"kernel": (3,), "pad": (1,), "border": "edge", "falloff": "gaussian"}, IMAGE),
    ("global_avgpool", {}, IMAGE),
    ("global_maxpool", {}, (3, 8)),
    ("global_lppool", {"p": 3}, IMAGE),
    ("adaptive_avgpool", {"size": (3, 2)}, IMAGE),
    ("adaptive_maxpool", {"size": (3,)}, (3, 8)),
    *(("bn", {"affine": affine}, shape) for affine in (True, False) for shape in ((4,), (4, 7), IMAGE, (2, 3, 4, 5))),
    ("layernorm", {}, (6,)),
    ("layernorm", {}, IMAGE),
    ("layernorm", {"affine": False}, IMAGE),
    ("layernorm", {"over": "all", "eps": 1e-3}, IMAGE),
    ("layernorm", {"over": 1}, IMAGE),
    ("layernorm", {"over": -1, "statistics": True}, IMAGE),
    ("layernorm", {"statistics": True, "affine": False}, IMAGE),
    ("groupnorm", {"groups": 2}, IMAGE),
    ("instancenorm", {"affine": False}, (3, 8)),
    ("instancenorm", {}, IMAGE),
    ("lrn", {"size": 3, "alpha": 0.5}, IMAGE),
    ("lrn", {"size": 4, "alpha": 0.5}, IMAGE),
    ("scale", {}, IMAGE),
    ("scale", {"bias": True, "weight": 2.0}, (4,)),
    ("scale", {"bias": True, "elementwise": True}, IMAGE),
    ("scale", {"bias": True, "shared": True, "buffer": True}, IMAGE),
    ("bias", {"shared": True}, IMAGE),
    ("bias", {"buffer": True}, IMAGE),
    ("learned", {"shape": (2, 3), "buffer": True}, (5,)),
    ("bias", {}, IMAGE),
    ("bias", {"elementwise": True}, (5,)),
    *(("learned", {"shape": shape}, IMAGE) for shape in ((5,), (4, 3), (2, 3, 4))),
    ("learned", {"shape": (2, 3), "weight": 0.5}, (5,)),
    *((word, {}, (5,)) for word in ("relu", "relu6", "selu", "silu", "mish", "softsign", "hardswish", "sigmoid")),
    *((word, {}, (5,)) for word in ("tanh", "exp", "abs", "identity", "hardtanh", "softplus", "dropout")),
    *((word, {"alpha": 0.3}, (5,)) for word in ("leaky_relu", "thresholded_relu", "elu", "celu", "hardsigmoid")),
    ("prelu", {}, IMAGE),
    ("prelu", {"shared": True}, (5,)),
    ("prelu", {"elementwise": True}, IMAGE),
    ("gelu", {}, (5,)),
    ("gelu", {"approximate": "tanh"}, (5,)),
    ("clip", {"min": -0.5, "max": 0.25}, (5,)),
    ("round", {}, (5,)),
    ("quantize", {"scale": 0.1, "zero": 7}, IMAGE),
    ("quantize", {"scale": (0.1, 0.2, 0.3, 0.4), "dtype": "int8"}, IMAGE),
    ("dequantize", {"scale": 0.3, "zero": (1, 2, 3, 4), "dtype": "int16"}, IMAGE),
    ("softmax", {}, (5,)),
    ("softmax", {"axis": "width"}, IMAGE),
    ("log_softmax", {"axis": 0}, IMAGE),
    ("flatten", {}, IMAGE),
    ("flatten", {}, (5,)),
    ("reshape", {"sizes": (3, 2, -1)}, (24,)),
    ("reshape", {"sizes": (9, -1)}, IMAGE),
    ("transpose", {"order": (1, 2, 0)}, IMAGE),
    ("slice", {"axis": "height", "start": 1, "step": 2}, IMAGE),
    ("slice", {"axis": -1, "start": -2, "stop": 0, "step": -3}, IMAGE),
    ("slice", {"axis": "channels", "stop": 0, "step": -1}, IMAGE),
    ("gather", {"indices": (3, 0, -1), "axis": "width"}, IMAGE),
    ("squeeze", {}, (4, 1, 1)),
    ("squeeze", {"axis": "channels"}, (1, 4, 5)),
    ("squeeze", {"axis": "height"}, (3, 1, 5)),
    ("pad", {"amount": (1, 2, 0, 1), "value": 3.0}, IMAGE),
    *(("pad", {"amount": (1, 2), "mode": mode}, IMAGE) for mode in ("edge", "reflect", "wrap")),
    ("crop", {"amount": (1, 2, 0, 1)}, IMAGE),
    ("crop", {"size": (4,)}, IMAGE),
    ("crop", {}, IMAGE),
    ("crop", {"begin": (2, 0)}, IMAGE),
    ("crop", {"begin": 1, "size": 3}, IMAGE),
    ("upsample", {"scale": (2, 3)}, IMAGE),
    ("upsample", {"mode": "bilinear"}, IMAGE),
    ("upsample", {"mode": "bilinear", "align_corners": True}, (3, 8)),
    ("upsample", {"scale": (1.5, 0.6), "mode": "bilinear"}, IMAGE),
    ("upsample", {"scale": 2 / 3, "rounding": "half_up", "coordinates": "half_pixel"}, IMAGE),
    ("upsample", {"scale": 2.3, "mode": "bilinear", "coordinates": "half_pixel_symmetric"}, (3, 8)),
    ("upsample", {"scale": 0.75, "mode": "cubic", "exclude_outside": True}, IMAGE),
    ("resize", {"size": (4, 11), "mode": "cubic"}, IMAGE),
    ("resize", {"size": (4, 4), "mode": "cubic", "antialias": True}, IMAGE),
    ("resize", {"size": 5, "mode": "bilinear", "antialias": True, "exclude_outside": False}, IMAGE),
    ("resize", {"size": 3, "coordinates": "pytorch_half_pixel", "rounding": "ceil"}, (3, 8)),
    ("resize", {"size": (4, 5), "mode": "bilinear", "region": (0.5, 0.0, 1.5, 1.0), "value": 2.0}, IMAGE),
    ("resize", {"size": 3, "coordinates": "align_corners", "rounding": "half_down"}, IMAGE),
    ("resize", {"mode": "bilinear"}, IMAGE),
    ("reshape", {"sizes": (IMAGE[0],)}, IMAGE),
    *(
        ("maxpool", {"positions": True} | arguments, shape)
        for arguments, shape in (
            ({"kernel": (2,)}, (3, 8)),
            ({"kernel": (3, 2), "stride": (2, 1), "pad": (1, 1)}, IMAGE),
            ({"kernel": (3,), "stride": (2,), "pad": "same"}, IMAGE),
            ({"kernel": (3,), "stride": (2,), "pad": (0, 1, 1, 0)}, IMAGE),
        )
    ),
    ("unpool", {"kernel": (2,)}, IMAGE),
    ("unpool", {"kernel": (3,), "stride": (2,), "pad": (1, 0, 0, 1)}, IMAGE),
    ("unpool", {"kernel": (2,), "size": (13, 18)}, IMAGE),
    ("pixel_shuffle", {"factor": 2}, IMAGE),
    ("pixel_shuffle", {"factor": 2}, (6, 5)),
    ("pixel_shuffle", {"factor": 2}, (16, 2, 3, 4)),
    ("pixel_unshuffle", {"factor": 3}, (2, 6, 9)),
    ("pixel_unshuffle", {"factor": 3}, (2, 6)),
    ("pixel_unshuffle", {"factor": 2}, (2, 2, 4, 6)),
    ("channel_shuffle", {"groups": 2}, IMAGE),
    ("split", {"parts": 2}, IMAGE),
    ("split", {"parts": (2, 7), "axis": "width"}, IMAGE),
    *((word, {}, IMAGE) for word in ("reduce_mean", "reduce_sum", "reduce_max", "reduce_min", "argmax")),
    ("normalize", {}, IMAGE),
    ("normalize", {"axis": -1, "eps": 2.0}, IMAGE),
    ("normalize", {"p": 1}, IMAGE),
    *((word, {}, (5,)) for word in ("neg", "sign", "sqrt", "log")),
    ("reduce_mean", {"axis": "width"}, IMAGE),
    *((word, {}, IMAGE) for word in ("add", "sub", "mul", "div", "max", "min", "mean", "concat")),
    ("pow", {}, IMAGE),
    *((word, {"constants": (None, -0.7)}, IMAGE) for word in ("add", "sub", "mul", "div", "max", "min")),
    *((word, {"constants": (4.0, None, LIST, None)}, IMAGE) for word in ("add", "mul", "max", "min")),
    *(("sub", {"constants": (LIST, None)}, shape) for shape in ((4,), (4, 7), IMAGE)),
    ("pow", {"constants": (None, 2.0)}, IMAGE),
    ("pow", {"constants": (-1.5, None)}, (5,)),
    ("matmul", {}, (3, 6, 6)),
    ("argmax", {"last": True, "axis": "width"}, IMAGE),
    ("concat", {"axis": "width"}, IMAGE),
]
MERGES = ("add", "sub", "mul", "div", "max", "min", "mean", "concat", "pow", "matmul", "unpool")


def graph_of(word, arguments, shape, layout="chw", open_sizes=False) -> Graph:
    """One layer on an input; operations with two operands get the input and its relu."""
    if "layout" in BY_WORD[word].context:
        arguments = {**arguments, "layout": layout}
    sizes = tuple(symbol(name) for name in ("D", "H", "W")[-len(shape) + 1 :]) if open_sizes else shape[1:]
    build = GraphBuilder("Layer", layout=layout)
    build.add_input(GraphInput(name="image", type=TensorType((symbol("N"), shape[0], *sizes))))
    inputs = ("image",)
    if (
        word in MERGES
        or arguments.get("sizes") == shape[:1]
        or (word in ("resize", "crop") and not {"size", "amount"}.intersection(arguments))
    ):
        smaller = BY_WORD["maxpool"](kernel=(2,), stride=(2,)) if word == "crop" else BY_WORD["relu"]()
        other = build.add("other", smaller, ("image",))
        inputs = ("image", *other) if arguments.get("constants", ()).count(None) != 1 else inputs
    values = build.add("y", BY_WORD[word](**arguments), inputs)
    build.outputs.extend(GraphOutput(name=f"out{i}", value=value) for i, value in enumerate(values))
    return build.finish()


def random_weights(graph) -> Weights:
    """Values that are far from any initialiser's; variances stay positive, fixed values as they are."""
    random = np.random.default_rng(3)
    fixed = {w.name for node in graph.nodes for w in graph.weights(node) if w.fixed is not None}
    return Weights.of(
        {
            name: array if name.split(".", 1)[1] in fixed else random.uniform(0.2, 1.5, array.shape)
            for name, array in seeded(graph).items()
        }
    )


def assert_same(graph, shape):
    weights = random_weights(graph)
    x = np.random.default_rng(4).standard_normal(speak((2, *shape), graph.layout)).astype(np.float32)
    expected = interpret(graph, {"image": x}, weights, dtype=np.float64)
    with torch.no_grad():
        found = module(graph, weights).double().eval()(torch.from_numpy(x).double())
    found = found if isinstance(found, dict) else {"out0": found}
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert found[name].shape == array.shape
        np.testing.assert_allclose(found[name].numpy(), array, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("word", "arguments", "shape"), LAYERS, ids=lambda value: str(value).replace(" ", ""))
def test_a_layer_computes_the_same(word, arguments, shape):
    assert_same(graph_of(word, arguments, shape), shape)


@pytest.mark.parametrize(("word", "arguments", "shape"), LAYERS, ids=lambda value: str(value).replace(" ", ""))
def test_a_layer_computes_the_same_with_channels_last(word, arguments, shape):
    try:
        graph = graph_of(word, arguments, shape, "hwc")
    except Rejection as refused:  # a shape that this order of axes does not allow
        pytest.skip(str(refused))
    assert_same(graph, shape)


OPEN = [
    (w, a, s)
    for w, a, s in LAYERS
    if len(s) == 3 and w in ("conv", "maxpool", "avgpool", "lppool", "deconv", "unpool", "crop")
]


@pytest.mark.parametrize(("word", "arguments", "shape"), OPEN, ids=lambda value: str(value).replace(" ", ""))
def test_open_sizes_are_found_when_the_module_runs(word, arguments, shape):
    try:
        graph = graph_of(word, arguments, shape, open_sizes=True)
    except Rejection as refused:  # padding that needs a known size
        pytest.skip(str(refused))
    assert_same(graph, shape)


def test_every_operation_is_in_the_table_and_in_these_tests():
    assert set(TABLE) == set(BY_WORD)
    assert {word for word, _, _ in LAYERS} == set(BY_WORD)


@pytest.mark.parametrize("name", ["training", "forward", "eval", "parameters", "class"])
def test_a_layer_may_be_called_as_modules_call_their_own(name):
    model = specc.loads(f"model Net {{ input x 3x8x8\n {name}: conv 4, 3x3\n relu }}")
    made = module(model).train().eval()
    assert made.training is False
    assert set(made.state_dict()) == {f"{name}.weight", f"{name}.bias"}
    x = np.random.default_rng(0).standard_normal((1, 3, 8, 8), np.float32)
    assert np.allclose(made(torch.from_numpy(x)).detach(), model.run(x), atol=1e-5)


def test_weights_are_a_file_or_arrays_that_fit(tmp_path):
    model = specc.loads("model Net { input x 4; fc: dense 2 }")
    trained = model.weights(seed=5)
    np.savez(tmp_path / "w.npz", **dict(trained.items()))
    for weights in (tmp_path / "w.npz", trained):
        np.testing.assert_array_equal(module(model, weights).fc.weight.detach().numpy(), trained["fc.weight"])
    with pytest.raises(specc.SpecError, match=r"missing `fc.weight`"):
        module(model, {"a": np.zeros(3)})
    with pytest.raises(specc.SpecError, match=r"misshapen `fc.bias` 2: 1 in the file"):
        module(model, {**trained, "fc.bias": np.zeros(1)})
    with pytest.raises(TypeError, match=r"a model from `specc.load`, not of 'net.cnn'"):
        module("net.cnn")
