"""What ONNX Runtime is known to do otherwise with NaN and infinities, and why that is no fault of a model.

Found by running every operation of specc on NaN and infinities in ONNX Runtime 1.31.1 on the CPU, with graph
optimisations on and off; operations that are not named here treated them as IEEE 754 and ONNX say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from specc.ops.base import Op
from specc.verify.compare import LARGEST, Array
from specc.verify.endtoend import U

Operands: TypeAlias = tuple[Op, Sequence[Array], Mapping[str, Array]]
Explains: TypeAlias = Callable[[Operands, Array, Array], Array]


@dataclass(frozen=True)
class Deviation:
    """`words` are the operations that show it; `explains` says at which elements it makes `got` of `expected`.  Unless
    it makes other `numbers`, only differences in class count: a NaN or an infinity on one side, another class on the
    other."""

    name: str
    words: tuple[str, ...]
    what: str
    why: str
    explains: Explains
    numbers: bool = False


def explained(operands: Operands, expected: Array, got: Array) -> tuple[Array, tuple[str, ...]]:
    """`got` with the expected value wherever a known deviation explains the difference, and their names."""
    op = operands[0]
    known = [deviation for deviation in KNOWN.values() if op.word in deviation.words]
    if not known:
        return got, ()
    with np.errstate(all="ignore"):
        plain = np.isfinite(np.sum(got, dtype=np.float64) + np.sum(expected))
        if plain and not any(deviation.numbers for deviation in known):
            return got, ()
    differs = ~((np.isnan(got) & np.isnan(expected)) | (got == expected))
    names = []
    for deviation in known:
        wrong = differs if deviation.numbers else differs & ~(np.isfinite(got) & np.isfinite(expected))
        if wrong.any():
            found = wrong & deviation.explains(operands, expected, got)
            if found.any():
                names.append(deviation.name)
                got, differs = np.where(found, expected, got), differs & ~found
    return got, tuple(names)


def _dropped_nan(operands: Operands, expected: Array, got: Array) -> Array:
    """A NaN was due, and the result is at most the largest of the other values of the window."""
    op, xs, ws = operands
    sign = _direction(op)
    others = op.compute([np.where(np.isnan(x), -sign * np.inf, x) for x in xs], ws)[0]
    largest = np.maximum(sign * others, -LARGEST)
    return np.asarray(np.isnan(expected) & (sign * got <= largest))


def _start_value(operands: Operands, expected: Array, got: Array) -> Array:
    """The search starts from the smallest finite number, and nothing in the window is above that."""
    sign = _direction(operands[0])
    return np.asarray((sign * expected == -np.inf) & (sign * got == -LARGEST))


def _direction(op: Op) -> float:
    return -1.0 if op.word == "minpool" else 1.0


def _running_sum(operands: Operands, expected: Array, got: Array) -> Array:
    """NaN at or behind a channel whose square is no finite number, in the same place."""
    op, xs, _ = operands
    with np.errstate(all="ignore"):
        spoilt = ~np.isfinite((xs[0] * xs[0]).astype(np.float32))
    reach = int(getattr(op, "size", 1)) // 2
    ahead = np.pad(spoilt, [(0, 0), (0, reach), *[(0, 0)] * (spoilt.ndim - 2)])[:, reach:]
    return np.asarray(np.isnan(got) & np.logical_or.accumulate(spoilt | ahead, axis=1))


def _weight_zero(operands: Operands, expected: Array, got: Array) -> Array:
    """A NaN on one side, where the window, one sample wider, holds a NaN or an infinity."""
    op, (x, *others), ws = operands
    spoilt = ~np.isfinite(x)
    if x.ndim == 3:
        behind = np.pad(spoilt, [(0, 1), (0, 1), (0, 0)])
        spoilt = behind[:-1, :-1] | behind[1:, :-1] | behind[:-1, 1:] | behind[1:, 1:]
    (bound,) = op.error_bound([np.where(spoilt, np.nan, 0.0), *others], ws, [expected], U)
    return np.asarray(np.isinf(bound) & (np.isnan(expected) | np.isnan(got)))


def _number_for_nan(operands: Operands, expected: Array, got: Array) -> Array:
    """A whole number has no NaN; a search that passes over NaN may end with any other value."""
    return np.asarray(np.isnan(expected) & ~np.isnan(got))


def _zero_for_nan(operands: Operands, expected: Array, got: Array) -> Array:
    return np.asarray(np.isnan(expected) & (got == 0))


def _first_kept(operands: Operands, expected: Array, got: Array) -> Array:
    """The first of the largest, were NaN in the first place larger than all and NaN elsewhere smaller than all."""
    op, (x, *_), ws = operands
    axis = int(np.flatnonzero(np.array(x.shape) != np.array(expected.shape))[0]) if x.shape != expected.shape else 1
    first = np.zeros(x.shape, bool)
    first.swapaxes(0, axis)[0] = True
    seen = np.where(np.isnan(x), np.where(first, np.inf, -np.inf), x)
    return np.asarray((got == op.compute([seen], ws)[0]) & np.isnan(x).any(axis, keepdims=True))


KNOWN = {
    deviation.name: deviation
    for deviation in (
        Deviation(
            "pool-drops-nan",
            ("maxpool", "minpool", "global_maxpool", "adaptive_maxpool"),
            "a window that holds a NaN gives another of its values, or the smallest finite number, instead of NaN",
            "ONNX says nothing of NaN in MaxPool; comparisons with NaN are false, and which value remains depends on "
            "the order in which ONNX Runtime reads the window",
            _dropped_nan,
        ),
        Deviation(
            "pool-starts-at-lowest",
            ("maxpool", "minpool", "adaptive_maxpool"),
            "a window of nothing but -inf gives -3.4028235e+38 (minpool: +inf gives +3.4028235e+38)",
            "ONNX Runtime starts its search at the smallest finite number rather than at -inf",
            _start_value,
        ),
        Deviation(
            "lrn-running-sum",
            ("lrn",),
            "behind a NaN, an infinity or a square that overflows all later channels at the same place are NaN",
            "ONNX Runtime slides the sum of squares along the channels by adding and subtracting; inf - inf is NaN",
            _running_sum,
        ),
        Deviation(
            "resize-weight-zero",
            ("upsample", "resize"),
            "interpolation beside a NaN or an infinity gives NaN where the definition has a number or an infinity, or "
            "the other way round",
            "whether samples of weight 0 count: ONNX Runtime reads a sample twice at the border, antialiases with "
            "a window of one more, and interpolates a signal along its channels and the batch as well",
            _weight_zero,
        ),
        Deviation(
            "quantize-nan",
            ("quantize", "dequantize"),
            "NaN becomes some number",
            "integers have no NaN, and ONNX does not say what QuantizeLinear makes of one",
            _number_for_nan,
        ),
        Deviation(
            "reduce-drops-nan",
            ("reduce_max", "reduce_min"),
            "the largest or smallest of values that hold a NaN may be another of them instead of NaN",
            "ONNX says nothing of NaN in ReduceMax and ReduceMin; ONNX Runtime compares several values at a time, and "
            "whether a NaN remains depends on where it stands",
            _number_for_nan,
        ),
        Deviation(
            "sign-of-nan",
            ("sign",),
            "in float16 the sign of NaN is 0",
            "ONNX says nothing of NaN in Sign, only of numbers above, below and equal to 0",
            _zero_for_nan,
        ),
        Deviation(
            "argmax-passes-over-nan",
            ("argmax",),
            "NaN that is not the first value is passed over, where NumPy and PyTorch give the place of the first NaN; "
            "NaN in the first place is never replaced",
            "ONNX says nothing of NaN in ArgMax; ONNX Runtime begins with the first value and takes another that is "
            "larger, which comparisons with NaN deny",
            _first_kept,
            numbers=True,
        ),
    )
}
"""By name."""
