"""The compiler from Python, as the README shows it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import specc
import specc.weights
from specc.diagnostics import Diagnostic
from specc.torch import to_source, write_source

NET = """\
model Net(width = 4, widths = [2, 3]) {
    input image 1x6x6
    for w in widths { conv w, 3x3, pad=1 }
    conv width, 3x3, relu
    global_avgpool; flatten
}
model Wide = Net(width=8)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "net.cnn").write_text(NET, encoding="utf-8")
    return tmp_path / "net.cnn"


def test_an_exception_has_errors_first():
    found = [
        specc.Diagnostic("W0101", "doubtful"),
        specc.Diagnostic("E0310", "wrong"),
        specc.Diagnostic("E0311", "worse"),
    ]
    error = specc.SpecError(found)
    assert [each.code for each in error.diagnostics] == ["E0310", "E0311", "W0101"]
    assert str(error).startswith("error[E0310]: wrong")


def test_what_completion_and_a_prompt_show(path: Path) -> None:
    assert {"load", "import_onnx", "Model", "Diagnostic"} <= set(dir(specc))
    assert repr(specc.load(path, model="Wide")).startswith("<specc.Model Wide of ")


def test_load_chooses_a_model_and_sets_its_parameters(path: Path) -> None:
    model = specc.load(path, model="Net", width=2, widths=[5])
    assert (model.name, model.params, model.trainable) == ("Net", 50 + 92, 142)
    assert model.macs == 9 * 5 * 36 + 9 * 5 * 2 * 16
    assert [layer.name for layer in model.layers] == ["conv1", "conv2", "global_avgpool1", "flatten1"]
    assert "Total params: 142" in model.table()
    assert specc.load(str(path), model="Wide").params > specc.load(path, model="Net").params


@pytest.mark.parametrize(
    "given",
    [
        {"width": np.int64(2), "widths": [np.int32(5), np.uint8(6)]},
        {"width": Fraction(4, 2), "widths": np.array([5, 6])},
        {"width": np.float32(2), "widths": range(5, 7)},
        {"width": np.array(2), "widths": (5, np.array(6.0))},
    ],
    ids=["scalars", "array", "range", "0-dimensional"],
)
def test_parameters_take_numbers_of_other_libraries(path: Path, given: dict[str, Any]) -> None:
    assert specc.load(path, model="Net", **given).params == specc.load(path, model="Net", width=2, widths=[5, 6]).params


def test_parameters_take_truth_values_and_none() -> None:
    spec = "model M(wide, act = relu) { input x 1x8x8; conv 8 if wide else 4, 3x3, act }"
    model = specc.loads(spec, wide=np.True_, act=None)
    assert (model.params, [layer.ops for layer in model.layers]) == (80, [("conv",)])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"a": 1}, "parameter `width` cannot be of Python's type `dict`"),
        ([1, {2}], "parameter `width` cannot be of Python's type `set`"),
        (1j, "parameter `width` cannot be of Python's type `complex`"),
        (np.array([1j]), "parameter `width` cannot be of Python's type `complex`"),
        (float("nan"), "parameter `width` cannot be nan"),
        (np.float32("-inf"), "parameter `width` cannot be -inf"),
        (1 << 5000, "parameter `width` cannot be a number of more than 4096 bits"),
        (None, "`channels` of `conv` needs a whole number, not `none`"),
    ],
)
def test_what_a_parameter_cannot_be(path: Path, value: object, told: str) -> None:
    with pytest.raises(specc.SpecError, match=re.escape(told)) as raised:
        specc.load(path, model="Net", width=value)
    assert raised.value.diagnostics[0].code == "E0304"


def test_lists_that_hold_themselves_are_too_deep(path: Path) -> None:
    widths: list[object] = [1]
    widths.append(widths)
    with pytest.raises(specc.SpecError, match="E0106"):
        specc.load(path, model="Net", widths=widths)


