"""Words and signs in a place where they cannot stand, and where they belong: one function for each, all in
`MISPLACED`."""

from __future__ import annotations

import re
from collections.abc import Callable

from specc.syntax.stuck import Stuck
from specc.syntax.unparted import LINES

_OWN_LINE = "an operation stands on a line of its own, or behind `;`"
_MERGED = re.compile(r"(?:^|[;{}:])\s*([A-Za-z_]\w*)[^;{}]*$")
_WITH_ACTIVATION = "an activation of the sum stands before the braces"
_LOOKED_AT = 2000
_SLICE = re.compile(
    r"\s*(?:\w+\s*:\s*)?slice\s+(?P<axis>-?\w+\s*,\s*|[A-Za-z_]\w*\s+(?=[-\w:]))?(?P<begin>-?\w*)\s*:\s*(?P<end>-?\w*)\s*"
    r"(?::\s*(?P<step>-?\w*)\s*)?(?P<more>,.*\S)?\s*$"
)
_SLICED = "`slice` takes an axis, and where to begin and end"


def _behind_braces(stuck: Stuck) -> str | None:
    """`residual { ... } relu`."""
    named = re.match(r"(?:,\s*)?([A-Za-z_]\w*)", stuck.rest)
    if named is None or stuck.previous is None or stuck.previous.kind != "RBRACE":
        return None
    if (
        stuck.token.kind not in ("NAME", "COMMA")
        or stuck.accepted.isdisjoint({"ARROW", "ELSE"})
        or "{" in stuck.rest.partition(";")[0]
    ):
        return None
    word, opened = named[1], _opener(stuck.source.text, stuck.previous.start)
    if opened == "residual" and word in ("add", "plus", "sum"):
        return _added_by_residual(stuck.rest[len(word) :])
    if opened == "residual" and word not in LINES:
        return f"{_WITH_ACTIVATION}: `residual {word} {{ ... }}`; {_OWN_LINE}"
    return _OWN_LINE


def _added_by_residual(rest: str) -> str:
    """`residual { ... } add` and `residual { ... } add skip`."""
    value = re.match(r"\s+([A-Za-z_]\w*)", rest)
    alone = "`residual { ... }` itself adds what comes in to its body"
    return f"{alone}: another value is added on the next line, or behind `;`: `add {value[1]}`" if value else alone


def _opener(text: str, closing: int) -> str:
    """The first word of the statement whose brace is closed there."""
    depth = 1
    for start in range(closing - 1, max(closing - _LOOKED_AT, -1), -1):
        depth += (text[start] == "}") - (text[start] == "{")
        if depth == 0:
            line = text[text.rfind("\n", 0, start) + 1 : start]
            found = _MERGED.search(line)
            return found[1] if found else ""
    return ""


def _comma_before_activation(stuck: Stuck) -> str | None:
    """`residual, relu { ... }`, `concat, relu { ... }`."""
    written = f"{stuck.near}{stuck.rest[:1]}"
    if stuck.token.kind == "COMMA" and stuck.previous is not None and stuck.previous.kind == "RESIDUAL":
        named = re.match(r",\s*(\w+)", stuck.rest)
        return f"its activation stands behind it without a comma: `residual {named[1] if named else 'relu'} {{ ... }}`"
    words = re.search(r"([A-Za-z_]\w*)\s*,\s*([A-Za-z_]\w*)\s*\{$", written)
    if stuck.token.kind != "LBRACE" or words is None or not stuck.lists_labels:
        return None
    return f"its activation stands behind it without a comma: `{words[1]} {words[2]} {{ ... }}`"


def _branch_without_braces(stuck: Stuck) -> str | None:
    """`branch conv 8, 1x1`."""
    written = re.search(r"\bbranch\s+(\w[^;{}]*)$", stuck.near)
    if written is None or "LBRACE" not in stuck.accepted or "{" in stuck.rest:
        return None
    line = re.match(r"[^#;}\n]*", stuck.rest)
    return f"what a branch does stands in braces: `branch {{ {written[1]}{line[0].rstrip() if line else ''} }}`"


def _comma_before_arrow(stuck: Stuck) -> str | None:
    """`conv 64, 3x3, -> 64x32x32`."""
    behind = stuck.token.kind == "ARROW" and stuck.previous is not None and stuck.previous.kind == "COMMA"
    return "no comma stands before `->`" if behind else None


def _operation_behind_arrow(stuck: Stuck) -> str | None:
    """`conv 8, 3x3 -> conv 8, 3x3`."""
    if not re.search(r"->\s*[A-Za-z_]\w*\s+$", stuck.near) or stuck.token.kind not in ("NUMBER", "SIZE", "NAME"):
        return None
    return f"`->` asserts a shape: {_OWN_LINE}"


def _branch_from(stuck: Stuck) -> str | None:
    """`branch from=x { ... }`."""
    value = re.match(r"=\s*([A-Za-z_]\w*)", stuck.rest)
    if stuck.token.kind != "EQUAL" or value is None or not re.search(r"\bbranch\s+from\s*$", stuck.before):
        return None
    return (
        f"a branch begins with the value before its merge, and its first line may work on another: `branch {{ conv 64, "
        f"1x1, from={value[1]} }}`"
    )


def _shortcut_alone(stuck: Stuck) -> str | None:
    """`residual { ... }; relu` with a `shortcut` below, or one without a `residual`."""
    if stuck.token.kind != "SHORTCUT" or not re.match(r"shortcut\s*\{", stuck.rest):
        return None
    return (
        "`shortcut { ... }` stands right behind the body of its `residual`, and an activation of the sum before both: "
        "`residual relu { ... } shortcut { ... }`"
    )


def _slice_with_colons(stuck: Stuck) -> str | None:
    """`slice channels, 0:2`, `slice channels 0:2`, `slice 0:2`, `slice height, ::2`, and `slice channels 0, 2`."""
    begin = max(stuck.near.rfind(sign) for sign in ";{}") + 1
    line = re.match(r"[^#;}]*", stuck.rest)
    statement = stuck.near[begin:] + (line[0] if line else "")
    written = _SLICE.match(statement)
    if written is None:
        spaced = re.search(r"\bslice\s+([A-Za-z_]\w*)\s+(-?\d.*\S|\d)\s*$", statement)
        numbers = spaced and re.sub(r"(?<=\w)\s+(?=-?\d)", ", ", spaced[2])
        return spaced and f"commas separate arguments: `slice {spaced[1]}, {numbers}`"
    axis, step = written["axis"], written["step"]
    bounds = [written["begin"] or "0", *filter(None, [written["end"]]), *([f"step={step}"] if step else [])]
    here = f"`slice {', '.join([axis.strip(' ,') if axis else 'channels', *bounds])}{written['more'] or ''}`"
    return f"a range is two arguments: {here}" if axis else f"{_SLICED}: {here}"


def _range_in_brackets(stuck: Stuck) -> str | None:
    """`slice [1:3]`, `x[1:3]`."""
    within = stuck.token.kind == "COLON" and bool(stuck.open) and stuck.open[-1].kind == "LSQB"
    bounds = re.match(r":\s*(-?\w*)\s*\]", stuck.rest)
    first = re.search(r"\[\s*(-?\w*)\s*$", stuck.before)
    if not within or bounds is None or first is None:
        return None
    taken = ", ".join(filter(None, (first[1] or "0", bounds[1])))
    if stuck.head in ("let", "for"):
        return f"a list of numbers that follow one another is `range({taken})`"
    axis = re.search(r"\bslice\s+(\w+)\s*,\s*\[[^\[]*$", stuck.before)
    return f"{_SLICED}: `slice {axis[1] if axis else 'channels'}, {taken}`"


def _typed_parameter(stuck: Stuck) -> str | None:
    """`block b(n: int)`."""
    named = re.search(r"([A-Za-z_]\w*)\s*(?:=[^,()]*)?$", stuck.near)
    parameters = {"COMMA", "RPAR"} <= stuck.accepted and stuck.head in ("block", "model")
    if stuck.token.kind != "COLON" or not parameters or named is None:
        return None
    return f"a parameter has no type, and may have a default: `{named[1]}`, or `{named[1]} = 64`"


def _dashed_label(stuck: Stuck) -> str | None:
    """`conv-1: conv 8, 3x3`."""
    written = re.search(r"(?:^|[;{])\s*([A-Za-z_]\w*(?:-\w+)+)\s*$", stuck.before)
    if stuck.token.kind != "COLON" or written is None:
        return None
    return f"a label is one name of letters, digits and `_`: `{written[1].replace('-', '_')}: ...`"


