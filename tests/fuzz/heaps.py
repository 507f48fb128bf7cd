"""Words of the language, and heaps of statements made of them."""

from __future__ import annotations

import re
from random import Random


def words(text: str) -> list[str]:
    return text.split()


KEYWORDS = words(
    "model block input output let if else for in repeat expect import as branch residual shortcut within and or not "
    "true false"
)
OPERATIONS = words(
    "conv deconv depthwise separable dense maxpool avgpool adaptive_avgpool global_avgpool flatten bn layernorm lrn "
    "relu softmax prelu leaky_relu add mul sub div pow min max mean concat split reshape transpose pad crop upsample "
    "resize unpool pixel_shuffle dropout normalize sqrt log neg sign reduce_sum reduce_min bias scale slice gather "
    "matmul quantize dequantize argmax learned"
)
ARGUMENTS = words(
    "stride=2 pad=same pad=1 pad=(1,2,3,4) dilation=3 groups=2 bias=false bias=[1] act=relu round=ceil round=exact "
    "weight=0.5 weight=[[1,2],[3,4]] init=zeros from=x from=[a,b] from=a[0] axis=channels axis=-1 mode=edge "
    "border=wrap channels=4 kernel=3 weights=a weights=w weights=a.b weights=\"a.0.conv1\" weights=p weights=3 like=x "
    "like=a[-1] like=in elementwise=true step=-1 p=1 act=prelu(shared=true) act=elu(0.5,alpha=a) min(a=1)"
)  # fmt: skip
EXTREMES = words(
    "0 -1 1 2 3 7 0.5 -0.0 1e308 1e-320 2**31 2**32 2**60 2**63 2**63-1 10**9 10**400 4294967296 9007199254740993 "
    "1_000_000 99999999999999999999 3x3 0x0 1x1x1x1 2x_ _ HxW (1/3) (1-1) [] [1,[2,3]] [[1]] [1,2,3][1:] [4,5,6][:-1] "
    "range(3)[5:] range(5) range(10**9) true"
)
NAMES = ("in.channels", "x.height", "in", "p", "a", "b", "i", "relu", "same", '"t"', "a[0]", "a[-1]", "a[1:]", "in[0]")
SHAPES = ("8", "_", "3x_x_", "[p, _, _]", "8x16x16", "0x0", "[]", "HxW", "[in.channels, _]", "[N, 3]")
COMMENTS = ("# allow W0101", "## what it is", "# allow E0401, W0101", "#", "# expect params == 1")


def soup(random: Random) -> str:
    """Blocks and a model of random statements."""
    blocks = "".join(
        f"block {name}(c = {expression(random, 1)}) {{\n{body(random, 1)}\n{outputs(random)}}}\n"
        for name in "uv"[: random.choice((0, 0, 1, 2))]
    )
    head = f"input x {random.choice(('3x32x32', '8', '4x16', '3xHxW', '[N, 3, H, W]', '8x8x3, layout=hwc'))}"
    return f"{blocks}model M(p = {expression(random, 3)}) {{\n{head}\n{body(random, 3)}\n}}\n"


def outputs(random: Random) -> str:
    """The `output` lines of a block, in some."""
    lines = ("output first", "output second, from=a", "output third, from=in", "output fourth, from=b[0]")
    return "".join(f"{line}\n" for line in random.sample(lines, random.choice((0, 1, 2, 3))))


def body(random: Random, depth: int) -> str:
    return "\n".join(statement(random, depth) for _ in range(random.randint(0, 6)))


STATEMENTS = (
    "OPERATION VALUE, ARGUMENT", "OPERATION VALUE, VALUE, relu", "OPERATION DIGIT, ARGUMENT, ARGUMENT",
    "LABEL: OPERATION DIGIT", "LABEL: OPERATION", "a, b: OPERATION VALUE", "OPERATION", "OPERATION COMMENT",
    "let LABEL = VALUE", "repeat VALUE { BODY }", "repeat DIGIT { BODY } -> SHAPE", "LABEL: repeat 2 { BODY }",
    "for i, j in VALUE { BODY }", "for a in b[1:] { BODY } -> SHAPE", "if VALUE { BODY } else { BODY }",
    "residual { BODY } shortcut { relu }", "concat { branch { BODY } a: branch { } }",
    "MERGE { for i in range(3) { branch { BODY } } }", "output LABEL, from=VALUE", "expect FACT == VALUE",
    "relu -> VALUE",
)  # fmt: skip
"""What stands in capitals is chosen anew."""
CAPITALS = re.compile("[A-Z]+")
CHOICES = {
    "OPERATION": (*OPERATIONS, "u", "v"),
    "ARGUMENT": ARGUMENTS,
    "DIGIT": tuple("01234"),
    "LABEL": tuple("abcdef"),
    "SHAPE": SHAPES,
    "COMMENT": COMMENTS,
    "MERGE": ("add", "concat", "mul"),
    "FACT": ("params", "macs", "output", "memory"),
}


def statement(random: Random, depth: int) -> str:
    def chosen(found: re.Match[str]) -> str:
        if found[0] == "BODY":
            return body(random, depth - 1) if depth else ""
        return expression(random, 2) if found[0] == "VALUE" else random.choice(CHOICES[found[0]])

    return CAPITALS.sub(chosen, random.choice(STATEMENTS))


def expression(random: Random, depth: int) -> str:
    if depth == 0 or random.random() < 0.4:
        return random.choice((*EXTREMES, *NAMES))
    left, right = expression(random, depth - 1), expression(random, depth - 1)
    return random.choice(
        (
            f"{left} {random.choice(('+', '-', '*', '/', '//', '%', '**', '==', '<', 'and', 'or'))} {right}",
            f"({left})", f"-{left}", f"not {left}", f"[{left}, {right}]", f"{left}[{right}]", f"{left}[{right}:]",
            f"{left}[:{right}]", f"{left}[{left}:{right}]",
            f"{random.choice(('min', 'max', 'sum', 'len', 'range', 'floor', 'sqrt', 'round_to'))}({left}, {right})",
            f"{random.choice(('abs', 'ceil', 'round', 'sum', 'len', 'range'))}({left})",
            f"{left} if {right} else {left}",
            f"[{left} for i in {right}]", f"[{left} for i, b in {right} if {left}]",
        )
    )  # fmt: skip
