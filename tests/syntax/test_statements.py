import pytest
from excerpt import excerpt, parsed, statement

from specc.source import Source
from specc.syntax import ast
from specc.syntax.lexing import comments

STATEMENTS = {
    # operations
    "bn": "Operation(name=bn)",
    "conv 64, 3x3, stride=2, relu -> 64x28x28": (
        "Operation(name=conv, args=[64, <3 3>, stride=2, relu], shape=<64 28 28>)"
    ),
    "stem: conv 64": "Operation(labels=[stem], name=conv, args=[64])",
    "a, b: split 2": "Operation(labels=[a, b], name=split, args=[2])",
    "conv 64, 1x1, from=e1": "Operation(name=conv, args=[64, <1 1>, from=e1])",
    "blocks.basic 64": "Operation(name=blocks.basic, args=[64])",
    "conv 64,\n  3x3,  # wide\n  pad=1\n  -> 3": "Operation(name=conv, args=[64, <3 3>, pad=1], shape=3)",
    # branches
    "concat { branch { bn }\n l: branch { } branch r { bn } } -> 3": (
        "Operation(name=concat, branches=[Branch(body=[Operation(name=bn)]), Branch(label=l), "
        "Branch(label=r, body=[Operation(name=bn)])], shape=3)"
    ),
    "add a -> 3\n{ branch { } }": "Operation(name=add, args=[a], branches=[Branch()], shape=3)",
    "r: residual { bn } shortcut { relu } -> 3": (
        "Residual(labels=[r], body=[Operation(name=bn)], shortcut=[Operation(name=relu)], shape=3)"
    ),
    "residual drop=0.1 { bn }": "Residual(args=[drop=0.1], body=[Operation(name=bn)])",
    # compile-time statements
    "let w = 64": "Let(name=w, value=64)",
    "if a { bn }\nelse if b { relu } else { }": (
        "If(test=a, then=[Operation(name=bn)], orelse=[If(test=b, then=[Operation(name=relu)])])"
    ),
    "s: for i, d in depths { bn; relu; }": (
        "For(label=s, targets=[i, d], iterable=depths, body=[Operation(name=bn), Operation(name=relu)])"
    ),
    "repeat 2 { bn } -> 8": "Repeat(count=2, body=[Operation(name=bn)], shape=8)",
    "repeat d - 1 { bn }": "Repeat(count=(d - 1), body=[Operation(name=bn)])",
    # inputs, outputs, claims
    "input a 3x32x32, mean=[0.5]": "Input(name=a, shape=<3 32 32>, args=[mean=[0.5]])",
    "input a [N, 3, H, W]": "Input(name=a, shape=[N, 3, H, W])",
    "input a HxWx3, layout=hwc": "Input(name=a, shape=<H W 3>, args=[layout=hwc])",
    "output p, from=q": "Output(name=p, args=[from=q])",
    "expect params == 61_706": "Expect(claim=(params == 61706))",
    "expect output == 6x28x28": "Expect(claim=(output == <6 28 28>))",
    "expect macs <= 2 * 10 ** 9": "Expect(claim=(macs <= (2 * (10 ** 9))))",
    "expect params == 61_700 within 1%": "Expect(claim=(params == 61700), tolerance=0.01)",
    "expect params == 61_700 within 0.5%": "Expect(claim=(params == 61700), tolerance=0.005)",
    "expect params == 61_700 within tolerance": "Expect(claim=(params == 61700), tolerance=tolerance)",
}


@pytest.mark.parametrize(("text", "tree"), STATEMENTS.items())
def test_statements(text: str, tree: str) -> None:
    assert statement(text) == tree


ITEMS = {
    'import "./x.cnn" as y': "Import(path='./x.cnn', alias=y)",
    "import kernels": "Import(module=kernels)",
    "let width = 64": "Let(name=width, value=64)",
    "block b(c, stride = 1) { }": "Block(name=b, parameters=[Parameter(name=c), Parameter(name=stride, default=1)])",
    "model M\n{\n}": "Model(name=M)",
    "model A = B(depths=[2, 2], 3) { expect params == 1 }": (
        "Derived(name=A, base=B, args=[depths=[2, 2], 3], body=[Expect(claim=(params == 1))])"
    ),
    "model A = lib.B": "Derived(name=A, base=Attribute(value=lib, name=B))",
}


@pytest.mark.parametrize(("text", "tree"), ITEMS.items())
def test_items(text: str, tree: str) -> None:
    assert excerpt(parsed(text).items) == f"[{tree}]"


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "## doc\n\n;\n", "\ufeff"])
def test_an_empty_file_has_no_items(text: str) -> None:
    assert parsed(text).items == ()


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\n\n\t", " ; "])
def test_line_ends_tabs_and_a_byte_order_mark(line_end: str) -> None:
    text = "\ufeff" + line_end.join(["model M {", "bn", "\trelu", "}"])
    assert excerpt(parsed(text).items) == "[Model(name=M, body=[Operation(name=bn), Operation(name=relu)])]"


DOCUMENTED = """\
## A file's own comment is separated by an empty line.

## The model,
##   in two lines.
model M(
    ## How many classes.
    classes = 10,
    other = 2,  ## belongs to nothing: it stands behind code
    last = 3
) {
    ## A photograph.
    # (any size)
    input photo 3xHxW
}
"""


def test_doc_comments_reach_what_stands_below_them() -> None:
    (model,) = parsed(DOCUMENTED).items
    assert isinstance(model, ast.Model)
    assert model.doc == "The model,\n  in two lines."
    assert [parameter.doc for parameter in model.parameters] == ["How many classes.", "", ""]
    (photo,) = model.body
    assert isinstance(photo, ast.Input)
    assert photo.doc == "A photograph."


def test_all_comments_can_be_had_with_their_places() -> None:
    source = Source("test.cnn", 'let a = "# no comment"  # one\n## two\n')
    found = [(comment.text, comment.doc, comment.alone, comment.span.row) for comment in comments(source)]
    assert found == [("# one", False, False, 1), ("## two", True, True, 2)]


def test_spans_are_exact() -> None:
    text = "model M {\n  a: conv 64, k=(1, 2) -> 3\n}"
    (model,) = parsed(text).items
    assert isinstance(model, ast.Model)
    (conv,) = model.body
    assert isinstance(conv, ast.Operation)
    spans = [conv.span, conv.name.span, conv.args[1].span, conv.args[1].value.span, model.span]
    written = ["a: conv 64, k=(1, 2) -> 3", "conv", "k=(1, 2)", "(1, 2)", text]
    assert [text[span.start : span.end] for span in spans] == written
