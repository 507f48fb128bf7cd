"""What is said of specs that can be read and make no sense; the pages in tests/errors show whole messages."""

import pytest

import specc
from specc import SpecError

TWO = "block b { output y; output z }\n"
X = "model Net { input x 4x8x8; "


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        # inputs and outputs
        (X + "split 2; output y }", "E0408", "an output is one value"),
        ("model Net { output y }", "E0211", "there is no value yet that could be an output"),
        ("model Net { input x 4, range=[0, 1], range=[0, 1]; relu }", "E0307", "`range` is given twice"),
        (X + "input y 8x8x4, layout=hwc; relu }", "E0306", "all inputs of a model have the same layout"),
        ("model Net { input x 4x9223372036854775808 }", "E0703", "is not below 2 ** 63"),
        ("let a = nothing\nmodel Net { input x [a, 4]; relu }", "E0202", "unknown name `nothing`"),
        ("let a = 1.5\nmodel Net { input x [a, 4]; relu }", "E0304", "a size is a whole number, not 1.5"),
        ("model Net { input x 4x8x8, mean=10 ** 400; relu }", "E0703", "takes no number as large as this"),
        ("block b { output y, from=3 }\n" + X + "b; relu }", "E0208", "an output is the value of a layer, not 3"),
        ("block b { output y, labels=[1] }\n" + X + "b; relu }", "E0301", "`output` has no argument `labels`"),
        (
            TWO + X + "b; relu }",
            "E0408",
            "`relu` takes 1 value, not 2",
        ),
        (
            TWO + X + "b relu }",
            "E0408",
            "the call has 2 values, and an activation takes one",
        ),
        (TWO + X + "p, q, r: b; add p, q, r }", "E0408", "3 labels for 2 values"),
        (X + "repeat 2 { y: relu }; add y[2], x }", "E0305", "there is no item 2 in a list of 2"),
        (X + "let a = 3; conv a[1:], 1x1 }", "E0304", "only a list has a part, not 3"),
        (X + "let a = [3]; conv a[:0.5], 1x1 }", "E0304", "an index is a whole number, not 0.5"),
        (X + "repeat 2 { relu } -> 4x8x9 }", "E0501", "the shape here is 4x8x8, not 4x8x9"),
        (X + "repeat x { relu } -> 5x8x8; conv 2, 1x1 -> 2x8x8 }", "E0304", "`repeat` needs a whole number"),
        (X + "repeat 0 { y: relu }; add y[0], x }", "E0305", "there is no item 0 in a list of 0"),
        (X + "repeat x { y: relu }; add y[0], x }", "E0304", "`repeat` needs a whole number, not the value of `x`"),
        ("block b { input y 4 }\n" + X + "b; relu }", "E0211", "an input belongs to a model, not to a block"),
        (X + "input x 3; relu }", "E0203", "`x` is defined twice"),
        ("model Net { input x 4, mean=1 / 0; relu }", "E0308", "1 / 0 divides by zero"),
        ("model Net { input x 4, 5; relu }", "E0303", "the sizes of an input are one shape"),
        ("model Net { input x 4, std=0; relu }", "E0305", "`std` must be above 0"),
        ("model Net { input x 4, mean='a'; relu }", "E0304", '`mean` takes numbers, not a text ("a")'),
        (X + "relu; output y, labels=3 }", "E0304", "`labels` is a list of texts"),
        (X + "a, b: split [1, 3] -> 1x8x8; concat a, b }", "E0501", "the shape here is 3x8x8, not 1x8x8"),
        # operations and blocks
        ("block a { b }; block b { a; b }; " + X + "a }", "E0205", "block `a` contains itself"),
        (X + "residual { split 2 } }", "E0408", "the line before has 2 values, and one is needed here"),
        (X + "residual colour=3 { relu } }", "E0301", "`add` has no argument `colour`"),
        (X + "reshape (0, 4) }", "E0305", "`sizes` of `reshape` needs 1 to 7 sizes of at least 1"),
        (X + "slice height, step=0 }", "E0305", "`step` of `slice` takes a whole number other than 0"),
        (X + "gather [], height }", "E0305", "`indices` of `gather` needs at least one number"),
        (X + "layernorm over=rows }", "E0306", "`over` of `layernorm` cannot be `rows`"),
        (X + "quantize 0 }", "E0305", "`scale` of `quantize` must be above 0, and a normal float32"),
        ("block b { relu }\n" + X + "b { branch { } } }", "E0208", "a block takes no branches"),
        ("block b(c) { conv c, 1 }\n" + X + "b 1 / 0; relu }", "E0308", "1 / 0 divides by zero"),
        ("block b { }\nmodel Net { b }", "E0211", "there is no value yet for this to work on"),
        (X + "split 2; conv 4, 1x1 }", "E0408", "`conv` takes 1 value, not 2"),
        (X + "a, b: split 2, relu }", "E0408", "an activation closes one value, and here are 2"),
        (X + "a, b: split 2 -> 3x8x8; add a, b }", "E0501", "the shape here is 2x8x8, not 3x8x8"),
        (X + "a, b: relu }", "E0408", "2 labels for one value"),
        (X + "a: maxpool 2x2; unpool a }", "E0302", "`unpool` needs `kernel`"),
        (X + "a: maxpool 2x2; unpool 3, 2x2 }", "E0208", "the value of a layer is needed here, not 3"),
        (X + "a, b: split 2; unpool [a, b], 2x2, from=a }", "E0408", "`where` of `unpool` takes one value here, not 2"),
        (X + "resize bilinear }", "E0304", "`size` of `resize` needs a whole number, not `bilinear`"),
        (X + "resize 4, like=x }", "E0303", "`resize` takes `size` or `like`, not both"),
        (X + "resize like=x { branch { } } }", "E0208", "`resize` takes no branches"),
        (X + "concat { for k in [] { branch { } } } }", "E0408", "`concat` takes at least 1 value, not 0"),
        (X + "mean 0.5 }", "E0208", "the value of a layer is needed here, not 0.5"),
        (X + "add [1, in] }", "E0208", "the value of a layer is needed here, not 1"),
        (X + "add 1, 2 }", "E0208", "`add` needs the value of a layer among its operands"),
        (X + "sub 1, 2, in }", "E0408", "`sub` takes 2 values, not 3"),
        (X + "add 1e39 }", "E0305", "1e+39 is larger than any float32 number"),
        (
            "model Net { input x 4xHxW; mul in.height }",
            "E0407",
            "`mul` needs a known number here, not an open size (H)",
        ),
        (X + "add x { branch { } } }", "E0303", "`add` with branches takes no operands besides"),
        (X + "residual { flatten } }", "E0403", "the branches of `residual` do not meet"),
        (X + "residual { conv 8, 3x3, stride=(2, 4), pad=1 } }", "E0403", "the branches of `residual` do not meet"),
        (X + "concat { branch { } branch { flatten } } }", "E0403", "the branches of `concat` do not meet"),
        # arguments
        (X + "conv 4, 3xH }", "E0304", "`H` cannot stand in a size here"),
        ("import kernels\n" + X + "conv kernels, 1 }", "E0304", "needs a whole number, not a module"),
        (X + "conv 4, [1, 2, 3, 4] }", "E0304", "`kernel` of `conv` needs one number for each spatial axis"),
        (X + "conv 4, 3, pad=(1, 1, 1, 1, 1, 1, 1) }", "E0306", "`pad` of `conv` cannot be [1, 1, 1, 1, 1, 1, 1]"),
        (
            X + "deconv 4, 3, output_pad=(1, 1, 1, 1) }",
            "E0304",
            "needs one number for each spatial axis",
        ),
        (X + "crop 'all' }", "E0304", 'or one for each side, not a text ("all")'),
        (X + "lrn 3, alpha=1e39 }", "E0305", "`alpha` of `lrn` must not be as large as this"),
        (X + "dropout 3 * 10 ** 400 }", "E0305", "must not be as large as this, not 3000000000...000 (401 digits)"),
        (X + "split 10_001 }", "E0305", "`parts` of `split` must be at most 10_000, not 10001"),
        (X + "a, b: split 2; concat a, b, axis=7 }", "E0305", "axis 7 does not exist in 2x8x8"),
        (X + "conv 4, 3x3, bias='a' }", "E0304", "`bias` of `conv` takes `true`, `false` or numbers, not a text"),
        (X + "bn affine=3 }", "E0304", "`affine` of `bn` takes `true` or `false`, not 3"),
        (X + "conv relu, 3x3 }", "E0304", "`channels` of `conv` needs a whole number, not `relu`"),
        (X + "conv 4, 3x3, 3, 4 }", "E0303", "too many arguments for `conv`"),
        (X + "conv 4, 3x3, leaky_relu(1, 2) }", "E0303", "too many arguments for `leaky_relu`"),
        (X + "conv 4, 3x3, act=3 }", "E0306", "3 is not an activation"),
        (X + "conv 4, 3x3, clip(1, 2) }", "E0306", "`clip` is an operation, but not an activation"),
        (
            "let p = same\n" + X + "conv 4, 3x3, stride=p }",
            "E0304",
            "`stride` of `conv` needs a whole number, not `same`",
        ),
        # values and names
        ("let a = nothing\n" + X + "relu -> ax8x8 }", "E0202", "unknown name `nothing`"),
        (X + "conv sqrt(10 ** 400), 1x1 }", "E0703", "`sqrt` gives a number that is too large"),
        (X + "conv sum([2 ** 4095, 2 ** 4095]), 1x1 }", "E0703", "this number needs more than 4096 bits"),
        (X + "repeat x { relu } }", "E0304", "`repeat` needs a whole number, not the value of `x`"),
        (
            X + "if range(40) { relu } }",
            "E0308",
            "a condition must be `true` or `false`, not [0, 1, 2, ..., 39] (40 items)",
        ),
        ("model Net { input x 4xHxW; conv in.height * 1.5, 1x1 }", "E0407", "`H * 1.5` needs known sizes"),
        (X + "conv x.features, 1x1 }", "E0404", "a value of shape 4x8x8 has no features"),
        (X + "conv x.hight, 1x1 }", "E0202", "values have no `.hight`"),
        (X + "conv q, 1x1 }", "E0202", "unknown name `q`"),
        (X + "conv 4, 3x3 -> 4xHxQ }", "E0202", "unknown name `H`"),
        (X + "conv 4, 3x3 -> extra }", "E0202", "unknown name `extra`"),
        ("let a = nothing\n" + X + "relu -> a }", "E0202", "unknown name `nothing`"),
        (X + "conv 4, 3x3 -> [4, true, 6] }", "E0304", "a shape holds whole numbers, not `true`"),
        (X + "relu -> 0x0; prelu; conv 3, 1 }", "E0501", "the shape here is 4x8x8, not 0x0"),
        (X + "relu -> [10 ** 400, 8, 8]; conv 4, 3x3, groups=2 }", "E0501", "the shape here is 4x8x8, not 1000"),
        (X + "qqq -> 0x0; prelu; conv 3, 1 }", "E0201", "unknown operation `qqq`"),
        (X + "repeat true { relu } }", "E0304", "`repeat` needs a whole number, not `true`"),
        ("block b(a) { a }\n" + X + "b same }", "E0201", "`a` is the word `same`, not an operation"),
        ("block b(a) { a 3 }\n" + X + "b none }", "E0303", "`a` is `none` here and takes no arguments"),
        (X + "if leaky_relu(alpha=0.2) { relu } }", "E0308", "`true` or `false`, not `leaky_relu(alpha=0.2)`"),
        (X + "for _i in enumerate(3) { relu } }", "E0308", "`enumerate` takes one list"),
        ("model Net { input x 4xHxW; let H = 3; relu -> [4, H + 0, W * 1] }", "E0501", "is 4xHxW, not 4x3xW"),
        # derived models
        ("model A(n, m) { input x 4; dense n; dense m }\nmodel B = A(n=1)", "E0302", "`B` needs a value for `m`"),
        ("let x = 3\nmodel A = x(n=1)\nmodel B = A(n=2)", "E0208", "a model can only be derived from a model"),
        ("model A(n) { input x 4; dense n }\nmodel B = A(n=nothing)", "E0202", "unknown name `nothing`"),
        ("model A(n) { input x 4; dense n }\nmodel B = m.A(n=1)", "E0202", "unknown name `m`"),
        ("model A { input x 4; relu }\nmodel B = A.b(n=1)", "E0208", "a model has no `.b`"),
        ("let x = 3\nmodel B = x(n=1)", "E0208", "a model can only be derived from a model"),
        ("import kernels\nmodel B = kernels.emboss()", "E0208", "a model can only be derived from a model"),
        ("import kernels\nmodel B = kernels.nothing()", "E0202", "`kernels` defines no `nothing`"),
    ],
)
def test_refusals(text: str, code: str, message: str) -> None:
    with pytest.raises(SpecError) as refusal:
        specc.loads(text)
    errors = [d for d in refusal.value.diagnostics if d.severity == "error"]
    assert [d.code for d in errors] == [code]
    assert message in errors[0].message


FALSE_SHAPES = [
    # how the size came about stands beside it; nothing is known of that behind an operation in error
    ("conv 4, 3x3, stride=2, pad=same -> 4x9x9", [("E0501", "4x4x4, not 4x9x9", "8 / 2 rounded up = 4")]),
    ("conv 4, 3x3, pad=same -> 4x9x9", [("E0501", "4x8x8, not 4x9x9", "8, kept by the padding")]),
    ("slice height, 1, 3 -> 4x9x9", [("E0501", "4x2x8, not 4x9x9", "height: positions [1:3] of 8 are 2")]),
    (
        "conv 4, 3x3, stride=4, round=exact -> 4x9x9",
        [("E0402", "stride 4 does not tile", ""), ("E0501", "4x2x2, not 4x9x9", "")],
    ),
    ("a: reshape (4, 64); reshape (64, 4); matmul a, in -> 4x5", [("E0501", "4x4, not 4x5", "4x64 times 64x4 = 4x4")]),
    # what is true of the claim is right behind it; what is true of neither is told with both
    ("conv 4, 3x3 -> 400; dense 10, relu", [("E0501", "4x6x6, not 400", "")]),
    (
        "conv 4, 3x3 -> 4x9x9; relu -> 4x7x7",
        [
            ("E0501", "4x6x6, not 4x9x9", ""),
            ("E0501", "4x6x6 (4x9x9 if the shape claimed above were true), not 4x7x7", ""),
        ],
    ),
]


