"""Windows that are written as products and quotients."""

from __future__ import annotations

from pathlib import Path

import pytest

from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.pipeline import check
from specc.source import Source


@pytest.mark.parametrize(
    ("line", "warned"),
    [
        ("conv 4, 3*3, pad=4", True),
        ("conv 4, 3x3, stride=2*2, pad=1", True),
        ("b 1*1", True),
        ("conv 2*8, 1x1", False),
        ("conv 4, 2*k - 3, pad=1", False),
        ("conv 4, k*1, pad=1", False),
        ("conv 4, 4x4/2", True),
        ("maxpool 4x2/2", True),
        ("maxpool 4/2", True),
        ("conv 4, 7//2", True),
        ("conv 4, 3x3*2", True),
        ("conv 4, 2*3x3", True),
        ("conv 4, 3x3+1", True),
        ("conv 4, 3x3-1", True),
        ("b 4/2", True),
        ("conv 4, k//2", False),
        ("conv 4, k*3x3", False),
        ("conv 4, 2+1", False),
        ("conv 4, [k+1, 4]/2", False),
        ("conv 4, 1x1, stride=4x4/2", False),
    ],
)
def test_only_products_and_quotients_of_numbers_in_the_place_of_a_window_are_warned_of(line: str, warned: bool) -> None:
    text = f"let k = 3\nblock b(kernel) {{ conv k, kernel }}\nmodel Net {{\n input image 3x9x9\n b 1\n {line}\n}}"
    outcome = check(Source("net.cnn", text), FileLoader(Path(), DEFAULT_LIMITS))
    assert outcome.models
    codes = {diagnostic.code for diagnostic in outcome.diagnostics}
    assert ("W0102" in codes) == warned
