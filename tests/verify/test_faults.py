"""Injected faults are found at the right layer; the generated parts of docs/verification.md are current."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
from specc.ops import OPS
from tests.verify.fault_networks import networks
from tests.verify.page import CHEAP, PAGE, renewed
from tests.verify.sabotage import trials

COUNTS = {"residual": 75, "pools": 25, "resizing": 20, "moves": 60, "attention": 75, "parts": 35}
NOTHING = {"identity", "dropout"}
"""Layers without a node, in which nothing can be wrong."""


@pytest.mark.parametrize("network", COUNTS)
def test_sabotage_is_found_where_it_is(network):
    real = [trial for trial in trials([network]) if not trial.same]
    missed = [f"{trial.fault.node}: {trial.fault.what}, blamed {trial.blamed}" for trial in real if not trial.placed]
    assert missed == []
    assert len(real) >= COUNTS[network]


def test_every_operation_is_sabotaged():
    words = {node.op.word for graph in networks().values() for node in graph.nodes}
    assert {op.word for op in OPS} - words <= NOTHING


@pytest.mark.parametrize("part", CHEAP)
def test_the_page_is_current(part):
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page, part, CHEAP[part]()) == page, "run `python -m tests.verify.page`"
