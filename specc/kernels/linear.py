"""The dense layer."""

from __future__ import annotations

from specc.kernels.windows import Array


def dense(x: Array, weight: Array, bias: Array | None) -> Array:
    """`x` (batch, in) times `weight` (out, in), transposed, plus `bias` (out,) -> (batch, out)."""
    product: Array = x @ weight.T
    return product if bias is None else product + bias