@pytest.mark.parametrize(("statements", "told"), FALSE_SHAPES)
def test_false_shapes(statements: str, told: list[tuple[str, str, str]]) -> None:
    with pytest.raises(SpecError) as refusal:
        specc.loads(X + statements + " }")
    for diagnostic, (code, message, note) in zip(refusal.value.diagnostics, told, strict=True):
        assert diagnostic.code == code
        assert message in diagnostic.message
        assert note in "".join(diagnostic.notes)


def test_a_long_circle_of_blocks_is_shortened() -> None:
    blocks = "".join(f"block b{i} {{ b{(i + 1) % 12} }}\n" for i in range(12))
    with pytest.raises(SpecError) as refusal:
        specc.loads(blocks + X + "b0 }")
    (diagnostic,) = refusal.value.diagnostics
    assert diagnostic.label == "`b0` -> `b1` -> `b2` -> `b3` -> ... -> `b10` -> `b11` -> `b0`"


@pytest.mark.parametrize(
    ("left", "right", "needs", "help"),
    [
        ("[N, 4, 8]", "[M, 4, 8]", "the same batch", "the batch is called `N`"),
        ("10", "11", "the same size", None),
        ("4x8x8", "5x9x9", "the same channels, height and width", None),
        ("4x8x8", "4x9x8", "the same height", "an odd size loses a row"),
        ("4x8x8", "4x12x12", "the same height and width", "`pad=same` keeps 12x12"),
        ("4x8x8", "4x24x24", "the same height and width", "a stride of 3 in the larger branch, or `upsample 3`"),
        ("4x8x8", "4x25x25", "the same height and width", None),
    ],
)
def test_branches_that_do_not_meet(left: str, right: str, needs: str, help: str | None) -> None:
    with pytest.raises(SpecError) as refusal:
        specc.loads(f"model Net {{ input a {left}; input b {right}; add a, b }}")
    (diagnostic,) = refusal.value.diagnostics
    assert (diagnostic.code, diagnostic.label) == ("E0403", f"needs {needs} from every branch")
    assert diagnostic.notes[0].startswith(f"{needs.split()[2].strip(',')}: ")
    assert (diagnostic.help or "").startswith(help or "") and bool(diagnostic.help) == bool(help)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (X + "conv1: conv 4, 1x1; conv 4, 1x1 }", ["conv1", "conv2"]),
        (X + "let a = relu; add x, x, a }", ["add1", "add1.relu"]),
        (X + "repeat sqrt(4) { relu } }", ["relu1", "relu2"]),
        ("let c = 4\nmodel Net { input x cxHxW; relu -> cxHxW }", ["relu1"]),
        ("let c = 4\nlet l = 9\nmodel Net { input x cxl; relu -> cxl; prelu -> 4x9 }", ["relu1", "prelu1"]),
        ("let cxl = 4\nmodel Net { input x cxl; relu -> cxl; prelu -> 4 }", ["relu1", "prelu1"]),
        ("let extra = 4\nmodel Net { input x extra; relu -> extra; prelu -> 4 }", ["relu1", "prelu1"]),
        ("let image = [4, 8, 8]\nmodel Net { input x image; relu -> image; prelu -> 4x8x8 }", ["relu1", "prelu1"]),
        ("model Net { input x length; relu -> length }", ["relu1"]),
        ("model Net { input x 4xHxW; input y [4, x.height, x.width]; relu -> [4, x.height - 1 + 1, W] }", ["relu1"]),
        ("block b(op) { op 4, 1x1, weights=w }\n" + X + "b conv; b conv }", ["b1.conv1", "b2.conv1"]),
        ("block b(H) { relu -> [4, H * 1, W * 1] }\nmodel Net { input x [4, 8, W]; b 8 }", ["b1.relu1"]),
    ],
)
def test_names_of_layers(model: str, names: list[str]) -> None:
    assert [node.name for node in specc.loads(model).graph.nodes] == names


@pytest.mark.parametrize(
    ("statements", "shape"),
    [
        ("concat [x, x]", "8x8x8"),
        ("s: split 2; concat s", "4x8x8"),
        ("add x, x, relu", "4x8x8"),
        ("add from=[x]", "4x8x8"),
        ("a, b: split 2 -> 2x8x8; add a, b", "2x8x8"),
        ("repeat 4 / 2 { maxpool 2x2 }", "4x2x2"),
        ("conv 4, 1x1 -> [N, 4, 8, 8]", "4x8x8"),
        ("flatten; dense in.features / 2", "128"),
        ("conv in.rank, 1x1", "3x8x8"),
        ("flatten; reshape x.shape", "4x8x8"),
    ],
)
def test_values_between_layers(statements: str, shape: str) -> None:
    graph = specc.loads(X + statements + " }").graph
    assert graph.values[graph.outputs[0].value].text() == shape
