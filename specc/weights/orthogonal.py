"""Random orthogonal matrices (Saxe et al., 2014) without LAPACK, whose results differ from machine to machine.

Rows of the identity go through rounds of plane rotations: each round pairs the axes at random and turns every pair by
its own random angle.  This is Kac's random walk on the rotations (Kac, 1956), which mixes in O(n log n) rotations
(Pillai and Smith, 2017), so O(log n) rounds of n / 2.  Every step is orthogonal whatever the angles are.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from specc.weights.generator import Float64, UInt64, bits, uniform
from specc.weights.tensors import Float32

_BLOCK_ELEMENTS: Final = 1 << 20
_TAN_15: Final = 2.0 - math.sqrt(3.0)
_TAN_30: Final = math.sqrt(1.0 / 3.0)


def orthogonal(shape: tuple[int, ...], stream: int) -> Float32:
    """A tensor that is, as a matrix (shape[0], the rest), orthonormal in its rows or columns, whichever are fewer."""
    rows = shape[0]
    columns = 1
    for size in shape[1:]:
        columns *= size
    short, long = sorted((rows, columns))
    matrix = _orthonormal_rows(short, long, stream)
    return np.ascontiguousarray(matrix if rows <= columns else matrix.T).reshape(shape)


def _orthonormal_rows(rows: int, columns: int, stream: int) -> Float32:
    """`rows` orthonormal vectors of length `columns`, a block of rows at a time."""
    result = np.zeros((rows, columns), dtype=np.float32)
    step = max(1, _BLOCK_ELEMENTS // columns)
    for start in range(0, rows, step):
        vectors = np.eye(columns, min(step, rows - start), -start)
        for turn in range(2 * columns.bit_length() + 4):
            _rotate(vectors, stream, turn)
        result[start : start + step] = vectors.T
    return result


def _rotate(vectors: Float64, stream: int, turn: int) -> None:
    """Turn random pairs of rows of `vectors`, shape (axes, vectors), in place by angles of 30 to 60 degrees, and flip
    the sign of one row of each pair at random.  tan(angle / 2) is drawn, which gives sine and cosine by division."""
    count = vectors.shape[0]
    start = turn * 2 * count
    axes = np.argsort(bits(stream, start, count), kind="stable")
    pairs = count // 2
    left, right = axes[:pairs], axes[pairs : 2 * pairs]
    t = (_TAN_15 + (_TAN_30 - _TAN_15) * uniform(stream, start + count, pairs))[:, None]
    scale = 1.0 + t * t
    cosine, sine = (1.0 - t * t) / scale, (t + t) / scale
    sign = _signs(bits(stream, start + count + pairs, pairs))[:, None]
    x, y = vectors[left], vectors[right]
    vectors[left] = (x * cosine - y * sine) * sign
    vectors[right] = x * sine + y * cosine


def _signs(raw: UInt64) -> Float64:
    return (raw >> np.uint64(63)).astype(np.float64) * 2.0 - 1.0
