"""Files that import others: what they see, and how far they may reach."""

from __future__ import annotations

from pathlib import Path

import pytest

import specc

NET = "model Net { input x 4; %s }"


def write(folder: Path, **files: str) -> Path:
    """`a__b="..."` writes a/b.cnn; returns net.cnn."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.cnn"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "net.cnn"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ('import "./lib.cnn"', "double; dense width"),
        ('import "lib.cnn"', "double; dense width"),
        ('import "./lib.cnn" as l', "l.double; dense l.width"),
        ('import "./sub/../lib.cnn" as l', "l.double; dense l.width"),
        ('import "./sub/more.cnn"', "double; dense width"),
        ('import "./sub/more.cnn"\nimport "./lib.cnn" as l', "double; dense l.width"),
    ],
)
def test_an_import_brings_blocks_and_constants(tmp_path: Path, head: str, body: str) -> None:
    lib = "let width = 3\nblock double { dense width; dense width }\n"
    more = 'import "../lib.cnn" as lib\nlet width = lib.width\nblock double { lib.double }\n'
    path = write(tmp_path, net=f"{head}\n{NET % body}", lib=lib, sub__more=more)
    assert specc.load(path).params == 15 + 12 + 12


def test_models_can_be_derived_from_imported_ones(tmp_path: Path) -> None:
    base = "model Base(width) { input x 4; dense width }"
    path = write(tmp_path, net='import "./base.cnn" as b\nmodel Net = b.Base(width=2)', base=base)
    assert specc.load(path).params == 10


def test_a_model_derived_twice_takes_the_parameters_of_the_first(tmp_path: Path) -> None:
    base = "model Base(width, units=1) { input x 4; dense width; dense units }"
    net = 'import "./base.cnn" as b\nmodel Half = b.Base(width=2)\nmodel Net = Half(units=3)'
    path = write(tmp_path, net=net, base=base)
    assert specc.load(path, model="Net").params == 4 * 2 + 2 + 2 * 3 + 3
    assert specc.load(path, model="Half", units=5).params == 4 * 2 + 2 + 2 * 5 + 5


def test_claims_of_derived_models_see_parameters_and_open_sizes_of_an_imported_base(tmp_path: Path) -> None:
    base = "model Base(width) { input x 4xL; conv width, 1 }"
    claims = "expect output == [width, L]; expect params == 5 * width"
    path = write(tmp_path, net=f'import "./base.cnn" as b\nmodel Net = b.Base(width=2) {{ {claims} }}', base=base)
    assert specc.load(path).params == 10
    path.write_text(path.read_text().replace("5 * width", "width"))
    with pytest.raises(specc.SpecError, match="`params` is 10, not 2"):
        specc.load(path)


def test_claims_of_a_model_derived_from_none_are_not_judged(tmp_path: Path) -> None:
    path = write(tmp_path, net="model Net = Missing(width=2) { expect output == width }")
    with pytest.raises(specc.SpecError) as caught:
        specc.load(path)
    assert [found.code for found in caught.value.diagnostics] == ["E0202"]


def test_claims_are_of_the_parameters_that_the_spec_gives() -> None:
    """With others they do not hold; where a parameter has no default, they are of the one that is set."""
    net = "model Net(width%s) { input x 4; dense width; expect params == 10 }"
    assert specc.loads(net % "=2", width=3).params == 15
    assert specc.loads(net % "", width=2).params == 10
    with pytest.raises(specc.SpecError, match="15 - 10"):
        specc.loads(net % "", width=3)


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("../outside.cnn", "E0605"),
        ("sub/../../outside.cnn", "E0605"),
        ("/etc/passwd", "E0605"),
        ("link.cnn", "E0605"),
        ("missing.cnn", "E0601"),
        ("sub", "E0602"),
        ("empty.cnn", "E0604"),
        ("latin.cnn", "E0603"),
        ("net.cnn", "E0606"),
        ("a.cnn", "E0606"),
        ("wrong.cnn", "E0201"),
        ("syntax.cnn", "E0101"),
    ],
)
def test_an_import_that_fails_is_the_only_finding(tmp_path: Path, target: str, code: str) -> None:
    (tmp_path / "outside.cnn").write_text("let width = 3\n", encoding="utf-8")
    root = tmp_path / "root"
    path = write(
        root,
        net=f'import "{target}"\n{NET % "dense wide; double"}',
        a='import "./b.cnn"\nlet wide = 2\nblock double { relu }',
        b='import "a.cnn"',
        wrong="let wide = 2\nblock double { rellu }",
        syntax="let wide = = 2\n",
    )
    (root / "sub").mkdir()
    (root / "link.cnn").symlink_to(tmp_path / "outside.cnn")
    (root / "empty.cnn").touch()
    (root / "latin.cnn").write_bytes(b"# \xe9\n")
    with pytest.raises(specc.SpecError) as caught:
        specc.load(path)
    assert [d.code for d in caught.value.diagnostics] == [code]
