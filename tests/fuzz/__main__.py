"""Check texts that are nearly specs: `python -m tests.fuzz --seconds 60 --seed 0`.

No case may raise, hang, or have a finding outside of its file; and where a case is a file that was edited several
times, checking it again must give what checking it anew gives.  A case that does otherwise is printed, made as short
as whole lines allow, with its seed and number; of those that fail at the same place only the first.  The exit code is
then 1.
`--jobs 8` shares the cases out among processes; `--only N` prints and runs that case alone.
"""

from __future__ import annotations

import argparse
import faulthandler
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator

from tqdm import tqdm

from tests.fuzz.again import Files, examine_again, history
from tests.fuzz.examine import examine
from tests.fuzz.mutations import case

TOLD_EVERY = 50_000
WATCHED = 100
"""So many cases share a watchdog, which ends the process where Python itself no longer answers."""


def main() -> int:
    options = _options()
    return _share_out(options) if options.jobs > 1 else _run(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="stop after this time")
    parser.add_argument("--cases", type=int, default=10**9, help="stop after so many cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--thorough", type=int, default=20, help="print in every format, and export, every so many")
    parser.add_argument("--again", type=int, default=40, help="check version by version every so many")
    parser.add_argument("--jobs", type=int, default=1, help="so many processes")
    parser.add_argument("--only", type=int, help="run this case alone, and print it")
    parser.add_argument("--case-seconds", type=float, default=120, help="what one case may take")
    return parser.parse_args()


def _share_out(options: argparse.Namespace) -> int:
    """One process for every part of the cases, of which each has as many that take long; the largest exit code."""
    names = ("seconds", "seed", "case_seconds", "thorough", "again")
    common = [part for name in names for part in (f"--{name.replace('_', '-')}", getattr(options, name))]
    cases = -(-options.cases // options.jobs)
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz", "--first", str(options.first + job * cases),
             "--cases", str(cases), *map(str, common)]
        )
        for job in range(options.jobs)
    ]  # fmt: skip
    return max(process.wait() for process in started)


def _run(options: argparse.Namespace) -> int:
    codes: Counter[str] = Counter()
    places: set[str] = set()
    clean = done = 0
    start = time.monotonic()
    for number in _numbers(options):
        if done % WATCHED == 0:
            faulthandler.dump_traceback_later(WATCHED * options.case_seconds, exit=True)
        text = case(options.seed, number)
        thorough = number % options.thorough == 0 or options.only is not None
        problem, found = _outcome(text, thorough, options.case_seconds)
        done += 1
        if done % TOLD_EVERY == 0:
            print(f"{done} cases of seed {options.seed}", file=sys.stderr, flush=True)
        codes.update(found)
        clean += not any(code.startswith("E") for code in found)
        if problem is not None and _place(problem) not in places:
            places.add(_place(problem))
            _tell(options.seed, number, _shortest(text, problem, thorough, options.case_seconds), problem)
        if number % options.again == 0 or options.only is not None:
            _run_again(options, number, places)
    faulthandler.cancel_dump_traceback_later()
    wrong = f"{len(places)} ways to go wrong" if places else "nothing raised, nothing hung"
    seconds = time.monotonic() - start
    print(f"{done} cases in {seconds:.0f} s, {clean} of them right, {len(codes)} different codes; {wrong}")
    return 1 if places else 0


def _run_again(options: argparse.Namespace, number: int, places: set[str]) -> None:
    files = history(options.seed, number)
    problem = _difference(files, options.case_seconds)
    if problem is not None and (place := f"again {_place(problem)}") not in places:
        places.add(place)
        versions = _fewest(files, problem, options.case_seconds)
        texts = [f"{version.blocks}----\n{version.spec}" if version.blocks else version.spec for version in versions]
        _tell(options.seed, number, "\n==== and then ====\n".join(texts), problem)


def _numbers(options: argparse.Namespace) -> Iterator[int]:
    if options.only is not None:
        print(case(options.seed, options.only))
        yield options.only
        return
    end = time.monotonic() + options.seconds
    numbers = range(options.first, options.first + options.cases)
    shown = sys.stderr.isatty()
    for number in tqdm(numbers, unit=" cases", mininterval=5, disable=not shown):
        if time.monotonic() > end:
            return
        yield number


def _outcome(text: str, thorough: bool, seconds: float) -> tuple[BaseException | None, set[str]]:
    """What went wrong, and the codes of the findings."""
    try:
        outcome = examine(text, thorough, seconds)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return error, set()
    return None, {diagnostic.code for diagnostic in outcome.diagnostics}


def _difference(files: list[Files], seconds: float) -> BaseException | None:
    """What went wrong when files were checked again."""
    try:
        examine_again(files, seconds)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return error
    return None


def _place(problem: BaseException) -> str:
    """The kind of the exception and the line of specc that raised it; a hang may show anywhere."""
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if "/specc/" in frame.filename]
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames and isinstance(problem, Exception) else ""
    return f"{type(problem).__name__} {where}"


def _shortest(text: str, problem: BaseException, thorough: bool, seconds: float) -> str:
    """Leave out runs of lines, halving their length, as long as the same kind of thing goes wrong."""
    lines = text.split("\n")
    length = len(lines) // 2
    end = time.monotonic() + 60
    while length and time.monotonic() < end:
        at = 0
        while at < len(lines):
            shorter = lines[:at] + lines[at + length :]
            again, _ = _outcome("\n".join(shorter), thorough, seconds)
            if type(again) is type(problem):
                lines = shorter
            else:
                at += length
        length //= 2
    return "\n".join(lines)


def _fewest(files: list[Files], problem: BaseException, seconds: float) -> list[Files]:
    """Leave out versions as long as the same kind of thing goes wrong."""
    for version in list(files):
        fewer = [other for other in files if other is not version]
        if type(_difference(fewer, seconds)) is type(problem):
            files = fewer
    return files


def _tell(seed: int, number: int, text: str, problem: BaseException) -> None:
    traceback.print_exception(problem)
    print(f"case {number} of seed {seed} goes wrong with:\n{text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
