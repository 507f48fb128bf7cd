"""The declared preprocessing: 8-bit pixels to what the first layer expects."""

from __future__ import annotations

import numpy as np

from specc.interpreter.fitting import Array
from specc.ir.graph import GraphInput


def normalised(item: GraphInput, pixels: Array) -> Array:
    """What `item` declares for `pixels` 0..255 (canonical, batch first): scaled to its range, then (x - mean) / std
    per channel; float64."""
    low, high = item.range
    tail = (1,) * (pixels.ndim - 2)
    mean = np.reshape(np.array(item.mean if item.mean is not None else 0.0, np.float64), (-1, *tail))
    std = np.reshape(np.array(item.std if item.std is not None else 1.0, np.float64), (-1, *tail))
    result: Array = (low + pixels.astype(np.float64) / 255.0 * (high - low) - mean) / std
    return result
