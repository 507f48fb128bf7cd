"""What a check makes is gone as soon as nobody needs it, without Python's search for circles."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.pipeline import check
from specc.source import Source

DEEP = """\
block unit(channels) {{ conv channels, 3x3, pad=same, relu }}
model Deep {{
    input image 8x16x16
    repeat {} {{ residual {{ unit 8 }} }}
    output y{}
}}
"""


def circles(text: str) -> int:
    """How many objects a check leaves behind that refer to each other."""
    gc.collect()
    outcome = check(Source("deep.cnn", text), FileLoader(Path(), DEFAULT_LIMITS))
    assert outcome.models or outcome.diagnostics
    for checked in outcome.models:
        assert checked.summary.layers
    del outcome
    return gc.collect()


@pytest.mark.parametrize("behind", ["", "\n    dense 10"], ids=["a good model", "one with an error"])
def test_circles_do_not_grow_with_the_network(behind: str) -> None:
    usual = gc.isenabled()
    gc.disable()
    try:
        circles(DEEP.format(2, behind))  # what is made once
        assert circles(DEEP.format(200, behind)) == circles(DEEP.format(2, behind))
    finally:
        if usual:
            gc.enable()
