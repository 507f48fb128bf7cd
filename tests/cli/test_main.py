"""What holds for every command: no tracebacks, clean streams, `-`, pipes, colours, `python -m specc`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import NET, Specc

COMMANDS = {
    "check": ["FILE"],
    "export": ["FILE", "-o", "out.onnx"],
    "run": ["FILE", "--input", "net.cnn"],
    "verify": ["FILE"],
    "weights": ["FILE"],
}


def run_in_shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`script` in bash, where `specc` is `python -m specc`."""
    head = f'specc() {{ "{sys.executable}" -m specc "$@"; }}\n'
    env = {**os.environ, **environment}
    return subprocess.run(
        ["bash", "-c", head + script], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def write_bad_files() -> list[str]:
    Path("folder.cnn").mkdir()
    Path("empty.cnn").touch()
    Path("binary.cnn").write_bytes(bytes(range(256)))
    Path("utf16.cnn").write_text(NET, encoding="utf-16")
    Path("wrong.cnn").write_text("model Net { input image 3x8x8; conv 8 3x3 }", encoding="utf-8")
    Path("two.cnn").write_text("model A { input x 4; relu }\nmodel B { input x 4; relu }", encoding="utf-8")
    os.mkfifo("pipe.cnn")
    return ["missing.cnn", *sorted(path.name for path in Path().glob("*.cnn") if path.name != "net.cnn"), "", "\0"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_no_spec_is_a_finding(specc: Specc, command: str) -> None:
    for file in write_bad_files():
        if command == "check" and file == "two.cnn":
            continue
        answer = specc(command, *(file if word == "FILE" else word for word in COMMANDS[command]))
        assert answer.code in (1, 2), file
        assert answer.err.startswith("error["), file
        assert answer.out == "", file


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["chekc"],
        ["check"],
        ["check", "--modle", "A"],
        ["run", "net.cnn"],
        ["explain", "E9999"],
        ["explain", "cnv"],
        ["zoo", "lenet"],
        ["completion", "cobol"],
        ["export", "net.cnn", "--seed", "x"],
    ],
    ids=" ".join,
)
def test_usage_errors_exit_2(specc: Specc, arguments: list[str]) -> None:
    answer = specc(*arguments)
    assert answer.code == 2
    assert answer.err or not arguments


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("chekc", "did you mean `specc check`? `specc --help` lists all"),
        ("net.cnn", "did you mean `specc check net.cnn`?"),
        ("x1", "there are"),
    ],
)
def test_an_unknown_command_is_guessed_at(specc: Specc, word: str, meant: str) -> None:
    assert f"there is no command `{word}`; {meant}" in specc(word).err


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ("check net.cnn --json", "there is no option `--json`; did you mean `--format json`?"),
        (
            "check net.cnn -o net.txt",
            "there is no option `-o`: `> FILE` behind the command writes what it prints to a file",
        ),
        ("check net.cnn -z", "there is no option `-z`"),
        ("check net.cnn --top-k 3", "there is no option `--top-k` here; `specc run` has it"),
        ("weights net.cnn --weights net.npz", "there is no option `--weights`; did you mean `--from`?"),
        (
            "export net.cnn -o folder/",
            "argument -o/--output: folder/ is a folder: name the file in it, folder/NAME",
        ),
        ("export net.cnn -o=", "argument -o/--output: the name of the file is empty"),
        ("import net.onnx --weights=", "argument --weights: the name of the file is empty"),
        (
            "export net.cnn -o a.onnx -o b.onnx",
            "argument -o/--output: it is given more than once, and takes one value",
        ),
        ("verify net.cnn --seed 0 --seed 0", "argument --seed: it is given more than once, and takes one value"),
        (
            "explain ->",
            "`->` asserts the shape of a line, `conv 16, 3x3 -> 16x30x30`; `specc explain` takes words",
        ),
        ("check net.cnn --strict", "there is no option `--strict`; did you mean `--deny-warnings`?"),
        ("export net.cnn --fp16", "there is no option `--fp16`; did you mean `--dtype float16`?"),
        ("export net.cnn --format bf16", "there is no option `--format`; did you mean `--dtype bfloat16`?"),
        ("run net.cnn -i x.npy --topk=3", "there is no option `--topk`; did you mean `--top-k`?"),
        ("run net.cnn -i x.npy --gpu", "there is no option `--gpu`; did you mean `--device cuda`?"),
        ("verify net.cnn net.onnx", "`net.onnx` is one argument too many; did you mean `--onnx net.onnx`?"),
        ("zoo lenet5 vgg", "`vgg` is one argument too many"),
        ("run net.cnn -i x.npy --map r.txt", "--map renames the tensors of a file: it needs --weights FILE"),
        (
            "weights net.cnn --lenient",
            "--lenient takes of a file what fits: it needs --from FILE",
        ),
    ],
)
def test_surplus_arguments_are_guessed_at(specc: Specc, arguments: str, meant: str) -> None:
    answer = specc(*arguments.split())
    assert answer.code == 2
    assert answer.err.startswith(f"usage: specc {arguments.split()[0]} ")
    assert answer.err.endswith(f"error: {meant}\n")


