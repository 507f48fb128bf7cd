"""Finding what a network repeats with other numbers, and writing it as a block with parameters."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count, pairwise
from typing import Final

from specc.decompile.forms import Form, Forms, Variants, run_key
from specc.decompile.holes import KINDS, Column, Values, called, filled, filling, holes, varying
from specc.decompile.lines import Chunk, Chunks, Line, merged
from specc.decompile.marks import blank, mark, replaced, without_label
from specc.decompile.names import RESERVED, identifier, spoken_words

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
_OTHERS: Final = {"channels": "filters", "min": "low", "max": "high"}
"""What parameters are called where their usual name would hide a word of the block."""


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
    columns: tuple[Column, ...]
    """What stands in each hole of the lines."""
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
    return candidate.saving + len(candidate.starts), -len(varying(candidate.columns)), opens, -start


def _candidates(forms: Forms, lengths: range) -> Iterator[_Candidate]:
    for length, begins in forms.places(lengths):
        places: dict[object, list[int]] = {}
        for start in begins:
            found = places.setdefault(run_key(forms.run(start, length)), [])
            if not found or found[-1] + length <= start:
                found.append(start)
        for starts in places.values():
            if len(starts) > 1:
                closed = [start for start in starts if forms.is_closed(start, length)]
                for same in _choices(forms, closed, length):
                    if not _cuts(forms, same, length) and (candidate := _candidate(forms, length, same)):
                        yield candidate


def _choices(forms: Forms, starts: list[int], length: int) -> Iterator[list[int]]:
    """All the places, and those that differ in numbers alone."""
    alike: dict[object, list[int]] = {}
    for start in starts:
        found = [hole.value for form in forms.run(start, length) for hole in form.holes if hole.kind != "number"]
        alike.setdefault(tuple(found), []).append(start)
    choices = [starts, *alike.values()] if len(alike) > 1 else [starts]
    yield from (choice for choice in choices if len(choice) > 1)


def _cuts(forms: Forms, starts: Sequence[int], length: int) -> bool:
    """Whether one of the runs begins or ends in the middle of a loop."""
    if length == 1:
        return False
    ends = [start for start in starts if start not in {other + length for other in starts}]
    ends += [start + length for start in starts if start + length not in starts]
    return any(forms.is_inside_loop(end) for end in ends)


def _candidate(forms: Forms, length: int, starts: Sequence[int]) -> _Candidate | None:
    runs = [forms.run(start, length) for start in starts]
    found = [[hole for form in run for hole in form.holes] for run in runs]
    rows = [tuple(hole.value for hole in row) for row in found]
    columns = tuple(Column(same[0].kind, tuple(hole.value for hole in same)) for same in zip(*found, strict=True))
    values = tuple(zip(*(_taken(run) for run in runs), strict=True))
    size = sum(len(form.lines) for form in runs[0])
    parameters = varying(columns)
    cost = size + 2 + max(1, len(parameters))
    saving = _before(forms, starts, rows, length) * size - _runs(starts, rows, length, values) - cost
    candidate = _Candidate(length, tuple(starts), saving, columns, values)
    fits = size > 1 and len(parameters) <= MOST_PARAMETERS and len(values) <= MOST_VALUES
    return candidate if fits else None


def _taken(run: Sequence[Form]) -> list[str]:
    """The values that a run reads by name and does not define."""
    inside = {name for form in run for name in form.defined}
    return [name for name in dict.fromkeys(name for form in run for name in form.names) if name not in inside]


def _before(forms: Forms, starts: Sequence[int], rows: Sequence[Values], length: int) -> int:
    """The number of places; lines without names that follow themselves are a loop without a block too."""
    named = any(forms.is_named(start + offset) for start in starts for offset in range(length))
    return len(starts) if named else _runs(starts, rows, length, ())


def _runs(starts: Sequence[int], rows: Sequence[Values], length: int, values: Sequence[Sequence[str]]) -> int:
    """The number of places, those that a loop takes together counted once."""
    taken = list(zip(*values, strict=True)) or [()] * len(starts)
    places = list(zip(starts, rows, taken, strict=True))
    return len(starts) - sum(b[0] == a[0] + length and a[1:] == b[1:] for a, b in pairwise(places))


def _block(forms: Forms, found: _Candidate, name: str, entry: str) -> tuple[Block, list[Chunk]]:
    runs = [forms.run(start, found.length) for start in found.starts]
    texts = [line.text for form in runs[0] for line in form.lines]
    parameters = _parameters(found, texts)
    values = dict(zip([column[0] for column in found.values], VALUES, strict=False))
    columns = iter(found.columns)
    body = []
    for same in zip(*runs, strict=True):
        lines = [merged(rows) for rows in zip(*(form.lines for form in same), strict=True)]
        body.append(Chunk(tuple([_line(line, columns, parameters, values) for line in lines])))
    calls = []
    for index, (start, run) in enumerate(zip(found.starts, runs, strict=True)):
        last = forms.chunks[start + found.length - 1].lines[-1]
        changed = last.shape != (forms.chunks[start - 1].lines[-1].shape if start else entry)
        arguments = [*(mark(column[index]) for column in found.values), *_arguments(parameters, index)]
        arguments += [f"from={run[0].source}"] if run[0].source else []
        label = f"{run[-1].label}: " if run[-1].label else ""
        text = f"{label}{name} {', '.join(arguments)}".rstrip()
        calls.append(Chunk((Line(text, 0, last.shape, changed),), is_call=True))
    declared = [name if (usual := c.usual) is None else f"{name} = {usual}" for c, name in parameters.items()]
    return Block(name, (*values.values(), *declared), tuple(body)), calls


def _line(line: Line, columns: Iterator[Column], parameters: Mapping[Column, str], values: Mapping[str, str]) -> Line:
    """A line of a block's body, whose holes are the next `columns`."""
    fillings = [filling(line.text, hole, next(columns), parameters) for hole in holes(line.text)]
    return replace(line, text=replaced(filled(line.text, fillings), values))


def _arguments(parameters: Mapping[Column, str], index: int) -> Iterator[str]:
    """What a call says: all numbers, and what is not usual."""
    for column, name in parameters.items():
        value = column.values[index]
        if column.usual is None:
            yield str(value)
        elif value != column.usual:
            yield f"{name}={value}"


def _parameters(found: _Candidate, texts: Sequence[str]) -> dict[Column, str]:
    """A name for each parameter, those that a call may leave out last: what `called` says, unless that would hide a
    word of the block."""
    columns = sorted(varying(found.columns), key=lambda column: KINDS.index(column.kind))
    places = [called(text, hole) for text in texts for hole in holes(text)]
    usual = [str(column.usual) for column in columns]
    barred = RESERVED.union(VALUES, usual, spoken_words(map(blank, texts)))
    names: dict[Column, str] = {}
    for column in columns:
        wanted = places[found.columns.index(column)]
        names[column] = _free(_OTHERS.get(wanted, wanted) if wanted in barred else wanted, barred.union(names.values()))
    return names


def _free(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, numbered where it is taken."""
    numbered = (f"{wanted}{number}" for number in count(2))
    return next(name for name in chain([wanted], numbered) if name not in taken)


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
