"""Checking an edited file again gives what checking it for the first time gives."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import NamedTuple

from specc.diagnostics import Diagnostic
from specc.diagnostics.render import render_text, to_json
from specc.elaborate.memory import Memory
from specc.loader import FileLoader
from specc.pipeline import Outcome, check
from specc.source import Source
from tests.edits import edited
from tests.fuzz import mutations
from tests.fuzz.examine import LIMITS, within

LONGEST = 4
IMPORT = 'import "./blocks.cnn"\n'


class Files(NamedTuple):
    """A spec, and the file `blocks.cnn` beside it, which it may import."""

    spec: str
    blocks: str = ""


class Loader(FileLoader):
    """Has `blocks.cnn`, and bundled modules."""

    def __init__(self, files: Files) -> None:
        super().__init__(Path("/nowhere"), LIMITS)
        self._files = files

    def file(self, path: str, importer: Source) -> Source | Diagnostic:
        return Source("blocks.cnn", self._files.blocks) if path == "./blocks.cnn" else super().file(path, importer)


def history(seed: int, number: int) -> list[Files]:
    """Some of the versions that a case goes through, small edits among them, and its beginning once more."""
    random = Random(f"{seed}/{number}")
    texts = mutations.versions(random)
    head, model, rest = texts[0].partition("model ")
    if head and random.random() < 0.5:
        return _of_two_files(Files(IMPORT + model + rest, head), random)
    texts = [texts[0], *texts[1:][-LONGEST:]]
    texts.insert(random.randrange(1, len(texts) + 1), edited(texts[0], random))
    return [Files(text) for text in (*texts, edited(texts[-1], random), texts[0])]


def _of_two_files(first: Files, random: Random) -> list[Files]:
    found = [first]
    for _ in range(LONGEST):
        spec, blocks = random.choice((first, found[-1]))
        change = random.choice((edited, edited, random.choice(mutations.MUTATIONS)))
        inner = random.random() < 0.5
        found.append(Files(spec, change(blocks, random)) if inner else Files(change(spec, random), blocks))
    return [*found, first]


def examine_again(files: list[Files], seconds: float) -> Outcome:
    """Check one version after the other, from what is remembered and anew; the last outcome.

    A difference raises.
    """
    memory = Memory()
    with within(seconds):
        for version in files:
            again, anew = _checked(version, memory), _checked(version, None)
            assert [one.graph for one in again.models] == [one.graph for one in anew.models], "another graph"
            ours, theirs = (render_text(outcome.diagnostics, width=100) for outcome in (again, anew))
            assert ours == theirs, f"other findings:\n{ours}\nnot\n{theirs}"
            ours, theirs = ([to_json(found) for found in outcome.diagnostics] for outcome in (again, anew))
            assert ours == theirs, f"other findings:\n{ours}\nnot\n{theirs}"
    return anew


def _checked(version: Files, memory: Memory | None) -> Outcome:
    return check(Source("case.cnn", version.spec), Loader(version), limits=LIMITS, memory=memory)
