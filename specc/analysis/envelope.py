"""Which of several sizes may be the largest, for whatever numbers the open sizes have.

Every open size is at least as large as all values of the graph ask for, whose sizes are 1 or more.  One formula is
never larger than another if a lower bound of their difference has no negative coefficient, as a polynomial in what
the open sizes have more than that.  Such bounds of floor((n + c) / d) are taken relative to n, or relative to another
such quotient u of n, as n lies between d * u - c and d * u - c + d - 1: layers differ by whole factors then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from math import floor
from typing import Final, TypeAlias

from specc.agreement import merge_conditions
from specc.dims import Atom, Dim, Floor, Maximum, Monomial, Sym, evaluate, from_terms, maximum, names, terms_of
from specc.ir.graph import Graph

MOST: Final = 32
"""Formulas none of which plainly covers another; what more there are become one that is not too small."""

Least: TypeAlias = dict[str, int]
"""By open size the least number that it may have."""
Polynomial: TypeAlias = dict[tuple[str, ...], Fraction]
Basis: TypeAlias = Mapping[str, tuple[int, int]]
"""By open size n the d and c of the quotient u that stands for it."""


def envelope(sizes: Iterable[Dim], graph: Graph, large: dict[str, int]) -> Dim:
    """The maximum of `sizes`, without those that others are never smaller than; what is the largest at the `large` open
    sizes comes first."""
    least = least_sizes(graph)
    found = sorted(dict.fromkeys(sizes), key=lambda size: evaluate(size, large), reverse=True)
    if not all(_is_positive(atom, least) for size in found for atoms, _ in terms_of(size) for atom in atoms):
        return maximum(tuple(found))
    kept = _plainly(found)
    points = _points(least, large)
    values = {size: [evaluate(size, point) for point in points] for size in kept}

    def never_largest(size: Dim, others: list[Dim]) -> bool:
        above = (o for o in others if all(map(int.__ge__, values[o], values[size])))
        return any(never_larger(size, other, least) for other in above)

    return maximum(tuple(_without(_without(kept, never_largest), _is_between)))


def least_sizes(graph: Graph) -> Least:
    """The least numbers with which no value has a size below 1, and that the graph's conditions allow."""
    kinds = {id(kind): kind for kind in graph.values.values()}.values()
    found: Least = {}
    for size in {size for kind in kinds for size in kind.shape if not isinstance(size, int)}:
        own = names(size)
        found |= {name: max(1, found.get(name, 1)) for name in own}
        if len(own) == 1 and _grows(size):
            (name,) = own
            found[name] = max(found[name], _least(size, name))
    for condition in merge_conditions(graph.conditions):
        if condition.multiple and condition.multiple[0] in found:
            name, step = condition.multiple
            found[name] = -(-found[name] // step) * step
    return found


def _grows(size: Dim) -> bool:
    """Whether `size` plainly grows with its open sizes."""
    return all(
        coefficient > 0 and all(isinstance(a, str) or (isinstance(a, Floor) and _grows(a.numerator)) for a in atoms)
        for atoms, coefficient in terms_of(size)
        if atoms
    )


def _least(size: Sym, name: str) -> int:
    most = 1
    while evaluate(size, {name: most}) < 1:
        most *= 2
    return 1 + bisect_left(range(1, most), True, key=lambda number: evaluate(size, {name: number}) >= 1)


def _points(least: Least, large: dict[str, int]) -> list[dict[str, int]]:
    """Open sizes at which formulas are compared before their bounds are."""
    at = {name: large.get(name, 1) for name in least}
    return [least, at, *({**least, name: at[name]} for name in least), *({**at, name: least[name]} for name in least)]


def _plainly(sizes: list[Dim]) -> list[Dim]:
    """`sizes` without those that have no larger coefficient anywhere than one before them: `MOST` at most."""
    kept: list[dict[Monomial, int]] = []
    for size in sizes:
        terms = dict(terms_of(size))
        if not any(_covers(above, terms) for above in kept):
            kept = [*kept, terms] if len(kept) < MOST else [*kept[:-1], _joined(kept[-1], terms)]
    return list(map(from_terms, kept))


def _covers(above: dict[Monomial, int], terms: dict[Monomial, int]) -> bool:
    return all(above.get(atoms, 0) >= c for atoms, c in terms.items()) and all(
        c >= terms.get(atoms, 0) for atoms, c in above.items() if c < 0
    )


def _joined(a: dict[Monomial, int], b: dict[Monomial, int]) -> dict[Monomial, int]:
    """What is as large as both everywhere."""
    return {atoms: max(a.get(atoms, 0), b.get(atoms, 0)) for atoms in {**a, **b}}


def _without(sizes: list[Dim], is_needless: Callable[[Dim, list[Dim]], bool]) -> list[Dim]:
    kept = list(sizes)
    for size in reversed(sizes):
        others = [other for other in kept if other != size]
        if is_needless(size, others):
            kept = others
    return kept


def _is_between(size: Dim, others: list[Dim]) -> bool:
    """Whether `size` has no larger coefficient than some mean of two others, and so never exceeds the larger one."""
    terms = [dict(terms_of(other)) for other in others]
    own = dict(terms_of(size))
    return any(_is_mean(own, a, b) for index, a in enumerate(terms) for b in terms[:index])


def _is_mean(own: dict[Monomial, int], a: dict[Monomial, int], b: dict[Monomial, int]) -> bool:
    """Whether t * a + (1 - t) * b covers `own` for some t from 0 to 1."""
    low, high = Fraction(0), Fraction(1)
    for atoms in {**own, **a, **b}:
        gain, need = a.get(atoms, 0) - b.get(atoms, 0), own.get(atoms, 0) - b.get(atoms, 0)
        if gain > 0:
            low = max(low, Fraction(need, gain))
        elif gain < 0:
            high = min(high, Fraction(need, gain))
        elif need > 0:
            return False
    return low <= high


def never_larger(size: Dim, other: Dim, least: Least) -> bool:
    """Whether `other` is known to be at least `size` for all open sizes from `least` on."""
    difference = other - size
    bounds = (_bound(difference, least, basis, above=False) for basis in _bases(difference))
    return any(bound is not None and _has_no_negative(bound) for bound in bounds)


def _bases(size: Dim) -> Iterator[Basis]:
    yield {}
    bases: dict[int, dict[str, tuple[int, int]]] = {}
    for atoms, _ in terms_of(size):
        for atom in atoms:
            match atom:
                case Floor(numerator=Sym(terms=((((str(name),), 1), *rest))), divisor=divisor) if (
                    not rest or rest[0][0] == ()
                ):
                    bases.setdefault(divisor, {})[name] = divisor, rest[0][1] if rest else 0
    yield from bases.values()


def _bound(value: Dim, least: Least, basis: Basis, *, above: bool) -> Polynomial | None:
    """A polynomial that is never smaller (`above`) or never larger than `value`; `None` if none is known."""
    total: Polynomial = {}
    for atoms, coefficient in terms_of(value):
        term: Polynomial = {(): Fraction(coefficient)}
        upper = above == (coefficient > 0)
        for atom in atoms:
            factor = _atom_bound(atom, least, basis, above=upper)
            if factor is None:
                return None
            if len(atoms) > 1 and not upper and not _has_no_negative(factor):
                factor = {}  # no atom here is below 0
            term = _product(term, factor)
        for key, amount in term.items():
            total[key] = total.get(key, Fraction(0)) + amount
    return total


def _atom_bound(atom: Atom, least: Least, basis: Basis, *, above: bool) -> Polynomial | None:
    if isinstance(atom, Maximum):
        return None
    if isinstance(atom, str):
        divisor, offset = basis.get(atom, (1, 0))
        first = divisor * ((least[atom] + offset) // divisor) - offset + (divisor - 1 if above else 0)
        return {(): Fraction(first), (atom,): Fraction(divisor)}
    inner = _bound(atom.numerator, least, basis, above=above)
    if inner is None:
        return None
    parts = {key: amount / atom.divisor for key, amount in inner.items()}
    constant = parts.get((), Fraction(0))
    if all(amount.denominator == 1 for key, amount in parts.items() if key):
        return {**parts, (): Fraction(floor(constant))}
    return parts if above else {**parts, (): constant - Fraction(atom.divisor - 1, atom.divisor)}


def _has_no_negative(polynomial: Polynomial) -> bool:
    return all(amount >= 0 for amount in polynomial.values())


def _product(left: Polynomial, right: Polynomial) -> Polynomial:
    total: Polynomial = {}
    for a, x in left.items():
        for b, y in right.items():
            key = tuple(sorted(a + b))
            total[key] = total.get(key, Fraction(0)) + x * y
    return total


def _is_positive(atom: Atom, least: Least) -> bool:
    """Whether `atom` is known to be at least 0."""
    if isinstance(atom, Maximum):
        return False
    bound = _bound(atom.numerator, least, {}, above=False) if isinstance(atom, Floor) else {}
    return bound is not None and _has_no_negative(bound)
