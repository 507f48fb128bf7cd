"""Finding what a network repeats with other numbers, and writing it as a block with parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from specc.decompile.forms import HOLE, Form, Forms, Variants, run_key
from specc.decompile.lines import Chunk, Chunks, Line, merged
from specc.decompile.marks import mark, replaced, without_label
from specc.decompile.names import identifier

MOST_PARAMETERS: Final = 8
MOST_VALUES: Final = 3
"""Values that a block takes by name."""
LONGEST: Final = 12
"""Chunks of one block at most."""
MOST_BLOCKS: Final = 12
LEAST_SAVING: Final = 2
"""Lines that a block must save."""
_NAMES: Final = {
    "residual": "unit", "concat": "mixed", "mul": "gated", "upsample": "up", "deconv": "up", "maxpool": "down",
    "avgpool": "down",
}  # fmt: skip
"""What blocks are called after what they begin with."""
VALUES: Final = ("skip", "other", "third")
"""What blocks call the values that they take."""


@dataclass(frozen=True)
class Block:
    """A block definition: its name, parameters and lines."""

    name: str
    parameters: tuple[str, ...]
    body: Chunks


@dataclass(frozen=True)
class _Candidate:
    """Places in the sequence where the same lines stand, but for their numbers and the values that they take."""

    length: int
    starts: tuple[int, ...]
    saving: int
    columns: tuple[tuple[int, ...], ...]
    """For each number in the lines its value at each place."""
    values: tuple[tuple[str, ...], ...]
    """For each value that is taken by name, what it is called at each place."""


def extract(
    chunks: Chunks, taken: set[str], entry: str, kept: frozenset[str] = frozenset(), *, whole_only: bool = False
) -> tuple[Chunks, tuple[Block, ...]]:
    """`chunks` with calls in the place of repeated structure, and the blocks; `taken` are names that are in use,
    `entry` is the shape of the value before the first chunk, and `kept` are values that the outputs name.  `whole_only`
    says that no blocks are made of several chunks."""
    blocks: list[Block] = []
    known: dict[int, Variants] = {}
    held = [chunks]  # `known` speaks of objects that stay
    longer = () if whole_only else (range(2, LONGEST + 1),)
    for lengths in (range(1, 2), *longer):  # whole branched blocks first, then runs of lines
        while len(blocks) < MOST_BLOCKS:
            forms = Forms(chunks, kept, known)
            found = _candidates(forms, lengths)
            best = max(found, key=lambda c: _rank(forms, c), default=None)
            if best is None or best.saving < LEAST_SAVING:
                break
            block, calls = _block(forms, best, _name(chunks[best.starts[0]], taken), entry)
            blocks.append(block)
            chunks = _replaced(chunks, best, calls)
            held.append(chunks)
    return chunks, tuple(blocks)


def _rank(forms: Forms, candidate: _Candidate) -> tuple[int, ...]:
    """What the best block has most of."""
    start = candidate.starts[0]
    opens = not forms.chunks[start].is_call
    return candidate.saving + len(candidate.starts), -len(_varying(candidate)), opens, -start


def _candidates(forms: Forms, lengths: range) -> Iterator[_Candidate]:
    for length in lengths:
        places: dict[object, list[int]] = {}
        for start in range(len(forms.chunks) - length + 1):
            if forms.may_begin(start, length):
                found = places.setdefault(run_key(forms.run(start, length)), [])
                if not found or found[-1] + length <= start:
                    found.append(start)
        for starts in places.values():
            if len(starts) < 2:
                continue
            closed = [start for start in starts if forms.is_closed(start, length)]
            if (
                len(closed) > 1
                and not _cuts(forms, closed, length)
                and (candidate := _candidate(forms, length, closed))
            ):
                yield candidate


def _cuts(forms: Forms, starts: Sequence[int], length: int) -> bool:
    """Whether one of the runs begins or ends in the middle of a loop."""
    if length == 1:
        return False
    ends = [start for start in starts if start not in {other + length for other in starts}]
    ends += [start + length for start in starts if start + length not in starts]
    return any(forms.is_inside_loop(end) for end in ends)


def _candidate(forms: Forms, length: int, starts: Sequence[int]) -> _Candidate | None:
    runs = [forms.run(start, length) for start in starts]
    rows = [tuple(number for form in run for number in form.numbers) for run in runs]
    columns = tuple(zip(*rows, strict=True))
    values = tuple(zip(*(_taken(run) for run in runs), strict=True))
    size = sum(len(form.lines) for form in runs[0])
    saving = _before(forms, starts, rows, length) * size - _runs(starts, rows, length, values) - (size + 3)
    candidate = _Candidate(length, tuple(starts), saving, columns, values)
    fits = size > 1 and len(_varying(candidate)) <= MOST_PARAMETERS and len(values) <= MOST_VALUES
    return candidate if fits else None


def _taken(run: Sequence[Form]) -> list[str]:
    """The values that a run reads by name and does not define."""
    inside = {name for form in run for name in form.defined}
    return [name for name in dict.fromkeys(name for form in run for name in form.names) if name not in inside]


def _before(forms: Forms, starts: Sequence[int], rows: Sequence[tuple[int, ...]], length: int) -> int:
    """The number of places; lines without names that follow themselves are a loop without a block too."""
    named = any(forms.is_named(start + offset) for start in starts for offset in range(length))
    return len(starts) if named else _runs(starts, rows, length, ())


def _runs(starts: Sequence[int], rows: Sequence[tuple[int, ...]], length: int, values: Sequence[Sequence[str]]) -> int:
    """The number of places, those that a loop takes together counted once."""
    taken = list(zip(*values, strict=True)) or [()] * len(starts)
    places = list(zip(starts, rows, taken, strict=True))
    return len(starts) - sum(b[0] == a[0] + length and a[1:] == b[1:] for a, b in pairwise(places))


def _varying(candidate: _Candidate) -> list[tuple[int, ...]]:
    """The columns that become parameters: those that differ between places and are no multiple of another."""
    differing = list(dict.fromkeys(column for column in candidate.columns if len(set(column)) > 1))
    return [c for c in differing if not any(_multiple(c, other) for other in differing if other != c)]


def _multiple(column: tuple[int, ...], other: tuple[int, ...]) -> int | None:
    """k where `column` is k times `other` everywhere."""
    if 0 in other or column[0] % other[0]:
        return None
    factor = column[0] // other[0]
    return factor if factor and all(a == factor * b for a, b in zip(column, other, strict=True)) else None


def _block(forms: Forms, found: _Candidate, name: str, entry: str) -> tuple[Block, list[Chunk]]:
    runs = [forms.run(start, found.length) for start in found.starts]
    texts = [line.text for form in runs[0] for line in form.lines]
    parameters = _parameters(_varying(found), found, texts)
    values = dict(zip([column[0] for column in found.values], VALUES, strict=False))
    fillings = iter([_filling(column, parameters) for column in found.columns])
    body = []
    for same in zip(*runs, strict=True):
        lines = [merged(rows) for rows in zip(*(form.lines for form in same), strict=True)]
        filled = [replace(line, text=HOLE.sub(lambda _: next(fillings), line.text)) for line in lines]
        body.append(Chunk(tuple(replace(line, text=replaced(line.text, values)) for line in filled)))
    calls = []
    for index, (start, run) in enumerate(zip(found.starts, runs, strict=True)):
        last = forms.chunks[start + found.length - 1].lines[-1]
        changed = last.shape != (forms.chunks[start - 1].lines[-1].shape if start else entry)
        arguments = [*(mark(column[index]) for column in found.values), *(str(c[index]) for c in parameters)]
        arguments += [f"from={run[0].source}"] if run[0].source else []
        label = f"{run[-1].label}: " if run[-1].label else ""
        text = f"{label}{name} {', '.join(arguments)}".rstrip()
        calls.append(Chunk((Line(text, 0, last.shape, changed),), is_call=True))
    return Block(name, (*values.values(), *parameters.values()), tuple(body)), calls


def _filling(column: tuple[int, ...], parameters: dict[tuple[int, ...], str]) -> str:
    """What stands in the place of a number."""
    if len(set(column)) == 1:
        return str(column[0])
    for other, name in parameters.items():
        factor = _multiple(column, other)
        if factor is not None:
            return name if factor == 1 else f"{factor} * {name}"
    raise AssertionError("every column that varies is a parameter or a multiple of one")


def _parameters(varying: list[tuple[int, ...]], found: _Candidate, texts: list[str]) -> dict[tuple[int, ...], str]:
    """A name for each parameter, by its numbers: the argument's where the text says it, else `channels`."""
    places = [_argument(text, match) for text in texts for match in HOLE.finditer(text)]
    names: dict[tuple[int, ...], str] = {}
    for column in varying:
        wanted = places[found.columns.index(column)]
        count = sum(name.rstrip("0123456789") == wanted for name in names.values())
        names[column] = f"{wanted}{count + 1}" if count else wanted
    return names


def _argument(text: str, match: re.Match[str]) -> str:
    """The argument that a number belongs to."""
    before = text[: match.start()]
    if keyword := re.search(r"(\w+)=[\[(]?[\d, ]*$", before):
        return keyword[1]
    word = re.search(r"(\w+) [^;]*$", before)
    return {"dense": "units", "repeat": "count", "split": "parts"}.get(word[1] if word else "", "channels")


def _replaced(chunks: Chunks, found: _Candidate, calls: list[Chunk]) -> Chunks:
    result: list[Chunk] = []
    index = 0
    while index < len(chunks):
        if index in found.starts:
            result.append(calls[found.starts.index(index)])
            index += found.length
        else:
            result.append(chunks[index])
            index += 1
    return tuple(result)


def _name(chunk: Chunk, taken: set[str]) -> str:
    """A name after what the block begins with."""
    _, word = without_label(chunk.lines[0].text, chunk.has_body)
    first = chunk.lines[0].text.removeprefix(f"{word}: ").split(" ")[0]
    base = _NAMES.get(first, "stage")
    for name in (base, *(f"{base}_{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")):
        if name not in taken:
            taken.add(name)
            return name
    return identifier(base, base, taken)
