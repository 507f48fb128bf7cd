"""Elaboration without what it takes over from statements and layers before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from specc.diagnostics.render import render_text
from specc.elaborate.layers import Layers
from specc.elaborate.settled import Settled
from specc.pipeline import Outcome


@contextmanager
def without_shortcuts() -> Iterator[None]:
    """Every statement and every layer is worked out by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settled, "find", lambda *_: None)
        patch.setattr(Layers, "_can_repeat", lambda *_: False)
        yield


def assert_same(one: Outcome, other: Outcome) -> None:
    """Both found the same, and made the same graphs."""
    assert render_text(one.diagnostics, width=100) == render_text(other.diagnostics, width=100)
    assert [checked.graph for checked in one.models] == [checked.graph for checked in other.models]
