"""How much of anything a spec may ask for; whatever goes beyond gets a diagnostic, never a crash."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, each inclusive."""

    nesting: int = 200
    """Brackets within brackets, and operators within operators (E0106)."""
    digits: int = 1000
    """Digits of one number in the text (E0105)."""
    file_bytes: int = 64 * 2**20
    """The size of one file (E0704)."""
    layers: int = 1_000_000
    """Layers of one model (E0701)."""
    steps: int = 10_000_000
    """Expressions and statements evaluated for one model (E0702)."""
    imports: int = 1000
    """Files read for one spec (E0705)."""
    elements: int = 10_000_000
    """Items of one list that a spec computes or writes (E0702)."""


DEFAULT_LIMITS = Limits()
