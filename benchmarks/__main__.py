"""Measure and print the table; `--write docs` keeps it as docs/benchmarks.md and docs/benchmarks.json."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
NOTES = "## Notes on this run\n"
GROUPS = ("checking", "computing", "files", "exported", "running", "cuda")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"which rows: {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--runs", type=int, default=9, help="runs to take the median of (default: %(default)s)")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write benchmarks.md and benchmarks.json there")
    options = parser.parse_args()
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    _one_thread()
    from importlib import import_module

    from benchmarks.table import Table

    table = Table.of_this_machine(options.runs)
    for group in options.groups or GROUPS:
        for row in import_module(f"benchmarks.{group}").rows(options.runs):
            print(table.line(row), file=sys.stderr, flush=True)
            table.rows.append(row)
    if options.write is None:
        print(table.markdown())
        return
    options.write.mkdir(parents=True, exist_ok=True)
    page = options.write / "benchmarks.md"
    page.write_text(table.markdown() + _notes(page), "utf-8")
    (options.write / "benchmarks.json").write_text(table.json(), "utf-8")


def _notes(page: Path) -> str:
    """What people have written below the tables of an earlier run; to be read again with the new figures."""
    _, heading, notes = page.read_text("utf-8").partition(NOTES) if page.is_file() else ("", "", "")
    return f"\n{heading}{notes}" if heading else ""


def _one_thread() -> None:
    """Before NumPy is imported: OpenBLAS with two threads misbehaves on small shared machines."""
    os.environ.update(dict.fromkeys(THREADS, "1"))
    from specc.openblas import choose_kernels

    choose_kernels()


if __name__ == "__main__":
    main()
