"""When sizes that may stay open are equal, and the conditions that this takes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import lcm
from typing import TypeAlias

from specc.dims import Dim, Divides, Floor, Rational, Sym, add_to, symbol, terms_of, times


def meet(left: Dim, right: Dim) -> tuple[Divides, ...] | None:
    """The conditions under which two sizes are equal: none needed is `()`, impossible is `None`.

    Floors are taken as exact, first in their open part alone, then as a whole; if the sizes agree then, that
    exactness is the condition.
    """
    if left == right:
        return ()
    if isinstance(left, int) and isinstance(right, int):
        return None
    for divides in (_variable_part, _whole):
        needed: list[Divides] = []
        if _exact(left, needed, divides) == _exact(right, needed, divides):
            return tuple(needed)
    return None


def simplest(left: Dim, right: Dim) -> Dim:
    """Of two sizes known to be equal, the one that reads more easily."""
    return min(left, right, key=lambda size: (not isinstance(size, int), len(str(size))))


def merge_conditions(conditions: tuple[Divides, ...]) -> tuple[Divides, ...]:
    """The same conditions with all multiples of one name joined to their least common multiple."""
    multiples: dict[str, int] = {}
    others: list[Divides] = []
    for condition in conditions:
        multiple = condition.multiple
        if multiple is None:
            others.append(condition)
        else:
            multiples[multiple[0]] = lcm(multiples.get(multiple[0], 1), multiple[1])
    joined = [Divides(n, symbol(name)) for name, n in sorted(multiples.items()) if n > 1]
    return (*joined, *dict.fromkeys(others))


_Division: TypeAlias = "Callable[[Floor], tuple[Dim, int]]"


def _variable_part(atom: Floor) -> tuple[Dim, int]:
    """floor((v + c) / n) = v / n + floor(c / n) where n divides v: even sizes stay even behind strided layers."""
    constant = dict(atom.numerator.terms).get((), 0)
    return atom.numerator - constant, constant // atom.divisor


def _whole(atom: Floor) -> tuple[Dim, int]:
    """floor(a / n) = a / n where n divides a."""
    return atom.numerator, 0


def _exact(value: Dim, needed: list[Divides], divides: _Division) -> Rational:
    """`value` as a rational polynomial with every floor taken as exact in the way of `divides`; what that takes is
    noted in `needed`."""
    total: Rational = {}
    for atoms, coefficient in terms_of(value):
        term: Rational = {(): Fraction(coefficient)}
        for atom in atoms:
            known: Rational = {(atom,): Fraction(1)}
            term = times(term, _exact_floor(atom, needed, divides) if isinstance(atom, Floor) else known)
        add_to(total, term)
    return {key: amount for key, amount in total.items() if amount}


def _exact_floor(atom: Floor, needed: list[Divides], divides: _Division) -> Rational:
    dividend, rest = divides(atom)
    assert isinstance(dividend, Sym)
    needed.append(Divides(atom.divisor, dividend))
    result = {key: amount / atom.divisor for key, amount in _exact(dividend, needed, divides).items()}
    add_to(result, {(): Fraction(rest)} if rest else {})
    return result
