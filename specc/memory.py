"""Refusing what cannot fit into memory, with the number of bytes, before anything is allocated."""

from __future__ import annotations

import os
from math import prod
from pathlib import Path
from typing import Literal, TypeAlias

from specc.analysis.summary import Summary
from specc.diagnostics import Diagnostic
from specc.ir.graph import Graph
from specc.limits import Limits
from specc.report.words import byte_count

Work: TypeAlias = Literal["export", "run", "verify"]


def refusal(
    graph: Graph, summary: Summary, work: Work, bounds: Limits, batch: int = 1, *, loaded: bool = False
) -> Diagnostic | None:
    """E0706 where `work` needs more memory than the limit, or than there is where no limit is set; weights that are
    `loaded` are there already."""
    needed = _needed(graph, summary, work, batch)
    free = None if bounds.memory else available()
    most = bounds.memory if free is None else free + loaded * summary.totals.weight_bytes
    if most is None or needed <= most:
        return None
    there = f"the limit is {bounds.memory:_}" if bounds.memory else f"{most:_} are available"
    return Diagnostic(
        "E0706",
        f"to {work} `{graph.name}` takes at least {needed:_} bytes ({byte_count(needed)}); {there}",
        file=graph.file,
        notes=(_parts(summary, work, batch),),
        help="`--limit memory=N`, from Python `Limits(memory=N)`, sets how many bytes may be used"
        if bounds.memory
        else None,
    )


def _needed(graph: Graph, summary: Summary, work: Work, batch: int) -> int:
    """A lower bound in bytes; values of open size count as nothing."""
    totals = summary.totals
    if work == "export":  # one weight at a time
        return 4 * max((prod(weight.shape) for node in graph.nodes for weight in graph.weights(node)), default=0)
    values = totals.peak_activation_bytes if work == "run" else totals.activation_bytes
    return totals.weight_bytes + (batch * values if isinstance(values, int) else 0)


def _parts(summary: Summary, work: Work, batch: int) -> str:
    if work == "export":
        return "the largest weight has to be made as a whole"
    totals = summary.totals
    values = totals.peak_activation_bytes if work == "run" else totals.activation_bytes
    return f"weights: {byte_count(totals.weight_bytes)}; values of one item: {byte_count(values)}; batch: {batch}"


def available() -> int | None:
    """Bytes that this process may still allocate, as far as the system says."""
    known = [size for size in (_system(), _control_group(), _process()) if size is not None]
    return min(known, default=None)


def _system() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        return 1024 * (kilobytes["MemAvailable"] + kilobytes["SwapFree"])
    except (OSError, KeyError, ValueError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _control_group() -> int | None:
    """What a container may use (cgroup v2, "memory.max"), which may be `max`."""
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _process() -> int | None:
    """The limit on the address space (`ulimit -v`)."""
    try:
        import resource
    except ImportError:
        return None
    soft = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if soft == resource.RLIM_INFINITY else soft
