"""Chunks as the blocks see them: without numbers, names, and what joins them to the lines around."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import TypeAlias

from specc.decompile.holes import Hole, emptied, holes
from specc.decompile.lines import Chunk, Chunks, Line
from specc.decompile.marks import blank, defined, mark, marked, without_label, without_source


@dataclass(frozen=True)
class Form:
    """Lines of a chunk; `source` is the mark of what the first statement works on, if that is not the line before, and
    `label` that of the last value, where these were taken out."""

    lines: tuple[Line, ...]
    source: str = ""
    label: str = ""

    @cached_property
    def skeleton(self) -> str:
        return "\n".join(f"{line.depth} {emptied(blank(line.text))}" for line in self.lines)

    @cached_property
    def holes(self) -> tuple[Hole, ...]:
        return tuple([hole for line in self.lines for hole in holes(line.text)])

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple([name for line in self.lines for name in marked(line.text)])

    @cached_property
    def defined(self) -> tuple[str, ...]:
        return tuple([name for line in self.lines for name in defined(line.text)])


Variants: TypeAlias = tuple[Form, Form, Form, Form]
"""How a chunk looks in the middle of a block, at its beginning, at its end, and alone."""


def run_key(run: Sequence[Form]) -> object:
    """What runs agree in that differ in numbers and in names only."""
    places: dict[str, int] = {}
    order = [places.setdefault(name, len(places)) for form in run for name in form.names]
    return tuple([form.skeleton for form in run]), tuple(order)


def _variants(chunk: Chunk) -> Variants:
    middle = Form(chunk.lines)
    first = middle if chunk.has_body else _without_source(middle)
    last, single = _without_label(middle, chunk.has_body), _without_label(first, chunk.has_body)
    return middle, first, last, single


class Forms:
    """The forms of `chunks`; `kept` are names that something behind the chunks reads, and `known` are the variants of
    chunks that stay, by the chunk's identity."""

    def __init__(self, chunks: Chunks, kept: frozenset[str], known: dict[int, Variants]) -> None:
        self.chunks = chunks
        found = [known.get(id(chunk)) or known.setdefault(id(chunk), _variants(chunk)) for chunk in chunks]
        self._middle = [middle for middle, _, _, _ in found]
        self._first = [first for _, first, _, _ in found]
        self._last = [last for _, _, last, _ in found]
        self._single = [single for _, _, _, single in found]
        self._sharing = [0, *accumulate(chunk.shares for chunk in chunks)]
        self._calls = [0, *accumulate(chunk.is_call for chunk in chunks)]
        self._until = {name: index for index, form in enumerate(self._middle) for name in form.names}
        self._until.update(dict.fromkeys(kept, len(chunks)))

    def run(self, start: int, length: int) -> list[Form]:
        """The forms of so many chunks, as the body of a block has them."""
        if length == 1:
            return [self._single[start]]
        behind = [*self._middle[start + 1 : start + length - 1], self._last[start + length - 1]]
        first = self._first[start]
        again = first.source and any(mark(name) == first.source for form in behind for name in form.names)
        return [self._middle[start] if again else first, *behind]

    def places(self, lengths: range) -> Iterator[tuple[int, list[int]]]:
        """For each length the places where a block of so many chunks may stand: all chunks but its last stand like that
        elsewhere too."""
        before = [0] * len(self.chunks)  # a number for what the chunks look like, but for the last
        for length in range(1, lengths.stop):
            if length in lengths:
                times = Counter(before)
                starts = range(len(self.chunks) - length + 1)
                yield length, [i for i in starts if times[before[i]] > 1 and self._may_begin(i, length)]
            numbers: dict[tuple[int, str], int] = {}
            added = self._first if length == 1 else self._middle[length - 1 :]
            pairs = zip(before, added, strict=False)
            before = [numbers.setdefault((seen, form.skeleton), len(numbers)) for seen, form in pairs]

    def _may_begin(self, start: int, length: int) -> bool:
        """Whether the chunks can be a block, whatever they read: few are calls themselves, and they share nothing."""
        sharing, calls = (counts[start + length] - counts[start] for counts in (self._sharing, self._calls))
        return not sharing and 2 * calls < length

    def is_inside_loop(self, index: int) -> bool:
        """Whether the chunks on both sides of a place are the same."""
        return 0 < index < len(self.chunks) and self.chunks[index - 1].key == self.chunks[index].key

    def is_named(self, index: int) -> bool:
        """Whether a chunk has names, so that no loop can hold it."""
        return bool(self._middle[index].names)

    def is_closed(self, start: int, length: int) -> bool:
        """Whether nothing behind the chunks reads what they name, but for their value."""
        return all(self._until[name] < start + length for form in self.run(start, length) for name in form.defined)


def _without_source(form: Form) -> Form:
    first, *others = form.lines
    text, source = without_source(first.text)
    return replace(form, lines=(replace(first, text=text), *others), source=source)


def _without_label(form: Form, has_body: bool) -> Form:
    first, *others = form.lines
    text, label = without_label(first.text, has_body)
    return replace(form, lines=(replace(first, text=text), *others), label=label)
