"""Measuring: alternating runs, medians, processes of their own."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MEGABYTE = 1e6


@dataclass(frozen=True)
class Row:
    """One figure and what it is measured against, in `unit`; `reach` is the largest ratio asked for (for rates, the
    smallest; empty where none is), `why` says in a sentence what the rival or limit is."""

    name: str
    figure: float
    rival: float
    unit: str
    reach: str
    why: str

    @property
    def ratio(self) -> float:
        return self.figure / self.rival


@dataclass(frozen=True)
class Times:
    """Seconds on the clock, and of CPU time of this process."""

    wall: float
    cpu: float


def alternate(runs: int, *works: Callable[[], object]) -> list[float]:
    """The median CPU seconds of each of `works`, run in turn so that all meet the same machine; once to warm up."""
    return [times.cpu for times in times_of(runs, *works)]


def times_of(runs: int, *works: Callable[[], object]) -> list[Times]:
    """The same with the median time on the clock beside it."""
    for work in works:
        work()
    taken: list[list[Times]] = [[] for _ in works]
    for _ in range(runs):
        for work, found in zip(works, taken, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            found.append(Times(time.perf_counter() - wall, time.process_time() - cpu))
    return [Times(statistics.median(t.wall for t in found), statistics.median(t.cpu for t in found)) for found in taken]


@dataclass(frozen=True)
class Usage:
    """What a process used: CPU seconds, and its peak memory in megabytes."""

    seconds: float
    megabytes: float


def alternate_processes(runs: int, *programs: Sequence[str]) -> list[Usage]:
    """The median usage of `python ARGUMENTS...` for each of `programs`, run in turn; once to warm up."""
    for program in programs:
        process(program)
    used: list[list[Usage]] = [[] for _ in programs]
    for _ in range(runs):
        for program, taken in zip(programs, used, strict=True):
            taken.append(process(program))
    return [
        Usage(statistics.median(u.seconds for u in taken), statistics.median(u.megabytes for u in taken))
        for taken in used
    ]


def alternate_told(runs: int, *programs: str) -> list[float]:
    """The median of the numbers that each of the Python `programs` prints, run in turn in processes of their own."""
    told: list[list[float]] = [[] for _ in programs]
    for _ in range(runs):
        for program, found in zip(programs, told, strict=True):
            done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
            found.append(float(done.stdout))
    return [statistics.median(found) for found in told]


def process(arguments: Sequence[str]) -> Usage:
    """Run `python ARGUMENTS...` in the checkout.  Raises CalledProcessError where it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    program = f"{_MEASURED}\n{arguments[1]}" if arguments[0] == "-c" else None
    command = [sys.executable, "-c", program] if program else [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peaks = [line.removeprefix(_PEAK) for line in done.stderr.splitlines() if line.startswith(_PEAK)]
    return Usage(seconds, float(peaks[-1]) * 1024 / MEGABYTE if peaks else 0.0)


_PEAK = "peak memory: "
_MEASURED = (
    # not ru_maxrss: on Linux a child starts with what its parent had before it became another program
    "import atexit, sys; atexit.register(lambda: print("
    f"{_PEAK!r} + next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')), "
    "file=sys.stderr))"
)
