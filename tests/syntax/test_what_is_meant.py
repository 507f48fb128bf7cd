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
NEXT = "statements stand on lines of their own, or behind `;`"
NAMED = "an input has a name"
SHAPE = "behind the name of an input stands its shape, without a comma"
MERGED = "values are the arguments of the operation that merges them"
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
    "conv 8, 3x3 conv 8, 3x3": f"{NEXT}: `conv 8, 3x3; conv 8, 3x3`",
    "conv 8, 3x3, relu bn": f"{NEXT}: `conv 8, 3x3, relu; bn`",
    "input image 3x32x32 relu": f"{NEXT}: `input image 3x32x32; relu`",
    "relu output y": f"{NEXT}: `relu; output y`",
    "conv 8, 3x3 repeat 2 { bn }": f"{NEXT}: `conv 8, 3x3; repeat 2 {{ ... }}`",
    "relu conv 8, 3x3": "an operation stands on a line of its own, or behind `;`: `relu; conv 8, 3x3`",
    "residual { bn } conv 8, 3x3": "an operation stands on a line of its own, or behind `;`",
    "a:\nconv 8, 3x3  # why": "a label stands on the line of its operation: `a: conv 8, 3x3`",
    "conv 6@5x5": "channels and window are two arguments: `conv 6, 5x5`",
    "conv 6@28x28, 5x5": "the shape of the maps is asserted behind: `conv 6, 5x5 -> 6x28x28`",
    "input(3, 32, 32)": f"{NAMED}: `input image 3x32x32`",
    "input(shape=(3, 32, 32))": f"{NAMED}: `input image 3x32x32`",
    "input (3, h, w)": f"{NAMED}: `input image [3, h, w]`",
    "input image, shape=(3, 32, 32)": f"{SHAPE}: `input image 3x32x32`",
    "input image, 3x32x32, layout=hwc": f"{SHAPE}: `input image 3x32x32`",
    "image: 3x32x32": "an input is written `input image 3x32x32`",
    "Add()([a, b])": f"{MERGED}: `add a, b`",
    "x = Concatenate(axis=-1)([a, b])": f"{MERGED}: `x: concat a, b`",
    "Conv2D(8, 3)(x)": "a layer works on the line before, or on what `from=` names: `conv 8, 3, from=x`",
    "x = Conv2D(8, 3)(x)": "a layer is one line, with its label in front of it: `x: conv 8, 3`",
    "let px = 3; input image 3xpxxpx": ("between the `x` of a size stand no names with an `x`: `[3, px, px]`"),
}


@pytest.mark.parametrize(("text", "help"), MEANT.items())
def test_what_is_meant(text: str, help: str) -> None:
    assert helps(text) == [help]


@pytest.mark.parametrize(
    "text",
    [
        "conv 8, 3x3 -- first layer", "conv 8, 3x3 % 3 layers", "relu // first layer", "conv 8, 3x3 /* first */",
        "-- first layer", "% first layer", "// first layer",
    ],
)  # fmt: skip
def test_comments_of_other_languages(text: str) -> None:
    assert helps(text + "\nrelu") == ["a comment starts with `#`"]


@pytest.mark.parametrize(
    "text",
    ["/* a */", "/* a\nb c d\n*/", '"""\na b c\n"""', "''' a '''", "<!-- a\nb c d\n-->"],
)
def test_comments_of_several_lines_are_one_error(text: str) -> None:
    assert helps(text + "\nrelu") == ["a comment starts with `#`, on each of its lines"]


@pytest.mark.parametrize(
    ("text", "help"),
    {
        "block b c, k { conv c, k }": "parameters stand in brackets: `block b(c, k) { ... }`",
        "model My Net { relu }": "a name is one word: `model My_Net { ... }`",
        "model LeNet-5 { relu }": "a name has letters, digits and `_`: `model LeNet_5 { ... }`",
        'model "My Net" { relu }': "a name stands without quotes: `model My_Net { ... }`",
        "block b(int c, int k) { conv c, k }": "a parameter has no type, and may have a default: `c`, or `c = 64`",
        'import ".\\x.cnn"\nmodel M { }': 'folders and files are parted by `/`: `import "./x.cnn"`',
    }.items(),
)
def test_heads_of_models_and_blocks(text: str, help: str) -> None:
    _, found = parse(Source("test.cnn", text))
    assert [diagnostic.help for diagnostic in found] == [help]


def test_a_block_that_is_called_nearly_like_a_statement_is_none() -> None:
    _, found = parse(Source("test.cnn", "block block2(n) { bn }\nmodel M {\n block2 3 4\n}"))
    assert [diagnostic.help for diagnostic in found] == ["commas separate arguments"]


def test_an_index_before_an_equals_sign_is_no_name() -> None:
    """Found by fuzzing."""
    _, found = parse(Source("test.cnn", "let d = [1[[1, 2, 3][=:]:], 2]"))
    assert [diagnostic.code for diagnostic in found] == ["E0101"]
