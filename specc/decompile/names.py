"""Names that a spec may use, made from names that a file happens to have."""

from __future__ import annotations

import re
from typing import Final

from specc.elaborate.words import FACTS, known_words
from specc.ops import BY_WORD

RESERVED: Final = frozenset({
    "model", "block", "input", "output", "let", "if", "else", "for", "in", "repeat", "expect", "import", "as",
    "branch", "residual", "shortcut", "within", "and", "or", "not", "true", "false", "min", "max", "sum",
    "abs", "round", "floor", "ceil", "sqrt", "len", "range", "round_to",
})  # fmt: skip


def identifier(text: str, fallback: str, taken: set[str]) -> str:
    """`text` as a name that is not in `taken`, to which it is added; `fallback` stands for what is no name at all."""
    base = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or fallback
    if base[0].isdigit() or len(base) > 40:
        base = f"{fallback}_{base}"[:40].rstrip("_")
    name, count = base, 1
    while name in taken or _means_something(name):
        count += 1
        name = f"{base}_{count}"
    taken.add(name)
    return name


def _means_something(name: str) -> bool:
    return name in RESERVED or name in BY_WORD or name in known_words() or name in FACTS