def test_export_run_and_verify(path: Path, tmp_path: Path) -> None:
    model = specc.load(path, model="Wide")
    exported = model.export(tmp_path / "net.onnx", seed=3)
    assert model.verify(model=exported, seed=3).passed
    assert not model.verify(model=exported, seed=4).passed
    x = np.linspace(-1, 1, 72).reshape(2, 1, 6, 6)
    y = model.run(x, seed=3, device="cpu")
    assert isinstance(y, np.ndarray)
    assert y.shape == (2, 8)
    weights = model.weights(seed=3)
    np.testing.assert_array_equal(model.run(x, weights=weights, device="cpu"), y)


def test_an_onnx_file_comes_back_as_a_model_and_its_weights(path: Path, tmp_path: Path) -> None:
    exported = specc.load(path, model="Net").export(tmp_path / "net.onnx", seed=3)
    model, weights, text = specc.import_onnx(exported, name="Back")
    assert (model.name, model.params) == ("Back", specc.load(path, model="Net").params)
    assert specc.loads(text).params == model.params
    assert model.verify(model=exported, weights=weights).passed
    with pytest.raises(specc.SpecError, match="E0601"):
        specc.import_onnx(tmp_path / "no.onnx")


def test_files_are_run_one_after_the_other(path: Path, tmp_path: Path) -> None:
    model = specc.load(path, model="Net")
    x = np.random.default_rng(0).standard_normal((3, 1, 6, 6)).astype(np.float32)
    np.save(tmp_path / "a.npy", x[:2])
    (tmp_path / "b.png").write_bytes(b"no picture")
    np.save(tmp_path / "c.npy", x[2])
    wrong: list[Diagnostic] = []
    with pytest.warns(UserWarning, match=r"passed over a file that is neither image nor array by its name: 1 \.cnn"):
        found = list(model.run_files(tmp_path, device="cpu", batch=2, on_error=wrong.append))
    assert [Path(source).name for source, _ in found] == ["a.npy[0]", "a.npy[1]", "c.npy"]
    np.testing.assert_allclose(np.stack([y for _, y in found]), model.run(x, device="cpu"), rtol=1e-5)
    assert [problem.code for problem in wrong] == ["E0608"]
    wrong.clear()
    assert len(list(model.run_files("no.npy", tmp_path / "c.npy", device="cpu", on_error=wrong.append))) == 1
    assert [problem.code for problem in wrong] == ["E0601"]
    with pytest.raises(specc.SpecError, match="E0608"):
        list(model.run_files(tmp_path / "b.png", device="cpu"))


