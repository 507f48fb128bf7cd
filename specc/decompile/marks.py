"""Names of values within the text of lines, marked so that they can be told from other words and given late.

A mark holds what a name is to be based on, and a number that makes it one of its kind: `⟨skip.3⟩`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from specc.decompile.names import identifier

_MARK: Final = re.compile("⟨([^⟩]*)⟩")
_DEFINED: Final = re.compile("((?:⟨[^⟩]*⟩, )*⟨[^⟩]*⟩): ")
_FROM: Final = re.compile("^([^;]*?),? from=(⟨[^⟩]*⟩)(?=;|$)")
_LAST: Final = re.compile("(^|; )⟨([^⟩]*)⟩: (?=[^;]*$)")
_FIRST: Final = re.compile("^()⟨([^⟩]*)⟩: ")


def mark(name: str) -> str:
    return f"⟨{name}⟩"


def marked(text: str) -> list[str]:
    """The names in `text`, in their order."""
    return _MARK.findall(text)


def defined(text: str) -> list[str]:
    """The names that `text` gives to values."""
    return [name for labels in _DEFINED.findall(text) for name in marked(labels)]


def blank(text: str) -> str:
    """`text` without what its marks hold."""
    return _MARK.sub("⟨⟩", text)


def without_source(text: str) -> tuple[str, str]:
    """A line whose first statement works on the value of the line before, and the mark of what it worked on, if that
    was named."""
    found = _FROM.match(text)
    return (found[1] + text[found.end() :], found[2]) if found else (text, "")


def without_label(text: str, is_body: bool) -> tuple[str, str]:
    """A line whose last statement (or first, where a body follows) has no label, and the label's mark."""
    found = (_FIRST if is_body else _LAST).search(text)
    if not found:
        return text, ""
    return text[: found.start()] + found[1] + text[found.end() :], mark(found[2])


def replaced(text: str, names: Mapping[str, str]) -> str:
    """`text` with names in the place of those marks that have one."""
    return _MARK.sub(lambda found: names.get(found[1], found[0]), text)


def final_names(texts: Iterable[str], taken: set[str]) -> dict[str, str]:
    """A name for each mark in `texts`, none of those `taken`, which they join; numbered where several have one base."""
    found = list(dict.fromkeys(name for text in texts for name in marked(text)))
    bases = Counter(name.rpartition(".")[0] for name in found)
    counts: Counter[str] = Counter()
    names = {}
    for name in found:
        base = name.rpartition(".")[0]
        counts[base] += 1
        names[name] = identifier(base if bases[base] == 1 else f"{base}{counts[base]}", "value", taken)
    return names
