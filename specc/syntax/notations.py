"""Layers, their arguments and what holds them as formulas, papers and other languages write them: one function for
each, all in `NOTATIONS`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from specc.syntax.stuck import Stuck
from specc.syntax.unparted import CLOSING, LINES

NO_SHAPE_BEHIND: Final = "a shape is asserted at the line that makes it"
_COUNTING: Final = "a loop that counts its rounds is"
_SIGNS: Final = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
_CALLED: Final = re.compile(r"(?:^|[;{}:])\s*((?:[A-Za-z_]\w*\s*[(\[]\s*)+)([A-Za-z_]\w*)\s+$")
_KNOWN_INPUT: Final = re.compile(r"\b(conv(?:[123]d)?|deconv|separable)\s+\d+\s*->\s*(\d+)\s*$")
_RANGE: Final = re.compile(r"for\s*\(\s*(?:let\s+|int\s+|var\s+)?(\w+)\s*=\s*(\d+)\s*;\s*\w+\s*<\s*([\w.]+)\s*;")
_NAMED: Final = re.compile(r"(?:^|[;{}:])\s*([A-Za-z_]\w*)\s*,\s*([A-Za-z_]\w*\s*=\s*[^\s,;#{}]+)")
_MERGES: Final = frozenset({"add", "sub", "mul", "div", "pow", "max", "min", "mean", "concat", "matmul"})
_BRANCHES: Final = (
    "branches stand in the braces of what merges them: `concat { branch { ... } branch { ... } }`, or `add`"
)
_RESIDUAL: Final = "what adds its body to the value before it is `residual { ... }`"
_IN_ORDER: Final = "lines follow one another in the model itself: leave out `{}` and its brackets"
_CONTAINERS: Final = {
    **dict.fromkeys(("skip", "shortcut", "res", "resblock", "residual_block", "skip_connection"), _RESIDUAL),
    **dict.fromkeys(("sequential", "seq", "sequence", "layers", "chain"), _IN_ORDER),
    **dict.fromkeys(("parallel", "branches", "cat", "concatenate", "merge"), _BRANCHES),
}
"""What holds a body elsewhere, by its name in small letters."""


def _statement(stuck: Stuck) -> str:
    """What the statement says up to the token."""
    return re.split(r"[;{}]", stuck.near)[-1]


def _sign_first(stuck: Stuck) -> str | None:
    """`+ skip`."""
    value = re.match(r"([-+*/])\s*([A-Za-z_]\w*)\s*(?=[#;}]|$)", stuck.rest)
    if "INPUT" not in stuck.accepted or value is None:
        return None
    return (
        f"values of layers meet in operations: `{_SIGNS[value[1]]} {value[2]}` takes the line before and `{value[2]}`"
    )


def _called(stuck: Stuck) -> str | None:
    """`relu(conv 16, 3x3)`."""
    written, rest = _CALLED.search(stuck.near), re.match(r"[^();#]*", stuck.rest)
    if written is None or rest is None or not stuck.lacks_comma:
        return None
    outer = re.findall(r"\w+", written[1])[::-1]
    if outer[-1].lower() in _CONTAINERS:
        return _CONTAINERS[outer[-1].lower()].replace("{}", outer[-1])
    line = f"{written[2]} {rest[0].rstrip()}"
    here = f"{line}, {outer[0]}" if len(outer) == 1 and outer[0] in CLOSING else "; ".join([line, *outer])
    return f"operations follow one another, and do not stand in each other's brackets: `{here}`"


def _known_input(stuck: Stuck) -> str | None:
    """`conv 3->16, 3x3`."""
    written, rest = _KNOWN_INPUT.search(stuck.near), re.match(r",[^;#}]*[^;#}\s]", stuck.rest)
    if written is None or rest is None:
        return None
    return f"the channels that come in are known and not written: `{written[1]} {written[2]}{rest[0]}`"


def _arrow_alone(stuck: Stuck) -> str | None:
    """`conv 8, 3x3 ->` at the end of its line."""
    alone = stuck.previous is not None and stuck.previous.kind == "ARROW"
    if not alone or not (stuck.at_line_end or stuck.token.kind == "$END"):
        return None
    return "`->` asserts a shape, which stands behind it: `-> 64x32x32`; lines follow one another without a sign"


def _colon_behind_operation(stuck: Stuck) -> str | None:
    """`conv: 8, 3x3`."""
    written = re.search(r"(?:^|[;{}])\s*([A-Za-z_]\w*)\s*:\s*$", stuck.near)
    if written is None or written[1] not in LINES or stuck.token.kind not in ("NUMBER", "SIZE", "LPAR", "LSQB"):
        return None
    if re.match(r"\d+x\d+\s+[A-Za-z]", stuck.rest) or re.search(r"\bslice\s+:\s*$", stuck.near):
        return None  # `a: 3x3 conv, 64` and `slice :2`, of which others say more
    rest = re.match(r"[^;#}\n]*", stuck.rest)
    return f"no colon stands behind an operation: `{written[1]} {rest[0].rstrip() if rest else '...'}`"


def _loop_in_brackets(stuck: Stuck) -> str | None:
    """`for (i in range(3)) {`, `for (i = 0; i < 3; i++) {`."""
    if stuck.token.kind != "LPAR" or not re.search(r"\bfor\s*$", stuck.near):
        return None
    line = f"for {stuck.rest}"
    if counted := _RANGE.match(line):
        start = "" if int(counted[2]) == 0 else f"{counted[2]}, "
        return f"a loop goes through a list: `for {counted[1]} in range({start}{counted[3]}) {{ ... }}`"
    named = re.match(r"for\s*\(\s*(?:let\s+|const\s+|var\s+)?(\w+)\s+(?:in|of)\s+([^{#]*)\)\s*(?:[{#]|$)", line)
    return f"a loop has no brackets: `for {named[1]} in {named[2].strip()} {{ ... }}`" if named else None


def _counting_repeat(stuck: Stuck) -> str | None:
    """`repeat 3 as i { ... }`, `repeat i in 3 { ... }`."""
    turned = re.search(r"\brepeat\s+([A-Za-z_]\w*)\s+$", stuck.near), re.match(r"in\s+(\w+)\s*\{", stuck.rest)
    if stuck.token.kind == "IN" and turned[0] is not None and turned[1] is not None:
        return f"{_COUNTING} `for {turned[0][1]} in range({turned[1][1]}) {{ ... }}`"
    count, named = re.search(r"\brepeat\s+([\w.]+)\s+$", stuck.near), re.match(r"as\s+([A-Za-z_]\w*)", stuck.rest)
    if stuck.token.kind != "AS" or count is None or named is None:
        return None
    return f"{_COUNTING} `for {named[1]} in range({count[1]}) {{ ... }}`"


def _divided_by_stride(stuck: Stuck) -> str | None:
    """`conv 8, 3x3, /2`."""
    stride = re.match(r"/\s*(\d+)", stuck.rest)
    if stride is None or stuck.previous is None or stuck.previous.kind not in ("COMMA", "EQUAL"):
        return None
    return f"a stride is an argument with its name: `stride={stride[1]}`"


def _input_argument(stuck: Stuck) -> str | None:
    """`conv 8, 3x3, input=image`."""
    value = re.match(r"input\s*=\s*([A-Za-z_]\w*)", stuck.rest)
    if stuck.token.kind != "INPUT" or value is None or "INPUT" in stuck.accepted:
        return None
    return f"what an operation works on stands behind `from=`: `from={value[1]}`"


def _shape_behind_output(stuck: Stuck) -> str | None:
    """`output y -> 21xHxW`."""
    shape = re.match(r"->\s*(\S[^;#}]*?)\s*(?:[;#}]|$)", stuck.rest)
    if stuck.token.kind != "ARROW" or not re.search(r"(?:^|[;{])\s*output\b[^;{}]*$", stuck.near):
        return None
    return f"{NO_SHAPE_BEHIND}, above the `output`: `conv 21, 1x1 -> {shape[1] if shape else '...'}`"


def _output_with_alias(stuck: Stuck) -> str | None:
    """`output a as scores`, `output scores: a` where the file has a label `a`."""
    written = re.search(r"(?:^|[;{])\s*output\s+([A-Za-z_]\w*)\s*$", stuck.near)
    other = re.match(r"(as\s+|:\s*)([A-Za-z_]\w*)\s*(?=[#;}]|$)", stuck.rest)
    if written is None or other is None:
        return None
    name, value = (other[2], written[1]) if other[1][0] == "a" else (written[1], other[2])
    if other[1][0] == ":" and not re.search(rf"\b{value}\s*:", stuck.source.text):
        return None
    return f"an output has a name, and `from=` says what it returns: `output {name}, from={value}`"


def _operation_behind_output(stuck: Stuck) -> str | None:
    """`output logits: dense 10`."""
    named = re.search(r"(?:^|[;{])\s*output\s+([A-Za-z_]\w*)\s*$", stuck.near)
    line = re.match(r":\s*([A-Za-z_][^;#}]*)", stuck.rest)
    if stuck.token.kind != "COLON" or named is None or line is None:
        return None
    return f"a label names the value, and `output` returns it: `{named[1]}: {line[1].rstrip()}; output {named[1]}`"


def _comma_before_arguments(stuck: Stuck) -> str | None:
    """`maxpool, from=a`, `residual, from=a { ... }`."""
    written = next((m for m in _NAMED.finditer(stuck.near + stuck.rest) if m.end(1) <= len(stuck.near) < m.end()), None)
    if written is None or stuck.token.kind not in ("COMMA", "EQUAL"):
        return None
    body = " { ... }" if written[1] == "residual" else ""
    return f"no comma stands between an operation and its first argument: `{written[1]} {written[2]}{body}`"


def _global_pool(stuck: Stuck) -> str | None:
    """`global average pool`."""
    kind = re.search(r"\bglobal\s+(average|avg|max|maximum)\s+$", stuck.near)
    if kind is None or not re.match(r"pool", stuck.rest):
        return None
    return f"it is one word: `global_{'max' if kind[1].startswith('max') else 'avg'}pool`"


def _container(stuck: Stuck) -> str | None:
    """`skip { conv 8, 3x3 }`, `sequential { relu }`."""
    word = _opened_by(stuck)
    return _CONTAINERS[word.lower()].replace("{}", word) if word.lower() in _CONTAINERS else None


def unknown_container(stuck: Stuck) -> str | None:
    """`stage { conv 8, 3x3 }`."""
    word = _opened_by(stuck)
    if not word or word in _MERGES:
        return None
    return f"{_IN_ORDER.replace('{}', word)}; what has a name and a body is a `block` above the model"


def _opened_by(stuck: Stuck) -> str:
    """The operation in whose braces something else stands than a branch; empty where it is no operation."""
    return stuck.opener.text if stuck.opener is not None else ""


NOTATIONS: tuple[Callable[[Stuck], str | None], ...] = (
    _sign_first,
    _called,
    _known_input,
    _arrow_alone,
    _colon_behind_operation,
    _loop_in_brackets,
    _counting_repeat,
    _divided_by_stride,
    _input_argument,
    _shape_behind_output,
    _output_with_alias,
    _operation_behind_output,
    _comma_before_arguments,
    _global_pool,
    _container,
)