@pytest.mark.parametrize("layout", ["chw", "hwc"])
def test_pixels_are_preprocessed_in_arrays_as_in_files(layout: str, tmp_path: Path) -> None:
    size = "6x4x3" if layout == "hwc" else "3x6x4"
    image = f"input image {size}, layout={layout}, mean=[0.1, 0.2, 0.3], std=0.5"
    model = specc.loads(f"model Net {{ {image}; conv 2, 3x3; global_avgpool; flatten }}")
    pixels = np.random.default_rng(0).integers(0, 256, (2, *map(int, size.split("x"))), np.uint8)
    mean = np.reshape([0.1, 0.2, 0.3], (3,) if layout == "hwc" else (3, 1, 1))
    by_hand = model.run((pixels / 255 - mean) / 0.5)
    np.testing.assert_allclose(model.run(pixels), by_hand, atol=1e-6)
    np.testing.assert_allclose(model.run({"image": pixels}), by_hand, atol=1e-6)
    np.save(tmp_path / "x.npy", pixels)
    in_files = [y for _, y in model.run_files(tmp_path / "x.npy")]
    np.testing.assert_allclose(in_files, by_hand, atol=1e-6)
    assert not np.allclose(model.run(pixels.astype(np.float32)), by_hand)  # as they are, whatever they hold


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda path: list(specc.load(path, model="Net").run_files(path.parent / "no.npy")), "E0601"),
        (lambda path: specc.load(path, model="Net").run_files(path.parent / "*.cnn"), "E0601"),
        (lambda path: specc.load(path), "E0207"),
        (lambda path: specc.load(path, model="Nett"), "E0207"),
        (lambda path: specc.load(path, model="Net", depth=1), "E0310"),
        (lambda path: specc.load(path.parent), "E0602"),
        (lambda path: specc.load(path.parent / "no.cnn"), "E0601"),
        (lambda path: specc.loads("model M { input x 4; dens 2 }"), "E0201"),
        (lambda path: specc.load(path, model="Net").run(np.zeros((1, 2, 6, 6))), "E0901"),
        (lambda path: specc.load(path, model="Net").run({"picture": np.zeros((1, 1, 6, 6))}), "E0901"),
        (lambda path: specc.load(path, model="Net").export(path.parent / "no" / "x.onnx"), "E0904"),
        (lambda path: specc.load(path, model="Net").export(path.parent / "x.onnx", weights={}), "E0801"),
        (lambda path: specc.load(path, model="Net").export(path), "E0904"),
        (lambda path: specc.load(path, model="Net").export("net.py"), "E0904"),
        (lambda path: specc.load(path, model="Net").weights("no.npz"), "E0601"),
        (lambda path: specc.load(path, model="Net").verify(model=path), "E0907"),
        (lambda path: specc.load(path, model="Net").verify(model=path.parent / "no.onnx"), "E0601"),
    ],
)
def test_what_is_wrong_is_a_spec_error(call: Callable[[Path], object], code: str, path: Path) -> None:
    with pytest.raises(specc.SpecError) as caught:
        call(path)
    assert {d.code for d in caught.value.diagnostics} == {code}
    assert str(caught.value).startswith(f"error[{code}]: ")


