"""What helps: the last line of a message says what to write instead, where it is plain what was meant."""

import pytest

import specc
from specc import SpecError
from specc.limits import DEFAULT_LIMITS

X = "model Net { input x 4x8x8; "
OPEN = "model Net { input x 4xHxW; "
POOLED = OPEN + "maxpool (2, 3); upsample (2, 3) "


@pytest.mark.parametrize(
    ("text", "code", "help"),
    [
        # sizes
        (OPEN + "reshape [in.height, in.width] }", "E0407", "`reshape 64, like=x` takes those of `x`"),
        (OPEN + "reshape [in.height, 8] }", "E0407", "the one size that stays open: `(-1, 8)`"),
        (POOLED + "-> [4, H, W] }", "E0501", "where H is a multiple of 2 and W is a multiple of 3: "),
        (POOLED.replace("3", "2") + "-> [4, H, W] }", "E0501", "where H and W are multiples of 2: "),
        # arithmetic is told as it is written, with all of its brackets, if it stands on one line
        (X + "conv 4, 3 + (0.5) }", "E0304", "`round(3 + (0.5))` is the nearest whole number"),
        (X + "conv 4, ((3) + 0.5) }", "E0304", "`round((3) + 0.5)` is the nearest whole number"),
        (X + "conv 4, (3\n + 0.5) }", "E0304", None),
        # arguments
        ("model Net { input x 4x8; conv 4, [3], pad=causal }", "E0306", "pad the beginning alone: `pad=(2, 0)`"),
        (X + "maxpool 3, round=ciel }", "E0306", "did you mean `ceil`?"),
        (X + "depthwise 32, 3x3 }", "E0303", "`depthwise` keeps the channels, which are not written: `depthwise 3x3`"),
        (X + "depthwise 32, relu, 5 }", "E0303", "write others by name, as in `stride=2`"),
        (X + "conv 8, 3, 2, 1 }", "E0303", "what follows the window has names: `conv 8, 3, stride=2, pad=1`"),
        (X + "conv 8, ((3)+0.5), 2 }", "E0303", "`conv 8, (3)+0.5, stride=2`"),
        (X + "conv 8, 3, 2, x }", "E0303", "write others by name, as in `stride=2`"),
        (X + "output y, 5 }", "E0303", "they are `from`, `labels`"),
        (X + "layernorm -1 }", "E0303", "the axis has a name: `layernorm over=-1`"),
        (X + "a: relu; repeat 2 { mul a[0] } }", "E0304", None),
        (X + "repeat 2 { a: relu; mul a[0] } }", "E0304", "`a` is the value of this round, and a list behind the loop"),
        ("block b { repeat 2 { add c }; c: relu; add c }\n" + X + "b }", "E0204", None),
        (X + "let a = sum(i * i for i in range(3)); relu }", "E0101", "a list by a rule stands in square brackets"),
        # operations
        (X + "a, b: residual { relu } }", "E0408", None),
        (X + "Sequential }", "E0201", "operations stand on lines of their own, each works on the one before"),
        (X + "conf }", "E0201", "did you mean `conv`?"),
        (X + "for a, b, c in [1] { relu } }", "E0408", "with one name more, the first is the index"),
        (X + "for a, b in [[1, 2, 3]] { relu } }", "E0408", "`for a, b in enumerate(...)`"),
        # values that do not meet
        (X + "add from=x }", "E0408", "name what joins the line before: `add other`"),
        (X + "residual { conv 4, 3x3; relu } }", "E0403", "`pad=1` in the body keeps 8x8"),
        (X + "residual { conv 4, 3x3; reshape (4, 6, 6) } }", "E0403", "`pad=same` keeps 8x8 where it comes in; "),
        (X + "residual { conv 4, 3; reshape (4, 6, 6); relu } }", "E0403", "`pad=same` keeps 8x8 where it comes in; "),
        (X + "a: maxpool 3x3; add a, x }", "E0403", "`stride=1, pad=1` for `maxpool`"),
        (X + "add { branch { } branch { maxpool 3x3; reshape (4, 2, 2) } } }", "E0403", "a stride of 4 in the larger"),
    ],
)
def test_help(text: str, code: str, help: str | None) -> None:
    with pytest.raises(SpecError) as refusal:
        specc.loads(text)
    told = next(diagnostic.help for diagnostic in refusal.value.diagnostics if diagnostic.code == code)
    assert told is None if help is None else help in (told or "")


@pytest.mark.parametrize(
    ("loop", "said"),
    [
        ("repeat 2 ** 3 { relu }", "expands to at least 9 layers; the limit is 8"),  # before anything is elaborated
        ("repeat 3 { let n = x.rank; repeat n { relu } }", "repeats its body 9 times; the limit is 8"),
    ],
)
def test_too_many_layers(loop: str, said: str) -> None:
    with pytest.raises(SpecError) as refusal:
        specc.loads(f"{X}tanh; {loop} }}", limits=DEFAULT_LIMITS._replace(layers=8))
    (found,) = refusal.value.diagnostics
    assert (found.code, said in found.message) == ("E0701", True), found.message


@pytest.mark.parametrize("line", ["conv 8, 3, 2, k", "relu k", "split 2, 0, k", "conv 8, 3, width=k"])
def test_a_name_that_stands_where_nothing_takes_it_is_used(line: str) -> None:
    with pytest.raises(SpecError) as refusal:
        specc.loads(f"{X}let k = 3; {line} }}")
    assert "W0202" not in [found.code for found in refusal.value.diagnostics]
