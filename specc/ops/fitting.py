"""Whether one open size is never larger than another."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Final

from specc.agreement import meet
from specc.dims import Dim, Divides, Floor, Maximum

ALONE: Final = ""
"""The key of the constant among the coefficients of open sizes."""


def fits(size: Dim, keep: Dim) -> tuple[Divides, ...] | None:
    """The conditions under which `keep` is at most `size`; `None` where large images break it.

    Floors are bounded by what they leave; what small images break shows when they run.  Products of open sizes are
    taken to fit.
    """
    least, most = _bound(size - keep, above=False), _bound(size - keep, above=True)
    if least is None or most is None or any(least[name] > 0 for name in least.keys() - {ALONE}):
        return ()
    if any(least[name] < 0 for name in least.keys() - {ALONE}):
        return None
    if least.get(ALONE, 0) > -1:
        return ()
    meetings = (meet(size, keep + cut) for cut in range(floor(most.get(ALONE, 0)) + 1))
    return next((conditions for conditions in meetings if conditions is not None), None)


def _bound(value: Dim, *, above: bool) -> Mapping[str, Fraction] | None:
    """The coefficients of a linear bound of `value`, from above or below; `None` for products of open sizes."""
    total: dict[str, Fraction] = {}
    for atoms, coefficient in (((), value),) if isinstance(value, int) else value.terms:
        part: Mapping[str, Fraction] | None = {ALONE: Fraction(1)}
        if len(atoms) > 1:
            return None
        for atom in atoms:
            upper = above == (coefficient > 0)
            part = {atom: Fraction(1)} if isinstance(atom, str) else _atom_bound(atom, upper)
        if part is None:
            return None
        for name, amount in part.items():
            total[name] = total.get(name, Fraction(0)) + coefficient * amount
    return total


def _atom_bound(atom: Floor | Maximum, above: bool) -> Mapping[str, Fraction] | None:
    """(a - (n - 1)) / n <= floor(a / n) <= a / n; a maximum is as little linear as a product."""
    if isinstance(atom, Maximum):
        return None
    inner = _bound(atom.numerator, above=above)
    if inner is None:
        return None
    lost = {ALONE: inner.get(ALONE, Fraction(0)) - (0 if above else atom.divisor - 1)}
    return {name: amount / atom.divisor for name, amount in ({**inner, **lost}).items()}
