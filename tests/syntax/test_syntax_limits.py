import re

import pytest
from excerpt import attributes, expression, parsed
from hypothesis import example, given
from hypothesis import strategies as st

from specc.limits import Limits
from specc.source import Source, Span
from specc.syntax import ast
from specc.syntax.parser import parse

MANY = 200_000


def codes(text: str, limits: Limits | None = None) -> list[str]:
    file, diagnostics = parse(Source("test.cnn", text), limits or Limits())
    assert (file is None) == bool(diagnostics)
    return [diagnostic.code for diagnostic in diagnostics]


TOO_DEEP = {
    "brackets": "let a = " + "(" * MANY + "1" + ")" * MANY,
    "open brackets": "let a = " + "[" * MANY,
    "calls": "let a = " + "f(" * MANY + "1" + ")" * MANY,
    "minus": "let a = " + "-" * MANY + "1",
    "not": "let a = " + "not " * MANY + "b",
    "powers": "let a = " + "2**" * MANY + "2",
    "sums": "let a = " + "1+" * MANY + "1",
    "items": "let a = b" + "[0]" * MANY,
    "attributes": "let a = b" + ".c" * MANY,
    "conditionals": "let a = " + "1 if b else " * MANY + "2",
    "bodies": "model M {" + "if a {" * MANY,
    "else if": "model M { if a { }" + " else if a { }" * MANY + "}",
    "branches": "model M {" + "add { branch {" * MANY,
}


@pytest.mark.parametrize("text", TOO_DEEP.values(), ids=TOO_DEEP)
def test_deep_nesting_is_one_clean_error(text: str) -> None:
    assert codes(text) == ["E0106"]


@pytest.mark.parametrize(("depth", "found"), [(10, []), (11, ["E0106"])])
@pytest.mark.parametrize(
    ("before", "middle", "after"), [("-", "1", ""), ("[", "", "]"), ("1+", "1", ""), ("2**", "2", "")]
)
def test_the_limit_is_exact(depth: int, found: list[str], before: str, middle: str, after: str) -> None:
    assert codes("let a = " + before * depth + middle + after * depth, Limits(nesting=10)) == found


@pytest.mark.parametrize("text", ["1" * 1001, "0." + "1" * 1001, "1x" * 600 + "1", "1e999"])
def test_a_number_has_a_limited_length_and_value(text: str) -> None:
    assert codes(f"let a = {text}") == ["E0105"]


def test_a_thousand_digits_are_read_exactly() -> None:
    assert expression("9" * 1000) == str(10**1000 - 1)


def test_a_large_file_is_refused() -> None:
    assert codes("# 0123456789", Limits(file_bytes=10)) == ["E0704"]


def test_long_is_not_deep() -> None:
    text = "model M {" + "conv 3, 3x3\n" * 2000 + "x: conv [" + "1, " * 2000 + "]}"
    (model,) = parsed(text).items
    assert isinstance(model, ast.Model)
    assert len(model.body) == 2001


WORDS = re.split(
    " ",
    "model block import input output let if else for in repeat expect as branch residual shortcut within and or not "
    "true false conv a _ 3 3x3 HxW 1e5 'a' + - * / // % ** == = < -> ( ) [ ] { } , : . ; # ## \n",
)


@given(st.text())
@example("model M { conv \ud800 }")
@example("'\\")
@example("\ufeff\ufeff")
def test_any_text_is_parsed_or_refused(text: str) -> None:
    file, diagnostics = parse(Source("test.cnn", text))
    assert (file is None) == bool(diagnostics)
    assert all(diagnostic.span is not None and inside(diagnostic.span, text) for diagnostic in diagnostics)


@given(st.lists(st.sampled_from(WORDS)).map(" ".join), st.booleans())
def test_any_words_are_parsed_or_refused(words: str, in_model: bool) -> None:
    text = f"model M {{ {words}\n}}" if in_model else words
    file, diagnostics = parse(Source("test.cnn", text))
    assert (file is None) == bool(diagnostics)
    for diagnostic in diagnostics:
        assert diagnostic.span is not None
        assert inside(diagnostic.span, text)
        assert all(inside(label.span, text) for label in diagnostic.labels)
    assert all(inside(span, text) for span in spans(file))


def inside(span: Span, text: str) -> bool:
    return 0 <= span.start <= span.end <= len(text)


def spans(node: object) -> list[Span]:
    if isinstance(node, Span):
        return [node]
    if isinstance(node, tuple):
        return [span for item in node for span in spans(item)]
    return [span for value in attributes(node).values() for span in spans(value)]
