"""Sizes that may stay open: integers, and integer polynomials over named sizes, floor divisions and maxima.

`Dim = int | Sym`.  Every operation returns a plain `int` as soon as nothing symbolic is left, so code that
knows its sizes pays nothing and never overflows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


@frozen
class Maximum:
    """The atom max(candidates), where it depends on the open sizes which of them is the largest."""

    candidates: tuple[Dim, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Maximum) and set(self.candidates) == set(other.candidates)

    def __hash__(self) -> int:
        return hash(frozenset(self.candidates))

    @cached_property
    def text(self) -> str:
        return self.told(())

    def told(self, conditions: tuple[Divides, ...]) -> str:
        return f"max({', '.join([formula(candidate, conditions) for candidate in self.candidates])})"


Atom: TypeAlias = "str | Floor | Maximum"
Monomial: TypeAlias = "tuple[Atom, ...]"  # a product of atoms, sorted, repeated for powers


class Sym:
    """A polynomial with integer coefficients; `terms` maps each product of atoms to its coefficient."""

    def __init__(self, terms: tuple[tuple[Monomial, int], ...]) -> None:
        self.terms: Final = terms

    def __add__(self, other: Dim) -> Dim:
        sums = dict(self.terms)
        for product, coefficient in terms_of(other):
            sums[product] = sums.get(product, 0) + coefficient
        return from_terms(sums)

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return from_terms({product: -coefficient for product, coefficient in self.terms})

    def __sub__(self, other: Dim) -> Dim:
        return self + (-other)

    def __rsub__(self, other: int) -> Dim:
        return (-self) + other

    def __mul__(self, other: Dim) -> Dim:
        sums: dict[Monomial, int] = {}
        for left, a in self.terms:
            for right, b in terms_of(other):
                product = tuple(sorted(left + right, key=_order))
                sums[product] = sums.get(product, 0) + a * b
        return from_terms(sums)

    __rmul__ = __mul__

    def __floordiv__(self, divisor: int) -> Dim:
        """Floor division by a positive integer: whole multiples come out, nested floors collapse."""
        whole = {p: c // divisor for p, c in self.terms if p and c % divisor == 0}
        rest = from_terms({p: c for p, c in self.terms if p and c % divisor != 0})
        constant = dict(self.terms).get((), 0)
        if isinstance(rest, int):
            return from_terms(whole) + constant // divisor
        outside, inside = divmod(constant, divisor)
        return from_terms(whole) + outside + _floor(rest + inside, divisor)

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


def maximum(values: tuple[Dim, ...]) -> Dim:
    """The largest of `values`, of which there is one at least; of all numbers among them one stays."""
    parts = dict.fromkeys(part for value in values for part in candidates(value))
    largest = max([part for part in parts if isinstance(part, int)], default=None)
    kept = tuple([part for part in parts if not isinstance(part, int) or part == largest])
    return kept[0] if len(kept) == 1 else Sym((((Maximum(kept),), 1),))


def candidates(value: Dim) -> tuple[Dim, ...]:
    """The sizes of which `value` is the maximum: none but itself, where it is no maximum."""
    match value:
        case Sym(terms=((((Maximum(candidates=found),), 1),))):
            return found
    return (value,)


def evaluate(value: Dim, sizes: dict[str, int]) -> int:
    """The number that `value` is for the given open sizes; `KeyError` names one that is missing."""
    if isinstance(value, int):
        return value
    total = 0
    for atoms, coefficient in value.terms:
        for atom in atoms:
            coefficient *= sizes[atom] if isinstance(atom, str) else _evaluated(atom, sizes)
        total += coefficient
    return total


def _evaluated(atom: Floor | Maximum, sizes: dict[str, int]) -> int:
    if isinstance(atom, Maximum):
        return max([evaluate(candidate, sizes) for candidate in atom.candidates])
    return evaluate(atom.numerator, sizes) // atom.divisor


def substituted(value: Dim, named: Callable[[str], Dim]) -> Dim:
    """`value` with the sizes that `named` gives for the open ones."""
    if isinstance(value, int):
        return value
    total: Dim = 0
    for atoms, coefficient in value.terms:
        total = total + coefficient * product(tuple([_atom_substituted(atom, named) for atom in atoms]))
    return total


def _atom_substituted(atom: Atom, named: Callable[[str], Dim]) -> Dim:
    match atom:
        case Maximum(candidates=found):
            return maximum(tuple([substituted(candidate, named) for candidate in found]))
        case Floor(numerator=numerator, divisor=divisor):
            return substituted(numerator, named) // divisor
    return named(atom)


def names(value: Dim) -> set[str]:
    """The open sizes that `value` depends on."""
    if isinstance(value, int):
        return set()
    found: set[str] = set()
    for atoms, _ in value.terms:
        for atom in atoms:
            inner = atom.candidates if isinstance(atom, Maximum) else () if isinstance(atom, str) else (atom.numerator,)
            found |= {atom} if isinstance(atom, str) else set().union(*map(names, inner))
    return found


def formula(value: Dim, conditions: tuple[Divides, ...] = ()) -> str:
    """`value` as text that `parse` reads back; divisions that `conditions` make exact are carried out: `H/8`."""
    if isinstance(value, int):
        return str(value)
    return _polynomial(_simplified(value, conditions) if conditions else {p: Fraction(c) for p, c in value.terms})


def parse(text: str) -> Dim:
    """The size that `formula` wrote; `ValueError` for anything else."""
    from specc.formulas import calculated  # which imports a parser of Python

    size: Dim = calculated(text, symbol, maximum)
    return size


def _read(value: Any) -> Sym:
    parsed = parse(value) if isinstance(value, str) else value
    if not isinstance(parsed, Sym):
        raise ValueError("not an open size")
    return parsed


def terms_of(value: Dim) -> tuple[tuple[Monomial, int], ...]:
    return ((((), value),) if value else ()) if isinstance(value, int) else value.terms


def from_terms(sums: Mapping[Monomial, int]) -> Dim:
    """The sum of these products of atoms, each with its coefficient."""
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


Rational: TypeAlias = "dict[Monomial, Fraction]"


def _polynomial(terms: Rational) -> str:
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
    factors = [f"({atom.text})" if isinstance(atom, Floor) else _atom_text(atom) for atom in atoms]
    if size.numerator != 1 or not atoms:
        factors.insert(0, str(size.numerator))
    return "*".join(factors) + (f"/{size.denominator}" if size.denominator != 1 else ""), negative


def _atom_text(atom: Atom) -> str:
    return atom if isinstance(atom, str) else atom.text


def _simplified(value: Dim, conditions: tuple[Divides, ...]) -> Rational:
    """`value` as a rational polynomial, every division carried out that `conditions` make exact."""
    total: Rational = {}
    for atoms, coefficient in terms_of(value):
        term: Rational = {(): Fraction(coefficient)}
        for atom in atoms:
            if isinstance(atom, Maximum):
                atom = atom.told(conditions)
            term = times(term, {(atom,): Fraction(1)} if isinstance(atom, str) else _divided(atom, conditions))
        add_to(total, term)
    return {key: amount for key, amount in total.items() if amount}


def _divided(atom: Floor, conditions: tuple[Divides, ...]) -> Rational:
    """floor(a / n) with the terms of `a` that n is known to divide taken out of it."""
    if Divides(atom.divisor, atom.numerator) in conditions:
        return {key: c / atom.divisor for key, c in _simplified(atom.numerator, conditions).items()}
    multiples = dict(c.multiple for c in conditions if c.multiple)
    exact = {p: c for p, c in atom.numerator.terms if p and c * _known_divisor(p, multiples) % atom.divisor == 0}
    rest = from_terms({p: c for p, c in atom.numerator.terms if p not in exact}) // atom.divisor
    result = {p: Fraction(c, atom.divisor) for p, c in exact.items()}
    add_to(result, {p: Fraction(c) for p, c in terms_of(rest)})
    return result


def _known_divisor(atoms: Monomial, multiples: dict[str, int]) -> int:
    """A number that divides the product of `atoms` whatever their sizes."""
    return prod(multiples.get(atom, 1) for atom in atoms if isinstance(atom, str))


def add_to(total: Rational, term: Rational) -> None:
    for key, amount in term.items():
        total[key] = total.get(key, Fraction(0)) + amount


def times(left: Rational, right: Rational) -> Rational:
    result: Rational = {}
    for a, x in left.items():
        for b, y in right.items():
            key = tuple(sorted(a + b, key=_order))
            result[key] = result.get(key, Fraction(0)) + x * y
    return result
