import logging
import re
from pathlib import Path

import pytest
from lark import Lark, logger

from specc.data import grammar_file, specs_folder
from specc.syntax import prebuild, tables
from specc.syntax.hints import KEYWORDS
from specc.syntax.lalr import Lexer

# Words of the language of operations, none of which may stand in the grammar.
OPERATION_WORDS = "conv depthwise maxpool avgpool dense flatten bn relu tanh softmax dropout concat add same valid hwc"


GRAMMAR = grammar_file().read_text("utf-8")


def test_the_grammar_knows_no_operation() -> None:
    words = set(re.findall(r"[a-z_]+", re.sub(r"^//.*", "", GRAMMAR, flags=re.MULTILINE)))
    assert "residual" in words
    assert not words & set(OPERATION_WORDS.split())


def test_the_grammar_is_lalr_without_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="lark")
    logger.setLevel(logging.DEBUG)
    Lark(GRAMMAR, parser="lalr", lexer="basic", debug=True)
    assert "conflict" not in caplog.text.lower()
    Lark('start: "i" start | "i" start "e" start | "x"', parser="lalr", debug=True)
    assert "conflict" in caplog.text.lower()  # lark does say so


def test_the_keywords_of_the_hints_are_those_of_the_grammar() -> None:
    assert set(tables.generate().keywords) == KEYWORDS


def test_the_lexer_cuts_as_larks_does() -> None:
    text = "model A_1 { conv 3x3, 64x_x_, 3xHxW # c\n x: y ** 1.5e-3 // 'a' -> [_x_] ; in.z <= 1_000 % 2 }"
    lark = Lark(GRAMMAR, parser="lalr", lexer="basic")
    theirs = [(token.type, token.value) for token in lark.lex(text)]
    assert [(token.kind, token.value) for token in Lexer(tables.generate()).tokens(text)] == theirs


def test_tables_written_down_are_read_back_while_the_grammar_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "tables.json"
    generated = tables.generate()
    tables.write(generated, path)
    assert tables.read(path, tables.origin()) == generated
    assert tables.read(path, [*tables.origin(), "another grammar"]) is None
    assert tables.read(tmp_path / "none.json", tables.origin()) is None


def test_the_tables_beside_the_grammar_are_up_to_date() -> None:
    found = tables.read(tables.prebuilt_file(), tables.origin())
    assert found is not None, "run `python -m specc.syntax.prebuild`"
    assert found == tables.generate()


def test_prebuild_writes_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prebuild, "prebuilt_file", lambda: tmp_path / "tables.json")
    prebuild.main()
    assert tables.read(tmp_path / "tables.json", tables.origin()) is not None


def test_the_bundled_files_are_found() -> None:
    assert grammar_file().name == "specc.lark"
    assert specs_folder().is_dir()
