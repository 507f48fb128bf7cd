"""Names behind `weights=` that nothing else has, where another name is likely meant."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final

from specc.diagnostics import Diagnostic, Label
from specc.diagnostics.suggest import edit_distance
from specc.elaborate.report import Reporter
from specc.elaborate.tensor_names import Named

_SHORTEST: Final = 4
"""Letters of a word that another may be a slip for: `q` and `k` are different names."""
_DIGITS: Final = re.compile(r"\d+")


def warn_of_mistyped(
    named: Sequence[Named],
    labelled: Sequence[Named],
    layers: Container[str],
    tensors: Sequence[tuple[str, str]],
    report: Reporter,
) -> None:
    """W0106 for a name in `named` that nothing else has, and that one of the `labelled` has nearly, or another name;
    or where the layer of the name has its weights from yet another.

    `layers` are the names of all layers and calls, and `tensors` the paths of tensors with the layers they belong to.
    """
    counts = Counter(one.path for one in named)
    elsewhere = {one.name: one for one in named if one.name != one.path}
    known = _by_neighbours((*labelled, *named))
    before: set[str] = set()
    for one in named:
        if counts[one.path] == 1 and one.path != one.name:
            if one.path in elsewhere:
                other = elsewhere[one.path]
                _warn(one, other, f"`{other.name}` itself has the weights `{other.path}`", report)
            elif one.path not in layers:
                sure = (k for k in _near(one, known) if k.written is None or counts[k.path] > 1 or k.path in before)
                meant = next(sure, None)
                if meant is not None and not _is_shared(one, tensors):
                    _warn(one, meant, f"nothing else is called `{one.path}`", report)
        before.add(one.path)


def _warn(one: Named, meant: Named, why: str, report: Reporter) -> None:
    guess = meant.path.rpartition(".")[2]
    if one.written is not None and one.path.rpartition(".")[0] == meant.path.rpartition(".")[0]:
        guess = one.written.removesuffix(one.path.rpartition(".")[2]) + guess
    if not all(part.isidentifier() for part in guess.split(".")):
        guess = f'"{guess}"'
    report.add(
        Diagnostic(
            "W0106", f"`weights={one.written}` shares nothing: {why}", one.place,
            labels=(Label(meant.place, f"`{meant.path}`"),), help=f"did you mean `weights={guess}`?",
        )
    )  # fmt: skip


def _is_shared(one: Named, tensors: Sequence[tuple[str, str]]) -> bool:
    """Whether another layer has a tensor under the path."""
    return any(
        (path == one.path or path.startswith(f"{one.path}."))
        and name != one.name
        and not name.startswith(f"{one.name}.")
        for path, name in tensors
    )


def _by_neighbours(known: Sequence[Named]) -> Mapping[str, Sequence[Named]]:
    """All by their paths, and by these without one letter: where two are nearly the same they have one in common."""
    found = defaultdict[str, list[Named]](list)
    for one in known:
        for path in _neighbours(one.path):
            found[path].append(one)
    return found


def _neighbours(path: str) -> set[str]:
    start = path.rfind(".") + 1
    return {path, *(path[:i] + path[i + 1 :] for i in range(start, len(path)))}


def _near(one: Named, known: Mapping[str, Sequence[Named]]) -> Iterator[Named]:
    """Those of the same kind whose name `one` may be a slip for."""
    for path in sorted(_neighbours(one.path)):
        yield from (other for other in known[path] if other.what == one.what and _is_slip(one.path, other.path))


def _is_slip(written: str, known: str) -> bool:
    """Whether one letter within a word is wrong, missing or too much, or two have changed places; other digits or
    endings, as in `left_q` and `left_k`, make another name."""
    if _DIGITS.sub("", written) == _DIGITS.sub("", known) or edit_distance(written, known) != 1:
        return False
    ours, theirs = (path.rpartition(".")[2].split("_") for path in (written, known))
    for a, b in zip(ours, theirs, strict=False):
        if a != b:
            return len(ours) != len(theirs) or (min(len(a), len(b)) >= _SHORTEST and _is_within(a, b))
    return len(ours) != len(theirs)


def _is_within(a: str, b: str) -> bool:
    """Whether the words differ behind their first letter, and not by another last one."""
    return a[0] == b[0] and (len(a) != len(b) or a[-1] == b[-1] or sorted(a) == sorted(b))
