"""`specc check`: what goes where, in which format, and how it ends."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from conftest import NET, Specc

WRONG = NET.replace("6, 6]", "5, 5]")
TWO = "model A { input x 4; dense 2 }\nmodel B { input x 4; dense 3 }\n"


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        (NET, (), 0),
        (NET, ("--set", "width=8"), 0),
        (WRONG, (), 1),
        ("", (), 2),
        (NET, ("--model", "Nett"), 2),
        (NET, ("--set", "widht=8"), 2),
        (NET, ("--set", "width"), 2),
        (NET, ("--set", "width=1 +"), 2),
        (NET, ("--set", "width=[1, 2]"), 1),
        (NET, ("--format", "yaml"), 2),
        (NET, ("--max-layers", "many"), 2),
        (NET, ("--allow", "W0101", "--allow", "w0302"), 0),
        (NET, ("--allow", "W0199"), 2),
        (NET, ("--allow", "E0403"), 2),
        (NET, ("missing.cnn",), 2),
        (WRONG, ("missing.cnn",), 2),
    ],
)
def test_exit_codes(specc: Specc, text: str, arguments: tuple[str, ...], code: int) -> None:
    """0 fine, 1 the spec is wrong, 2 the request could not be carried out."""
    Path("net.cnn").write_text(text, encoding="utf-8")
    answer = specc("check", "net.cnn", *arguments)
    assert answer.code == code
    assert code == 0 or answer.err
    assert "Traceback" not in answer.err


def test_the_table_goes_to_standard_output_and_findings_to_standard_error(specc: Specc) -> None:
    good = specc("check", "net.cnn")
    assert "Total params: 127" in good.out
    assert good.err == ""
    Path("net.cnn").write_text(WRONG, encoding="utf-8")
    bad = specc("check", "net.cnn")
    assert bad.out == ""
    assert bad.err.startswith("error[E0501]: the shape here is 4x6x6, not 4x5x5\n")


def test_a_false_expectation_leaves_the_table_that_explains_it(specc: Specc) -> None:
    Path("false.cnn").write_text("model Net { input x 4; dense 2; expect params == 11 }", encoding="utf-8")
    answer = specc("check", "false.cnn")
    assert answer.code == 1
    assert "Total params: 10" in answer.out
    assert "`params` is 10, not 11" in answer.err


SEVERAL = """
block narrow(c) { conv c, 3x3 -> 8x_x_ }
block misspelt() { conv 8, 3x3, stride=wrong }
block twice() { let a = 3; let a = 4; conv a, 1x1 }
model Good { input image 3x28x28; conv 3, 3x3 }
model TooLarge { input image 3x28x28; conv 3, 31x31 }
model First { input image 3x28x28; narrow 7 }
model Second { input image 3x28x28; narrow 7 }
model Wide { input image 3x28x28; narrow 8 }
model Misspelt { input image 3x28x28; misspelt }
model Twice { input image 3x28x28; twice }
model Unknown = Good() { expect nonsense == 4 }
model Counted = Good() { expect depth == 2 }
"""


def test_models_without_errors_have_their_tables(specc: Specc) -> None:
    Path("several.cnn").write_text(SEVERAL, encoding="utf-8")
    answer = specc("check", "several.cnn")
    assert answer.code == 1
    shown = [line.split()[1] for line in answer.out.splitlines() if line.startswith("Model:")]
    assert shown == ["Good", "Wide", "Counted"]
    Path("several.cnn").write_text("let a = wrong\n" + SEVERAL, encoding="utf-8")
    assert not specc("check", "several.cnn").out  # an error in none of the models may concern all of them


def test_several_files_are_all_checked(specc: Specc) -> None:
    Path("two.cnn").write_text(TWO, encoding="utf-8")
    Path("wrong.cnn").write_text(WRONG, encoding="utf-8")
    answer = specc("check", "two.cnn", "wrong.cnn", "net.cnn")
    assert answer.code == 1
    assert [line for line in answer.out.splitlines() if line.startswith("Model:")] == [
        "Model: A (two.cnn)",
        "Model: B (two.cnn)",
        "Model: Net (net.cnn)",
    ]
    assert "wrong.cnn:4:" in answer.err


def test_a_file_of_blocks_passes_beside_models_only(specc: Specc) -> None:
    Path("blocks.cnn").write_text("block double(n) { conv n, 3x3; conv n, 3x3 }\n")
    answer = specc("check", "net.cnn", "blocks.cnn")
    assert (answer.code, answer.err.split(":")[0]) == (0, "blocks.cnn defines no model")
    assert specc("check", "net.cnn", "blocks.cnn", "-q") == (0, "", "")
    assert "error[E0210]" in specc("check", "blocks.cnn").err
    assert specc("check", "blocks.cnn", "blocks.cnn").code == 1


def test_one_model_and_its_parameters(specc: Specc) -> None:
    Path("two.cnn").write_text(TWO, encoding="utf-8")
    answer = specc("check", "two.cnn", "--model", "B", "--format", "json")
    assert [model["name"] for model in json.loads(answer.out)["models"]] == ["B"]
    answer = specc("check", "net.cnn", "--set", "width=16", "--format", "json")
    assert json.loads(answer.out)["models"][0]["layers"][0]["output"] == ["N", 16, 6, 6]


def test_models_that_the_settings_leave_incomplete_are_left_out(specc: Specc) -> None:
    text = "model Any(width, classes = 5) { input x 4; dense width; dense classes }\nmodel Narrow = Any(width=2)\n"
    Path("two.cnn").write_text(text, encoding="utf-8")
    shown = [specc("check", "two.cnn", "--set", setting).out.count("Model:") for setting in ("classes=3", "width=3")]
    assert shown == [1, 2]
    answer = specc("check", "two.cnn", "--model", "Any", "--set", "classes=3")
    assert "model `Any` needs a value for `width`" in answer.err


def test_settings_see_the_names_of_the_file(specc: Specc) -> None:
    text = """
