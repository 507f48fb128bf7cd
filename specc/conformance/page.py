"""The published table: what became of every case, by operator."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import onnx

from specc.conformance.cases import Outcome

_HEAD = """\
# Conformance

ONNX's own backend tests (the single-node cases in the onnx package, written by its authors) run through the importer
and the NumPy interpreter in float32, or float64 where a case is not of float32: {passed} of {total} cases pass,
{failed} fail, {declined} are declined. A declined case counts as declined, not as passed. The table is written by
`python -m specc.conformance` with onnx {version}; a test holds its figures.

What a spec has at compile time (weights, axes, shapes) comes in through the inputs of a case; the backend takes it
from there. Many cases have tensors without a batch: those are read as one item of a batch of one. Integers are computed
in float64, which holds them exactly up to 2^53.

Excluded are the element types float8, float4, int4, uint4, int2 and uint2, which specc does not have: {narrow} of the
{declined} declined cases. The others are named with their reasons below the table.

| operator | passed | declined | failed |
|---|---:|---:|---:|
"""

_REASONS = """
## What is declined, and why

| operator | cases | why |
|---|---:|---|
"""


NARROW: Final = re.compile(r"\b(float8|float4|u?int[24]\b)")
"""The element types that are excluded, in a reason for declining."""


def page(outcomes: Sequence[Outcome]) -> str:
    """The table as Markdown."""
    totals = Counter(outcome.verdict for outcome in outcomes)
    counts = {verdict: totals[verdict] for verdict in ("passed", "declined", "failed")}
    narrow = sum(outcome.verdict == "declined" and bool(NARROW.search(outcome.why)) for outcome in outcomes)
    head = _HEAD.format(**counts, narrow=narrow, total=len(outcomes), version=onnx.__version__)
    return head + "\n".join(_rows(outcomes)) + "\n" + _REASONS + "\n".join(_reasons(outcomes)) + "\n"


def by_operator(outcomes: Sequence[Outcome]) -> dict[str, Counter[str]]:
    """How many cases of each operator passed, were declined, and failed."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        table[outcome.operator][outcome.verdict] += 1
    return dict(sorted(table.items()))


def _rows(outcomes: Sequence[Outcome]) -> Iterator[str]:
    table = by_operator(outcomes)
    for operator, counts in table.items():
        yield f"| {operator} | {counts['passed']} | {counts['declined']} | {counts['failed']} |"
    total = sum(table.values(), Counter())
    yield f"| **all** | **{total['passed']}** | **{total['declined']}** | **{total['failed']}** |"


def _reasons(outcomes: Sequence[Outcome]) -> Iterator[str]:
    found: dict[tuple[str, str], int] = Counter()
    for outcome in outcomes:
        if outcome.verdict == "declined":
            why = re.sub(r"^node `.*?` \(\w+\) has no counterpart in a spec: ", "", outcome.why)
            found[outcome.operator, why] += 1
    for (operator, why), count in sorted(found.items()):
        yield f"| {operator} | {count} | {why} |"
