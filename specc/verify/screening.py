"""Large layers whose error bound takes as long as they do: it is computed only where a part of it does not settle all.

An error below a part of the bound is below the bound.  Of the elements that are beyond the part, and of those nearest
to it in every block of the result, the bound itself is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from specc.kernels.bounds import gamma, statistical
from specc.ops.base import Op
from specc.verify.compare import PART, Array, Worst
from specc.verify.endtoend import U

BLOCKS: Final = 64
"""A result is looked at in so many blocks at least, where `PART` elements are not fewer."""
FEW: Final = 256
"""Elements whose own bound is computed: more of them take longer than the whole."""


def allowed_share(terms: int | None) -> float:
    """The share of a bound gamma_k x magnitude, k = `terms`, up to which a layer passes without a warning."""
    return 1.0 if terms is None else min(1.0, statistical(terms, U) / gamma(terms, U))


def screened(op: Op, xs: Sequence[Array], ws: Mapping[str, Array], y: Array, got: Array | None) -> Worst | None:
    """The verdict on the one result `got` of a layer, `y` if exact: right for every element, its tightest one found
    among those whose own bound is computed.  None where the operation has no such bound, or it does not settle all."""
    part = None if got is None else op.partial_bound(xs, ws, U)
    if got is None or part is None or not np.isfinite(np.max(part.least)):
        return None
    share = allowed_share(op.terms(xs, ws))
    errors = _Errors(y.reshape(-1), part.least.reshape(-1), got.reshape(-1))
    found = [errors.doubtful(first, share) for first in range(0, y.size, errors.step)]
    largest = max(error for error, _ in found)
    places = np.concatenate([at for _, at in found])
    if not np.isfinite(largest) or len(places) > FEW:
        return None
    bounds = part.at(places)
    error = np.abs(errors.got[places] - errors.expected[places])
    ratios = error / bounds
    at = int(np.argmax(ratios))
    index = tuple(int(i) for i in np.unravel_index(places[at], y.shape))
    expected, found_there = (float(array[places[at]]) for array in (errors.expected, errors.got))
    return Worst(float(ratios[at]), float(error[at]), float(bounds[at]), index, expected, found_there, largest)


class _Errors:
    """Flat arrays: what is `expected`, the `least` that its bounds are, and what was `got`."""

    def __init__(self, expected: Array, least: Array, got: Array) -> None:
        self.expected, self.least, self.got = expected, least, got
        self.step = min(PART, -(-expected.size // BLOCKS))

    def doubtful(self, first: int, share: float) -> tuple[float, Array]:
        """The largest error in the block that begins at `first`, and where errors are more than `share` of the least
        bound, or at least where they are the largest part of it."""
        block = slice(first, first + self.step)
        error = np.subtract(self.got[block], self.expected[block])
        np.abs(error, out=error)
        largest = float(np.max(error))
        error /= self.least[block]
        at = int(np.argmax(error))
        beyond = np.flatnonzero(error > share) if error[at] > share else np.array([at])
        return largest, first + beyond
