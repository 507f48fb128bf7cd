"""Statements as other notations have them, and how they are written here: one function for each, all in `HABITS`."""

from __future__ import annotations

import re
from collections.abc import Callable

from specc.syntax.stuck import Stuck

_MERGES = {"+": "add", "-": "sub", "*": "mul", "/": "div", "@": "matmul"}
"""What is written between two values elsewhere, and the operation that merges them here."""


def _sizes_with_commas(stuck: Stuck) -> str | None:
    """`-> 64, 32, 32`."""
    first = re.search(r"->\s*([\d_]+)\s*$", stuck.before[-100:])
    others = re.match(r"(?:\s*,\s*\w+)+", stuck.rest)
    if first is None or others is None or "COMMA" in stuck.accepted:
        return None
    shape = "x".join([first[1], *re.findall(r"\w+", others[0])])
    return f"a shape is one word: `-> {shape}`"


def _arrows_between_layers(stuck: Stuck) -> str | None:
    """`conv 64, 3x3 -> relu -> maxpool 2x2`."""
    if stuck.token.kind != "ARROW" or "->" not in stuck.before:
        return None
    return "`->` asserts a shape: operations follow one another on lines of their own, or behind `;`"


def _assigned_output(stuck: Stuck) -> str | None:
    """`output logits = head`, or `output = head`."""
    written = re.search(r"\boutput(?:\s+(\w+))?\s*$", stuck.before)
    if stuck.token.kind != "EQUAL" or written is None:
        return None
    if stuck.head == "expect":
        return None
    line = re.match(r"\s*=\s*([A-Za-z_]\w*\s+[\w(\[][^;#}]*)", stuck.rest)
    if line is not None and written[1]:
        return (
            f"a label names the value, and `output` returns it: `{written[1]}: {line[1].rstrip()}; output {written[1]}`"
        )
    value = re.match(r"\s*=\s*([A-Za-z_]\w*)\s*(?:[;#}]|$)", stuck.rest)
    name = written[1] or "NAME"
    return (
        f"an output has a name, and `from=` says what it returns: `output {name}, from={value[1] if value else '...'}`"
    )


def _repeat_without_number(stuck: Stuck) -> str | None:
    """`repeat { ... }`, or `3 * { ... }`."""
    if stuck.token.kind == "LBRACE" and re.search(r"\brepeat\s*$", stuck.before):
        return "`repeat` takes a number: `repeat 3 { ... }`"
    times = re.match(r"(\d+)\s*[*x]\s*[{\[(]", stuck.rest)
    if stuck.token.kind != "NUMBER" or times is None or "INPUT" not in stuck.accepted:
        return None
    return f"what is done several times stands in a loop: `repeat {times[1]} {{ ... }}`"


def _label_behind(stuck: Stuck) -> str | None:
    """`conv 8, 3x3 as stem`."""
    named = re.match(r"as\s+([A-Za-z_]\w*)", stuck.rest)
    if stuck.token.kind != "AS" or named is None or "COMMA" not in stuck.accepted:
        return None
    return f"a label stands before its operation: `{named[1]}: {stuck.before.strip()}`"


def _quoted_label(stuck: Stuck) -> str | None:
    """`"stem": conv 8, 3x3`."""
    if stuck.token.kind != "STRING" or "INPUT" not in stuck.accepted:
        return None
    word = stuck.token.value[1:-1]
    labels = stuck.rest[len(stuck.token.value) :].lstrip().startswith(":")
    return f"a label stands without quotes: `{word}: ...`" if labels and word.isidentifier() else None


def _dotted_label(stuck: Stuck) -> str | None:
    """`layer1.0: conv 8, 3x3`."""
    written = re.match(r"\s*([A-Za-z_]\w*(?:\.\w+)+)\s*$", stuck.before)
    if stuck.token.kind != "COLON" or written is None:
        return None
    return f'a label is one name; `weights="{written[1]}"` as an argument calls the tensors of the layer so'


def _branch_alone(stuck: Stuck) -> str | None:
    """A `branch` that stands in no merge."""
    if stuck.token.kind != "BRANCH" or "INPUT" not in stuck.accepted or stuck.following == ":":
        return None
    return "branches stand in the braces of what merges them: `concat { branch { ... } branch { ... } }`, or `add`"


def _from_import(stuck: Stuck) -> str | None:
    """`from blocks import conv_bn`."""
    line = re.match(r"from\s+([\w.]+)\s+import\s+(\w+)", stuck.rest)
    if line is None or "MODEL" not in stuck.accepted:
        return None
    module, name = line[1].rpartition(".")[2], line[2]
    return f'`import {module}` brings `{module}.{name}` if it is bundled; a file is `import "./{module}.cnn"`'


def _arithmetic_of_layers(stuck: Stuck) -> str | None:
    """`sum: a + b`."""
    operation = _MERGES.get(stuck.token.value)
    values = re.search(r":\s*([A-Za-z_]\w*)\s*$", stuck.before)
    other = re.match(r"\S+\s*([A-Za-z_]\w*)", stuck.rest)
    if operation is None or values is None or other is None:
        return None
    return f"values of layers meet in operations: `{operation} {values[1]}, {other[1]}`"


def _number_first(stuck: Stuck) -> str | None:
    """`1 - in`."""
    written = re.match(r"([\d._]+)\s*([-+*/])\s*([A-Za-z_]\w*)\s*(?=[#;}]|$)", stuck.rest)
    if stuck.token.kind != "NUMBER" or "INPUT" not in stuck.accepted or written is None:
        return None
    number, sign, value = written.groups()
    return f"values of layers meet in operations: `{_MERGES[sign]} {number}, {value}`"


def _body_behind_label(stuck: Stuck) -> str | None:
    """`stem: { ... }`."""
    if stuck.token.kind != "LBRACE" or not re.search(r"\w\s*:\s*$", stuck.before):
        return None
    return "a label belongs to one statement: `block` defines a piece of a network, whose call has a label"


def _activation_of_nothing(stuck: Stuck) -> str | None:
    """`global_avgpool, relu`."""
    if not stuck.lists_labels or stuck.previous is None:
        return None
    written = stuck.source.text[: stuck.previous.end]
    words = re.search(r"([A-Za-z_]\w*)\s*,\s*([A-Za-z_]\w*)$", written[-120:])
    if words is None:
        return None
    return f"commas part arguments, and labels: operations are parted by `;`, as in `{words[1]}; {words[2]}`"


def _label_of_in(stuck: Stuck) -> str | None:
    """`x: in`."""
    written = re.search(r"([A-Za-z_]\w*)\s*:\s*$", stuck.near)
    if stuck.token.kind != "IN" or written is None:
        return None
    return f"a label names an operation's value, `let` one that is there: `let {written[1]} = in`"


HABITS: tuple[Callable[[Stuck], str | None], ...] = (
    _sizes_with_commas,
    _arrows_between_layers,
    _assigned_output,
    _repeat_without_number,
    _label_behind,
    _quoted_label,
    _dotted_label,
    _branch_alone,
    _from_import,
    _arithmetic_of_layers,
    _number_first,
    _body_behind_label,
    _activation_of_nothing,
    _label_of_in,
)
