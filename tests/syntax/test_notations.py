"""What other notations write gets a help, and the line that the help shows works."""

import pytest

import specc
from specc.diagnostics import Diagnostic
from specc.source import Source
from specc.syntax.parser import parse

MODEL = "model Net {{\n    input image 4x32x32\n    a: conv 4, 1x1\n    {}\n}}\n"

MEANT = {
    "+ a": "add a",
    "* a": "mul a",
    "relu(conv 16, 3x3)": "conv 16, 3x3, relu",
    "relu(bn(conv 16, 3x3))": "conv 16, 3x3; bn; relu",
    "conv 8, 3x3 | relu": "conv 8, 3x3; relu",
    "conv 3->16, 3x3": "conv 16, 3x3",
    "conv: 8, 3x3": "conv 8, 3x3",
    "maxpool, kernel=2x2": "maxpool kernel=2x2",
    "global average pool": "global_avgpool",
    "output y: conv 10, 1x1": "y: conv 10, 1x1; output y",
    "output y = conv 10, 1x1": "y: conv 10, 1x1; output y",
    "relu; output y -> 21x32x32": "conv 21, 1x1 -> 21x32x32",
    "expect 10 <= macs < 10_000_000": "expect 10 <= macs; expect macs < 10_000_000",
    "expect 10 <= macs and macs < 10_000_000": "expect 10 <= macs; expect macs < 10_000_000",
    "expect output = 10": "==",
}
"""Lines, and what their helps say instead."""
SAID = {
    "conv 8, 3x3, /2": "a stride is an argument with its name: `stride=2`",
    "conv 8, 3x3, input=image": "what an operation works on stands behind `from=`: `from=image`",
    "residual, from=a { relu }": "between an operation and its first argument: `residual from=a { ... }`",
    "x: relu, from=a": "no comma stands between an operation and its first argument: `relu from=a`",
    "conv 8, 3x3 ->": "`->` asserts a shape, which stands behind it: `-> 64x32x32`",
    "for (i in range(3)) { relu }": "a loop has no brackets: `for i in range(3) { ... }`",
    "for (i = 1; i < 3; i++) { relu }": "a loop goes through a list: `for i in range(1, 3) { ... }`",
    "repeat 3 as i { relu }": "a loop that counts its rounds is `for i in range(3) { ... }`",
    "repeat 3x { relu }": "a number by itself has none: `3`",
    "upsample 2x": "a number by itself has none: `2`",
    "skip { conv 4, 1x1 }": "what adds its body to the value before it is `residual { ... }`",
    "skip { x: conv 4, 1x1 }": "what adds its body to the value before it is `residual { ... }`",
    "x: sequential { relu }": "lines follow one another in the model itself: leave out `sequential` and its brackets",
    "Sequential(conv 8, 3x3, relu)": "lines follow one another in the model itself: leave out `Sequential`",
    "sequential [conv 8, 3x3, relu]": "lines follow one another in the model itself: leave out `sequential`",
    "conv 8, 3x3, stride=/2": "a stride is an argument with its name: `stride=2`",
    "repeat i in 3 { relu }": "a loop that counts its rounds is `for i in range(3) { ... }`",
    "conv 8, 3x3 |> relu": "`conv 8, 3x3; relu`",
    "conv 8, 3x3 >> relu": "operations follow one another on lines of their own, or behind `;`",
    "x = in": "a value that is there is named with `let`: `let x = in`",
    "stage { relu }": "leave out `stage` and its brackets; what has a name and a body is a `block` above the model",
    "parallel { relu }": "branches stand in the braces of what merges them",
    "concat { relu }": "what a branch does stands in braces: `branch { ... }`",
    "residual { relu } add": "`residual { ... }` itself adds what comes in to its body",
    "residual { relu } add a": "another value is added on the next line, or behind `;`: `add a`",
    "matmul a @ a": "values are multiplied as matrices by an operation: `matmul a, b`",
    "conv 8, \\": "a line goes on behind a comma, and within brackets",
    "if true | false { relu }": "the logical operator is written `or`",
}  # fmt: skip
"""Lines, and a part of what is said of them."""


def first(line: str) -> Diagnostic:
    return parse(Source("test.cnn", MODEL.format(line)))[1][0]


@pytest.mark.parametrize(("line", "meant"), MEANT.items())
def test_the_help_shows_a_line_that_works(line: str, meant: str) -> None:
    assert f"`{meant}`" in (first(line).help or "")
    if meant[0].isalpha():
        specc.loads(MODEL.format(meant))


@pytest.mark.parametrize(("line", "said"), SAID.items())
def test_what_is_said(line: str, said: str) -> None:
    assert said in (first(line).help or "")
