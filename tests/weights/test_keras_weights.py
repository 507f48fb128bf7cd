"""Keras files in the layouts that Keras 2 and Keras 3 write, and kernels in Keras's order of axes."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

import specc
from specc.interpreter import interpret
from specc.ir.build import GraphBuilder
from specc.ir.graph import Graph, GraphInput, GraphOutput
from specc.ops import BY_WORD
from specc.types import TensorType
from specc.weights.files import read
from specc.weights.match import match
from specc.weights.tensors import Weights

KERAS = Path(__file__).parents[1] / "oracles" / "keras"
h5py = pytest.importorskip("h5py", reason="the extra [keras]")


def model(shape, *layers, layout="chw") -> Graph:
    """A chain of (word, arguments) on an image of the given canonical shape."""
    build = GraphBuilder("Chain", layout=layout)
    value = build.add_input(GraphInput(name="image", type=TensorType((1, *shape))))
    for i, (word, arguments) in enumerate(layers, 1):
        (value,) = build.add(f"{word}{i}", BY_WORD[word](**arguments), (value,))
    build.outputs.append(GraphOutput(name="y", value=value))
    return build.finish()


def values(*shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def keras2(path, layers):
    """`model.save_weights("x.h5")`: names in attributes, `layer/layer/weight:0`."""
    with h5py.File(path, "w") as root:
        root.attrs["layer_names"] = [name.encode() for name, _ in layers]
        for name, weights in layers:
            group = root.create_group(name)
            group.attrs["weight_names"] = [f"{name}/{weight}:0".encode() for weight in weights]
            for weight, array in weights.items():
                group[f"{name}/{weight}:0"] = array


def keras3(path, layers):
    """`model.save_weights("x.weights.h5")`: layers numbered per class, weights numbered."""
    with h5py.File(path, "w") as root:
        root.create_group("optimizer/vars")["0"] = np.int64(3)
        for name, weights in layers:
            group = root.create_group(f"layers/{name}/vars")
            for i, array in enumerate(weights.values()):
                group[str(i)] = array


def saved_with_config(path, layers):
    """`model.save("x.keras")`."""
    inner = path.with_suffix(".weights.h5")
    keras3(inner, layers)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.write(inner, "model.weights.h5")


FORMATS = [("w.h5", keras2), ("w.weights.h5", keras3), ("w.keras", saved_with_config)]
CONV = values(3, 3, 2, 4)
BATCH_NORM = {"gamma": values(4), "beta": values(4) + 1, "moving_mean": values(4) + 2, "moving_variance": values(4) + 3}


@pytest.mark.parametrize(("name", "save"), FORMATS)
def test_a_network_of_each_format(tmp_path, name, save):
    graph = model(
        (2, 8, 8),
        ("conv", {"channels": 4, "kernel": (3, 3)}),
        ("bn", {}),
        ("conv", {"channels": 4, "kernel": (1, 1), "bias": False}),
        ("global_avgpool", {}),
        ("flatten", {}),
        ("dense", {"units": 3}),
    )
    layers = [
        ("conv2d", {"kernel": CONV, "bias": values(4)}),
        ("batch_normalization", BATCH_NORM),
        ("dropout", {}),
        ("conv2d_1", {"kernel": values(1, 1, 4, 4)}),
        ("dense", {"kernel": values(4, 3), "bias": values(3)}),
    ]
    save(tmp_path / name, layers)
    given, problems = read(tmp_path / name)
    assert not problems
    weights, table, problems = match(graph, given)
    assert not problems, table
    np.testing.assert_array_equal(weights["conv1.weight"], CONV.transpose(3, 2, 0, 1))
    np.testing.assert_array_equal(weights["bn2.running_var"], BATCH_NORM["moving_variance"])
    np.testing.assert_array_equal(weights["dense6.weight"], values(4, 3).T)


@pytest.mark.parametrize("names", ["dense/{}", "dense.{}", "dense/{}:0"])
def test_arrays_with_keras_names_have_the_axes_of_keras(tmp_path, names):
    """Square matrices fit either way; the word `kernel` tells."""
    arrays = {names.format("kernel"): values(4, 4), names.format("bias"): values(4)}
    np.savez(tmp_path / "w.npz", **arrays)
    graph = model((4,), ("dense", {"units": 4}))
    for given in (read(tmp_path / "w.npz")[0], Weights.of(arrays)):
        weights, _, problems = match(graph, given)
        assert not problems
        np.testing.assert_array_equal(weights["dense1.weight"], values(4, 4).T)


def test_the_eleventh_layer_comes_after_the_second(tmp_path):
    ones = [("conv", {"channels": 1, "kernel": (1, 1), "bias": False})] * 11
    layers = [(f"conv2d_{i}" if i else "conv2d", {"kernel": np.full((1, 1, 1, 1), i)}) for i in range(11)]
    keras3(tmp_path / "w.h5", [(name, {"kernel": w["kernel"].astype("f4")}) for name, w in layers])
    weights, _, problems = match(model((1, 2, 2), *ones), read(tmp_path / "w.h5")[0])
    assert not problems
    assert [int(array.item()) for array in weights.values()] == list(range(11))


def test_layers_of_the_same_shapes_are_told_apart_by_their_class(tmp_path):
    """Of one channel, a convolution and a depthwise one hold the same tensors."""
    kernels = {"conv2d": values(3, 3, 1, 1), "depthwise_conv2d": values(3, 3, 1, 1) + 9}
    keras3(tmp_path / "w.h5", [(name, {"kernel": kernel}) for name, kernel in kernels.items()])
    graph = model(
        (1, 8, 8),
        ("depthwise", {"kernel": (3, 3), "bias": False}),
        ("conv", {"channels": 1, "kernel": (3, 3), "bias": False}),
    )
    weights, _, problems = match(graph, read(tmp_path / "w.h5")[0])
    assert not problems
    assert (weights["depthwise1.weight"][0, 0] == kernels["depthwise_conv2d"][:, :, 0, 0]).all()


def test_values_per_position_and_channel_change_their_axes(tmp_path):
    keras2(tmp_path / "w.h5", [("norm", {"gamma": values(3, 3, 2), "beta": values(3, 3, 2)})])
    weights, _, problems = match(model((2, 3, 3), ("layernorm", {"over": "all"})), read(tmp_path / "w.h5")[0])
    assert not problems
    np.testing.assert_array_equal(weights["layernorm1.weight"], values(3, 3, 2).transpose(2, 0, 1))


KERNELS = [
    ("conv", {"channels": 4, "kernel": (3, 5)}, (2, 8, 8), values(3, 5, 2, 4), lambda k: k.transpose(3, 2, 0, 1)),
    ("conv", {"channels": 4, "kernel": (3,)}, (2, 8), values(3, 2, 4), lambda k: k.transpose(2, 1, 0)),
    (
        "conv",
        {"channels": 4, "kernel": (2, 2), "groups": 2},
        (6, 8, 8),
        values(2, 2, 3, 4),
        lambda k: k.transpose(3, 2, 0, 1),
    ),
    (
        "depthwise",
        {"kernel": (3, 3), "multiplier": 2},
        (5, 8, 8),
        values(3, 3, 5, 2),
        lambda k: k.transpose(2, 3, 0, 1).reshape(10, 1, 3, 3),
    ),
    ("deconv", {"channels": 4, "kernel": (2, 2)}, (3, 8, 8), values(2, 2, 4, 3), lambda k: k.transpose(3, 2, 0, 1)),
    ("dense", {"units": 4}, (4,), values(4, 4), lambda k: k.T),
    ("conv", {"channels": 4, "kernel": (1, 1)}, (3, 8, 8), values(3, 4), lambda k: k.T.reshape(4, 3, 1, 1)),
]


@pytest.mark.parametrize(("word", "arguments", "shape", "kernel", "expected"), KERNELS)
def test_kernels_change_their_axes(tmp_path, word, arguments, shape, kernel, expected):
    keras2(tmp_path / "w.h5", [("layer", {"kernel": kernel})])
    graph = model(shape, (word, {**arguments, "bias": False}))
    weights, _, problems = match(graph, read(tmp_path / "w.h5")[0])
    assert not problems
    np.testing.assert_array_equal(weights[f"{word}1.weight"], expected(kernel))


def test_both_stages_of_a_separable_convolution_in_one_layer(tmp_path):
    stages = {"depthwise_kernel": values(3, 3, 2, 1), "pointwise_kernel": values(1, 1, 2, 4), "bias": values(4)}
    keras2(tmp_path / "w.h5", [("sep", stages)])
    graph = model((2, 8, 8), ("separable", {"channels": 4, "kernel": (3, 3)}))
    weights, _, problems = match(graph, read(tmp_path / "w.h5")[0])
    assert not problems
    assert weights["separable1.depthwise.weight"].shape == (2, 1, 3, 3)
    np.testing.assert_array_equal(weights["separable1.pointwise.weight"][:, :, 0, 0], values(2, 4).T)


@pytest.mark.parametrize("layout", ["chw", "hwc"])
def test_dense_after_flatten_keeps_its_meaning(tmp_path, layout):
    """Keras flattens HxWxC: each weight must go on multiplying the pixel and channel that it was trained for."""
    keras2(tmp_path / "w.h5", [("dense", {"kernel": values(2 * 3 * 4, 5)})])
    graph = model((4, 2, 3), ("flatten", {"layout": layout}), ("dense", {"units": 5, "bias": False}), layout=layout)
    weights, _, problems = match(graph, read(tmp_path / "w.h5")[0])
    assert not problems
    image = np.random.default_rng(0).standard_normal((4, 2, 3))
    expected = image.transpose(1, 2, 0).reshape(-1) @ values(24, 5)
    flat = image.reshape(-1) if layout == "chw" else image.transpose(1, 2, 0).reshape(-1)
    np.testing.assert_allclose(weights["dense2.weight"] @ flat, expected)


def test_batch_normalisation_on_flattened_features_is_reordered_too(tmp_path):
    keras2(tmp_path / "w.h5", [("bn", {name: values(24) for name in BATCH_NORM})])
    graph = model((4, 2, 3), ("flatten", {}), ("bn", {}))
    weights, _, problems = match(graph, read(tmp_path / "w.h5")[0])
    assert not problems
    np.testing.assert_array_equal(weights["bn2.weight"], values(2, 3, 4).transpose(2, 0, 1).reshape(-1))


def test_batch_normalisation_without_scale_takes_the_initial_one(tmp_path):
    keras2(tmp_path / "w.h5", [("bn", {name: a for name, a in BATCH_NORM.items() if name != "gamma"})])
    graph = model((4, 2, 3), ("bn", {}))
    given = read(tmp_path / "w.h5")[0]
    assert match(graph, given)[2][0].code == "E0801"
    weights, _, problems = match(graph, given, strict=False)
    assert not problems
    assert (weights["bn1.weight"] == 1).all()
    np.testing.assert_array_equal(weights["bn1.bias"], BATCH_NORM["beta"])


def damaged(path):
    keras2(path, [("conv2d", {"kernel": CONV})])
    return path.read_bytes()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:500], "no sound HDF5 file"),
        (lambda data: b"text", "no sound HDF5 file"),
        (lambda data: data.replace(b"layer_names", b"layer_namez"), "no layer with weights"),
        (lambda data: data.replace(b"weight_names", b"weight_namez"), "no sound HDF5 file"),
    ],
)
def test_damaged_files(tmp_path, change, reason):
    path = tmp_path / "w.h5"
    path.write_bytes(change(damaged(path)))
    weights, (diagnostic,) = read(path)
    assert weights is None
    assert diagnostic.code == "E0802"
    assert reason in diagnostic.message


def test_circles_of_links_end(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as root:
        group = root.create_group("layers/a")
        group["b"], group["c"] = group, group
    assert "nested too deep" in read(tmp_path / "w.h5")[1][0].message


def test_other_files_are_not_followed(tmp_path):
    keras3(tmp_path / "other.h5", [("conv2d", {"kernel": CONV})])
    with h5py.File(tmp_path / "w.h5", "w") as root:
        root["layers"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/layers")
    assert read(tmp_path / "w.h5")[1][0].code == "E0802"
    with h5py.File(tmp_path / "x.h5", "w") as root:
        place = [(str(tmp_path / "other.h5"), 0, 8)]
        root.create_dataset("layers/dense/vars/0", (2,), "f4", external=place)
    assert "not stored in the plain way" in read(tmp_path / "x.h5")[1][0].message


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    keras2(tmp_path / "w.h5", [("conv2d", {"kernel": CONV})])
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    (diagnostic,) = read(tmp_path / "w.h5")[1]
    assert diagnostic.code == "E0906"
    assert diagnostic.help == "pip install specc[keras]"


# What Keras 3.15.1 itself wrote of this network (random weights), and its outputs: `keras3_io.npz`.
WRITTEN = """
conv1: conv 2, 3x3, pad=same, relu
bn1: bn eps=1e-3
apart: depthwise 1x1, multiplier=2, from=image
add bn1, apart
separable 3, 2x2
deconv 2, 2x2, stride=2
flatten; dropout 0.5
dense 3, softmax
"""


@pytest.mark.parametrize("name", ["keras3.keras", "keras3.weights.h5", "keras3_legacy.h5"])
@pytest.mark.parametrize("size", ["1x6x6", "6x6x1, layout=hwc"], ids=["channels first", "channels last"])
def test_files_that_keras_wrote_give_its_outputs(name, size):
    graph = specc.loads(f"model Net {{ input image {size}\n{WRITTEN} }}").graph
    given, problems = read(KERAS / name)
    assert not problems
    weights, _, problems = match(graph, given)
    assert not problems
    example = np.load(KERAS / "keras3_io.npz")
    x = example["x"] if graph.layout == "hwc" else example["x"].transpose(0, 3, 1, 2)
    (found,) = interpret(graph, {"image": x}, weights).values()
    np.testing.assert_allclose(found, example["y"], rtol=1e-5, atol=1e-6)
