"""Finding what a network repeats with other numbers, and writing it as a block with parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from specc.decompile.lines import Chunk, Chunks, Line, merged

HOLE: Final = re.compile(r"(?<![\w.\-])\d+(?![\w.]| ?\*)")
"""A whole number that is no part of a name, a size such as 3x3 or a fraction."""
MOST_PARAMETERS: Final = 8
LONGEST: Final = 6
"""Chunks of one block at most."""
MOST_BLOCKS: Final = 12
LEAST_SAVING: Final = 2
"""Lines that a block must save."""


@dataclass(frozen=True)
class Block:
    """A block definition: its name, parameters and lines."""

    name: str
    parameters: tuple[str, ...]
    body: Chunks


@dataclass(frozen=True)
class _Candidate:
    """Places in the sequence where the same lines stand, but for their numbers."""

    length: int
    starts: tuple[int, ...]
    saving: int
    columns: tuple[tuple[int, ...], ...]
    """For each number in the lines its value at each place."""


def extract(chunks: Chunks, taken: set[str], entry: str) -> tuple[Chunks, tuple[Block, ...]]:
    """`chunks` with calls in the place of repeated structure, and the blocks; `taken` are names that are in use, and
    `entry` is the shape of the value before the first chunk."""
    blocks: list[Block] = []
    for lengths in (range(1, 2), range(2, LONGEST + 1)):  # whole branched blocks first, then runs of lines
        while len(blocks) < MOST_BLOCKS:
            found = _candidates(chunks, lengths)
            best = max(found, key=lambda c: (c.saving, -len(_varying(c)), -c.starts[0]), default=None)
            if best is None or best.saving < LEAST_SAVING:
                break
            block, calls = _block(chunks, best, _name(chunks[best.starts[0]], taken), entry)
            blocks.append(block)
            chunks = _replaced(chunks, best, calls)
    return chunks, tuple(blocks)


def _candidates(chunks: Chunks, lengths: range) -> Iterator[_Candidate]:
    skeletons = [_skeleton(chunk) if not chunk.is_call else "" for chunk in chunks]
    for length in lengths:
        places: dict[tuple[str, ...], list[int]] = {}
        for start in range(len(chunks) - length + 1):
            key = skeletons[start : start + length]
            if all(key):
                found = places.setdefault(tuple(key), [])
                if not found or found[-1] + length <= start:
                    found.append(start)
        for starts in places.values():
            if len(starts) > 1 and (candidate := _candidate(chunks, length, starts)):
                yield candidate


def _candidate(chunks: Chunks, length: int, starts: Sequence[int]) -> _Candidate | None:
    rows = [_numbers(chunks[start : start + length]) for start in starts]
    columns = tuple(zip(*rows, strict=True))
    size = sum(len(chunk.lines) for chunk in chunks[starts[0] : starts[0] + length])
    saving = _runs(starts, rows, length) * (size - 1) - (size + 3)
    candidate = _Candidate(length, tuple(starts), saving, columns)
    return candidate if len(_varying(candidate)) <= MOST_PARAMETERS else None


def _runs(starts: Sequence[int], rows: Sequence[tuple[int, ...]], length: int) -> int:
    """The number of places, those that a loop takes together counted once."""
    follows = zip(starts, starts[1:], rows, rows[1:], strict=False)
    return len(starts) - sum(b == a + length and left == right for a, b, left, right in follows)


def _skeleton(chunk: Chunk) -> str:
    """The text without its numbers; "" for what cannot stand elsewhere."""
    return (
        "\n".join(f"{line.depth} {HOLE.sub('#', line.text)}" for line in chunk.lines)
        if chunk.plain and not chunk.shares
        else ""
    )


def _numbers(chunks: Sequence[Chunk]) -> tuple[int, ...]:
    return tuple(int(n) for chunk in chunks for line in chunk.lines for n in HOLE.findall(line.text))


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


def _block(chunks: Chunks, found: _Candidate, name: str, entry: str) -> tuple[Block, list[Chunk]]:
    texts = [line.text for chunk in chunks[found.starts[0] : found.starts[0] + found.length] for line in chunk.lines]
    parameters = _parameters(_varying(found), found, texts)
    fillings = iter([_filling(column, parameters) for column in found.columns])
    body = []
    for offset in range(found.length):
        same = [chunks[start + offset].lines for start in found.starts]
        lines = [merged(rows) for rows in zip(*same, strict=True)]
        body.append(Chunk(tuple(replace(line, text=HOLE.sub(lambda _: next(fillings), line.text)) for line in lines)))
    calls = []
    for index, start in enumerate(found.starts):
        last = chunks[start + found.length - 1].lines[-1]
        changed = last.shape != (chunks[start - 1].lines[-1].shape if start else entry)
        values = ", ".join(str(column[index]) for column in parameters)
        calls.append(Chunk((Line(f"{name} {values}".rstrip(), 0, last.shape, changed),), is_call=True))
    return Block(name, tuple(parameters.values()), tuple(body)), calls


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
    first = chunk.lines[0].text.split(" ")[0]
    base = {"residual": "unit", "concat": "mixed", "mul": "gated"}.get(first, "stage")
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}{count}"
    taken.add(name)
    return name
