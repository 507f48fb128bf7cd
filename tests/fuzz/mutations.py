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
from tests.property.generate import network

BUNDLED = [path.read_text(encoding="utf-8") for path in sorted(specs_folder().glob("*/*.cnn"))]
TOKEN = re.compile(r'"[^"\n]*"|##?[^\n]*|[A-Za-z_][\w.]*|[\d_]+(?:x[\w]+)*(?:\.\d+)?|->|\*\*|//|[=!<>]=|\s+|.')


def words(text: str) -> list[str]:
    return text.split()


KEYWORDS = words(
    "model block input output let if else for in repeat expect import as branch residual shortcut within and or not "
    "true false"
)
OPERATIONS = words(
    "conv deconv depthwise separable dense maxpool avgpool adaptive_avgpool global_avgpool flatten bn layernorm lrn "
    "relu softmax prelu leaky_relu add mul concat split reshape transpose pad crop upsample resize pixel_shuffle "
    "dropout"
)
ARGUMENTS = words(
    "stride=2 pad=same pad=1 pad=(1,2,3,4) dilation=3 groups=2 bias=false bias=[1] act=relu round=ceil round=exact "
    "weight=0.5 weight=[[1,2],[3,4]] init=zeros from=x axis=channels axis=-1 mode=edge border=wrap channels=4 "
    "kernel=3"
)
EXTREMES = words(
    "0 -1 1 2 3 7 0.5 -0.0 1e308 1e-320 2**31 2**32 2**60 2**63 2**63-1 10**9 10**400 4294967296 9007199254740993 "
    "1_000_000 99999999999999999999 3x3 0x0 1x1x1x1 2x_ _ HxW (1/3) (1-1) [] [1,[2,3]] [[1]] range(5) range(10**9) "
    "true"
)
NETWORKS, SPECS, POOL = 0.6, 0.15, 5000
SIGNS = [*"()[]{},:;=<+-*/%.#@\"'\n\\\t\0\ufeff\u202e\u00a0é", "->", "==", "<=", "//", "**", "##"]


def case(seed: int, number: int) -> str:
    """The text of one case."""
    random = Random(f"{seed}/{number}")
    text = _seed_text(random)
    for _ in range(random.choice((1, 1, 2, 3, 5, 10))):
        text = random.choice(MUTATIONS)(text, random)
    return text


def _seed_text(random: Random) -> str:
    """Mostly what is short: a random network, or statements; sometimes a bundled spec."""
    kind = random.random()
    if kind < NETWORKS:
        return _network(random.randrange(POOL))
    return random.choice(BUNDLED) if kind < NETWORKS + SPECS else soup(random)


@cache
def _network(number: int) -> str:
    return network(0, number).text


def soup(random: Random) -> str:
    """A model of random statements."""
    return f"model M(p = {expression(random, 3)}) {{\ninput x {random.choice(('3x32x32', '8', '4x16', '3xHxW'))}\n" + (
        body(random, 3) + "\n}\n"
    )


def body(random: Random, depth: int) -> str:
    return "\n".join(statement(random, depth) for _ in range(random.randint(0, 6)))


def statement(random: Random, depth: int) -> str:
    inner = body(random, depth - 1) if depth else ""
    value = expression(random, 2)
    return random.choice(
        (
            f"{random.choice(OPERATIONS)} {value}, {random.choice(ARGUMENTS)}",
            f"{random.choice(OPERATIONS)} {value}, {value}, relu",
            f"{random.choice('abc')}: {random.choice(OPERATIONS)}",
            random.choice(OPERATIONS),
            f"let {random.choice('abcdef')} = {value}",
            f"repeat {value} {{ {inner} }}",
            f"for i, j in {value} {{ {inner} }}",
            f"if {value} {{ {inner} }} else {{ {inner} }}",
            f"residual {{ {inner} }} shortcut {{ relu }}",
            f"concat {{ branch {{ {inner} }} a: branch {{ }} }}",
            f"output {random.choice('abc')}, from={value}",
            f"expect {random.choice(('params', 'macs', 'output', 'memory'))} == {value}",
            f"relu -> {value}",
        )
    )


def expression(random: Random, depth: int) -> str:
    if depth == 0 or random.random() < 0.4:
        return random.choice((*EXTREMES, "in.channels", "x.height", "in", "p", "a", "i", "relu", "same", '"t"'))
    left, right = expression(random, depth - 1), expression(random, depth - 1)
    return random.choice(
        (
            f"{left} {random.choice(('+', '-', '*', '/', '//', '%', '**', '==', '<', 'and', 'or'))} {right}",
            f"({left})", f"-{left}", f"not {left}", f"[{left}, {right}]", f"{left}[{right}]",
            f"{random.choice(('min', 'max', 'sum', 'len', 'range', 'floor', 'sqrt', 'round_to'))}({left}, {right})",
            f"{random.choice(('abs', 'ceil', 'round', 'sum', 'len', 'range'))}({left})",
            f"{left} if {right} else {left}",
        )
    )  # fmt: skip


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
    words = random.choice((KEYWORDS, OPERATIONS, ARGUMENTS, EXTREMES, SIGNS))
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
    wrapped = random.choice(("repeat 3 {", "if 1 == 1 {", "residual {", "add { branch {", "block b(n = 2) {"))
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


def _cut(text: str, random: Random) -> str:
    return text[: random.randrange(len(text) + 1)]


MUTATIONS = (
    _tokens(_swap), _tokens(_delete), _tokens(_duplicate), _tokens(_insert), _tokens(_number), _tokens(_number),
    _tokens(_rename), _lines, _splice, _statement, _statement, _cut,
)  # fmt: skip
