"""The table as Markdown and JSON, with the machine and the versions it was measured on."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.measure import Row

PACKAGES = ("specc", "pydantic", "lark", "numpy", "onnx", "onnxruntime", "onnxruntime-gpu", "torch")

HEAD = """\
# Benchmarks

What specc costs, each figure beside a rival or a limit that was measured in the same run. The table is made by

    python -m benchmarks --write docs

which also writes `benchmarks.json`. Every row is the median of {runs} runs (fewer where one takes long) of CPU time
on one thread, unless it says otherwise; ours and the rival's alternate, so that both meet the same machine. No test
asserts a time.

Measured {date} on {machine}, {versions}.

| row | specc | rival or limit | ratio | wanted |
|---|---:|---:|---:|---:|
"""


@dataclass
class Table:
    """The rows so far, and where and when they were measured."""

    runs: int
    date: str
    machine: str
    versions: dict[str, str]
    rows: list[Row] = field(default_factory=list)

    @classmethod
    def of_this_machine(cls, runs: int) -> Table:
        return cls(runs, datetime.now(UTC).date().isoformat(), _machine(), _versions())

    def line(self, row: Row) -> str:
        """One row in Markdown."""
        wanted = row.reach if row.reach.startswith("at") or not row.reach else f"at most {row.reach}"
        figure, rival = _amount(row.figure, row.unit), _amount(row.rival, row.unit)
        return f"| {row.name} | {figure} | {rival} | {row.ratio:.2f} | {wanted} |"

    def markdown(self) -> str:
        """The page."""
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        head = HEAD.format(runs=self.runs, date=self.date, machine=self.machine, versions=versions)
        reasons = "".join(f"- **{row.name}**: {row.why}.\n" for row in self.rows)
        return (
            head
            + "".join(f"{self.line(row)}\n" for row in self.rows)
            + f"\n## What each is measured against\n\n{reasons}"
        )

    def json(self) -> str:
        """The same for programs."""
        rows = [{**asdict(row), "ratio": round(row.ratio, 4)} for row in self.rows]
        return json.dumps({**asdict(self), "rows": rows}, indent=2) + "\n"


def _amount(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value * 1e3:.1f} ms" if value < 1 else f"{value:.2f} s"
    return f"{value:.0f} {unit}"


def _machine() -> str:
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    return f"{processor} ({os.cpu_count()} processors), {platform.system()}"


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
