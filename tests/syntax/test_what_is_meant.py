"""The help for what other languages and tired fingers write."""

import pytest

from specc.source import Source
from specc.syntax.parser import parse


def helps(text: str) -> list[str | None]:
    _, found = parse(Source("test.cnn", "model M {\n" + text + "\n}"))
    return [diagnostic.help for diagnostic in found]


CHOICE = "a choice of values has no braces, and its test stands between them"
CONSTANT = "a constant keeps its value: the new one has a name of its own"
OUTPUT = "an output has a name, and `from=` says what it returns"
MEANT = {
    "bn\noutput a as scores": f"{OUTPUT}: `output scores, from=a`",
    "a: bn\noutput scores: a": f"{OUTPUT}: `output scores, from=a`",
    "output scores: relu": "a label names the value, and `output` returns it: `scores: relu; output scores`",
    "slice channels 0 2": "commas separate arguments: `slice channels, 0, 2`",
    "foreach i in [1, 2] { bn }": "a loop is written `for i in [1, 2] { ... }`",
    "fro i, c in cs { bn }": "a loop is written `for i, c in cs { ... }`",
    "conv 64, 3x3, stride of 2": "an argument is written with `=`: `stride=2`",
    "upsample 200%": "a factor is a plain number: `2`",
    "dropout 50%": "a share is written as a number below 1: `0.5`",
    "let c = if a { 8 } else { 16 }": f"{CHOICE}: `8 if a else 16`",
    "conv if a { 8 } else { 16 }, 3x3": f"{CHOICE}: `8 if a else 16`",
    "let c = 16; c = c * 2": f"{CONSTANT}, `let c_2 = c * 2`",
    "let c = 16; c += 1": f"{CONSTANT}, `let c_2 = c + 1`",
    "let c = 16; c *= 2": f"{CONSTANT}, `let c_2 = c * 2`",
    "left right: split 2": "a label is one name: `left_right: ...`",
    "x[i]: conv 8, 3x3": (
        "a label has no index, `x: ...`: of a label in a loop `x[0]` is the value of the first round"
    ),
    "leaky relu 0.1": "it is one word: `leaky_relu 0.1`",
    "conv 8, 3x3, leaky relu 0.1": "it is one word: `leaky_relu(0.1)`",
    "conv 8, 3x3, leaky relu, 5": "it is one word: `leaky_relu`",
    "conv 8, 3x3, batch norm": "it is one word, and a line of its own: `bn`",
    "group norm 8": "it is one word: `groupnorm 8`",
}


@pytest.mark.parametrize(("text", "help"), MEANT.items())
def test_what_is_meant(text: str, help: str) -> None:
    assert helps(text) == [help]


def test_a_block_that_is_called_nearly_like_a_statement_is_none() -> None:
    _, found = parse(Source("test.cnn", "block block2(n) { bn }\nmodel M {\n block2 3 4\n}"))
    assert [diagnostic.help for diagnostic in found] == ["commas separate arguments"]