NET_X = np.zeros((1, 1, 6, 6))
ITEM = np.zeros((1, 3, 8, 8), np.float32)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda m: m.export("x.onnx", dtype="fp16"), ValueError, "dtype is one of 'float32', 'float16', 'bfloat16'"),
        (lambda m: m.verify(dtype="half"), ValueError, "dtype is one of"),
        (lambda m: m.verify(kinds=["nans"]), ValueError, "did you mean 'nan'?"),
        (lambda m: m.verify(kinds="foo"), ValueError, "an item of kinds is one of 'quick', 'all', 'normal', 'wide'"),
        (lambda m: m.run(None), TypeError, "input `image` is an array, not None"),
        (lambda m: m.run("a.png"), TypeError, "files are run by `run_files`"),
        (lambda m: m.run([[1], [2, 3]]), ValueError, "its lists have different lengths"),
        (lambda m: m.run(NET_X * 1j), TypeError, "an array of real numbers, not of complex128"),
        (lambda m: m.run(NET_X.astype(int)), TypeError, "an array of int64: give uint8 pixels, which are preprocessed"),
        (lambda m: m.run([[[[255] * 8] * 8] * 3]), TypeError, "a list of whole numbers: give uint8 pixels"),
        (lambda m: m.run({"image": NET_X, "x": 1}), specc.SpecError, "the model has no input `x`"),
        (lambda m: m.run(NET_X, device="gpu"), ValueError, "device is one of 'auto', 'cpu', 'cuda', not 'gpu'"),
        (lambda m: m.run(NET_X, seed=1.5), TypeError, "seed is a whole number, not 1.5"),
        (lambda m: m.run(NET_X, seed="a"), TypeError, "seed is a whole number, not 'a'"),
        (lambda m: m.verify(seed=-1), ValueError, "seed is at least 0, not -1"),
        (lambda m: m.weights(7), TypeError, "weights are a file or arrays by the names of tensors, not int"),
        (lambda m: m.export("x.onnx", weights={"a": {}}), TypeError, "and `a` is of type `dict`"),
        (lambda m: m.weights({"a": [[1], [2, 3]]}), TypeError, "and `a` is of type `list`"),
        (lambda m: m.run(NET_X, weights={0: NET_X}), TypeError, "and 0 is no name"),
        (lambda m: m.run_files(["a.png"]), TypeError, "several are separate arguments: run_files(*files)"),
        (lambda m: m.run_files("a.png", batch="2"), TypeError, "batch is a whole number, not '2'"),
        (lambda m: m.run_files("a.png", readers=0), ValueError, "readers is at least 1, not 0"),
        (lambda _: specc.load(3), TypeError, "the file of a spec is a path, not 3"),
        (lambda _: specc.load("net.cnn", model=1), TypeError, "model is the name of a model, not 1"),
        (lambda _: specc.load("net.cnn", limits={"layers": 9}), TypeError, "not dict: Limits(**{'layers': 9})"),
        (lambda _: specc.loads(NET, limits=None), TypeError, "limits are specc.Limits, not NoneType"),
        (lambda _: specc.loads(Path("net.cnn")), TypeError, "a file is read by `load`"),
        (lambda _: specc.load(NET), specc.SpecError, "help: `specc.loads` takes a text"),
        (lambda m: m.at(H=2.5), TypeError, "H is a whole number, not 2.5"),
        (lambda m: m.at(H=True), TypeError, "H is a whole number, not True"),
        (lambda m: m.table(width="a"), TypeError, "width is a whole number, not 'a'"),
        (lambda m: m.verify(kinds=[]), ValueError, "kinds is at least one kind of inputs"),
        (lambda m: m.verify(kinds=3), TypeError, "kinds are a text or a list of texts, not 3"),
        (lambda m: m.verify(model=3), TypeError, "model is the path of a file, not 3"),
        (lambda m: m.verify(optimised="no"), TypeError, "optimised is True or False, not 'no'"),
        (lambda m: m.export("x.onnx", opset=21.0), TypeError, "opset is a whole number, not 21.0"),
        (lambda m: m.export("x.onnx", preprocess="yes"), TypeError, "preprocess is True or False, not 'yes'"),
        (lambda m: m.export(3), TypeError, "path is the path of a file, not 3"),
        (lambda m: m.export("a\0b.onnx"), specc.SpecError, "error[E0904]"),
        (lambda m: m.verify(model="a\0b.onnx"), specc.SpecError, "error[E0601]"),
        (lambda _: specc.import_onnx("a\0b.onnx"), specc.SpecError, "error[E0608]"),
        (lambda _: specc.import_onnx("x.onnx", name=3), TypeError, "name is a text, not 3"),
        (lambda m: m.run_files("a.png", resize=(3, 3)), TypeError, "resize is True or False, not (3, 3)"),
        (lambda m: m.run_files("a.png", on_error=3), TypeError, "on_error is a function that is given diagnostics"),
        (lambda m: m.weights(mapping="rules.txt"), ValueError, "mapping renames the tensors of a source of weights"),
        (lambda m: m.weights("w.npz", mapping={}), TypeError, "mapping is the path of a file of rules, not {}"),
        (lambda _: specc.Model(3), TypeError, "a model is made by `specc.load` or `specc.loads`, not of 3"),
        (lambda _: specc.Limits(layers="x"), TypeError, "limit layers is a whole number, not 'x'"),
        (lambda _: specc.Limits(300, True), TypeError, "limit digits is a whole number, not True"),
        (lambda _: specc.Limits(layers=-1), ValueError, "limit layers is at least 0"),
        (lambda _: specc.loads(NET, parameters=3), TypeError, "parameters are a mapping of names to values, not 3"),
        (lambda _: specc.loads(NET, parameters={"a": 1}, a=2), TypeError, "parameter `a` is given twice"),
        (lambda m: m.verify(keep_io_types=1), TypeError, "keep_io_types is True or False, not 1"),
        (lambda m: m.verify(batch=0), ValueError, "batch is at least 1, not 0"),
        (lambda m: m.run_files("a.png", batch=0), ValueError, "batch is at least 1, not 0"),
        (lambda m: m.run(NET_X, device=3), TypeError, "device is one of 'auto', 'cpu', 'cuda', not 3"),
        (lambda m: m.export("x.onnx", opset=3), ValueError, "opset is 13 to 23, not 3"),
        (lambda _: specc.weights.write(3, "w.npz"), TypeError, "weights are those of"),
        (lambda _: to_source(3), TypeError, "source is made of a model from `specc.load`, not of 3"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told_in_a_sentence(
    call: Callable[[specc.Model], object], error: type[Exception], says: str, path: Path
) -> None:
    with pytest.raises(error, match=re.escape(says)):
        call(specc.load(path, model="Net"))


ONE = "input `x` needs N x 3 x 8 x 8, and the data is"
TWO_NAMED = 'several are given by name: `run({"left": ..., "right": ...})`'


@pytest.mark.parametrize(
    ("inputs", "given", "says"),
    [
        ("input x 3x8x8", ([ITEM, ITEM],), [f"{ONE} 2 x 1 x 3 x 8 x 8", "`np.concatenate(x)` fits"]),
        ("input x 3x8x8", (ITEM, ITEM), ["has one input, `x`, and 2 values are given", "`np.concatenate([x, y])`"]),
        ("input x 3x8x8", (ITEM[0],), [f"{ONE} 3 x 8 x 8", "`x[None]` fits"]),
        ("input x 3x8x8", (ITEM[..., :7],), [f"{ONE} 1 x 3 x 8 x 7"]),
        ("input x 3x8x8", ({"y": ITEM},), ["no input `y`", "it has `x`"]),
        ("input left 3x8x8; input right 3x8x8", (ITEM,), ["has 2 inputs, `left`, `right`, and one value", TWO_NAMED]),
        ("input left 3x8x8; input right 3x8x8", ([ITEM, ITEM],), ["and one value is given", TWO_NAMED]),
        ("input left 3x8x8; input right 3x8x8", (ITEM, ITEM), ["and 2 values are given", TWO_NAMED]),
        ("input left 3x8x8; input right 3x8x8", ({"left": ITEM},), ["input `right` is missing"]),
        ("input left 3x8x8; input right 3x8x8", ({"left": ITEM, "rigth": ITEM},), ["did you mean `right`?"]),
    ],
)
def test_what_a_run_is_given_is_told_by_the_names_and_shapes_of_inputs(
    inputs: str, given: tuple[Any, ...], says: list[str]
) -> None:
    last = "add left, right" if "left" in inputs else "relu"
    with pytest.raises(specc.SpecError) as refused:
        specc.loads(f"model Net {{ {inputs}; {last} }}").run(*given)
    assert {found.code for found in refused.value.diagnostics} == {"E0901"}
    assert all(part in str(refused.value) for part in says)


def test_resizing_to_open_sizes_is_a_python_warning(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, 8, 8), np.float32))
    model = specc.loads("model Open { input image [N, 3, H, W]; relu }")
    with pytest.warns(UserWarning, match="resize does nothing"):
        list(model.run_files(tmp_path / "x.npy", resize=True, device="cpu"))


