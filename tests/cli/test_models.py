"""`export`, `run`, `verify` and `weights` on small models and real files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import Specc
from PIL import Image


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_an_export_has_the_same_bytes_under_every_hash_seed(specc: Specc, hash_seed: str) -> None:
    assert specc("export", "net.cnn", "--seed", "3").code == 0
    command = [sys.executable, "-m", "specc", "export", "net.cnn", "--seed", "3", "-o", "again.onnx"]
    subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": hash_seed}, check=True, capture_output=True)
    assert Path("again.onnx").read_bytes() == Path("Net.onnx").read_bytes()


def test_seeds_and_opsets_change_an_export(specc: Specc) -> None:
    options = [[], ["--seed", "1"], ["--opset", "18"], ["--preprocess"]]
    exports = set()
    for option in options:
        answer = specc("export", "net.cnn", "-o", "net.onnx", *option)
        assert answer.out == ""
        assert answer.err.startswith("wrote net.onnx: Net, opset ")
        exports.add(Path("net.onnx").read_bytes())
    assert len(exports) == len(options)


def write_inputs() -> None:
    """Two pictures and two arrays of 3x8x8."""
    pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    Path("photos").mkdir()
    Image.fromarray(pixels).save("photos/a.png")
    Image.fromarray(pixels[::-1]).save("photos/b.png")
    array = pixels.transpose(2, 0, 1)[None] / np.float32(127.5) - 1
    np.save("one.npy", array.astype(np.float32))
    np.savez("two.npz", image=np.concatenate([array, array]).astype(np.float32))


@pytest.mark.parametrize(
    ("inputs", "items"),
    [(["photos/a.png"], 1), (["photos"], 2), (["photos/*.png"], 2), (["one.npy"], 1), (["two.npz"], 2),
     (["photos/a.png", "one.npy"], 2)],
)  # fmt: skip
def test_run_takes_pictures_arrays_folders_and_patterns(specc: Specc, inputs: list[str], items: int) -> None:
    write_inputs()
    answer = specc("run", "net.cnn", "--device", "cpu", "--batch", "2", "--input", *inputs, "-o", "out.npz")
    assert answer.code == 0, answer.err
    scores = np.load("out.npz")["animal"]
    assert scores.shape == (items, 3)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-6)


def test_a_picture_is_preprocessed_as_the_spec_declares(specc: Specc) -> None:
    write_inputs()
    specc("run", "net.cnn", "--device", "cpu", "--input", "photos/a.png", "one.npy", "-o", "out.npz")
    picture, array = np.load("out.npz")["animal"]
    np.testing.assert_allclose(picture, array, atol=1e-6)


def test_run_prints_json_csv_and_the_best_classes(specc: Specc) -> None:
    write_inputs()
    json.loads(specc("run", "net.cnn", "--device", "cpu", "--input", "one.npy").out)
    table = specc("run", "net.cnn", "--device", "cpu", "--input", "one.npy", "--format", "csv").out
    assert table.splitlines()[0] == "source,animal[cat],animal[dog],animal[fox]"
    assert len(table.splitlines()) == 2
    best = specc("run", "net.cnn", "--device", "cpu", "--input", "one.npy", "--top-k", "2").out
    assert best.startswith("one.npy: ")
    assert sum(name in best for name in ("cat", "dog", "fox")) == 2


def test_results_that_are_no_numbers_are_told(specc: Specc) -> None:
    Path("log.cnn").write_text("model Log { input x 3; y: log; output y }")
    for name, values in (("good", (1, 2, 3)), ("zero", (1, 0, 2)), ("below", (1, -1, -2))):
        np.save(name, np.array(values, np.float32))
    files = ("good.npy", "zero.npy", "below.npy")
    answer = specc("run", "log.cnn", "--device", "cpu", "--input", *files, "-o", "out.npz")
    assert answer.code == 0
    assert answer.err.endswith("of 2 inputs some result is NaN or infinite: zero.npy, below.npy\n")
    assert "NaN" not in specc("run", "log.cnn", "--device", "cpu", "--input", "good.npy").err


def test_what_cannot_be_read_is_told_in_a_line_and_the_rest_gets_its_results(specc: Specc) -> None:
    write_inputs()
    Path("photos/aa.jpg").write_bytes(b"no picture")
    Image.new("RGB", (5, 5)).save("photos/c.png")
    answer = specc("run", "net.cnn", "--device", "cpu", "--input", "photos", "-o", "out.jsonl", "--readers", "3")
    assert answer.code == 2
    assert [Path(json.loads(line)["source"]).name for line in Path("out.jsonl").read_text().splitlines()] == [
        "a.png",
        "b.png",
    ]
    assert answer.err.splitlines() == [
        "no --weights: the model runs with seeded weights (seed 0)",
        "error[E0608]: cannot read photos/aa.jpg: it is damaged, or not what its name says",
        "error[E0901]: photos/c.png: the image is 5x5 (height x width), and the model takes 8x8 (--resize scales it)",
        "wrote out.jsonl: animal of 2 inputs",
    ]


def test_the_best_classes_in_a_format(specc: Specc) -> None:
    write_inputs()
    command = ("run", "net.cnn", "--device", "cpu", "--input", "one.npy", "--top-k", "2", "--format")
    (item,) = json.loads(specc(*command, "json").out)
    assert item == json.loads(specc(*command, "jsonl").out)
    assert item["source"] == "one.npy"
    first, second = item["best"]
    assert first["label"] == ("cat", "dog", "fox")[first["index"]]
    assert first["score"] > second["score"]
    header, *rows = specc(*command, "csv").out.splitlines()
    assert header == "source,rank,index,label,score"
    assert [row.split(",")[:4] for row in rows] == [
        ["one.npy", str(rank), str(best["index"]), best["label"]] for rank, best in enumerate(item["best"], 1)
    ]


def test_the_spec_may_stand_behind_the_inputs(specc: Specc) -> None:
    write_inputs()
    usual = specc("run", "net.cnn", "--device", "cpu", "--input", "one.npy", "photos/a.png")
    assert usual.code == 0
    assert specc("run", "--device", "cpu", "--input", "one.npy", "photos/a.png", "net.cnn") == usual


def test_resizing_to_open_sizes_is_told(specc: Specc) -> None:
    write_inputs()
    Path("open.cnn").write_text("model Open { input image [N, 3, H, W]; relu; output y }")
    answer = specc("run", "open.cnn", "--device", "cpu", "--input", "photos/a.png", "--resize")
    assert "`--size H=224 --size W=224`, from Python `at`, gives it one" in answer.err


def test_nothing_to_preprocess_is_told(specc: Specc) -> None:
    Path("flat.cnn").write_text("model Flat { input x 7, mean=0.5; dense 2 }")
    answer = specc("export", "flat.cnn", "--preprocess")
    assert (answer.code, "model `Flat` has no image among its inputs" in answer.err) == (2, True)
    assert not Path("Flat.onnx").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--weights", "w.pt"], "`specc weights net.cnn --from w.pt -o OUT.safetensors` writes them"),
        (["--seed", "7"], "--seed is about weights"),
        (["--dtype", "float16"], "a module of `--to torch` is float32"),
        (["--opset", "17"], "--opset is for ONNX"),
        (["--preprocess"], "--preprocess is for ONNX"),
    ],
)
def test_source_of_pytorch_takes_nothing_that_is_for_onnx(specc: Specc, options: list[str], says: str) -> None:
    answer = specc("export", "net.cnn", "--to", "torch", *options)
    assert (answer.code, says in answer.err) == (2, True), answer.err
    assert not Path("Net.py").exists()


def test_a_missing_file_costs_a_line_and_the_rest_gets_its_results(specc: Specc) -> None:
    write_inputs()
    inputs = ["photos/b.png", "nope.png", "*.tif", "net.cnn", "photos/a.png"]
    answer = specc("run", "net.cnn", "--device", "cpu", "--input", *inputs, "-o", "out.jsonl")
    assert answer.code == 2
    assert [json.loads(line)["source"] for line in Path("out.jsonl").read_text().splitlines()] == [
        "photos/b.png",
        "photos/a.png",
    ]
    assert answer.err.splitlines() == [
        "no --weights: the model runs with seeded weights (seed 0)",
        "error[E0601]: nope.png does not exist",
        "error[E0601]: *.tif has no images (PNG, JPEG, WebP, TIFF, GIF, BMP) or arrays (.npy, .npz)",
        "error[E0901]: net.cnn is neither an image (.png, .jpg, .webp, .tif, .gif, .bmp) nor an array (.npy, .npz)",
        "wrote out.jsonl: animal of 2 inputs",
    ]


def test_a_run_without_any_result_leaves_the_old_file(specc: Specc) -> None:
    Path("a.jpg").write_bytes(b"no picture")
    Path("out.npz").write_bytes(b"old")
    answer = specc("run", "net.cnn", "--device", "cpu", "--input", "a.jpg", "-o", "out.npz")
    assert answer.code == 2
    assert answer.err.endswith("no input has a result: nothing is written\n")
    assert Path("out.npz").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["-o", "out.txt"], "an output is .npz, .json, .jsonl or .csv"),
        (["--format", "npz"], "an .npz archive needs a file"),
        (["--readers", "0"], "--readers is 1 to 256, not 0"),
        (["--threads", "1000"], "--threads is 1 to 256, not 1000"),
        (["--batch", "0"], "a batch has at least one item"),
        (["--top-k", "0"], "--top-k is at least 1, not 0"),
        (["--top-k", "-1"], "--top-k is at least 1, not -1"),
        (["--top-k", "2", "--save-activations", "conv1"], "the activations need a file: -o OUT"),
        (["-o", "out.json", "--format", "csv"], "its suffix says json, and --format csv"),
        (["-o", "no/out.npz"], "cannot write no/out.npz: there is no folder no"),
    ],
)
def test_run_refuses_what_it_cannot_do(specc: Specc, options: list[str], says: str) -> None:
    write_inputs()
    answer = specc("run", "net.cnn", "--device", "cpu", "--input", "one.npy", *options)
    assert (answer.code, says in answer.err) == (2, True), answer.err
    assert not list(Path().glob(".*.tmp"))


@pytest.mark.parametrize(
    ("command", "reason", "help"),
    [
        ("export net.cnn -o net.cnn", "it is read as well", "choose another file"),
        ("export net.cnn --to torch -o net.cnn", "it is read as well", "choose another file"),
        ("export net.cnn -o ./link.onnx", "it is net.cnn, which is read as well", "choose another file"),
        ("export net.cnn -o hard.onnx", "it is net.cnn, which is read as well", "choose another file"),
        ("export net.cnn -o other.cnn", ".cnn is the suffix of specs", "name it other.onnx"),
        ("export net.cnn -o e.py", ".py is the suffix of Python source", "name it e.onnx; PyTorch source is written"),
        ("export net.cnn --to torch -o e.onnx", ".onnx is the suffix of ONNX models", "name it e.py"),
        ("export net.cnn --weights Net.onnx", "it is read as well", "choose another file"),
        ("import Net.onnx -o Net.onnx", "it is read as well", "choose another file"),
        ("import Net.onnx -o a.npz --weights a.npz", "it is to hold another output", "a file for each output"),
        ("import Net.onnx -o a.cnn --weights a.cnn", "it is to hold another output", "a file for each output"),
        ("import Net.onnx --weights Net.onnx", "it is read as well", "choose another file"),
        ("import Net.onnx -o a.npz", ".npz is the suffix of weights", "name it a.cnn"),
        ("weights net.cnn --from w.npz -o w.npz", "it is read as well", "choose another file"),
        ("weights net.cnn -o net.cnn", "it is read as well", "choose another file"),
        ("run net.cnn --input x.npz -o ../{folder}/x.npz", "it is x.npz, which is read as well", "choose another"),
        ("run net.cnn --input x.npz -o net.cnn --format json", "it is read as well", "choose another"),
        ("run net.cnn --input x.npz -o x.onnx --format json", "the suffix of ONNX models", "name it x.npz or x.json"),
    ],
)  # fmt: skip
def test_no_command_writes_over_what_it_reads(specc: Specc, command: str, reason: str, help: str) -> None:
    specc("export", "net.cnn")
    specc("weights", "net.cnn", "-o", "w.npz")
    np.savez("x.npz", image=np.zeros((1, 3, 8, 8), np.float32))
    Path("link.onnx").symlink_to("net.cnn")
    Path("hard.onnx").hardlink_to("net.cnn")
    before = {path: path.read_bytes() for path in Path().iterdir()}
    answer = specc(*command.format(folder=Path.cwd().name).split())
    assert answer.code == 2
    assert answer.err.startswith("error[E0904]: cannot write ")
    assert (reason in answer.err, help in answer.err) == (True, True), answer.err
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_the_best_classes_are_those_of_the_output_that_has_some(specc: Specc) -> None:
    text = """model Two {
    input x 1x4x4
    mask: conv 1, 1x1
    global_avgpool; flatten; dense 2, softmax
    output mask
    output scene, labels=["day", "night"], from=in
}
"""
    Path("two.cnn").write_text(text, encoding="utf-8")
    np.save("x.npy", np.ones((1, 1, 4, 4), np.float32))
    answer = specc("run", "two.cnn", "--input", "x.npy", "--top-k", "1", "--device", "cpu")
    assert answer.out.split()[1] in ("day", "night")
    Path("two.cnn").write_text(
        text.replace('labels=["day", "night"], ', "").replace("; flatten; dense 2, softmax", ""), "utf-8"
    )
    assert "--top-k needs a classifier" in specc("run", "two.cnn", "--input", "x.npy", "--top-k", "1").err


def test_weights_as_json(specc: Specc) -> None:
    listed = json.loads(specc("weights", "net.cnn", "--format", "json").out)["tensors"]
    arrays = {tensor["name"]: np.zeros(tensor["shape"], np.float32) for tensor in listed}
    np.savez("w.npz", **arrays)
    found = json.loads(specc("weights", "net.cnn", "--from", "w.npz", "--format", "json").out)
    assert found["complete"]
    assert [tensor["source"] for tensor in found["tensors"]] == list(arrays)


@pytest.mark.parametrize("command", ["export", "verify", "weights"])
def test_a_seed_is_not_negative(specc: Specc, command: str) -> None:
    answer = specc(command, "net.cnn", "--seed", "-1")
    assert answer.code == 2
    assert "a seed is a whole number of at least 0, not -1" in answer.err


def test_what_has_no_known_suffix_and_devices_take_anything(specc: Specc) -> None:
    for target in ("net.bin", "/dev/null"):
        assert specc("export", "net.cnn", "-o", target).code == 0


@pytest.mark.parametrize(("threads", "readers", "batch"), [(1, 1, 1), (2, 3, 1), (1, 2, 4)])
def test_threads_and_batches_change_no_order_and_no_result(
    specc: Specc, threads: int, readers: int, batch: int
) -> None:
    random = np.random.default_rng(0)
    for number in range(11):
        np.save(f"{number:02}.npy", random.standard_normal((3, 8, 8)).astype(np.float32))
    command = ["run", "net.cnn", "--device", "cpu", "--input", "*.npy", "-o", "out.npz"]
    assert specc(*command).code == 0
    plain = dict(np.load("out.npz"))
    assert plain["sources"].tolist() == [f"{number:02}.npy" for number in range(11)]
    options = ["--threads", str(threads), "--readers", str(readers), "--batch", str(batch)]
    assert specc(*command, *options).code == 0
    again = dict(np.load("out.npz"))
    assert again["sources"].tolist() == plain["sources"].tolist()
    np.testing.assert_allclose(again["animal"], plain["animal"], rtol=1e-5)


def test_activations_are_saved_beside_the_outputs(specc: Specc) -> None:
    write_inputs()
    answer = specc(
        "run", "net.cnn", "--device", "cpu", "--input", "one.npy", "--save-activations", "conv1", "-o", "out.npz"
    )
    assert answer.code == 0, answer.err
    assert np.load("out.npz")["conv1"].shape == (1, 4, 6, 6)


def test_a_further_result_of_an_operation_is_saved_by_its_label(specc: Specc) -> None:
    Path("halves.cnn").write_text("model Halves { input x 4x2x2; left, right: split 2; sub left, right }", "utf-8")
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 2, 2)
    np.save("x.npy", x[0])
    saved = ["--save-activations", "right", "--save-activations", "left", "-o", "halves.npz"]
    answer = specc("run", "halves.cnn", "--device", "cpu", "--input", "x.npy", *saved)
    assert answer.code == 0, answer.err
    np.testing.assert_array_equal(np.load("halves.npz")["right"], x[:, 2:])
    np.testing.assert_array_equal(np.load("halves.npz")["left"], x[:, :2])
    answer = specc("run", "halves.cnn", "--device", "cpu", "--input", "x.npy", "--save-activations", "rigth")
    assert "did you mean `right`?" in answer.err


def test_verify_passes_what_export_wrote_and_fails_what_was_changed(specc: Specc) -> None:
    import onnx

    specc("export", "net.cnn", "-o", "net.onnx", "--seed", "5")
    for flag in ("--model-file", "--model"):
        answer = specc("verify", "net.cnn", "--seed", "5", flag, "net.onnx")
        assert answer.code == 0, answer.err
        assert answer.out.splitlines()[-1].startswith("PASSED")
    model = onnx.load("net.onnx")
    for weight in model.graph.initializer:
        if weight.name == "conv1.weight":
            changed = onnx.numpy_helper.to_array(weight).copy()
            changed[0, 0, 0, 0] += 0.01
            weight.CopyFrom(onnx.numpy_helper.from_array(changed, weight.name))
    onnx.save(model, "net.onnx")
    answer = specc("verify", "net.cnn", "--seed", "5", "--model-file", "net.onnx")
    assert answer.code == 1
    assert answer.out.splitlines()[-1].startswith("FAILED")
    assert "error[E0903]" in answer.err
    answer = specc("verify", "net.cnn", "--seed", "5", "--model-file", "net.onnx", "--format", "json")
    assert json.loads(answer.out)["first_failure"].startswith("conv1")


def test_an_export_in_float16_is_verified_as_what_it_is(specc: Specc) -> None:
    import onnx

    for options in ([], ["--keep-io-types"]):
        answer = specc("export", "net.cnn", "-o", "half.onnx", "--dtype", "float16", *options)
        assert answer.err.startswith("wrote half.onnx: Net, float16, opset 21, ")
        graph = onnx.load("half.onnx").graph
        ends = {item.type.tensor_type.elem_type for item in (*graph.input, *graph.output)}
        assert ends == {onnx.TensorProto.FLOAT if options else onnx.TensorProto.FLOAT16}
        answer = specc("verify", "net.cnn", "--onnx", "half.onnx")
        assert answer.code == 0, answer.err
        assert answer.out.startswith("Verification: Net in float16 on CPU")
    assert specc("verify", "net.cnn", "--onnx", "half.onnx", "--seed", "1").code == 1
    assert specc("verify", "net.cnn", "--dtype", "float16").code == 0


def test_bfloat16_is_exported_and_never_said_to_be_verified(specc: Specc) -> None:
    answer = specc("export", "net.cnn", "-o", "brain.onnx", "--dtype", "bfloat16")
    assert answer.err.startswith("wrote brain.onnx: Net, bfloat16, opset 22, ")
    for options in (["--onnx", "brain.onnx"], ["--dtype", "bfloat16"]):
        answer = specc("verify", "net.cnn", *options)
        assert (answer.code, answer.out) == (2, "")
        assert "error[E0907]: ONNX Runtime cannot run `Net` in bfloat16 here" in answer.err


def test_a_file_in_another_type_than_said_is_refused(specc: Specc) -> None:
    assert specc("export", "net.cnn", "-o", "net.onnx").code == 0
    answer = specc("verify", "net.cnn", "--onnx", "net.onnx", "--dtype", "float16")
    assert answer.code == 2
    assert "net.onnx computes in float32, not in float16" in answer.err


def test_inputs_of_an_unknown_kind_are_refused(specc: Specc) -> None:
    answer = specc("verify", "net.cnn", "--inputs", "normal,nromal")
    assert answer.code == 2
    assert "there is no kind of inputs `nromal`" in answer.err and "choose from quick, all, " in answer.err


def test_kinds_of_inputs_are_added_to_the_quick_ones(specc: Specc) -> None:
    report = json.loads(specc("verify", "net.cnn", "--inputs", "quick, nan,zeros", "--format", "json").out)
    assert report["probes"] == ["normal", "wide", "borders", "zeros", "nan"]


def test_results_of_several_sizes_go_to_json_alone(specc: Specc) -> None:
    Path("open.cnn").write_text("model Open { input image 3xHxW; conv 2, 3x3 }", encoding="utf-8")
    np.save("small.npy", np.zeros((1, 3, 4, 4), np.float32))
    np.save("large.npy", np.zeros((1, 3, 5, 4), np.float32))
    command = ("run", "open.cnn", "--device", "cpu", "--input", "small.npy", "large.npy", "-o")
    answer = specc(*command, "out.npz")
    assert answer.code == 2
    assert "differ in size" in answer.err and "or write .json or .jsonl" in answer.err
    assert specc(*command, "out.jsonl").code == 0


def test_weights_are_listed_written_and_matched(specc: Specc) -> None:
    assert "conv1.weight" in specc("weights", "net.cnn").out
    assert specc("weights", "net.cnn", "-o", "w.safetensors", "--seed", "2").code == 0
    assert specc("weights", "net.cnn", "--from", "w.safetensors").code == 0
    assert specc("export", "net.cnn", "-o", "a.onnx", "--weights", "w.safetensors").code == 0
    assert specc("export", "net.cnn", "-o", "b.onnx", "--seed", "2").code == 0
    assert specc("verify", "net.cnn", "--weights", "w.safetensors", "--model-file", "b.onnx").code == 0
    answer = specc("export", "net.cnn", "--set", "width=8", "--weights", "w.safetensors")
    assert answer.code == 2
    assert "error[E0801]" in answer.err


def test_weights_that_nobody_trained_are_told(specc: Specc) -> None:
    """By `export`, by `run` and in the file; not for files that fit, or where the spec fixes them all."""
    write_inputs()
    specc("weights", "net.cnn", "-o", "w.npz")
    trained = dict(np.load("w.npz"))
    np.savez("part.npz", **{name: array for name, array in trained.items() if name != "dense1.bias"})
    Path("fixed.cnn").write_text("model Fixed { input image 3x8x8; conv 1, 1x1, weight=0.5, bias=false }")
    for options, told, noted in [
        (["net.cnn", "--seed", "3"], "seeded weights (seed 3)", {"tensors": 4, "seeded": 4, "seed": 3}),
        (["net.cnn", "--weights", "w.npz"], "", {"tensors": 4, "seeded": 0, "seed": None}),
        (["net.cnn", "--weights", "part.npz", "--lenient"], "1 of 4 tensors seeded (seed 0)",
         {"tensors": 4, "seeded": 1, "seed": 0}),
        (["fixed.cnn"], "", {"tensors": 0, "seeded": 0, "seed": None}),
    ]:  # fmt: skip
        written = specc("export", *options, "-o", "out.onnx").err.splitlines()[-1]
        assert written.partition("nodes")[2].removeprefix(", ") == told
        metadata = {entry.key: entry.value for entry in onnx.load("out.onnx").metadata_props}
        assert json.loads(metadata["specc.weights"]) == noted
        run = specc("run", *options, "--input", "one.npy", "--device", "cpu")
        assert ("no --weights: " in run.err) == (told.startswith("seeded"))


def test_zoo_explain_and_completion(specc: Specc) -> None:
    listing = specc("zoo").out
    assert "lecture/" in listing
    assert "  lenet5 " in listing
    spec = specc("zoo", "lenet5").out
    assert Path(specc("zoo", "--path", "lenet5").out.strip()).read_text(encoding="utf-8") == spec
    assert specc("explain", "e0403").out.startswith("# E0403: branches that do not meet\n")
    assert "    conv channels, kernel" in specc("explain", "conv").out
    everything = specc("explain").out
    assert "E0403" in everything
    assert "maxpool" in everything
    for shell in ("bash", "zsh"):
        script = specc("completion", shell).out
        for offered in ("--max-layers", "lenet5", "E0101", "residual", "cancellation", "nesting="):
            assert offered in script
        assert re.search(r"verify\S*onnx_COMPGEN=_shtab_compgen_files|--onnx\b.*:_files", script)
        assert re.search(r"allow\S*=\(W0101 |--allow\[.*\(W0101 ", script)
