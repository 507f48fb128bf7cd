"""Loops, lists and their items as other notations have them, and how they are written here: all in `LOOPS`."""

from __future__ import annotations

import re
from collections.abc import Callable

from specc.syntax.stuck import Stuck

_TARGETS = re.compile(r"for\s+(?:(\w+)\s*,\s*)?\(\s*(\w+(?:\s*,\s*\w+)*)\s*,?\s*\)\s+in\s+([^{#]*?)\s*(?:[{#]|$)")
_COMPREHENSION = re.compile(
    r"(?P<each>[^\[\]#,]+?)\s+for\s+(?P<name>\w+)\s+in\s+(?P<items>[\w.]+(?:\([\w\s,.]*\))?|\[[\w\s,.]+\])\s*[\])]"
)
_ELEMENTWISE = re.compile(r"(?:\d[\d_.]*|[A-Za-z_]\w*|\*\*|//|[-+*/%() ])+")
_DOTS = re.compile(r"(\d+)\.\.\.?(\d+)")
_OTHER_WORDS = frozenset({"if", "else", "and", "or", "not", "for", "in"})
_WITH_SETTINGS = re.compile(
    r"(?:^|[;{])\s*let\s+\w+\s*=\s*(\w*(?:elu|softmax))\s+(\w+\s*=\s*[\w.-]+|-?[\d.]+)\s*(?:[;#}]|$)"
)


def _targets_in_brackets(stuck: Stuck) -> str | None:
    """`for (w, s) in list`, `for i, (w, s) in enumerate(list)`."""
    written = _TARGETS.search(stuck.before + stuck.rest)
    if stuck.token.kind != "LPAR" or stuck.head != "for" or written is None:
        return None
    first, others, items = written.groups()
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


def _comprehension(stuck: Stuck) -> str | None:
    """`[2 * x for x in xs]`."""
    if stuck.token.kind != "FOR" or not stuck.open or stuck.open[-1].kind == "LBRACE":
        return None
    start = stuck.open[-1].end - stuck.token.start + len(stuck.before)
    whole = _elementwise((stuck.before + stuck.rest)[start:]) if start >= 0 else None
    if whole is not None:
        return f"operators work on a whole list: `{whole}`"
    return "lists are not written with `for`: operators work on a whole list, `2 * xs`; a loop is a statement"


def _elementwise(text: str) -> str | None:
    """`2 ** range(3)` for `2 ** i for i in range(3)]`, where operators alone join the name with numbers, once."""
    written = _COMPREHENSION.match(text)
    if written is None or not _ELEMENTWISE.fullmatch(written["each"]) or re.search(r"\w\s*\(", written["each"]):
        return None
    words = re.findall(r"[A-Za-z_]\w*", written["each"])
    if words.count(written["name"]) != 1 or not _OTHER_WORDS.isdisjoint(words):
        return None
    dots = _DOTS.fullmatch(written["items"])
    items = written["items"] if dots is None else listed(*dots.groups())
    return re.sub(rf"\b{written['name']}\b", items, written["each"])


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
    _comprehension,
    _numbered_value,
    _settings_in_let,
)