def test_source_is_made_of_a_model_or_its_graph(path: Path) -> None:
    model = specc.load(path, model="Net")
    assert to_source(model) == to_source(model.graph)


def test_weights_cannot_be_written_to(path: Path, tmp_path: Path) -> None:
    """They are made or read anew each time: what is written would be lost."""
    model = specc.load(path, model="Net")
    seeded = model.weights()
    arrays = {name: array.copy() for name, array in seeded.items()}
    np.savez(tmp_path / "w.npz", **arrays)
    for weights in (seeded, model.weights(tmp_path / "w.npz"), model.weights(arrays)):
        with pytest.raises(ValueError, match="read-only"):
            next(iter(weights.values()))[...] = 9
    next(iter(arrays.values()))[...] = 9  # the caller's own stay so


def test_layers_are_given_beside_the_outputs(path: Path, tmp_path: Path) -> None:
    model = specc.load(path, model="Net")
    (image,) = model.graph.inputs
    x = np.ones((2, *image.type.shape[1:]), np.float32)
    layer, output = model.layers[0], model.summary.outputs[0].name
    found = model.run(x, activations=[layer.name, layer.name], device="cpu")
    assert list(found) == [output, layer.name]
    assert found[layer.name].shape == (2, *layer.output.shape[1:])
    assert (model.run(x, device="cpu") == found[output]).all()
    np.save(tmp_path / "x.npy", x)
    for number, (_, item) in enumerate(model.run_files(tmp_path / "x.npy", activations=[layer.name], device="cpu")):
        np.testing.assert_allclose(item[layer.name], found[layer.name][number], rtol=1e-5)
    with pytest.raises(specc.SpecError, match=f"no layer `{layer.name}x`"):
        model.run(x, activations=[f"{layer.name}x"])
    with pytest.raises(TypeError, match="activations are a list of names"):
        model.run(x, activations=layer.name)


