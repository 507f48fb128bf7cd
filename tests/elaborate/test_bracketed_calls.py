"""Calls with their arguments in brackets: what they are read as, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.pipeline import check
from specc.source import Source

BLOCKS = """
block unit(channels, kernel = 3) { conv channels, kernel }
block listed(widths = [4, 8], kernel = 1) { for width in widths { conv width, kernel } }
block only(widths) { for width in widths { conv width, 1 } }
"""
OTHER = "model Other { input image 3x31x31; unit 3; listed; only [3] }"


def said(line: str) -> list[tuple[str, str | None]]:
    """The code and help of each finding."""
    text = f"{BLOCKS}{OTHER}\nmodel Net {{ input image 3x30x30; {line} }}"
    outcome = check(Source("net.cnn", text), FileLoader(Path(), DEFAULT_LIMITS), model="Net")
    return [(diagnostic.code, diagnostic.help) for diagnostic in outcome.diagnostics]


@pytest.mark.parametrize(
    ("line", "code", "meant"),
    [
        ("maxpool(3, 2)", "W0102", "`maxpool 3, stride=2`"),
        ("avgpool(3, 1)", "W0102", "`avgpool 3, stride=1`"),
        ("depthwise(3, 2)", "W0102", "`depthwise 3, stride=2`"),
        ("maxpool(3, 2), pad=1", "W0102", "`maxpool 3, stride=2`"),
        ("maxpool(3, 2, 1)", "E0304", "`maxpool 3, stride=2, pad=1`"),
        ("maxpool((3, 3), 2)", "E0304", "`maxpool (3, 3), stride=2`"),
        ("unit(8, 5)", "E0303", "`unit 8, 5`"),
        ("flatten; dense(10, softmax)", "E0304", "`dense 10, softmax`"),
        ("upsample(2, bilinear)", "E0304", "`upsample 2, bilinear`"),
        ("conv 6, 1; a, b: split(2, 1); add a, b", "E0406", "`split 2`"),
    ],
)
def test_the_one_finding_says_how_the_call_is_written(line: str, code: str, meant: str) -> None:
    ((told, help),) = said(line)
    assert told == code
    assert meant in (help or "")


@pytest.mark.parametrize(
    "line",
    [
        "maxpool (2, 1)", "maxpool 2x1", "maxpool(2, 1), stride=1", "crop(1, 2)", "pad(1, 2)", "reshape(30, 90)",
        "transpose(1, 0, 2)", "unit(8)", "listed(8, 5)", "only(8, 5)", "upsample(2, 1)", "resize(8, 9)",
        "maxpool 3, stride=2", "avgpool 3, stride=1", "unit 8, 5", "flatten; dense 10, softmax", "upsample 2, bilinear",
        "conv 6, 1; a, b: split 2; add a, b",
    ],
)  # fmt: skip
def test_what_is_meant_as_a_list_and_what_is_advised_get_none(line: str) -> None:
    assert [code for code, _ in said(line) if code != "W0101"] == []


def test_a_block_is_checked_as_it_is_meant() -> None:
    assert [code for code, _ in said("unit(8, 5) -> 8x26x26")] == ["E0303"]
