import pytest

from specc.diagnostics import Diagnostic
from specc.ops import BY_WORD
from specc.source import Source
from specc.syntax import unparted
from specc.syntax.parser import parse


def report(text: str) -> list[str]:
    file, diagnostics = parse(Source("test.cnn", text))
    assert (file is None) == bool(diagnostics)
    return [line(diagnostic) for diagnostic in diagnostics]


def line(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    assert span is not None
    place = f"{span.row}:{span.column}-{span.end - span.start}"
    label = f" ({diagnostic.label})" if diagnostic.label else ""
    others = "".join(f" [{other.span.row}:{other.span.column} {other.text}]" for other in diagnostic.labels)
    help = f" = {diagnostic.help}" if diagnostic.help else ""
    return f"{diagnostic.code} {place} {diagnostic.message}{label}{others}{help}"


ARGUMENT_END = "(expected `,`, `->` or the end of the line)"
NOTHING_BEHIND = "nothing stands behind the comma: remove it"
BRANCHES = "the braces behind an operation hold branches (expected `branch` or `}`)"
TOP = "(expected `model`, `block`, `import` or `let`)"

IN_A_FILE = {
    "modle M { }": f"E0101 1:1-5 unexpected `modle` {TOP} = did you mean `model`?",
    "def f(x) { }": f"E0101 1:1-3 unexpected `def` {TOP} = did you mean `block`?",
    "layer f { }": f"E0101 1:1-5 unexpected `layer` {TOP} = did you mean `block`?",
    "conv 3": (
        f"E0101 1:1-4 unexpected `conv` {TOP}"
        " = operations and their statements stand inside `model NAME { ... }` or `block NAME { ... }`"
    ),
    "model M:\n  bn": "E0101 1:8-1 unexpected `:` (expected `=`, `(` or `{`) = a body stands in braces: `{ ... }`",
    "model": "E0101 1:6-0 unexpected end of the file (expected a name)",
    "model M {": "E0103 1:10-0 `{` is never closed (expected `}`, found the end of the file) [1:9 opened here]",
    "model M {\nmodel N { }": "E0103 2:1-5 `{` is never closed (expected `}`, found `model`) [1:9 opened here]",
    "model M(a { }": "E0103 1:11-1 `(` is never closed (expected `)`, found `{`) [1:8 opened here]",
    "model M { } }": "E0103 1:13-1 `}` closes nothing (no bracket is open here)",
    "import a.cnn": (
        "E0101 1:9-1 unexpected `.` (expected `as` or the end of the line)"
        ' = the path of a file stands in quotes: `import "./a.cnn"`'
    ),
}

IN_A_MODEL = {
    "conv 6 5x5": f"E0101 2:8-3 expected `,` before `5x5` {ARGUMENT_END} = commas separate arguments",
    "stem conv 6": (
        f"E0101 2:11-1 expected `,` before `6` {ARGUMENT_END}"
        " = commas separate arguments, and a label ends with a colon: `stem: conv`"
    ),
    "conv 6, 3x3,\n  conv 6": (
        f"E0101 3:8-1 expected `,` before `6` {ARGUMENT_END}"
        " = the line above ends with a comma and goes on here: remove the comma"
    ),
    "x = conv 6": (
        "E0101 2:3-1 unexpected `=` (expected a value, `:`, `,` or `->`)"
        " = a label is written `x:` before an operation, a number is named with `let x =`"
    ),
    "conv 6; pad=1": (
        "E0101 2:12-1 unexpected `=` (expected a value, `:`, `,` or `->`)"
        " = `;` ends a statement, a comma goes on with its arguments: `..., pad=`; a label is written `pad:`"
    ),
    "conv 6 => 6x2x2": f"E0101 2:8-1 unexpected `=` {ARGUMENT_END} = an arrow is written `->`",
    "conv 6 --> 6": "E0101 2:9-2 unexpected `->` (expected a value) = an arrow is written `->`",
    "conv 6 → 6": "E0104 2:8-1 U+2192 RIGHTWARDS ARROW does not belong here = an arrow is written `->`",
    "conv 6, 3\N{MULTIPLICATION SIGN}3": (
        "E0104 2:10-1 U+00D7 MULTIPLICATION SIGN does not belong here = a size is written with the letter `x`: `3x3`"
    ),
    "conv 6, 3m\N{MULTIPLICATION SIGN}3": (
        "E0104 2:11-1 U+00D7 MULTIPLICATION SIGN does not belong here = a size is written with the letter `x`: `3x3`"
    ),
    "conv\u00a06": "E0104 2:5-1 U+00A0 NO-BREAK SPACE does not belong here = use an ordinary space",
    "conv 6, 3X3": "E0105 2:9-3 `3X3` is neither a number nor a size = a size is written with a small `x`: `3x3`",
    "conv 6, 3 x 3": f"E0101 2:11-1 unexpected `x` {ARGUMENT_END} = a size is one word: `3x3`",
    "conv 3xmax": (
        "E0105 2:6-5 `3xmax` is neither a number nor a size"
        " = between the `x` of a size stand numbers, `_` and names without an `x`; `[3, max]` takes any value"
    ),
    "conv 6, pad: 1": f"E0101 2:12-1 unexpected `:` {ARGUMENT_END} = an argument is written `key=value`",
    "conv in=3": (
        f"E0101 2:8-1 unexpected `=` {ARGUMENT_END}"
        " = `in` is a word of the language and cannot be the name of an argument"
    ),
    "conv(6, pad=1)": (
        "E0101 2:12-1 unexpected `=` (expected `,` or `)`)"
        " = the arguments of an operation stand without brackets: `conv 6, pad=1`"
    ),
    "conv 6, [3, 3, stride=2": "E0103 2:22-1 `[` is never closed (expected `]`, found `=`) [2:9 opened here]",
    "conv 6, [3, 3, stride=2]": (
        "E0101 2:22-1 unexpected `=` (expected `,` or `]`)"
        " = a list holds values only: an argument stands behind it, as in `[3, 3], stride=2`"
    ),
    "conv 6,": f"E0101 3:1-1 unexpected `}}` (expected a value) = {NOTHING_BEHIND}",
    "conv 6, ; bn": f"E0101 2:9-2 unexpected `;` (expected a value) = {NOTHING_BEHIND}",
    "conv 6, pad=": "E0101 2:13-0 unexpected end of the line (expected a value)",
    "conv (3, 4\nbn": "E0103 3:1-2 `(` is never closed (expected `)`, found `bn`) [2:6 opened here]",
    "conv [3": "E0103 3:1-1 `[` is never closed (expected `]`, found `}`) [2:6 opened here]",
    "input: conv 3": (
        "E0101 2:6-1 unexpected `:` (expected a name) = `input` is a word of the language and cannot be a name"
    ),
    "expect params = 5": "E0101 2:15-1 unexpected `=` (expected a comparison) = a comparison is written `==`",
    "expect params": "E0101 2:14-0 unexpected end of the line (expected a comparison)",
    "if a = b { bn }": "E0101 2:6-1 unexpected `=` (expected `{`) = a comparison is written `==`",
    "if 1 < a < 3 { }": (
        "E0101 2:10-1 unexpected `<` (expected `{`) = comparisons do not chain: write `a < b and b < c`"
    ),
    "if a { } elif b { }": (
        "E0101 2:10-4 unexpected `elif` (expected `else` or the end of the line) = did you mean `else if`?"
    ),
    "let a == 3": "E0101 2:7-2 unexpected `==` (expected `=`) = write a single `=`",
    "for a of b { }": "E0101 2:7-2 unexpected `of` (expected `in` or `,`) = a loop is written `for x in xs { ... }`",
    "repat 3 { bn }": "E0101 2:1-5 unknown statement `repat` (begins no statement) = did you mean `repeat`?",
    "residul {\nbn\n}": "E0101 2:1-7 unknown statement `residul` (begins no statement) = did you mean `residual`?",
    "residul {\nx: bn\n}": "E0101 2:1-7 unknown statement `residul` (begins no statement) = did you mean `residual`?",
    "add {\nbrnch { bn }\n}": f"E0101 3:1-5 unexpected `brnch`: {BRANCHES} = did you mean `branch`?",
    "inptu a 3x3": "E0101 2:1-5 unknown statement `inptu` (begins no statement) = did you mean `input`?",
    "while a { bn }": (
        "E0101 2:1-5 unknown statement `while` (begins no statement)"
        " = how often a loop goes round is fixed: `repeat 3 { ... }`, or `for x in xs { ... }`"
    ),
    "conv 6)": "E0103 2:7-1 `)` closes nothing (no `(` is open here)",
    "conv 6]": "E0103 2:7-1 `]` closes nothing (no `[` is open here)",
    "bn; let a = 3\n{ bn }": (
        "E0101 3:1-1 unexpected `{` (goes on with the line above)"
        " = braces belong to the word before them, as in `repeat 3 { ... }`: by themselves they group nothing"
    ),
    "let a = 3\nelse { bn }": (
        "E0101 3:1-4 unexpected `else` (goes on with the line above)"
        " = `else` stands right behind the braces of its `if`: `if test { ... } else { ... }`"
    ),
    "input a 3x3\n-> 3x3": (
        "E0101 3:1-2 unexpected `->` (goes on with the line above)"
        " = `->` asserts the shape that an operation makes, on its line or on the one below"
    ),
    "repeat 3\nbn\n}\nbn": (
        "E0101 2:9-0 unexpected end of the line (expected `{`) = a body stands in braces: `repeat 3 { ... }`"
    ),
    "add { a: branch b { } }": (
        "E0101 2:17-1 more than one label (only an operation with several results has several)"
    ),
    "a, b: repeat 2 { }": ("E0101 2:4-1 more than one label (only an operation with several results has several)"),
    "// text": "E0101 2:1-2 unexpected `//` (expected an operation or a statement) = a comment starts with `#`",
    "let a = b && c": "E0104 2:11-1 `&` does not belong here = the logical operator is written `and`",
    "let a = 2^3": "E0104 2:10-1 `^` does not belong here = a power is written `**`",
    "let größe = 3": (
        "E0104 2:7-1 U+00F6 LATIN SMALL LETTER O WITH DIAERESIS does not belong here"
        " = names are written with the letters a to z, digits and `_`"
    ),
    'let a = "b': 'E0102 2:9-2 unterminated string (no closing `"` on this line)',
    r'let a = "\q"': (
        r"E0101 2:10-2 unknown escape `\q` in a string (no such escape)"
        r" = a backslash itself is written `\\`; there are also `\n`, `\t`, `\"`, `\u00e9`"
    ),
    "bn # \u202e": "E0104 2:6-1 U+202E RIGHT-TO-LEFT OVERRIDE does not belong in a spec (remove it)",
    "b\x00\x00n": "E0104 2:2-2 U+0000 NUL does not belong in a spec (remove all 2 of them)",
    "b\x00n": "E0104 2:2-1 U+0000 NUL does not belong in a spec (remove it)",
    "bn, " + "a" * 130: "E0101 2:135-0 unexpected end of the line (expected `:` or `,`)",
    "bn \ufeff": "E0104 2:4-1 U+FEFF ZERO WIDTH NO-BREAK SPACE does not belong in a spec (remove it)",
}


# What is written otherwise in other notations, and the fix that is told.
HABITS = {
    "conv 6, 3 // a comment": "a comment starts with `#`",
    "conv 6, 3x3 -> 64, 32, 32": "a shape is one word: `-> 64x32x32`",
    "conv 6, 3x3 -> relu -> bn": (
        "`->` asserts a shape: operations follow one another on lines of their own, or behind `;`"
    ),
    "input 3x8x8": "an input has a name: `input image 3x8x8`",
    "output scores = head": ("an output has a name, and `from=` says what it returns: `output scores, from=head`"),
    "output = head": "an output has a name, and `from=` says what it returns: `output NAME, from=head`",
    "repeat { bn }": "`repeat` takes a number: `repeat 3 { ... }`",
    "3 * { bn }": "what is done several times stands in a loop: `repeat 3 { ... }`",
    "conv 6, 3x3 as stem": "a label stands before its operation: `stem: conv 6, 3x3`",
    '"stem": conv 6, 3x3': "a label stands without quotes: `stem: ...`",
    "layer1.0: conv 6, 3x3": (
        'a label is one name; `weights="layer1.0"` as an argument calls the tensors of the layer so'
    ),
    "branch { bn }": (
        "branches stand in the braces of what merges them: `concat { branch { ... } branch { ... } }`, or `add`"
    ),
    "lrn 5, alpha=1e\N{MINUS SIGN}3": "a minus is written `-`",
    "c: a * b": "values of layers meet in operations: `mul a, b`",
    "bn, relu": "commas part arguments, and labels: operations are parted by `;`, as in `bn; relu`",
    "stem: { bn }": ("a label belongs to one statement: `block` defines a piece of a network, whose call has a label"),
    "conv in.channels x 1": "a size that is computed is a list: `[in.channels, 1]`",
}


@pytest.mark.parametrize(("text", "help"), HABITS.items())
def test_habits_of_other_notations(text: str, help: str) -> None:
    _, found = parse(Source("test.cnn", "model M {\n" + text + "\n}"))
    assert [diagnostic.help for diagnostic in found] == [help]


NAMES_OF_LAYERS = (
    "tables and files of weights name layers so; a value has a label, `x: ...`, and of a loop's labels `x[0]` is one"
)
# Loops, lists and their items.
LOOPS = {
    "for (w, s) in xs { bn }": "names stand without brackets: `for w, s in xs`",
    "for i, (w, s) in enumerate(xs) { bn }": (
        "with one name more than an item holds, the first is the index: `for i, w, s in xs`"
    ),
    "for i, (w, s) in xs { bn }": (
        "the names of a loop take an item apart, not the items within it: `for i, x in xs`, and then `x[0]`"
    ),
    "for w in [2 ** i for i in 0..3] { bn }": "the numbers from 0 up to 3, without it, are `range(3)`",
    "let a = [x for i, (x, y) in xs]": (
        "the names of a loop take an item apart, not the items within it: `for i, x in xs`, and then `x[0]`"
    ),
    "let a = sum(w // 2 for w in ws)": "a list by a rule stands in square brackets: `[2 * x for x in xs]`",
    "let a = w for w in ws": "a list by a rule stands in square brackets: `[2 * x for x in xs]`",
    "let a = [for w in ws: 2 * w]": "what the list holds stands before `for`: `[2 * x for x in xs]`",
    "let a = [w if w > 8 for w in ws]": "a condition stands at the end: `[2 * x for x in xs if x > 1]`",
    "let a = [i, w for i, w in ws]": "an item of several values is a list: `[[i, w] for ...]`",
    "let a = [v + w for v in vs for w in ws]": (
        "a list has one `for`: all pairs are counted, `[xs[i // 3] * ys[i % 3] for i in range(6)]`; a list of lists "
        "has brackets within: `[[x * y for y in ys] for x in xs]`"
    ),
    "for i in 2..5 { bn }": "the numbers from 2 up to 5, without it, are `range(2, 5)`",
    "add a.0, a.1": "tables number layers so; the value is an item of the list: `a[0]`",
    "a: repeat 2 { bn }; add a.0, a.1": (
        "`a` is the value of the whole loop; those of its rounds are a label's in it, `x: ...`, as `x[0]`"
    ),
    "relu from=a.0.conv1": NAMES_OF_LAYERS,
    "conv 8, 1, weights=a.0": 'a name with numbers is a text: `weights="a.0"`',
    "let a = leaky_relu 0.1": "settings of an activation stand in brackets: `leaky_relu(0.1)`",
    "let a = prelu shared=true": "settings of an activation stand in brackets: `prelu(shared=true)`",
    "let z = conv 8, 3x3": "`let` names numbers and words, a label names the value of a layer: `z: conv ...`",
}


@pytest.mark.parametrize(("text", "help"), LOOPS.items())
def test_loops_and_lists_of_other_notations(text: str, help: str) -> None:
    _, found = parse(Source("test.cnn", "model M { " + text + "\n}"))
    assert [diagnostic.help for diagnostic in found] == [help]


BEHIND = (
    "`shortcut { ... }` stands right behind the body of its `residual`, and an activation of the sum before both: "
    "`residual relu { ... } shortcut { ... }`"
)
# What stands in a wrong place, and where it belongs.
MISPLACED = {
    "residual { bn } relu": (
        "an activation of the sum stands before the braces: `residual relu { ... }`; an operation stands on a line of "
        "its own, or behind `;`"
    ),
    "if a { bn } relu": "an operation stands on a line of its own, or behind `;`",
    "let w = [1:3]": "a list of numbers that follow one another is `range(1, 3)`",
    "slice width, [-3:]": "`slice` takes an axis, and where to begin and end: `slice width, -3`",
    "input image 3 x 32 x 32": "a size is one word: `3x32x32`",
    "residual {\n" + "bn\n" * 1000 + "} relu": "an operation stands on a line of its own, or behind `;`",
    "repeat 3 {\n bn\n} relu": "an operation stands on a line of its own, or behind `;`",
    "residual, relu { bn }": "its activation stands behind it without a comma: `residual relu { ... }`",
    "concat, relu { branch { bn } }": "its activation stands behind it without a comma: `concat relu { ... }`",
    "residual { bn }; relu\nshortcut { bn }": BEHIND,
    "conv 6, 3x3\nshortcut { bn }": BEHIND,
    "add { branch from=x { bn } branch { } }": (
        "a branch begins with the value before its merge, and its first line may work on another: "
        "`branch { conv 64, 1x1, from=x }`"
    ),
    "block b() { bn }": "a `block` stands outside of models and blocks: write it above them",
    "slice [1:3]": "`slice` takes an axis, and where to begin and end: `slice channels, 1, 3`",
    "image[:3]": "`slice` takes an axis, and where to begin and end: `slice channels, 0, 3`",
    "conv-1: bn": "a label is one name of letters, digits and `_`: `conv_1: ...`",
    "output y 10": (
        "`output y` returns the value labelled `y`, or else the line before under that name; a shape is asserted at "
        "the line that makes it: `... -> 10`"
    ),
    "repeat 3 x { bn }": "the braces stand right behind the number: `repeat 3 { ... }`",
    "repeat n times { bn }": "the braces stand right behind the number: `repeat n { ... }`",
    "conv k ? 3 : 4": "a choice is written `3 if test else 4`; a size that an input leaves open has a name, `3xHxW`",
    "input image 3x?x?": (
        "the size that an input leaves open has a name, `3xHxW`; behind `->` is `_` for any size, `3x_x_`"
    ),
}


@pytest.mark.parametrize(("text", "help"), MISPLACED.items())
def test_what_is_misplaced_is_told_where_it_belongs(text: str, help: str) -> None:
    _, found = parse(Source("test.cnn", "model M { " + text + "\n}"))
    assert [diagnostic.help for diagnostic in found] == [help]


@pytest.mark.parametrize(
    ("text", "help"),
    {
        "import ./blocks.cnn": 'the path of a file stands in quotes: `import "./blocks.cnn"`',
        "import nets/blocks.cnn": 'the path of a file stands in quotes: `import "./nets/blocks.cnn"`',
        'import "a.cnn" from "b.cnn"': (
            'each file is imported on a line of its own: `import "a.cnn"`, and `import "b.cnn"` below it'
        ),
        'import a from "b.cnn"': 'an import brings all that a file defines: `import "b.cnn"`',
        'import { a, c } from "b.cnn"': 'an import brings all that a file defines: `import "b.cnn"`',
        'from "b.cnn" import a': 'an import brings all that a file defines: `import "b.cnn"`',
        'import "b.cnn" as "b"': "a name stands without quotes: `as b`",
        "import blocks.conv": 'a file is imported by its path: `import "./blocks.cnn"`',
        "import conv-blocks": None,
        "import a, b": "each import is a line of its own: `import a`, and `import b` below it",
        "block b(n = 3: int) { bn }": "a parameter has no type, and may have a default: `n`, or `n = 64`",
        "block b(n: int) { bn }": "a parameter has no type, and may have a default: `n`, or `n = 64`",
    }.items(),
)
def test_what_is_misplaced_at_the_top_of_a_file(text: str, help: str | None) -> None:
    _, found = parse(Source("test.cnn", f"{text}\nmodel M {{ bn }}"))
    assert [diagnostic.help for diagnostic in found] == [help]


def test_habits_at_the_top_of_a_file() -> None:
    _, (found,) = parse(Source("test.cnn", "from blocks import conv_bn\nmodel M { bn }"))
    assert found.help == '`import blocks` brings `blocks.conv_bn` if it is bundled; a file is `import "./blocks.cnn"`'
    _, (found,) = parse(Source("test.cnn", "model M {\r bn\r}\r"))
    assert found.help == "save the file with line feeds at the ends of lines, as Unix and Windows have them"


@pytest.mark.parametrize(("text", "said"), IN_A_FILE.items())
def test_errors_in_a_file(text: str, said: str) -> None:
    assert report(text) == [said]


@pytest.mark.parametrize(("text", "said"), IN_A_MODEL.items())
def test_errors_in_a_model(text: str, said: str) -> None:
    assert report("model M {\n" + text + "\n}") == [said]


def places(text: str) -> list[str]:
    return [said.split()[1] for said in report(text)]


def test_a_second_error_is_reported_where_the_first_line_can_be_left_out() -> None:
    assert places("model M {\n conv 6 5\n bn\n let a == 3\n}\n\nblock b() { conv x = 1 = 2 }") == [
        "2:9-1",
        "4:8-2",
        "7:24-1",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "modle M {\n bn\n}",  # without its head the body would be wrong
        "model M {\n if a = b {\n bn\n }\n}",
        "model M {\n conv 6 5,\n 3x3\n}",  # the next line belongs to it
        "model M {\n if a = b { }\n else { }\n}",
        "model M {\n conv 6,\n 5 5,\n 7\n}",
        "input a 3x3\nconv 3\nrelu",
        'model M {\n conv 6 5 "a\n}\nmodel N {\n let a == 3\n}',  # what the text leaves open nobody knows
    ],
)
def test_no_error_is_the_echo_of_another(text: str) -> None:
    assert len(report(text)) == 1


def test_errors_are_few() -> None:
    _, found = parse(Source("test.cnn", "model M {\n" + "conv 3 4\n" * 100 + "}"))
    assert len(found) == 21
    assert found[-1].message == "stopped after 20 syntax errors"


def test_words_that_hints_know_are_of_the_language() -> None:
    assert set(BY_WORD) >= unparted.LINES | unparted.TUNED
    arguments = {name for op in BY_WORD.values() for name in op.model_fields}
    assert arguments | {"act", "from", "weights"} >= unparted.ARGUMENTS