def test_a_verification_may_have_larger_batches(path: Path) -> None:
    model = specc.load(path, model="Net")
    assert model.verify(batch=3, kinds="zeros").passed


def test_a_verification_in_another_type_may_keep_inputs_and_outputs(path: Path) -> None:
    model = specc.load(path, model="Net")
    kept = model.verify(kinds="normal", dtype="float16", keep_io_types=True)
    assert (kept.passed, kept.precision) == (True, "float16")
    casts = kept.devices.keys() - model.verify(kinds="normal", dtype="float16").devices.keys()
    assert casts  # beside the inputs and outputs


def test_kinds_of_inputs_are_those_of_the_command_line(path: Path) -> None:
    model = specc.load(path, model="Net")
    assert model.verify(kinds="quick").probes == model.verify().probes
    assert set(model.verify(kinds="all").probes) > set(model.verify(kinds="nan, zeros").probes)


def test_that_only_order_matches_weights_is_a_python_warning(path: Path, tmp_path: Path) -> None:
    model = specc.load(path, model="Net")
    np.savez(tmp_path / "w.npz", **{name.replace("conv", "layer"): array for name, array in model.weights().items()})
    for use in (model.weights, lambda file: model.export(tmp_path / "net.onnx", weights=file)):
        with pytest.warns(UserWarning, match="6 of 6 tensors are matched by the order of layers") as told:
            use(tmp_path / "w.npz")
        assert told[0].filename == __file__


def test_weights_that_are_used_in_part_are_a_python_warning(path: Path, tmp_path: Path) -> None:
    model = specc.load(path, model="Net")
    arrays = dict(model.weights(seed=5))
    arrays["head.weight"] = arrays.pop("conv3.weight")[:1]
    with pytest.raises(specc.SpecError, match=r"E0801.*: 1 missing, 1 surplus of 6 tensors"):
        model.weights(arrays)
    says = r"1 of 6 tensors are initialised from the seed: `conv3.weight`; 1 of the arrays are not used: `head.weight`"
    with pytest.warns(UserWarning, match=says) as told:
        weights = model.weights(arrays, strict=False)
    assert told[0].filename == __file__
    assert weights.seeded == {"conv3.weight"}
    model.export(tmp_path / "net.onnx", weights=weights)  # has been matched, and warns no more


def test_arrays_are_matched_as_files_are(path: Path, tmp_path: Path) -> None:
    """By name, by rules and by the order of layers; tensors of PyTorch are arrays too, in any of its types."""
    torch = pytest.importorskip("torch", reason="the tensors are PyTorch's")
    model = specc.load(path, model="Net")
    layers = [torch.nn.Conv2d(1, 2, 3), torch.nn.Conv2d(2, 3, 3), torch.nn.Conv2d(3, 4, 3)]
    trained = torch.nn.Sequential(*layers).bfloat16()
    expected = [tensor.float().numpy() for tensor in trained.state_dict().values()]
    (tmp_path / "rules.txt").write_text("".join(f"{i}\\.(.*) -> conv{i + 1}.\\1\n" for i in range(3)))
    with pytest.warns(UserWarning, match="the names in the arrays do not fit: 6 of 6 tensors are matched by the order"):
        in_order = model.weights(trained.state_dict())
    for weights in (
        in_order,
        model.weights(trained.state_dict(), mapping=tmp_path / "rules.txt"),
        model.weights({f"module.{name}": array for name, array in in_order.items()}),  # as DataParallel calls them
    ):
        assert list(weights) == list(model.weights())
        assert all((array == values).all() for array, values in zip(weights.values(), expected, strict=True))
    with pytest.raises(TypeError, match=r"not Sequential; a module's are its `state_dict\(\)`"):
        model.weights(trained)
    with pytest.warns(UserWarning, match="order of layers"):
        exported = model.export(tmp_path / "net.onnx", weights=trained.state_dict())
    assert model.verify(model=exported, weights=in_order).passed


