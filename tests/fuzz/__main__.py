"""Check texts that are nearly specs: `python -m tests.fuzz --seconds 60 --seed 0`.

No case may raise, hang, or have a finding outside of its file.  The first that does is printed, made as short as
whole lines allow, with its seed and number, and the exit code is 1.  `--only N` runs that case alone.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator

from tests.fuzz.examine import examine
from tests.fuzz.mutations import case

EXPORT_EVERY = 20


def main() -> int:
    options = _options()
    codes: Counter[str] = Counter()
    clean = done = 0
    for number in _numbers(options):
        faulthandler.dump_traceback_later(3 * options.case_seconds, exit=True)
        text = case(options.seed, number)
        export = number % EXPORT_EVERY == 0
        problem, found = _outcome(text, export, options.case_seconds)
        if problem is not None:
            _tell(options.seed, number, _shortest(text, problem, export, options.case_seconds), problem)
            return 1
        done += 1
        codes.update(found)
        clean += not any(code.startswith("E") for code in found)
    faulthandler.cancel_dump_traceback_later()
    print(f"{done} cases, {clean} of them right, {len(codes)} different codes; nothing raised, nothing hung")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="stop after this time")
    parser.add_argument("--cases", type=int, default=10**9, help="stop after so many cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", type=int, help="run this case alone, and print it")
    parser.add_argument("--case-seconds", type=float, default=120, help="what one case may take")
    return parser.parse_args()


def _numbers(options: argparse.Namespace) -> Iterator[int]:
    if options.only is not None:
        print(case(options.seed, options.only))
        yield options.only
        return
    end = time.monotonic() + options.seconds
    for number in range(options.first, options.first + options.cases):
        if time.monotonic() > end:
            return
        yield number


def _outcome(text: str, export: bool, seconds: float) -> tuple[BaseException | None, set[str]]:
    """What went wrong, and the codes of the findings."""
    try:
        outcome = examine(text, export, seconds)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return error, set()
    return None, {diagnostic.code for diagnostic in outcome.diagnostics}


def _shortest(text: str, problem: BaseException, export: bool, seconds: float) -> str:
    """Leave out runs of lines, halving their length, as long as the same kind of thing goes wrong."""
    lines = text.split("\n")
    length = len(lines) // 2
    end = time.monotonic() + 60
    while length and time.monotonic() < end:
        at = 0
        while at < len(lines):
            shorter = lines[:at] + lines[at + length :]
            faulthandler.dump_traceback_later(3 * seconds, exit=True)
            again, _ = _outcome("\n".join(shorter), export, seconds)
            if type(again) is type(problem):
                lines = shorter
            else:
                at += length
        length //= 2
    return "\n".join(lines)


def _tell(seed: int, number: int, text: str, problem: BaseException) -> None:
    traceback.print_exception(problem)
    print(f"case {number} of seed {seed} goes wrong with:\n{text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
