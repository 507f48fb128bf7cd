"""Versions of a spec as somebody edits it: lines come, go, split, join and change, mostly to something wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from tests.fuzz.mutations import BUNDLED, MUTATIONS
from tests.property.generate import network

SHORT = [text for text in BUNDLED if len(text) < 6000]
HEADS = ["-> 8", "{", "}", "else {", "shortcut {", "relu", "(", ")", ", relu", "# x", "## doc", "let a = 1", "residual"]
HEADS += [
    "conv [4 * i for i in [1, 2] if i > 1][0], 3x3",
    "let b = [a for a in range(3)]",
    "relu from=[in for _ in [1]][0]",
]
TAILS = [",", " {", " }", " -> 8", "(", ")", "[", "\r", " # c", ";", " ## d", ' "', "1", ", act=relu", ", from=a"]


def versions(random: Random, count: int) -> Iterator[str]:
    """A spec and `count` versions of it, each made of the one before or of the first."""
    first = random.choice(SHORT) if random.random() < 0.5 else network(0, random.randrange(200)).text
    if random.random() < 0.2:
        first = first.replace("\n", "\r\n")
    text = first
    yield text
    for _ in range(count):
        base = text if random.random() < 0.5 else first
        text = edited(base, random) if random.random() < 0.8 else random.choice(MUTATIONS)(base, random)
        yield text


def edited(text: str, random: Random) -> str:
    """`text` with one line changed."""
    lines = text.split("\n")
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    line = lines[at]
    cut = random.randrange(len(line) + 1)
    match random.randrange(8):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, random.choice([lines[other], *HEADS]))
        case 2:
            lines[at] = line + random.choice(TAILS)
        case 3:
            lines[at] = random.choice(HEADS) + line[:cut]
        case 4:
            lines[at], lines[other] = lines[other], lines[at]
        case 5:
            lines[at : at + 1] = [line[:cut], line[cut:]]
        case 6:
            lines[at : at + 2] = ["".join(lines[at : at + 2])]
        case 7:
            lines[at] = re.sub(r"\d+", lambda _: str(random.choice([1, 2, 3, 8, 64])), line, count=1)
    return "\n".join(lines) or " "
