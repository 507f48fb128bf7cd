"""Models as comma-separated values: one row for each layer of each model."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from specc.analysis.summary import Summary
from specc.report.rows import HEADER, rows


def render(summaries: Sequence[Summary]) -> str:
    """RFC 4180 with `\\n` line ends and a header row; counts as plain numbers, or formulas of open sizes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "model", *(name.replace(" ", "_") for name in HEADER)))
    for summary in summaries:
        writer.writerows((summary.file, summary.name, *row) for row in rows(summary, grouped=False))
    return text.getvalue()
