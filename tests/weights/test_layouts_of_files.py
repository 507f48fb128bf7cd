"""Weights that specc wrote for a spec of one layout, in a spec of the other: their columns follow how images lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import specc
import specc.weights

BODY = "conv 4, 3, relu; maxpool 2; flatten; dense 7, relu; dense 3"
SIGNALS = f"input x 6x16; {BODY}", f"input x 16x6, layout=hwc; {BODY}"
IMAGES = f"input x 3x12x14; {BODY}", f"input x 12x14x3, layout=hwc; {BODY}"


@pytest.mark.parametrize("form", ["safetensors", "npz", "onnx", "python"])
@pytest.mark.parametrize(("first", "second"), [IMAGES, IMAGES[::-1], SIGNALS, SIGNALS[::-1]])
def test_the_same_network_in_the_other_layout(first: str, second: str, form: str, tmp_path: Path) -> None:
    one, other = (specc.loads(f"model Net {{ {body} }}") for body in (first, second))
    weights, file = one.weights(seed=3), tmp_path / f"w.{form}"
    if form == "onnx":
        one.export(file, weights=weights)
    elif form != "python":
        assert not specc.weights.write(weights, file)
    x = np.random.default_rng(0).standard_normal((2, *one.graph.inputs[0].type.shape[1:]), np.float32)
    views = {"hwc": np.moveaxis(x, 1, -1), "chw": x}
    expected = one.run(views[one.graph.layout], weights=weights, device="cpu")
    given = weights if form == "python" else file
    found = other.run(views[other.graph.layout], weights=given, device="cpu")
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
