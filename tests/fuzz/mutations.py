"""Texts that are nearly specs: bundled specs and random networks with some tokens, lines or bodies changed, and heaps
of statements.

Everything is drawn from a `random.Random`, so that a seed and a number name a case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from random import Random

from specc.data import specs_folder
from tests.fuzz.heaps import ARGUMENTS, COMMENTS, EXTREMES, KEYWORDS, OPERATIONS, SHAPES, soup, statement
from tests.property.generate import network

BUNDLED = [path.read_text(encoding="utf-8") for path in sorted(specs_folder().glob("*/*.cnn"))]
TOKEN = re.compile(r'"[^"\n]*"|##?[^\n]*|[A-Za-z_][\w.]*|[\d_]+(?:x[\w]+)*(?:\.\d+)?|->|\*\*|//|[=!<>]=|\s+|.')


NETWORKS, SPECS, POOL = 0.6, 0.15, 5000
SIGNS = [*"()[]{},:;=<+-*/%.#@\"'\n\\\t\0\ufeff\u202e\u00a0é", "->", "==", "<=", "//", "**", "##"]
WRAPS = (
    "repeat 3 {", "a: repeat 2 {", "for i in range(2) {", "if 1 == 1 {", "residual {", "add { branch {",
    "block b(n = 2) {",
)  # fmt: skip
PARTS = ("[0]", "[-1]", "[1:]", "[:-1]", "[:]", "a:", "a, b:", "from=a", ", weights=a", ", like=x")


def case(seed: int, number: int) -> str:
    """The text of one case."""
    random = Random(f"{seed}/{number}")
    return versions(random)[-1]


def versions(random: Random) -> list[str]:
    """A text, and what each of some mutations made of it."""
    texts = [_seed_text(random)]
    for _ in range(random.choice((1, 1, 2, 3, 5, 10))):
        texts.append(random.choice(MUTATIONS)(texts[-1], random))
    return texts


def _seed_text(random: Random) -> str:
    """Mostly what is short: a random network, or statements; sometimes a bundled spec."""
    kind = random.random()
    if kind < NETWORKS:
        return _network(random.randrange(POOL))
    return random.choice(BUNDLED) if kind < NETWORKS + SPECS else soup(random)


@cache
def _network(number: int) -> str:
    return network(0, number).text


def _tokens(change: Callable[[list[str], Random], Sequence[str]]) -> Callable[[str, Random], str]:
    def mutate(text: str, random: Random) -> str:
        return "".join(change(TOKEN.findall(text) or [""], random))

    return mutate


def _swap(tokens: list[str], random: Random) -> list[str]:
    i, j = random.randrange(len(tokens)), random.randrange(len(tokens))
    tokens[i], tokens[j] = tokens[j], tokens[i]
    return tokens


def _delete(tokens: list[str], random: Random) -> list[str]:
    at = random.randrange(len(tokens))
    return tokens[:at] + tokens[at + random.randint(1, 8) :]


def _duplicate(tokens: list[str], random: Random) -> list[str]:
    at = random.randrange(len(tokens))
    end = at + random.randint(1, 40)
    return tokens[:at] + tokens[at:end] * random.choice((2, 2, 3, 30)) + tokens[end:]


def _insert(tokens: list[str], random: Random) -> list[str]:
    words = random.choice((KEYWORDS, OPERATIONS, ARGUMENTS, EXTREMES, SIGNS, PARTS))
    tokens.insert(random.randrange(len(tokens) + 1), f" {random.choice(words)} ")
    return tokens


def _number(tokens: list[str], random: Random) -> list[str]:
    numbers = [i for i, token in enumerate(tokens) if token[:1].isdigit()]
    if numbers:
        tokens[random.choice(numbers)] = random.choice(EXTREMES)
    return tokens


def _rename(tokens: list[str], random: Random) -> list[str]:
    """Make all uses of one word another word of the text."""
    words = sorted({token for token in tokens if token[:1].isalpha()})
    if not words:
        return tokens
    old, new = random.choice(words), random.choice(words)
    return [new if token == old else token for token in tokens]


def _lines(text: str, random: Random) -> str:
    """Delete, move, repeat or nest a run of lines."""
    lines = text.split("\n")
    at = random.randrange(len(lines))
    end = at + random.randint(1, 10)
    part = lines[at:end]
    rest = lines[:at] + lines[end:]
    to = random.randrange(len(rest) + 1)
    wrapped = random.choice(WRAPS)
    new = random.choice((rest, rest[:to] + part + rest[to:], lines[:end] + part * random.choice((1, 50)) + lines[end:],
                         [*lines[:at], wrapped, *part, "}" * wrapped.count("{"), *lines[end:]]))  # fmt: skip
    return "\n".join(new)


def _splice(text: str, random: Random) -> str:
    """Lines of another spec in the middle of this one."""
    lines, other = text.split("\n"), _seed_text(random).split("\n")
    at, start = random.randrange(len(lines) + 1), random.randrange(len(other))
    return "\n".join(lines[:at] + other[start : start + random.randint(1, 15)] + lines[at:])


def _statement(text: str, random: Random) -> str:
    lines = text.split("\n")
    lines.insert(random.randrange(len(lines) + 1), statement(random, 2))
    return "\n".join(lines)


def _end(text: str, random: Random) -> str:
    """Something more at the end of a line: an argument, a shape, a comment."""
    lines = text.split("\n")
    at = random.randrange(len(lines))
    more = (f", {random.choice(ARGUMENTS)}", f" -> {random.choice(SHAPES)}", f" {random.choice(COMMENTS)}")
    lines[at] += random.choice(more)
    return "\n".join(lines)


def _cut(text: str, random: Random) -> str:
    return text[: random.randrange(len(text) + 1)]


MUTATIONS = (
    _tokens(_swap), _tokens(_delete), _tokens(_duplicate), _tokens(_insert), _tokens(_number), _tokens(_number),
    _tokens(_rename), _lines, _splice, _statement, _statement, _end, _end, _cut,
)  # fmt: skip
