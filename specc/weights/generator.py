"""Random numbers that are the same on every machine, Python and NumPy version.

Element `i` of the stream called `name` under `seed` is SplitMix64 (Steele, Lea and Flood, 2014) at counter `i + 1`
from a key hashed out of seed and name: no state, so a tensor's values depend on nothing but its own name.

Architecture invariant: floating-point work here is only `+ - * / sqrt` on float64, one NumPy call each.  IEEE 754
rounds these correctly, so every machine gets the same bits; `np.log`, `np.cos` and sums do not promise that.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Float64: TypeAlias = npt.NDArray[np.float64]
UInt64: TypeAlias = npt.NDArray[np.uint64]

_WEYL: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_LN2: Final = float.fromhex("0x1.62e42fefa39efp-1")
_SQRT_HALF: Final = math.sqrt(0.5)


def key(seed: int, name: str) -> int:
    """The 64-bit key of a stream: the first 8 bytes, little-endian, of SHA-256 of `"<seed>:<name>"` in UTF-8."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:8], "little")


def bits(stream: int, start: int, count: int) -> UInt64:
    """The raw 64-bit outputs `start .. start + count` of a stream."""
    counters = np.arange(start + 1, start + count + 1, dtype=np.uint64)
    counters *= _WEYL
    counters += np.uint64(stream)
    _mix(counters, 30, _MIX_1)
    _mix(counters, 27, _MIX_2)
    counters ^= counters >> np.uint64(31)
    return counters


def uniform(stream: int, start: int, count: int) -> Float64:
    """Numbers in the open interval (0, 1): the middles of 2^52 equal cells."""
    cells = bits(stream, start, count)
    cells >>= np.uint64(12)
    result = cells.astype(np.float64)
    result += 0.5
    result *= 2.0**-52
    return result


def normal(stream: int, start: int, count: int) -> Float64:
    """Standard normal numbers: the inverse distribution function at `uniform`.

    Wichura's algorithm AS 241 (PPND16, Applied Statistics 37, 1988), accurate to about 1 part in 10^16.
    """
    centred = uniform(stream, start, count)
    centred -= 0.5
    squares = centred * centred
    squares *= -1.0
    squares += 0.180625
    result = _rational(squares, _CENTRE)
    result *= centred
    outside = np.flatnonzero(squares < 0.0)
    result[outside] = _tail(centred[outside])
    return result


def log(x: Float64) -> Float64:
    """Natural logarithm of positive normal numbers from exactly rounded operations, to a few units in the last place.

    x = m * 2^e with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh((m - 1) / (m + 1)), a series in at most 0.172.
    """
    mantissa, exponent = np.frexp(x)
    small = mantissa < _SQRT_HALF
    mantissa = np.where(small, mantissa * 2.0, mantissa)
    powers = exponent.astype(np.float64) - small
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    series = _horner(ratio * ratio, [1.0 / n for n in range(1, 23, 2)])
    return series * ratio * 2.0 + powers * _LN2


def _mix(values: UInt64, shift: int, factor: np.uint64) -> None:
    values ^= values >> np.uint64(shift)
    values *= factor


def _tail(centred: Float64) -> Float64:
    """AS 241 where the centred number is more than 0.425 from the middle."""
    probability = 0.5 - np.abs(centred)
    r = np.sqrt(log(probability) * -1.0)
    magnitude = np.where(r <= 5.0, _rational(r - 1.6, _NEAR_TAIL), _rational(r - 5.0, _FAR_TAIL))
    return np.copysign(magnitude, centred)


def _rational(x: Float64, coefficients: tuple[Sequence[float], Sequence[float]]) -> Float64:
    result = _horner(x, coefficients[0])
    result /= _horner(x, coefficients[1])
    return result


def _horner(x: Float64, coefficients: Sequence[float]) -> Float64:
    """The polynomial with the given coefficients, lowest power first."""
    result = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result *= x
        result += coefficient
    return result


# The coefficients of AS 241, PPND16: numerator and denominator, lowest power first.
_CENTRE: Final = (
    (3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
     45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727),
    (1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
     21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610),
)  # fmt: skip
_NEAR_TAIL: Final = (
    (1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
     1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 0.000774545014278341407640),
    (1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
     0.148103976427480074590, 0.0151986665636164571966, 0.000547593808499534494600, 1.05075007164441684324e-9),
)  # fmt: skip
_FAR_TAIL: Final = (
    (6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
     0.0265321895265761230930, 0.00124266094738807843860, 0.0000271155556874348757815, 2.01033439929228813265e-7),
    (1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
     0.000786869131145613259100, 0.0000184631831751005468180, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip
