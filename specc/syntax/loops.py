"""Loops, lists and their items as other notations have them, and how they are written here: all in `LOOPS`."""

from __future__ import annotations

import re
from collections.abc import Callable

from specc.syntax.stuck import Stuck

_TARGETS = re.compile(r"for\s+(?:(\w+)\s*,\s*)?\(\s*(\w+(?:\s*,\s*\w+)*)\s*,?\s*\)\s+in\s+([^{#]*?)\s*(?:[{#]|$)")
_FOR = re.compile(r"\bfor\s+(?:\w+\s*,\s*)?$")
_RULE = re.compile(r"for\s+[\w\s,]+\s+in\s+[^{#]+(?:[;#}]|$)")
_IN_BRACKETS = "a list by a rule stands in square brackets: `[2 * x for x in xs]`"
_SHOWN = 60
_DOTS = re.compile(r"(\d+)\.\.\.?(\d+)")
_WITH_SETTINGS = re.compile(
    r"(?:^|[;{])\s*let\s+\w+\s*=\s*(\w*(?:elu|softmax))\s+(\w+\s*=\s*[\w.-]+|-?[\d.]+)\s*(?:[;#}]|$)"
)


def _targets_in_brackets(stuck: Stuck) -> str | None:
    """`for (w, s) in list`, `for i, (w, s) in enumerate(list)`."""
    written = _TARGETS.search(stuck.before + stuck.rest)
    if stuck.token.kind != "LPAR" or written is None or not _FOR.search(stuck.near):
        return None
    first, others, items = written.groups()
    items = items.removesuffix("]") if items.count("]") > items.count("[") else items
    if first is None:
        return f"names stand without brackets: `for {others} in {items}`"
    counted = re.fullmatch(r"enumerate\((.*)\)", items)
    if counted is None:
        return "the names of a loop take an item apart, not the items within it: `for i, x in xs`, and then `x[0]`"
    return f"with one name more than an item holds, the first is the index: `for {first}, {others} in {counted[1]}`"


def _items_without_brackets(stuck: Stuck) -> str | None:
    """`for c in 64, 128 { ... }`."""
    written = re.search(r"\bfor\s+(.+?)\s+in\s+([\w(\[][^{}#]*?)\s*\{", stuck.near + stuck.rest)
    if stuck.token.kind != "COMMA" or stuck.head != "for" or "LBRACE" not in stuck.accepted or written is None:
        return None
    return f"a list stands in brackets: `for {written[1]} in [{written[2]}]`"


def _list_by_a_rule(stuck: Stuck) -> str | None:
    """`sum(x for x in xs)`, `[x, y for x in xs]`, `[x for x in xs for y in ys]`."""
    if stuck.token.kind != "FOR":
        return None
    bracket = stuck.open[-1] if stuck.open else None
    if bracket is None or bracket.kind != "LSQB":
        within = bracket is not None and bracket.kind == "LPAR"
        return _IN_BRACKETS if within or (_RULE.match(stuck.rest) and not stuck.starts_line) else None
    written = stuck.source.text[bracket.end : stuck.token.start]
    if not written.strip():
        return "what the list holds stands before `for`: `[2 * x for x in xs]`"
    if "ELSE" in stuck.accepted:
        return "a condition stands at the end: `[2 * x for x in xs if x > 1]`"
    if re.search(r"\bfor\b", written):
        return (
            "a list has one `for`: all pairs are counted, `[xs[i // 3] * ys[i % 3] for i in range(6)]`; a list of "
            "lists has brackets within: `[[x * y for y in ys] for x in xs]`"
        )
    items = written.strip() if len(written) <= _SHOWN and "\n" not in written else "x, y"
    return f"an item of several values is a list: `[[{items}] for ...]`"


def listed(first: str, last: str) -> str:
    """The list that `0..3` is in other notations."""
    return f"range({last})" if int(first) == 0 else f"range({int(first)}, {int(last)})"


def dotted(text: str) -> str | None:
    """What to say of `0..3`, which is no number."""
    dots = _DOTS.fullmatch(text)
    return dots and f"the numbers from {dots[1]} up to {dots[2]}, without it, are `{listed(*dots.groups())}`"


def _numbered_value(stuck: Stuck) -> str | None:
    """`from=stage.0`."""
    number, named = re.match(r"\.(\d+)$", stuck.token.value), re.search(r"([A-Za-z_]\w*)$", stuck.near)
    if stuck.token.kind != "NUMBER" or number is None or named is None or "->" in stuck.before:
        return None
    name = named[1]
    if re.search(r"\bweights\s*=\s*\w+$", stuck.before):
        return f'a name with numbers is a text: `weights="{name}.{number[1]}"`'
    if re.search(rf"\b{name}\s*:\s*(for|repeat)\b", stuck.source.text):
        return f"`{name}` is the value of the whole loop; those of its rounds are a label's in it, `x: ...`, as `x[0]`"
    return f"tables number layers so; the value is an item of the list: `{name}[{number[1]}]`"


def _settings_in_let(stuck: Stuck) -> str | None:
    """`let a = leaky_relu 0.1`."""
    written = _WITH_SETTINGS.search(stuck.before + stuck.rest)
    if written is None or written.start(2) != len(stuck.before):
        return None
    return f"settings of an activation stand in brackets: `{written[1]}({written[2]})`"


LOOPS: tuple[Callable[[Stuck], str | None], ...] = (
    _targets_in_brackets,
    _items_without_brackets,
    _list_by_a_rule,
    _numbered_value,
    _settings_in_let,
)
