"""What is said of specs that can be read and make no sense; the pages in tests/errors show whole messages."""

import pytest

import specc
from specc import SpecError

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
        ("block b { output y }\n" + X + "b; relu }", "E0211", "an output belongs to a model, not to a block"),
        ("block b { input y 4 }\n" + X + "b; relu }", "E0211", "an input belongs to a model, not to a block"),
        # operations and blocks
        ("block b { relu }\n" + X + "b { branch { } } }", "E0208", "a block takes no branches"),
        ("block b { }\nmodel Net { b }", "E0211", "there is no value yet for this to work on"),
        (X + "split 2; conv 4, 1x1 }", "E0408", "`conv` takes 1 value, not 2"),
        (X + "concat { for k in [] { branch { } } } }", "E0408", "`concat` takes at least 1 value, not 0"),
        (X + "mul 0.5 }", "E0208", "the value of a layer is needed here, not 0.5"),
        (X + "residual { flatten } }", "E0403", "the branches of `residual` do not meet"),
        (X + "residual { conv 8, 3x3, stride=(2, 4), pad=1 } }", "E0403", "the branches of `residual` do not meet"),
        # arguments
        (X + "conv 4, 3x3, bias='a' }", "E0304", "`bias` of `conv` takes `true`, `false` or numbers, not a text"),
        (X + "bn affine=3 }", "E0304", "`affine` of `bn` takes `true` or `false`, not 3"),
        (X + "conv 4, 3x3, 3, 4 }", "E0303", "too many arguments for `conv`"),
        (X + "conv 4, 3x3, leaky_relu(1, 2) }", "E0303", "too many arguments for `leaky_relu`"),
        (X + "conv 4, 3x3, act=3 }", "E0306", "3 is not an activation"),
        (X + "conv 4, 3x3, clip(1, 2) }", "E0306", "`clip` is an operation, but not an activation"),
        # values and names
        (X + "conv x.features, 1x1 }", "E0404", "a value of shape 4x8x8 has no features"),
        (X + "conv x.hight, 1x1 }", "E0202", "values have no `.hight`"),
        (X + "conv q, 1x1 }", "E0202", "unknown name `q`"),
        (X + "conv 4, 3x3 -> 4xHxQ }", "E0202", "unknown name `H`"),
        (X + "conv 4, 3x3 -> [4, true, 6] }", "E0304", "a shape holds whole numbers, not `true`"),
        (X + "repeat true { relu } }", "E0304", "`repeat` needs a whole number, not `true`"),
        # derived models
        ("model A(n) { input x 4; dense n }\nmodel B = A(n=nothing)", "E0202", "unknown name `nothing`"),
        ("model A(n) { input x 4; dense n }\nmodel B = m.A(n=1)", "E0202", "unknown name `m`"),
        ("let x = 3\nmodel B = x(n=1)", "E0208", "a model can only be derived from a model"),
    ],
)
def test_refusals(text: str, code: str, message: str) -> None:
    with pytest.raises(SpecError) as refusal:
        specc.loads(text)
    errors = [d for d in refusal.value.diagnostics if d.severity == "error"]
    assert [d.code for d in errors] == [code]
    assert message in errors[0].message


@pytest.mark.parametrize(
    ("statements", "shape"),
    [
        ("concat [x, x]", "8x8x8"),
        ("s: split 2; concat s", "4x8x8"),
        ("add x, x, relu", "4x8x8"),
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
