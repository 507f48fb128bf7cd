"""Every limit is documented, can be set on the command line, and is met by a diagnostic."""

import re
from pathlib import Path

import pytest
from PIL import Image

from specc.cli import main
from specc.limits import DEFAULT_LIMITS, Limits

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"
NET = "model Net {{ input x 3x8x8\n{}\n}}\n"
HITS = {
    "nesting": (2, "let a = ((((1))))\n" + NET.format("relu"), "E0106"),
    "digits": (3, "let a = 1234\n" + NET.format("conv a, 1x1"), "E0105"),
    "file_bytes": (10, NET.format("relu"), "E0704"),
    "layers": (2, NET.format("repeat 3 { relu }"), "E0701"),
    "steps": (150, NET.format("for i in range(60) { let _a = i + 1 }\nrelu"), "E0702"),
    "imports": (1, 'import "./other.cnn"\n' + NET.format("relu"), "E0705"),
    "import_depth": (0, 'import "./other.cnn"\n' + NET.format("relu"), "E0705"),
    "elements": (5, NET.format("for _i in range(6) { relu }"), "E0702"),
    "findings": (1, NET.format("reluu\ntanhh"), "E0707"),
    "memory": (100, NET.format("conv 8, 3x3"), "E0706"),
    "pixels": (63, NET.format("relu"), "E0706"),
}
ALIKE = {
    "blocks within blocks": ("block a { relu }\nblock b { a }\nblock c { b }\n" + NET.format("c"), "nesting", 2),
    "derived models": (NET.format("relu") + "model A = Net()\nmodel B = A()\nmodel C = B()\n", "nesting", 2),
    "lists in lists": ("let a = [1]\nlet b = [a]\nlet _c = [b]\n" + NET.format("relu"), "nesting", 2),
    "texts": ("let _a = 'abc' + 'def'\n" + NET.format("relu"), "elements", 5),
}


def check(folder: Path, text: str, *options: str) -> int:
    (folder / "net.cnn").write_text(text, encoding="utf-8")
    (folder / "other.cnn").write_text("block other { relu }\n", encoding="utf-8")
    limit = options[1].partition("=")[0] if options else ""
    command = {"memory": "verify", "pixels": "run"}.get(limit, "check")
    if command == "run":
        Image.new("RGB", (8, 8)).save(folder / "x.png")
        options = (*options, "--input", str(folder / "x.png"))
    return main([command, str(folder / "net.cnn"), *options])


@pytest.mark.parametrize("name", Limits._fields)
def test_a_limit_can_be_set_and_hit(name, tmp_path, capsys):
    number, text, code = HITS[name]
    assert check(tmp_path, text, "--limit", f"{name}={number}") != 0
    assert f"error[{code}]" in capsys.readouterr().err
    if name != "findings":
        assert check(tmp_path, text, "--limit", f"{name}=1_000_000") == 0


@pytest.mark.parametrize("case", ALIKE)
def test_what_else_a_limit_is_about(case, tmp_path, capsys):
    text, name, number = ALIKE[case]
    assert check(tmp_path, text, "--limit", f"{name}={number}") == 1
    assert re.search(r"error\[E0(106|702)\]", capsys.readouterr().err)
    assert check(tmp_path, text) == 0


def test_a_block_that_hits_a_limit_says_nothing_of_what_stands_behind_its_call(tmp_path, capsys):
    """Neither its repetitions count there, nor is it a block any more, in which nothing can be expected."""
    text = "block b { repeat 60 { relu } }\n" + NET.format("b\nrepeat 2 { relu }\nexpect params == 0")
    assert check(tmp_path, text, "--limit", "layers=50") == 1
    assert capsys.readouterr().err.count("error[") == 1


def test_the_page_lists_every_limit_with_its_default_and_code():
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| .* \| (E\d+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(default) for name, default, _ in rows} == DEFAULT_LIMITS._asdict()
    assert {name: code for name, _, code in rows} == {name: code for name, (_, _, code) in HITS.items()}


@pytest.mark.parametrize(("option", "said"), [("stepps=3", "did you mean steps?"), ("steps=many", "a whole number")])
def test_a_wrong_limit_is_told(option, said, tmp_path, capsys):
    assert check(tmp_path, NET.format("relu"), "--limit", option) == 2
    assert said in capsys.readouterr().err
