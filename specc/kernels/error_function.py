"""The complementary error function of arrays, to double precision.

Source: W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23
(1969); coefficients of his CALERF (netlib specfun).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt

import numpy as np

from specc.kernels.windows import Array

_NEAR_TOP = (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
             3.20937758913846947e3)  # fmt: skip
_NEAR_BOTTOM = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)
_MIDDLE_TOP = (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
               2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
               1.23033935479799725e3)  # fmt: skip
_MIDDLE_BOTTOM = (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
                  3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
                  1.23033935480374942e3)  # fmt: skip
_FAR_TOP = (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
            1.60837851487422766e-2, 6.58749161529837803e-4)  # fmt: skip
_FAR_BOTTOM = (1.0, 2.56852019228982242e0, 1.87295284992346047e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
               2.33520497626869185e-3)  # fmt: skip


def erfc(x: Array) -> Array:
    """1 - erf(x) for every element, computed in float64 and returned in the precision of `x`."""
    wide = np.asarray(x, np.float64)
    far = np.abs(wide)
    positive = np.where(far <= 0.46875, 1 - far * _near(far), _tail(far))
    return np.asarray(np.where(wide < 0, 2 - positive, positive), x.dtype)


def _near(x: Array) -> Array:
    """erf(x) / x for |x| <= 0.46875."""
    square = np.minimum(x, 0.46875) ** 2
    return _ratio(square, _NEAR_TOP, _NEAR_BOTTOM)


def _tail(x: Array) -> Array:
    """erfc(x) for x > 0.46875; exp(-x^2) is split at 1/16 so that the rounding of x^2 does not grow."""
    x = np.clip(x, 0.46875, 28.0)
    middle = _ratio(np.minimum(x, 4.0), _MIDDLE_TOP, _MIDDLE_BOTTOM)
    inverse = 1 / np.maximum(x, 4.0) ** 2
    far = (1 / sqrt(pi) - inverse * _ratio(inverse, _FAR_TOP, _FAR_BOTTOM)) / x
    coarse = np.floor(x * 16) / 16
    with np.errstate(under="ignore"):
        power = np.exp(-coarse * coarse) * np.exp(-(x - coarse) * (x + coarse))
    return np.asarray(power * np.where(x <= 4.0, middle, far))


def _ratio(x: Array, top: Sequence[float], bottom: Sequence[float]) -> Array:
    """A quotient of polynomials, highest powers first."""
    return np.asarray(np.polyval(top, x) / np.polyval(bottom, x))
