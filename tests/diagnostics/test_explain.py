"""Every diagnostic code has a page, and every example on it does what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from specc.cli.main import build_parser
from specc.data import grammar_file
from specc.diagnostics import CODES
from specc.diagnostics.explain import explain, other_words, topics
from specc.elaborate.arithmetic import FUNCTIONS
from specc.elaborate.plan import RESERVED
from specc.elaborate.ports import INPUT_ARGUMENTS, OUTPUT_ARGUMENTS
from specc.elaborate.values import ATTRIBUTES
from specc.elaborate.words import FACTS, NO_ACTIVATION, choices
from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.ops import BY_WORD, CHOICES, OPS
from specc.ops.weights import Initialiser
from specc.pipeline import check
from specc.report.operations import argument_names
from specc.report.pages import wrapped
from specc.report.vocabulary import known_words, word_page
from specc.source import Source

EXAMPLE = re.compile(r"^```cnn (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIMITS = DEFAULT_LIMITS._replace(steps=1000)  # E0702's example would run for half a minute


@pytest.mark.parametrize("code", CODES)
def test_a_page_says_what_why_and_how_to_mend_it(code: str) -> None:
    page = explain(code)
    assert page.startswith(f"# {code}: {CODES[code]}\n")
    assert re.findall(r"^## (.*)", page, re.MULTILINE) == ["Example", "Why", "How to mend it"]
    assert re.findall(r"^```(\S.*)", page, re.MULTILINE) in ([f"cnn {code}", "cnn ok"], ["console", "console"])


def test_there_are_no_pages_for_codes_that_do_not_exist() -> None:
    folder = Path(__file__).parents[2] / "specc" / "diagnostics" / "explain"
    assert {path.stem for path in folder.iterdir()} == set(CODES)
    with pytest.raises(KeyError):
        explain("E9999")


@pytest.mark.parametrize(
    ("code", "expected", "text"),
    [(code, expected, text) for code in CODES for expected, text in EXAMPLE.findall(explain(code))],
    ids=lambda value: value if len(value) < 6 else "",
)
def test_an_example_gets_its_code_and_no_other_and_mended_none(
    code: str, expected: str, text: str, tmp_path: Path
) -> None:
    outcome = check(Source(f"{code}.cnn", text), FileLoader(tmp_path, LIMITS), limits=LIMITS)
    found = {diagnostic.code for diagnostic in outcome.diagnostics}
    assert found == (set() if expected == "ok" else {code})
    assert expected != "ok" or outcome.models


@pytest.mark.parametrize("code", CODES)
def test_a_command_is_one_that_specc_takes(code: str) -> None:
    commands = re.findall(r"^\$ (?:.*\| )?specc (.*)", explain(code), re.MULTILINE)
    for command in commands:
        build_parser().parse_args(shlex.split(command))


def test_the_page_of_unknown_operations_lists_all_there_are() -> None:
    words = re.findall(r"\w+", explain("E0201"))
    assert set(BY_WORD) <= set(words)


def test_pages_are_wrapped_to_the_terminal_and_their_code_is_not() -> None:
    for width in (40, 80, 400):
        inside = False
        for line in wrapped(explain("E0201"), width).splitlines():
            inside ^= line.startswith("```")
            assert inside or len(line) <= min(width, 100), line
    assert wrapped("# A title that is long\n\n- one two\n  three\n\n```text\na    b\n```\n", 9) == (
        "# A title that is long\n\n- one two\n  three\n\n```text\na    b\n```\n"
    )


def words_of_the_language() -> set[str]:
    """Those of the grammar, and those that mean something by themselves."""
    grammar = set(re.findall(r'"([a-z]+)"', grammar_file().read_text(encoding="utf-8")))
    attributes = {*ATTRIBUTES, *INPUT_ARGUMENTS, *OUTPUT_ARGUMENTS, *RESERVED}
    arguments = {name for op in OPS for name in argument_names(op)}
    values = {word for op in OPS for field in op.model_fields.values() for word in choices(field.annotation)}
    values |= {*CHOICES, *get_args(Initialiser)}
    return {*grammar, *FUNCTIONS, *FACTS, *BY_WORD, *attributes, *arguments, *values, NO_ACTIVATION, "_"}


@pytest.mark.parametrize("word", sorted(words_of_the_language()))
def test_every_word_of_the_language_is_explained(word: str) -> None:
    page = word_page(word, 80)
    assert page is not None
    assert page.startswith("# ")
    assert word in page


def test_words_are_those_of_the_language() -> None:
    assert known_words() == words_of_the_language()


@pytest.mark.parametrize(
    "word",
    ["label", "broadcasting", "batch", "branch", "loop", "range", "import", "stride", "same", "constant", "skip",
     "padding", "merge", "activation", "comment", "seed", "scope", "list", "parameter", "open size", "training"],
)  # fmt: skip
def test_a_word_that_a_user_may_look_up_is_explained(word: str) -> None:
    page = word_page(word, 80)
    assert page is not None
    assert len(page.splitlines()) > 2


@pytest.mark.parametrize("word", sorted({*other_words(), *topics()}))
def test_what_is_said_of_a_word_is_so(word: str, tmp_path: Path) -> None:
    for text in (*other_words().get(word, ()), *topics().get(word, ())):
        examples = re.findall(r"^```cnn\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        claims = re.findall(r"^([a-z_]+\(.*\) == .*)$", text, re.MULTILINE)
        examples += [f"model Net {{ input x 1; relu; expect {claim} }}" for claim in claims]
        for example in examples:
            outcome = check(Source("word.cnn", example), FileLoader(tmp_path, LIMITS), limits=LIMITS)
            assert not outcome.diagnostics, example
    assert word not in FUNCTIONS or any(f"{word}(" in text for text in other_words()[word])