def _label_of_words(stuck: Stuck) -> str | None:
    """`left right: conv 8, 3x3`, `x[i]: conv 8, 3x3`."""
    if stuck.token.kind != "COLON" or "ARROW" not in stuck.accepted:
        return None
    words = re.search(r"(?:^|[;{])\s*([A-Za-z_]\w*(?:[ \t]+[A-Za-z_]\w*)+)\s*$", stuck.before)
    if words is not None:
        return f"a label is one name: `{'_'.join(words[1].split())}: ...`"
    indexed = re.search(r"(?:^|[;{])\s*([A-Za-z_]\w*)\s*\[[^\[\];{}]*\]\s*$", stuck.before)
    if indexed is None:
        return None
    name = indexed[1]
    return f"a label has no index, `{name}: ...`: of a label in a loop `{name}[0]` is the value of the first round"


def _output_with_size(stuck: Stuck) -> str | None:
    """`output y 10`, `output y: 10`."""
    named = re.search(r"(?:^|[;{])\s*output\s+([A-Za-z_]\w*)\s*$", stuck.before)
    if named is None or not (stuck.lacks_comma or stuck.token.kind == "COLON"):
        return None
    return (
        f"`output {named[1]}` returns the value labelled `{named[1]}`, or else the line before under that name; a "
        "shape is asserted at the line that makes it: `... -> 10`"
    )


def _quoteless_path(stuck: Stuck) -> str | None:
    """`import ./blocks.cnn`, `import blocks/resnet.cnn`."""
    written = re.match(r"\s*import\s+([\w./-]+)", stuck.before + stuck.rest)
    if stuck.token.kind not in ("DOT", "DIVIDE", "MINUS") or written is None:
        return None
    path = written[1]
    if "/" not in path and not path.endswith(".cnn"):
        return None
    start = "" if path.startswith((".", "/")) else "./"
    return f'the path of a file stands in quotes: `import "{start}{path}"`'


def _imports_with_comma(stuck: Stuck) -> str | None:
    """`import a, b`."""
    if stuck.token.kind != "COMMA" or not re.match(r"\s*import\b", stuck.before):
        return None
    return "each import is a line of its own: `import a`, and `import b` below it"


def _names_from_file(stuck: Stuck) -> str | None:
    """`import a from "b.cnn"`, `import { a } from "b.cnn"`, `from "b.cnn" import a`, `import "a.cnn" from "b.cnn"`."""
    line = stuck.before + stuck.rest
    behind = re.match(r"\s*import\s+(.*?)\s+from\s+(['\"][^'\"]+['\"])", line)
    ahead = re.match(r"\s*from\s+(['\"][^'\"]+['\"])\s+import\s+(.*?)\s*(?:[#;]|$)", line)
    names, path = behind.groups() if behind else reversed(ahead.groups()) if ahead else ("", "")
    if stuck.token.kind not in ("NAME", "LBRACE", "TIMES") or not path:
        return None
    if names[:1] in "'\"":
        return f"each file is imported on a line of its own: `import {names}`, and `import {path}` below it"
    return f"an import brings all that a file defines: `import {path}`"


def _quoted_alias(stuck: Stuck) -> str | None:
    """`import "b.cnn" as "b"`."""
    if stuck.token.kind != "STRING" or stuck.previous is None or stuck.previous.kind != "AS":
        return None
    word = stuck.token.value[1:-1]
    return f"a name stands without quotes: `as {word}`" if word.isidentifier() else None


def _repeat_times(stuck: Stuck) -> str | None:
    """`repeat 3 x { ... }`, `repeat 3 times { ... }`."""
    counted = re.search(r"\brepeat\s+(\S+)\s+$", stuck.before)
    if stuck.token.kind != "NAME" or counted is None or not re.match(r"\w+\s*\{", stuck.rest):
        return None
    return f"the braces stand right behind the number: `repeat {counted[1]} {{ ... }}`"


MISPLACED: tuple[Callable[[Stuck], str | None], ...] = (
    _behind_braces,
    _comma_before_activation,
    _branch_without_braces,
    _comma_before_arrow,
    _operation_behind_arrow,
    _branch_from,
    _shortcut_alone,
    _slice_with_colons,
    _range_in_brackets,
    _typed_parameter,
    _dashed_label,
    _label_of_words,
    _output_with_size,
    _quoteless_path,
    _imports_with_comma,
    _names_from_file,
    _quoted_alias,
    _repeat_times,
)
