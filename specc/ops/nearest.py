"""Which samples an axis resized to the nearest ones takes, where a runtime's rounding could make others of them.

A runtime works out positions in float32 from a factor that is rounded itself: ONNX Runtime divides 1 by 5 / 35, gets
6.9999995 and takes sample 6 where position 7 is asked for.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

MARGIN: Final = 1 << 20
"""A position within (|position| + 1) / MARGIN of the boundary between two samples may be rounded to its other side:
eight units in the last place of float32."""
LARGEST: Final = 1 << 16
"""Positions of an axis whose samples are listed at most: an exported file holds 8 bytes for each."""
_HOLDS: Final = 1 << 24
"""Whole numbers below are float32 numbers."""


def picked(size: int, count: int, scale: Fraction, coordinates: str, rounding: str) -> tuple[int, ...] | None:
    """The numbers of the samples for `count` positions over `size` samples, `scale` to one, or `None` where rounding
    changes none of them, or they are too many; `coordinates` and `rounding` are those of `resize`."""
    line = _positions(size, count, scale, coordinates)
    if line is None or count > LARGEST:
        return None
    per_step, first, parts = line
    begins = coordinates == "asymmetric"  # at 0, which no rounding moves
    numerators = range(first, first + per_step * count, per_step) if per_step else [first] * count
    exact = coordinates != "half_pixel_symmetric" and _is_held(scale)
    if not any(_is_doubtful(number, parts, rounding, exact) for number in numerators[begins:]):
        return None
    return tuple(min(max(_rounded(number, parts, rounding), 0), size - 1) for number in numerators)


def _positions(size: int, count: int, scale: Fraction, coordinates: str) -> tuple[int, int, int] | None:
    """a, b and c, where position i lies at (a i + b) / c; `None` where it is the quotient of whole numbers, which is
    rounded once and so never across a boundary."""
    p, q = scale.as_integer_ratio()
    if coordinates == "align_corners" or (coordinates == "pytorch_half_pixel" and count == 1):
        return None
    if coordinates == "asymmetric":
        return q, 0, p
    if coordinates == "half_pixel_symmetric":
        return 2 * q, (1 - count) * q + (size - 1) * p, 2 * p
    return 2 * q, q - p, 2 * p


def _is_held(scale: Fraction) -> bool:
    """Whether float32 holds the factor, so that a position on a boundary, a quotient by it, is exact."""
    return scale.denominator & (scale.denominator - 1) == 0 and scale.numerator < _HOLDS


def _is_doubtful(number: int, parts: int, rounding: str, exact: bool) -> bool:
    """Whether the position `number` / `parts` is so near a boundary that rounding may move it across."""
    left = (number if rounding in ("floor", "ceil") else number + Fraction(parts, 2)) % parts
    distance = min(left, parts - left)
    return distance * MARGIN <= abs(number) + parts and not (exact and distance == 0)


def _rounded(number: int, parts: int, rounding: str) -> int:
    """The sample that the position `number` / `parts` takes."""
    if rounding == "floor":
        return number // parts
    if rounding == "ceil":
        return -(-number // parts)
    if rounding == "half_up":
        return (2 * number + parts) // (2 * parts)
    return -((parts - 2 * number) // (2 * parts))
