"""A classifier's best answers, as lines for a reader or in the formats of results."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Final, TypeAlias

from specc.ir.graph import GraphOutput
from specc.runtime.outputs import Answer, Array, JsonLines, JsonList, Sink, top_k

Best: TypeAlias = Callable[[Sequence[str], Mapping[str, Array]], Iterator[tuple[str, list[Answer]]]]
COLUMNS: Final = ("source", "rank", "index", "label", "score")


def best_sink(kind: str | None, write: Callable[[str], object], output: GraphOutput, k: int) -> Sink:
    """A sink that writes the `k` best classes of each item: as "text" `photo.png: cat 0.9  dog 0.1`, as "json" or
    "jsonl" objects with a `source` and a list `best` of index, label and score, as "csv" a row for each class."""
    best = partial(_best, output, k)
    if kind == "csv":
        return _Rows(write, best)
    if kind in ("json", "jsonl"):
        objects = partial(_objects, best)
        return JsonList(write, objects=objects) if kind == "json" else JsonLines(write, objects)
    return _Lines(write, best)


def _best(
    output: GraphOutput, k: int, sources: Sequence[str], results: Mapping[str, Array]
) -> Iterator[tuple[str, list[Answer]]]:
    return zip(sources, top_k(results[output.name], k, output.labels), strict=True)


def _objects(best: Best, sources: Sequence[str], results: Mapping[str, Array]) -> Iterator[str]:
    for source, answers in best(sources, results):
        found = [
            {
                "index": answer.index,
                "label": answer.label,
                "score": answer.score if math.isfinite(answer.score) else None,
            }
            for answer in answers
        ]
        yield json.dumps({"source": source, "best": found}, ensure_ascii=False)


def _number(score: float) -> float | None:
    return score if math.isfinite(score) else None


@dataclass
class _Lines:
    """A line for each item."""

    write: Callable[[str], object]
    best: Best

    def add(self, sources: Sequence[str], results: Mapping[str, Array]) -> None:
        for source, answers in self.best(sources, results):
            text = "  ".join(f"{answer.label} {answer.score:.4g}" for answer in answers)
            self.write(f"{source}: {text}\n")

    def finish(self) -> None:
        """Nothing stands behind the last line."""


@dataclass
class _Rows:
    """A row for each class of each item, below a header."""

    write: Callable[[str], object]
    best: Best
    begun: bool = False

    def add(self, sources: Sequence[str], results: Mapping[str, Array]) -> None:
        writer = csv.writer(SimpleNamespace(write=self.write), lineterminator="\n")
        if not self.begun:
            writer.writerow(COLUMNS)
            self.begun = True
        for source, answers in self.best(sources, results):
            for rank, answer in enumerate(answers, 1):
                writer.writerow([source, rank, answer.index, answer.label, repr(answer.score)])

    def finish(self) -> None:
        """Nothing stands behind the last row."""
