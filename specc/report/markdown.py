"""A model as a Markdown table (GitHub's), for a README or a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from specc.analysis.summary import Summary
from specc.report import words
from specc.report.rows import HEADER, rows
from specc.textwidth import printable

_RIGHT: Final = ("line", "params", "macs")
_SPECIAL: Final = re.compile(r"[\\`*{}\[\]<>#|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def render(summaries: Sequence[Summary]) -> str:
    """Each model under a heading: a row for each layer, then its totals as a list."""
    return "\n".join("\n".join(_model(summary)) + "\n" for summary in summaries)


def _model(summary: Summary) -> list[str]:
    inputs = ", ".join(
        f"{escape(i.name)} {words.shape(i.type, summary.layout, summary.conditions)}" for i in summary.inputs
    )
    return [
        f"## {escape(summary.name)}",
        "",
        *([*map(escape, summary.doc.splitlines()), ""] if summary.doc else []),
        f"Input: {inputs}",
        "",
        table_row(HEADER),
        table_row(["---:" if name in _RIGHT else "---" for name in HEADER]),
        *(table_row([escape(cell) for cell in row]) for row in rows(summary, grouped=True)),
        "",
        *(f"- {name}: {escape(value)}" for name, value in words.total_lines(summary)),
    ]


def table_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escape(text: str) -> str:
    """`text` that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\g<0>", printable(text))
