"""What the positions of an enlarged value see, one after the other.

Behind an enlargement neighbours may see the same samples or other ones, and windows over them more or fewer, depending
on where they lie.  That repeats: the `Phases` of a value are the stretches of the input that the first positions see,
and how far on those lie that the next as many see.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import Final, NamedTuple

MOST: Final = 1024
"""Positions after which the pattern must repeat; longer ones are not followed."""


class Phases(NamedTuple):
    """Position p sees the input from `lows[p]` to `highs[p]`, and p + len(lows) lies `shift` samples further; where
    `highs[p]` is smaller it sees nothing.  Both grow with p."""

    lows: tuple[int, ...]
    highs: tuple[int, ...]
    shift: int

    @property
    def jump(self) -> Fraction | int:
        """How many samples lie between two neighbours."""
        jump = Fraction(self.shift, len(self.lows))
        return jump.numerator if jump.denominator == 1 else jump

    @property
    def widest(self) -> int:
        """The most samples that one position sees."""
        return max(high - low + 1 for low, high in zip(self.lows, self.highs, strict=True))

    def low(self, position: int) -> int:
        rounds, place = divmod(position, len(self.lows))
        return self.lows[place] + rounds * self.shift

    def high(self, position: int) -> int:
        rounds, place = divmod(position, len(self.lows))
        return self.highs[place] + rounds * self.shift

    def shortest(self) -> Phases:
        """The same without repetition."""
        count = len(self.lows)
        for period in range(1, count // 2 + 1):
            step = Fraction(self.shift * period, count)
            if count % period or step.denominator > 1:
                continue
            part = Phases(self.lows[:period], self.highs[:period], step.numerator)
            if all(part.low(p) == self.lows[p] and part.high(p) == self.highs[p] for p in range(period, count)):
                return part
        return self


def behind(phases: Phases, stride: Fraction | int, first: Fraction | int, last: Fraction | int) -> Phases | None:
    """What positions see that each read those of `phases` from p * stride + first to p * stride + last.

    `None` where that repeats too late.
    """
    period = len(phases.lows)
    count = stride.denominator * period // gcd(stride.numerator, stride.denominator * period)
    if count > MOST:
        return None
    unit = lcm(stride.denominator, first.denominator, last.denominator)
    step, begin, end = int(stride * unit), int(first * unit), int(last * unit)
    lows = tuple([phases.low(-(-(p * step + begin) // unit)) for p in range(count)])
    highs = tuple([phases.high((p * step + end) // unit) for p in range(count)])
    shift = phases.shift * (count * stride.numerator // stride.denominator) // period
    return Phases(lows, highs, shift).shortest()


def together(left: Phases, right: Phases) -> Phases | None:
    """What positions see that read two values at the same place; `None` where the two are not equally far apart, or
    repeat too late together."""
    count = lcm(len(left.lows), len(right.lows))
    if left.jump != right.jump or count > MOST:
        return None
    seen = [[(x.low(p), x.high(p)) for x in (left, right)] for p in range(count)]
    kept = [[(low, high) for low, high in pair if low <= high] or pair for pair in seen]
    lows = tuple(min(low for low, _ in pair) for pair in kept)
    highs = tuple(max(high for _, high in pair) for pair in kept)
    return Phases(lows, highs, left.shift * count // len(left.lows)).shortest()
