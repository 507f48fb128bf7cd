"""How fast specs are checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Row, alternate, alternate_processes
from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.pipeline import check
from specc.report.table import render
from specc.source import Source

LIMITS = DEFAULT_LIMITS._replace(layers=1_000_000, steps=100_000_000, file_bytes=1 << 30)
SECONDS_PER_LAYER = 60e-6
DEEP = """\
model Deep {{
    input image 8x16x16
    repeat {} {{
        conv 8, 3x3, pad=1, bias=false
        bn
        residual {{ maxpool 3x3, stride=1, pad=1 }}
    }}
    output y
}}
"""
"""Four layers in each round."""
EMPTY = (
    (
        "", "import lark, pydantic", "1.25",
        "a Python that only imports lark and pydantic: what the libraries that specc is built on cost by themselves",
    ),
    (
        ", against BaseModel", "import lark; from pydantic import BaseModel", "",
        "a Python that only imports lark and `pydantic.BaseModel`: `import pydantic` alone leaves out most of pydantic",
    ),
    (
        ", against one model", "from pydantic import BaseModel\nclass Point(BaseModel):\n    x: int\nPoint(x=1)", "",
        "a Python that makes one `pydantic.BaseModel` and an instance of it, without lark: checking imports neither, "
        "and validates with pydantic's core",
    ),
)  # fmt: skip
"""Programs that do nothing: what a row about them is called, the program, the ratio asked for, and what it is."""


def rows(runs: int) -> Iterator[Row]:
    """Whole processes, deep models, long files and re-checking."""
    yield from start_up(runs)
    for layers in (1_000, 10_000, 100_000):
        yield deep(layers, max(1, min(runs, 20_000 // layers)))
    yield long_file(10_000, max(1, runs // 3))
    yield from again(runs)


def start_up(runs: int) -> Iterator[Row]:
    """A whole process beside less and less empty ones: pydantic imports most of itself when it is first used."""
    command = ["-m", "specc", "check", "specs/lecture/resnet.cnn", "--model", "ResNet34"]
    ours, *others = alternate_processes(runs, command, *(["-c", program] for _, program, _, _ in EMPTY))
    for (against, _, reach, why), rival in zip(EMPTY, others, strict=True):
        name = f"`specc check` of ResNet-34, whole process{against}"
        yield Row(name, ours.seconds, rival.seconds, "s", reach, why)


def deep(layers: int, runs: int) -> Row:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "deep.cnn"
        path.write_text(DEEP.format(layers // 4), "utf-8")
        (seconds,) = alternate(runs, lambda: print_table(path))
    return Row(
        f"check of {layers:,} layers made by a loop, with its table", seconds, layers * SECONDS_PER_LAYER, "s", "1",
        "60 microseconds a layer, at every size: it must grow no faster than the network",
    )  # fmt: skip


def print_table(path: Path) -> None:
    """`specc check` in this process, its output thrown away."""
    from specc.cli import main

    with redirect_stdout(StringIO()):
        code = main(["check", str(path), "--limit", "layers=1000000", "--limit", "steps=100000000"])
    assert code == 0


def tabulate(text: str) -> None:
    """Check `text` and make its table."""
    outcome = check(Source("flat.cnn", text), FileLoader(Path(), LIMITS), limits=LIMITS)
    assert outcome.ok, outcome.diagnostics[0]
    for checked in outcome.models:
        render(checked.summary, 100)


def long_file(lines: int, runs: int) -> Row:
    from lark import Lark

    from specc.data import grammar_file

    text = flat(lines)
    lark = Lark(grammar_file().read_text("utf-8"), parser="lalr", lexer="basic", maybe_placeholders=False)
    ours, rival = alternate(runs, lambda: tabulate(text), lambda: lark.parse(text))
    return Row(
        f"check of a flat file of {lines:,} lines, with its table", ours, rival, "s", "3",
        "the time that lark needs to lex and parse the same text into a tree that nobody reads",
    )  # fmt: skip


def flat(lines: int) -> str:
    """About `lines` lines, one layer each, without the line ends that only our own lexer knows to skip."""
    pair = "  conv 8, 3x3, pad=1, relu -> 8x16x16\n  maxpool 3x3, stride=1, pad=1\n"
    body = pair * (lines // 2 - 2)
    return f"model Flat {{ input image 8x16x16\n{body}  output y }}"


def again(runs: int) -> Iterator[Row]:
    """Loading a file again in a process that lives on, after edits in several places."""
    lines = flat(1_000).split("\n")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "edited.cnn"
        edits = {
            "an edit of the first line of 1,000": partial(changed, lines, 1),
            "an edit of the middle line of 1,000": partial(changed, lines, 499),
            "an edit of the last line of 1,000": partial(changed, lines, 995),
            "a new line above 1,000 others": partial(longer, lines),
        }
        works = [partial(save_and_load, path, edit, count(1)) for edit in edits.values()]
        for what, seconds in zip(edits, [alternate(runs, work)[0] for work in works], strict=True):
            yield Row(
                f"`specc.load` again after {what}", seconds, 0.05, "s", "1",
                "50 milliseconds: what an editor may take between a keystroke and its answer",
            )  # fmt: skip


def changed(lines: list[str], at: int, number: int) -> list[str]:
    """The lines with another number in the convolution of one of them."""
    return [*lines[:at], lines[at].replace("3x3", f"3x3, init={number}", 1), *lines[at + 1 :]]


def longer(lines: list[str], number: int) -> list[str]:
    """One empty line more at the top, or back to what it was."""
    return [lines[0], *[""] * (number % 2), *lines[1:]]


def save_and_load(path: Path, edit: Callable[[int], list[str]], numbers: Iterator[int]) -> None:
    import specc

    path.write_text("\n".join(edit(next(numbers))), "utf-8")
    specc.load(path)
