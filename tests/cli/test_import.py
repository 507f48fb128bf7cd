"""`specc import`: an exported model comes back as a spec and weights that verify against the file."""

from pathlib import Path

import onnx
import pytest
from conftest import Specc
from onnx import helper, parser


def test_import_writes_a_spec_and_weights_that_verify_against_the_file(specc: Specc) -> None:
    assert specc("export", "net.cnn", "--seed", "5", "-o", "net.onnx").code == 0
    answer = specc("import", "net.onnx", "-o", "back.cnn", "--weights", "back.safetensors", "--name", "Back")
    assert (answer.code, answer.out, answer.err) == (0, "", "wrote back.cnn: Back, 12 lines\n")
    assert Path("back.cnn").read_text(encoding="utf-8") == (
        "## A small classifier.\n"
        "model Back {\n"
        "    input image 3x8x8, range=[-1, 1]\n"
        "\n"
        "    conv 4, 3x3, relu          -> 4x6x6\n"
        "    global_avgpool; flatten    -> 4\n"
        "    dense 3, softmax           -> 3\n"
        "\n"
        '    output animal, labels=["cat", "dog", "fox"]\n'
        "\n"
        "    expect params == 127\n"
        "}\n"
    )
    answer = specc("verify", "back.cnn", "--weights", "back.safetensors", "--model-file", "net.onnx")
    assert answer.code == 0, answer.err
    assert answer.out.endswith("PASSED: 6 layers, each within its bound\n")


def test_a_wrong_weight_is_found_in_the_file_that_was_imported(specc: Specc) -> None:
    specc("export", "net.cnn", "--seed", "5", "-o", "net.onnx")
    specc("export", "net.cnn", "--seed", "6", "-o", "other.onnx")
    specc("import", "net.onnx", "-o", "back.cnn", "--weights", "back.safetensors")
    answer = specc("verify", "back.cnn", "--weights", "back.safetensors", "--model-file", "other.onnx")
    assert answer.code == 1
    assert "FAILED" in answer.out


def test_forgotten_weights_are_named_as_the_reason(specc: Specc) -> None:
    specc("export", "net.cnn", "--seed", "5", "-o", "net.onnx")
    specc("import", "net.onnx", "-o", "back.cnn", "--weights", "back.safetensors")
    answer = specc("verify", "back.cnn", "--onnx", "net.onnx")
    assert answer.code == 1
    reason = "weights compared with are seeded ones (seed 0), and the file holds others: `--weights FILE` brings"
    assert (reason in " ".join(answer.out.split()), reason in " ".join(answer.err.split())) == (True, True)


def test_without_an_output_the_spec_is_printed(specc: Specc) -> None:
    specc("export", "net.cnn", "-o", "net.onnx")
    answer = specc("import", "net.onnx")
    assert answer.code == 0
    assert answer.out.startswith("## A small classifier.\nmodel Net {")


def test_what_is_no_model_is_one_error(specc: Specc) -> None:
    Path("bad.onnx").write_bytes(b"PK\x03\x04")
    answer = specc("import", "bad.onnx", "-o", "bad.cnn")
    assert answer.code == 2
    assert answer.err.startswith("error[E0907]: bad.onnx: it is no ONNX model, or cut off")
    assert not Path("bad.cnn").exists()


def test_weights_are_told_apart_where_names_move_to_other_layers(specc: Specc) -> None:
    text = "model Net { input x 3x8x8; first: conv 3, 3x3, pad=1; repeat 2 { conv 3, 3x3, pad=1; relu } }"
    Path("moved.cnn").write_text(text, encoding="utf-8")
    specc("export", "moved.cnn", "-o", "moved.onnx")
    specc("import", "moved.onnx", "-o", "back.cnn", "--weights", "back.safetensors")
    assert "first" not in Path("back.cnn").read_text(encoding="utf-8")  # so `conv1` is another layer than in the file
    answer = specc("verify", "back.cnn", "--weights", "back.safetensors", "--model-file", "moved.onnx")
    assert answer.code == 0, answer.out


def test_constants_that_became_parameters_are_told(specc: Specc) -> None:
    node = "c = Constant<value = float[2] {0.1, 0.2}>() y = Add(x, c)"
    text = f'<ir_version: 8, opset_import: ["" : 17]> g (float[N,3,2,2] x) => (float[N,3,2,2] y) {{ {node} }}'
    Path("m.onnx").write_bytes(parser.parse_model(text).SerializeToString())
    answer = specc("import", "m.onnx", "-o", "m.cnn")
    note = "note: 1 constant of the file is a buffer in the spec, kept with the weights: learned1.weight"
    assert answer.err.splitlines()[1:] == [note]


@pytest.mark.parametrize("option", ["-o", "--map", "--weights"])
def test_what_cannot_be_written_is_told(specc: Specc, option: str) -> None:
    """A folder in the place of the file; what is written before stays, and nothing half."""
    specc("export", "net.cnn", "-o", "net.onnx")
    Path("taken.cnn" if option == "-o" else "taken.npz" if option == "--weights" else "taken.json").mkdir()
    (taken,) = Path().glob("taken.*")
    answer = specc("import", "net.onnx", option, str(taken))
    assert answer.code == 2
    assert f"cannot write {taken}" in answer.err
    assert not list(Path().glob(".*.tmp"))


def test_an_output_of_whole_numbers_is_told(specc: Specc) -> None:
    specc("export", "net.cnn", "-o", "net.onnx")
    model = onnx.load("net.onnx")
    (last,) = model.graph.output
    model.graph.node.append(helper.make_node("ArgMax", [last.name], ["best"], axis=1, keepdims=1))
    last.CopyFrom(helper.make_tensor_value_info("best", onnx.TensorProto.INT64, ["N", 1]))
    onnx.save(model, "best.onnx")
    said = "note: the file's output `best` is int64; in the spec it is float32, with the same numbers\n"
    assert said in specc("import", "best.onnx").err


def test_weights_that_are_not_finite_are_told(specc: Specc) -> None:
    specc("export", "net.cnn", "-o", "net.onnx")
    model = onnx.load("net.onnx")
    tensor = next(each for each in model.graph.initializer if each.name.endswith("bias"))
    tensor.raw_data = b"\x00\x00\xc0\x7f" + tensor.raw_data[4:]
    onnx.save(model, "nan.onnx")
    answer = specc("import", "nan.onnx", "--weights", "w.safetensors")
    assert answer.code == 0
    assert "note: values of the weights are not finite, and other commands refuse the file (E0803): " in answer.err


@pytest.mark.parametrize(("name", "title"), [("9 x", "Model_9_x"), ("model", "model_2")])
def test_a_name_that_a_spec_cannot_have_is_told(specc: Specc, name: str, title: str) -> None:
    specc("export", "net.cnn", "-o", "net.onnx")
    said = f"note: the model is called `{title}`: `{name}` cannot be the name of one in a spec\n"
    assert said in specc("import", "net.onnx", "--name", name).err


def test_a_file_that_computes_nothing_is_refused(specc: Specc) -> None:
    x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", 3]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [x], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), "same.onnx")
    answer = specc("import", "same.onnx")
    assert answer.err.startswith("error[E0907]: same.onnx: it computes nothing")


def test_an_input_in_float64_is_told(specc: Specc) -> None:
    specc("export", "net.cnn", "-o", "net.onnx")
    model = onnx.load("net.onnx")
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    onnx.save(model, "wide.onnx")
    said = "note: the file's input `image` is float64; in the spec it is float32, as are its weights\n"
    assert said in specc("import", "wide.onnx").err