def test_other_files_and_networks_are_pointed_at(specc: Specc) -> None:
    Path("net.onnx").write_bytes(b"\x08\x07\xff")
    assert "`specc import net.onnx` writes its spec" in specc("check", "net.onnx").err
    assert "; resnet has a model of that name" in specc("zoo", "resnet50").err
    assert specc("zoo", "zoo/resnet").out == specc("zoo", "resnet").out


@pytest.mark.parametrize("command", ["check", "export", "run", "verify", "weights", "explain", "zoo", "completion"])
def test_every_command_has_help_with_examples(specc: Specc, command: str) -> None:
    answer = specc(command, "--help")
    assert answer.code == 0
    assert f"specc {command}" in answer.out.partition("examples:")[2]


def test_standard_input(specc: Specc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NET.encode())))
    assert "Model: Net (<stdin>)" in specc("check", "-").out


def test_python_m_specc_and_pipes(tmp_path: Path) -> None:
    done = run_in_shell("set -o pipefail; specc zoo vgg | specc check - --format csv | head -1; exit 0", tmp_path)
    assert done.stdout.startswith("file,model,layer,")
    assert done.stderr == ""


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    done = run_in_shell("specc zoo inception_v3 | specc check - | true; echo ${PIPESTATUS[1]}", tmp_path)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_model_goes_to_standard_output(tmp_path: Path) -> None:
    (tmp_path / "net.cnn").write_text(NET, encoding="utf-8")
    commands = (
        "specc export net.cnn -o - > a.onnx; specc export net.cnn -o - | cat > b.onnx; specc export net.cnn -o c.onnx"
    )
    done = run_in_shell(f"{commands}; cmp a.onnx c.onnx && cmp b.onnx c.onnx", tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("wrote standard output: Net, opset 21")
    assert (tmp_path / "a.onnx").stat().st_size


def test_a_binary_file_is_no_text_for_a_terminal(specc: Specc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    answer = specc("export", "net.cnn", "-o", "-")
    assert (answer.code, answer.out) == (2, "")
    assert "an ONNX file is no text for a terminal" in answer.err


def test_a_dash_is_standard_output_for_all_that_print(specc: Specc) -> None:
    assert specc("export", "net.cnn", "--to", "torch", "-o", "-").out.startswith('"""Net, a PyTorch model')
    specc("export", "net.cnn", "-o", "net.onnx")
    assert specc("import", "net.onnx", "-o", "-") == specc("import", "net.onnx")
    assert "standard output is for the spec" in specc("import", "net.onnx", "--map", "-").err


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("export", "FILE, the .cnn file"),
        ("run --input digit.png", "FILE, the .cnn file"),
        ("run net.cnn digit.png", "-i/--input, an image or array, such as `--input digit.png`"),
        ("run", "FILE, -i/--input, as in `specc run lenet5.cnn --input digit.png`"),
    ],
)
def test_an_argument_that_is_missing_is_described(specc: Specc, command: str, what: str) -> None:
    answer = specc(*command.split())
    assert answer.code == 2
    assert answer.err.endswith(f"error: the following arguments are required: {what}\n")


HELP = ("--help", "--version", "check net.cnn --help", "export -h")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["check net.cnn", "check net.cnn --format json", "zoo", "explain E0101", *HELP])
def test_a_full_disk_is_an_error_in_a_line(tmp_path: Path, command: str, unbuffered: str) -> None:
    (tmp_path / "net.cnn").write_text(NET, encoding="utf-8")
    done = run_in_shell(f"specc {command} > /dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error[E0904]: cannot write to standard output: No space left on device\n\n1 error\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_findings_that_nobody_can_read_end_with_2(tmp_path: Path) -> None:
    (tmp_path / "net.cnn").write_text("model Net { }", encoding="utf-8")
    assert run_in_shell("specc check net.cnn 2> /dev/full", tmp_path).returncode == 2


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_colour_only_on_a_terminal(tmp_path: Path, environment: dict[str, str]) -> None:
    """`script` gives the command a terminal."""
    (tmp_path / "net.cnn").write_text("model Net { }", encoding="utf-8")
    command = f"{sys.executable} -m specc check net.cnn"
    script = "import os, pty, sys; pty.spawn(sys.argv[1].split())"
    environment = {"TERM": "xterm", **environment}
    done = run_in_shell(f'"{sys.executable}" -c "{script}" "{command}"', tmp_path, **environment)
    assert ("\x1b[" in done.stdout) == (environment == {"TERM": "xterm"})
    assert "E0211" in done.stdout


def test_interrupting_prints_one_line(specc: Specc, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("specc.cli.check.check_file", interrupted)
    assert specc("check", "net.cnn") == (130, "", "interrupted\n")
