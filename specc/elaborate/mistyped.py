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
    places = Counter(path for path, _, _ in {(one.path, one.place.source.name, one.place.start) for one in named})
    elsewhere = {one.name: one for one in named if one.name != one.path}
    known = _by_neighbours((*labelled, *named))
    before: set[str] = set()
    for one in named:
        rounds = counts[one.path]
        if places[one.path] == 1 and one.path not in before and (rounds > 1 or one.path != one.name):
            if rounds == 1 and one.path in elsewhere:
                other = elsewhere[one.path]
                _warn(one, other, f"`{other.name}` itself has the weights `{other.path}`", report)
            elif one.path not in layers:
                shared = counts if rounds == 1 else places
                sure = (k for k in _near(one, known) if k.written is None or shared[k.path] > 1 or k.path in before)
                meant = next((k for k in sure if rounds == 1 or _is_sure_slip(one.path, k.path)), None)
                if meant is not None and not _is_shared([k for k in named if k.path == one.path], tensors):
                    _warn(one, meant, f"nothing else is called `{one.path}`", report, rounds)
        before.add(one.path)


def _warn(one: Named, meant: Named, why: str, report: Reporter, rounds: int = 1) -> None:
    shares = "shares nothing" if rounds == 1 else f"is shared by the {rounds} rounds of this line alone"
    guess = meant.path.rpartition(".")[2]
    if one.written is not None and one.path.rpartition(".")[0] == meant.path.rpartition(".")[0]:
        guess = one.written.removesuffix(one.path.rpartition(".")[2]) + guess
    if not all(part.isidentifier() for part in guess.split(".")):
        guess = f'"{guess}"'
    report.add(
        Diagnostic(
            "W0106", f"`weights={one.written}` {shares}: {why}", one.place,
            labels=(Label(meant.place, f"`{meant.path}`"),), help=f"did you mean `weights={guess}`?",
        )
    )  # fmt: skip


def _is_shared(rounds: Sequence[Named], tensors: Sequence[tuple[str, str]]) -> bool:
    """Whether a layer besides those of these rounds, which have one path, has a tensor under it."""
    path = rounds[0].path
    own = {one.name for one in rounds}
    return any(
        (called == path or called.startswith(f"{path}.")) and own.isdisjoint(_with_calls(name))
        for called, name in tensors
    )


def _with_calls(name: str) -> Iterator[str]:
    """The name of a layer, and those of the calls that it lies in."""
    yield name
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


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


def _is_sure_slip(written: str, known: str) -> bool:
    """Whether a letter within is missing, too much or in its neighbour's place: of names that are both shared another
    letter makes two words, `step` and `stop`, as another end does, `head` and `heads`."""
    a, b = (path.rpartition(".")[2] for path in (written, known))
    return a[-1] == b[-1] and (len(a) != len(b) or sorted(a) == sorted(b))


def _is_within(a: str, b: str) -> bool:
    """Whether the words differ behind their first letter, and not by another last one."""
    return a[0] == b[0] and (len(a) != len(b) or a[-1] == b[-1] or sorted(a) == sorted(b))