let wide = 16
block plain(channels) { conv channels, 3x3 }
model Net(unit, width = 8) { input image 3x8x8; unit width }
"""
    Path("net.cnn").write_text(text, encoding="utf-8")
    answer = specc("check", "net.cnn", "--set", "unit=plain", "--set", "width=2 * wide", "--format", "json")
    assert json.loads(answer.out)["models"][0]["layers"][0]["output"] == ["N", 32, 6, 6]
    assert answer.code == 0
    assert not answer.err  # `plain` and `wide` are in use


@pytest.mark.parametrize("value", ["y", "a title"])
def test_a_text_without_its_quotes_is_told(specc: Specc, value: str) -> None:
    text = """model Net(title = "a") { input x 3; dense 1; output y, labels=[title] }"""
    Path("net.cnn").write_text(text, encoding="utf-8")
    answer = specc("check", "net.cnn", "--set", f"title={value}")
    setting = f'title="{value}"'
    assert f"help: a text stands in quotes of its own: `--set '{setting}'`" in answer.err
    assert specc("check", "net.cnn", "--set", setting).code == 0
    assert answer.code == 2


def test_json_has_the_documented_keys(specc: Specc) -> None:
    Path("open.cnn").write_text("model Open { input image 3xHxW; conv 8, 5x5, stride=2 }", encoding="utf-8")
    Path("wrong.cnn").write_text(WRONG, encoding="utf-8")
    answer = specc("check", "open.cnn", "wrong.cnn", "--format", "json")
    assert answer.code == 1
    assert answer.err == ""
    data = json.loads(answer.out)
    assert list(data) == ["models", "diagnostics"]
    model = data["models"][0]
    assert {"name", "file", "inputs", "outputs", "totals", "layers"} <= set(model)
    assert model["inputs"] == [{"name": "image", "shape": ["N", 3, "H", "W"], "dtype": "float32"}]
    totals = {"params", "trainable", "macs", "weight_bytes", "peak_activation_bytes", "receptive_field"}
    assert totals <= set(model["totals"])
    layer = {"name", "op", "line", "inputs", "output", "params", "macs", "receptive_field"}
    assert layer <= set(model["layers"][0])
    finding = {"code", "severity", "message", "file", "row", "column", "end_row", "end_column", "help"}
    assert finding <= set(data["diagnostics"][0])
    places = [(d["code"], d["file"], d["row"], d["column"], d["end_column"]) for d in data["diagnostics"]]
    assert places == [("E0501", "wrong.cnn", 4, 36, 49)]


def test_csv_and_markdown(specc: Specc) -> None:
    Path("other.cnn").write_text(NET, encoding="utf-8")
    several = csv.DictReader(io.StringIO(specc("check", "net.cnn", "other.cnn", "--format", "csv").out))
    assert {(row["file"], row["model"]) for row in several} == {("net.cnn", "Net"), ("other.cnn", "Net")}
    rows = list(csv.DictReader(io.StringIO(specc("check", "net.cnn", "--format", "csv").out)))
    assert sum(int(row["params"]) for row in rows) == 127
    markdown = specc("check", "net.cnn", "--format", "markdown").out
    assert "| conv1 | conv + relu | 4 | image | 4x6x6 | 112 |" in markdown


def test_github_annotations(specc: Specc) -> None:
    Path("wrong.cnn").write_text(WRONG, encoding="utf-8")
    answer = specc("check", "wrong.cnn", "--format", "github")
    assert answer.code == 1
    assert answer.out.startswith("::error file=wrong.cnn,line=4,col=36,endLine=4,endColumn=49,title=E0501::the shape")


def test_denied_warnings_are_annotated_as_errors(specc: Specc) -> None:
    Path("warned.cnn").write_text("model Net { input x 3\nunused: relu\nrelu }\n")
    assert specc("check", "warned.cnn", "--format", "github").out.startswith("::warning file=warned.cnn,line=2")
    denied = specc("check", "warned.cnn", "--format", "github", "--deny-warnings")
    assert (denied.code, denied.out.split()[0]) == (1, "::error")


def test_quiet_prints_findings_only(specc: Specc) -> None:
    assert specc("check", "net.cnn", "--quiet") == (0, "", "")
    assert json.loads(specc("check", "net.cnn", "--quiet", "--format", "json").out) == {"diagnostics": []}


@pytest.mark.parametrize("width", [40, 80, 120])
def test_tables_and_findings_fit_the_terminal(specc: Specc, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    Path("long.cnn").write_text(f"# {'a' * 300}\n{WRONG.replace('relu', 'relu  ' + ' ' * 150)}", encoding="utf-8")
    lines = specc("check", "net.cnn").out.splitlines() + specc("check", "long.cnn").err.splitlines()
    assert max(map(len, lines)) <= max(width, 66)  # the totals and headlines are not wrapped


def test_warnings_do_not_fail_a_check(specc: Specc) -> None:
    Path("net.cnn").write_text(NET.replace("global_", "maxpool 4x4; global_"), encoding="utf-8")
    answer = specc("check", "net.cnn")
    assert answer.code == 0
    assert "warning[W0101]" in answer.err
    assert "Total params" in answer.out


def test_an_allowed_warning_is_not_reported(specc: Specc) -> None:
    Path("odd.cnn").write_text("model Odd { input x 3x8x8; conv 4, 3x3, stride=2 }", encoding="utf-8")
    assert "W0101" in specc("check", "odd.cnn").err
    assert specc("check", "odd.cnn", "--allow", "W0101").err == ""
    assert "did you mean W0101?" in specc("check", "odd.cnn", "--allow", "W010").err


def test_a_warning_is_denied_unless_it_is_allowed(specc: Specc) -> None:
    Path("odd.cnn").write_text("model Odd { input x 3x8x8; conv 4, 3x3, stride=2 }", encoding="utf-8")
    assert specc("check", "odd.cnn").code == 0
    assert specc("check", "odd.cnn", "--deny-warnings").code == 1
    assert specc("check", "odd.cnn", "--deny-warnings").err.endswith("(exit code 1); --allow CODE lets one pass\n")
    assert specc("check", "odd.cnn", "--deny-warnings", "--allow", "W0101").code == 0


OPEN = """\
model A { input image [N, 3, H, W]; conv 8, 3x3, pad=1; skip: relu; maxpool 2x2; upsample 2; concat skip }
model B { input image 3xHx8; conv 8, 3x3 }
"""


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--size", "H=10", "--size", "W=6"), 0, "MACs: 12,960"),
        (("--size", "H=10", "--model", "B"), 0, "8x8x6"),
        (("--size", "W=6"), 0, "16xHx6"),
        (("--size", "H=9"), 2, "in `concat1`, net.cnn:1, for H = 9"),
        (("--size", "H=9"), 2, "help: H must be a multiple of 2, as 8 and 10 are"),
        (("--size", "N=9"), 2, "help: its open sizes are `H`, `W`"),
        (("--size", "H=x"), 2, "a whole number: H=224, not H=x"),
        (("--set", "H=9"), 2, "help: `H` is an open size: `--size H=224`"),
        (("--set", "H=9", "--model", "B"), 2, "help: `H` is an open size: `--size H=224`"),
    ],
)
def test_open_sizes_are_given_numbers(specc: Specc, arguments: tuple[str, ...], code: int, says: str) -> None:
    Path("net.cnn").write_text(OPEN, encoding="utf-8")
    result = specc("check", "net.cnn", *arguments)
    assert result.code == code
    assert says in result.out + result.err
