"""The parser's tables: lark turns the grammar into LALR(1) tables, which are kept as plain data.

Plain data can be written down once (`python -m specc.syntax.prebuild`) and read back without importing lark, and
needs no more than the loop in `specc/syntax/lalr.py` to run.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from specc.core import from_json
from specc.data import grammar_file, located

if TYPE_CHECKING:
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

_FORMAT = "2"


class RuleData(NamedTuple):
    """One production: `origin` -> `size` symbols, built by the method `build` of the builder.

    `kept` holds the positions of the symbols that reach the builder, negative (`~position`) where the symbol is a
    list of its own to be spliced in.  `build` is "" for such lists.  `single` passes a lone child on as it is.
    """

    origin: str
    size: int
    build: str
    kept: list[int]
    single: bool


class Tables(NamedTuple):
    """`states[state]` maps a terminal to the state to shift to, or to `~rule`; a nonterminal to its state."""

    pattern: str
    keywords: dict[str, str]
    ignored: list[str]
    start: int
    end: int
    states: list[dict[str, int]]
    rules: list[RuleData]


def load() -> Tables:
    """The tables written beforehand if they belong to this very grammar, else newly generated ones."""
    return read(prebuilt_file(), origin()) or generate()


def prebuilt_file() -> str:
    """Where `python -m specc.syntax.prebuild` writes."""
    return located("grammar", "specc.tables.json")


def origin() -> list[str]:
    """What the tables depend on: the format of the file, and the grammar, of which a hash takes longer to import."""
    with open(located("grammar", "specc.lark"), encoding="utf-8") as stream:
        return [_FORMAT, stream.read()]


def read(path: str | os.PathLike[str], expected: list[str]) -> Tables | None:
    """The tables in `path`; `None` where there are none, or others than `expected`."""
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as stream:
        data = from_json(stream.read())
    if data.pop("origin", None) != expected:
        return None
    rules = [RuleData(**rule) for rule in data.pop("rules")]
    return Tables(rules=rules, **data)


def write(tables: Tables, path: str | os.PathLike[str]) -> None:
    """Write what `read` reads."""
    import json  # reading it takes longer than the tables, which pydantic can read as well

    data = {"origin": origin(), **tables._asdict(), "rules": [rule._asdict() for rule in tables.rules]}
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(data, stream, separators=(",", ":"), sort_keys=True)


def generate() -> Tables:
    """Let lark analyse the grammar.  Raises lark's GrammarError if the grammar has a conflict."""
    from lark import Lark
    from lark.parsers.lalr_analysis import Shift

    lark = Lark(grammar_file().read_text("utf-8"), parser="lalr", lexer="basic", maybe_placeholders=False)
    table = lark.parser.parser.parser.parse_table
    actions = {state: sorted(row.items()) for state, row in table.states.items()}
    shifts = {state: {str(name): arg for name, (do, arg) in row if do is Shift} for state, row in actions.items()}
    reductions = {
        state: {str(name): arg for name, (do, arg) in row if do is not Shift} for state, row in actions.items()
    }
    numbers = _numbering(shifts, table.start_states["start"])
    rules = sorted({rule for row in reductions.values() for rule in row.values()}, key=str)
    states = [
        {name: numbers[target] for name, target in shifts[state].items()}
        | {name: ~rules.index(rule) for name, rule in reductions[state].items()}
        for state in numbers
    ]
    pattern, keywords = _lexer(lark.terminals)
    ignored = sorted(map(str, lark.ignore_tokens))
    end = numbers[table.end_states["start"]]
    return Tables(pattern, keywords, ignored, 0, end, states, [_rule(rule) for rule in rules])


def _numbering(shifts: dict[int, dict[str, int]], start: int) -> dict[int, int]:
    """The states in the order in which they are first reached; lark's own order differs from run to run."""
    numbers = {start: 0}
    waiting = [start]
    for state in waiting:
        for target in shifts[state].values():
            if target not in numbers:
                numbers[target] = len(numbers)
                waiting.append(target)
    return numbers


def _rule(rule: Rule) -> RuleData:
    kept = [
        position if symbol.is_term or not symbol.name.startswith("_") else ~position
        for position, symbol in enumerate(rule.expansion)
        if not getattr(symbol, "filter_out", False)
    ]
    origin = str(rule.origin.name)  # lark has tokens here, which are slow to compare
    build = "" if origin.startswith("_") else rule.alias or origin
    return RuleData(origin, len(rule.expansion), str(build), kept, bool(rule.options.expand1 and not rule.alias))


def _lexer(terminals: Collection[TerminalDef]) -> tuple[str, dict[str, str]]:
    """One regular expression for all terminals, longest first as lark does; keywords are names looked up afterwards."""
    keywords = {t.pattern.value: t.name for t in terminals if t.pattern.type == "str" and t.pattern.value.isalpha()}
    others = [t for t in terminals if t.pattern.value not in keywords]
    others.sort(key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
    return "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in others), keywords