def test_source_is_not_written_over_its_spec(path: Path) -> None:
    graph = specc.load(path, model="Net").graph
    assert [problem.code for problem in write_source(graph, path)] == ["E0904"]
    assert path.read_text(encoding="utf-8") == NET


def test_loads_takes_a_text() -> None:
    model = specc.loads("import kernels\nmodel M { input x 3xHxW; depthwise 3x3, weight=kernels.emboss, bias=false }")
    assert model.trainable == 0
    assert model.warnings == ()


LARGE = "model Net { input x 1x8x8\nconv 4, 3x3\nflatten\ndense 1000 }"  # 576 kB of weights


@pytest.mark.parametrize(
    "use",
    [
        lambda model, folder: model.run(np.zeros((1, 1, 8, 8), np.float32)),
        lambda model, folder: model.run_files(folder / "x.npy"),
        lambda model, folder: model.export(folder / "net.onnx"),
        lambda model, folder: model.verify(),
    ],
    ids=["run", "run_files", "export", "verify"],
)
def test_too_much_memory_is_refused(use: Callable[[specc.Model, Path], object], tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1, 8, 8), np.float32))
    with pytest.raises(specc.SpecError, match=r"E0706.*at least .* bytes"):
        use(specc.loads(LARGE, limits=specc.Limits(memory=100_000)), tmp_path)
    use(specc.loads(LARGE, limits=specc.Limits(memory=10_000_000)), tmp_path)


def test_more_memory_than_there_is_is_refused() -> None:
    huge = specc.loads("model Net { input x 3x1000000000x1000000000\nconv 8, 3x3, pad=1 }")
    with pytest.raises(specc.SpecError, match=r"E0706.* are available"):
        huge.verify()


def test_inputs_that_do_not_agree_are_told_with_the_size_that_others_have() -> None:
    two = specc.loads(
        "model Two { input image 3x8x8; input meta 5; global_avgpool from=image; flatten; concat meta; dense 2 }"
    )
    arrays = {"image": np.zeros((3, 3, 8, 8), np.float32), "meta": np.zeros((6, 5), np.float32)}
    with pytest.raises(specc.SpecError) as caught:
        two.run(arrays)
    (problem,) = caught.value.diagnostics
    assert problem.message == "input `meta` needs N x 5, with N = 3 as other inputs have it, and the data is 6 x 5"
    assert problem.help is None


def test_a_module_without_torch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import specc.torch

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(specc.SpecError, match=r"error\[E0906\]: a live module takes torch"):
        specc.torch.module(specc.loads(NET, model="Net"))


def test_parameters_and_sizes_that_are_called_like_arguments() -> None:
    text = "model M(limits = 3, parameters = 4) { input x 5; dense limits + parameters }"
    values = {"limits": 8, "parameters": 9}
    assert specc.loads(text, parameters=values).layers[0].output.text() == "17"
    signal = specc.loads("model M { input x [N, 1, self]; conv 2, 3 }")
    assert signal.at(self=5).layers[0].output.text() == "2x3"


def test_an_output_has_its_labels() -> None:
    text = 'model M { input x 3; a: dense 2; output kind, labels=["cat", "dog"]; dense 4; output b }'
    kind, other = specc.loads(text).summary.outputs
    assert (kind.name, kind.labels, other.labels) == ("kind", ("cat", "dog"), None)
