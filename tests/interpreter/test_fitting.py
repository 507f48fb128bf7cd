"""What makes an array fit an input."""

from __future__ import annotations

import numpy as np
import pytest

import specc
from specc.interpreter.fitting import how_to_fit


@pytest.mark.parametrize(
    ("declared", "given", "way"),
    [
        ("1x28x28", (28, 28), "x[None, None]"),
        ("1x28x28", (1, 28, 28), "x[None]"),
        ("1x28x28", (5, 28, 28), "x[:, None]"),
        ("1x28x28", (5, 28, 28, 1), "np.moveaxis(x, -1, 1)"),
        ("1x28x28", (1, 1, 1, 28, 28), "x[0]"),
        ("1x28x28", (3, 2, 1, 28, 28), "np.concatenate(x)"),
        ("1x28x28", (784,), "x.reshape(-1, 1, 28, 28)"),
        ("1x28x28", (32, 32), None),
        ("1x28x28", (), None),
        ("3x20x30", (20, 30, 3), "np.moveaxis(x, -1, 0)[None]"),
        ("3x20x30", (30, 20, 3), None),
        ("3xHxW", (7, 20, 30, 3), "np.moveaxis(x, -1, 1)"),
        ("20x30x3, layout=hwc", (7, 3, 20, 30), "np.moveaxis(x, 1, -1)"),
        ("28x28x1, layout=hwc", (28, 28), "x[None, ..., None]"),
        ("784", (5, 28, 28), "x.reshape(-1, 784)"),
        ("784", (5, 28, 29), None),
    ],
)
def test_how_an_array_fits(declared: str, given: tuple[int, ...], way: str | None) -> None:
    model = specc.loads(f"model Net {{ input x {declared}; relu }}")
    (item,) = model.graph.inputs
    assert how_to_fit(item, given, model.graph.layout) == (way and f"with the array as `x`, `{way}` fits")
    if way is not None:
        model.run(eval(way, {"np": np, "x": np.zeros(given, np.float32)}), device="cpu")
