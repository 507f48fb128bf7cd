"""Commas at the ends of lines, and what is told of a line that goes on with the one above."""

import pytest

from specc.source import Source
from specc.syntax.parser import parse

REMOVE = "the line above ends with a comma and goes on here: remove the comma"


def helps(text: str) -> list[str | None]:
    _, found = parse(Source("test.cnn", "model M {\n" + text + "\n}"))
    return [diagnostic.help for diagnostic in found]


@pytest.mark.parametrize(
    "below",
    ["maxpool 2x2", "x: conv 6, 3x3", "a, b: split 2", "repeat 3 { bn }", "add x, y", "output y", "# why\n\nconv 6, 3"],
)
def test_a_statement_below_a_comma_tells_of_the_comma(below: str) -> None:
    assert helps("conv 6, 3x3,\n  " + below) == [REMOVE]


@pytest.mark.parametrize(
    ("below", "help"),
    {
        "stride 2": "an argument is written with `=`: `stride=2`",
        "pad: 2": "an argument is written `key=value`",
        "3 x 3": "a size is one word: `3x3`",
    }.items(),
)
def test_an_argument_below_a_comma_does_not(below: str, help: str) -> None:
    assert helps("conv 6, 3x3,\n  " + below) == [help]


def test_a_comma_begins_no_line() -> None:
    assert helps("conv 6, 3x3\n, relu") == [
        "a line that goes on below ends with a comma: put it at the end of the line above"
    ]
