"""Sizes that may stay open: integers, and integer polynomials over named sizes and floor divisions.

`Dim = int | Sym`.  Every operation returns a plain `int` as soon as nothing symbolic is left, so code that
knows its sizes pays nothing and never overflows.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm, prod
from typing import Any, Final, TypeAlias

from specc.core import CoreSchema, dataclass_of, plain, schema
from specc.frozen import frozen


@frozen
class Floor:
    """The atom floor(numerator / divisor) that could not be simplified."""

    numerator: Sym
    divisor: int

    @cached_property
    def text(self) -> str:
        inside = formula(self.numerator)
        return f"{inside if inside.isidentifier() else f'({inside})'}//{self.divisor}"


Atom: TypeAlias = "str | Floor"
Monomial: TypeAlias = "tuple[Atom, ...]"  # a product of atoms, sorted, repeated for powers


class Sym:
    """A polynomial with integer coefficients; `terms` maps each product of atoms to its coefficient."""

    def __init__(self, terms: tuple[tuple[Monomial, int], ...]) -> None:
        self.terms: Final = terms

    def __add__(self, other: Dim) -> Dim:
        sums = dict(self.terms)
        for product, coefficient in _terms(other):
            sums[product] = sums.get(product, 0) + coefficient
        return _build(sums)

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return _build({product: -coefficient for product, coefficient in self.terms})

    def __sub__(self, other: Dim) -> Dim:
        return self + (-other)

    def __rsub__(self, other: int) -> Dim:
        return (-self) + other

    def __mul__(self, other: Dim) -> Dim:
        sums: dict[Monomial, int] = {}
        for left, a in self.terms:
            for right, b in _terms(other):
                product = tuple(sorted(left + right, key=_order))
                sums[product] = sums.get(product, 0) + a * b
        return _build(sums)

    __rmul__ = __mul__

    def __floordiv__(self, divisor: int) -> Dim:
        """Floor division by a positive integer: whole multiples come out, nested floors collapse."""
        whole = {p: c // divisor for p, c in self.terms if p and c % divisor == 0}
        rest = _build({p: c for p, c in self.terms if p and c % divisor != 0})
        constant = dict(self.terms).get((), 0)
        if isinstance(rest, int):
            return _build(whole) + constant // divisor
        outside, inside = divmod(constant, divisor)
        return _build(whole) + outside + _floor(rest + inside, divisor)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sym) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        """In JSON a size is its formula."""
        return plain(_read, schema("to-string"))

    @cached_property
    def _key(self) -> frozenset[tuple[Monomial, int]]:
        return frozenset(self.terms)

    def __str__(self) -> str:
        return formula(self)

    __repr__ = __str__


Dim: TypeAlias = int | Sym


@frozen
class Divides:
    """A condition on the open sizes: `divisor` divides `value`."""

    divisor: int
    value: Sym

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        """What pydantic finds in a dataclass by itself, in a thousandth of the time."""
        return dataclass_of(cls, {"divisor": schema("int"), "value": handler.generate_schema(Sym)})

    def __str__(self) -> str:
        multiple = self.multiple
        if multiple:
            return f"{multiple[0]} must be a multiple of {multiple[1]}"
        return f"{formula(self.value)} must be a multiple of {self.divisor}"

    @property
    def multiple(self) -> tuple[str, int] | None:
        """`(name, n)` when the condition says no more than that the size `name` is a multiple of n."""
        if len(self.value.terms) == 1:
            (product, coefficient), *_ = self.value.terms
            if len(product) == 1 and isinstance(product[0], str):
                return product[0], self.divisor // gcd(self.divisor, coefficient)
        return None


def symbol(name: str) -> Sym:
    """The open size called `name`."""
    return Sym((((name,), 1),))


def ceil_div(value: Dim, divisor: int) -> Dim:
    """ceil(value / divisor) for a positive divisor."""
    return -((-value) // divisor) if isinstance(value, int) else (value + (divisor - 1)) // divisor


def product(sizes: tuple[Dim, ...]) -> Dim:
    """The product of `sizes` as a Python integer or formula; 1 for none."""
    result: Dim = 1
    for size in sizes:
        result = result * size
    return result


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


def evaluate(value: Dim, sizes: dict[str, int]) -> int:
    """The number that `value` is for the given open sizes; `KeyError` names one that is missing."""
    if isinstance(value, int):
        return value
    total = 0
    for atoms, coefficient in value.terms:
        for atom in atoms:
            coefficient *= sizes[atom] if isinstance(atom, str) else evaluate(atom.numerator, sizes) // atom.divisor
        total += coefficient
    return total


def names(value: Dim) -> set[str]:
    """The open sizes that `value` depends on."""
    if isinstance(value, int):
        return set()
    found: set[str] = set()
    for atoms, _ in value.terms:
        for atom in atoms:
            found |= {atom} if isinstance(atom, str) else names(atom.numerator)
    return found


def formula(value: Dim, conditions: tuple[Divides, ...] = ()) -> str:
    """`value` as text that `parse` reads back; divisions that `conditions` make exact are carried out: `H/8`."""
    if isinstance(value, int):
        return str(value)
    return _polynomial(_simplified(value, conditions) if conditions else {p: Fraction(c) for p, c in value.terms})


def parse(text: str) -> Dim:
    """The size that `formula` wrote; `ValueError` for anything else."""
    from specc.formulas import calculated  # which imports a parser of Python

    size: Dim = calculated(text, symbol)
    return size


def _read(value: Any) -> Sym:
    parsed = parse(value) if isinstance(value, str) else value
    if not isinstance(parsed, Sym):
        raise ValueError("not an open size")
    return parsed


def _terms(value: Dim) -> tuple[tuple[Monomial, int], ...]:
    return ((((), value),) if value else ()) if isinstance(value, int) else value.terms


def _build(sums: dict[Monomial, int]) -> Dim:
    kept = {product: coefficient for product, coefficient in sums.items() if coefficient}
    if not any(kept):
        return kept.get((), 0)
    return Sym(tuple(sorted(kept.items(), key=lambda term: (-len(term[0]), [_order(a) for a in term[0]]))))


def _floor(numerator: Dim, divisor: int) -> Dim:
    assert isinstance(numerator, Sym)  # what is left of a sum that held open sizes
    variable = [(atoms, c) for atoms, c in numerator.terms if atoms]
    if len(variable) == 1 and variable[0][1] == 1 and len(variable[0][0]) == 1:
        atom = variable[0][0][0]
        if isinstance(atom, Floor):  # floor((floor(a/m) + c) / n) = floor((a + c*m) / (m*n))
            constant = dict(numerator.terms).get((), 0)
            return (atom.numerator + constant * atom.divisor) // (atom.divisor * divisor)
    return Sym((((Floor(numerator, divisor),), 1),))


def _order(atom: Atom) -> str:
    return atom if isinstance(atom, str) else f"~{atom.text}"


_Rational: TypeAlias = "dict[Monomial, Fraction]"


def _polynomial(terms: _Rational) -> str:
    """A sum as text; terms that are whole only together stand over one divisor: `(H + 1)/2`."""
    if not terms:
        return "0"
    halves = {atoms: c for atoms, c in terms.items() if c.denominator != 1}
    if () not in halves:
        return _sum_text([_term_text(atoms, abs(c), c < 0) for atoms, c in terms.items()])
    divisor = lcm(*(c.denominator for c in halves.values()))
    whole = [_term_text(atoms, abs(c), c < 0) for atoms, c in terms.items() if atoms not in halves]
    together = _polynomial({atoms: c * divisor for atoms, c in halves.items()})
    return _sum_text([(f"({together})/{divisor}", False), *whole])


def _sum_text(terms: list[tuple[str, bool]]) -> str:
    (first, negative), *others = terms
    start = f"-({first})" if negative and "//" in first else f"{'-' if negative else ''}{first}"
    return start + "".join(f" {'-' if minus else '+'} {text}" for text, minus in others)


def _term_text(atoms: Monomial, size: Fraction, negative: bool) -> tuple[str, bool]:
    """One product without its sign, and whether it is negative."""
    if size == 1 and len(atoms) == 1:
        return _atom_text(atoms[0]), negative
    factors = [atom if isinstance(atom, str) else f"({atom.text})" for atom in atoms]
    if size.numerator != 1 or not atoms:
        factors.insert(0, str(size.numerator))
    return "*".join(factors) + (f"/{size.denominator}" if size.denominator != 1 else ""), negative


def _atom_text(atom: Atom) -> str:
    return atom if isinstance(atom, str) else atom.text


def _simplified(value: Dim, conditions: tuple[Divides, ...]) -> _Rational:
    """`value` as a rational polynomial, every division carried out that `conditions` make exact."""
    total: _Rational = {}
    for atoms, coefficient in _terms(value):
        term: _Rational = {(): Fraction(coefficient)}
        for atom in atoms:
            term = _times(term, {(atom,): Fraction(1)} if isinstance(atom, str) else _divided(atom, conditions))
        _add_to(total, term)
    return {key: amount for key, amount in total.items() if amount}


def _divided(atom: Floor, conditions: tuple[Divides, ...]) -> _Rational:
    """floor(a / n) with the terms of `a` that n is known to divide taken out of it."""
    if Divides(atom.divisor, atom.numerator) in conditions:
        return {key: c / atom.divisor for key, c in _simplified(atom.numerator, conditions).items()}
    multiples = dict(c.multiple for c in conditions if c.multiple)
    exact = {p: c for p, c in atom.numerator.terms if p and c * _known_divisor(p, multiples) % atom.divisor == 0}
    rest = _build({p: c for p, c in atom.numerator.terms if p not in exact}) // atom.divisor
    result = {p: Fraction(c, atom.divisor) for p, c in exact.items()}
    _add_to(result, {p: Fraction(c) for p, c in _terms(rest)})
    return result


def _known_divisor(atoms: Monomial, multiples: dict[str, int]) -> int:
    """A number that divides the product of `atoms` whatever their sizes."""
    return prod(multiples.get(atom, 1) for atom in atoms if isinstance(atom, str))


def _add_to(total: _Rational, term: _Rational) -> None:
    for key, amount in term.items():
        total[key] = total.get(key, Fraction(0)) + amount


_Division: TypeAlias = "Callable[[Floor], tuple[Dim, int]]"


def _variable_part(atom: Floor) -> tuple[Dim, int]:
    """floor((v + c) / n) = v / n + floor(c / n) where n divides v: even sizes stay even behind strided layers."""
    constant = dict(atom.numerator.terms).get((), 0)
    return atom.numerator - constant, constant // atom.divisor


def _whole(atom: Floor) -> tuple[Dim, int]:
    """floor(a / n) = a / n where n divides a."""
    return atom.numerator, 0


def _exact(value: Dim, needed: list[Divides], divides: _Division) -> _Rational:
    """`value` as a rational polynomial with every floor taken as exact in the way of `divides`; what that takes is
    noted in `needed`."""
    total: _Rational = {}
    for atoms, coefficient in _terms(value):
        term: _Rational = {(): Fraction(coefficient)}
        for atom in atoms:
            known: _Rational = {(atom,): Fraction(1)}
            term = _times(term, known if isinstance(atom, str) else _exact_floor(atom, needed, divides))
        _add_to(total, term)
    return {key: amount for key, amount in total.items() if amount}


def _exact_floor(atom: Floor, needed: list[Divides], divides: _Division) -> _Rational:
    dividend, rest = divides(atom)
    assert isinstance(dividend, Sym)
    needed.append(Divides(atom.divisor, dividend))
    result = {key: amount / atom.divisor for key, amount in _exact(dividend, needed, divides).items()}
    _add_to(result, {(): Fraction(rest)} if rest else {})
    return result


def _times(left: _Rational, right: _Rational) -> _Rational:
    result: _Rational = {}
    for a, x in left.items():
        for b, y in right.items():
            key = tuple(sorted(a + b, key=_order))
            result[key] = result.get(key, Fraction(0)) + x * y
    return result
