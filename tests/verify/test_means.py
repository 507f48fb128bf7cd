"""Means of many alike values: a runtime may add them up one after the other, each sum rounded the same way."""

from __future__ import annotations

import numpy as np
import pytest

import specc
from specc.verify.endtoend import references

MEANS = ("global_avgpool", "adaptive_avgpool 1", "avgpool 48", "reduce_mean height; reduce_mean width")


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("value", [0.1, 0.7, 1.3])
def test_adding_up_one_after_the_other_is_within_the_tolerance(mean, value):
    model = specc.loads("model N {\ninput x 1x48x48\n" + mean.replace("; ", "\n") + "\n}")
    x = np.full((1, 1, 48, 48), value, np.float32)
    (found,) = references(model.graph, {"x": x}, {}, 0).values()
    rows = x.reshape(48, 48) if "reduce" in mean else x.reshape(1, -1)
    sums = [np.add.accumulate(row)[-1] / np.float32(row.size) for row in rows]  # in float32, in order
    whole = np.add.accumulate(np.array(sums, np.float32))[-1] / np.float32(len(sums))
    error = abs(float(whole) - float(found.exact.item()))
    assert 0 < error <= found.tolerance < 5e-4 * value
