"""Open sizes as numbers: what a spec has that says these sizes itself."""

from __future__ import annotations

from pathlib import Path

import pytest

import specc

NET = """\
model Net {
    input image SHAPE
    conv 8, 3x3, pad=1; skip: relu; maxpool 2x2
    conv 16, 3x3, stride=2; upsample 4; resize like=skip; concat skip
    global_avgpool; flatten; dense 10
}
"""
OPEN = NET.replace("SHAPE", "[N, 3, H, W]")


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        ({"H": 33, "W": 20}, "[N, 3, 33, 20]"),
        ({"W": 20}, "[N, 3, H, 20]"),
        ({"H": 6, "W": 6}, "[N, 3, 6, 6]"),
        ({}, "[N, 3, H, W]"),
    ],
)
def test_a_model_at_some_sizes_is_the_one_that_says_them(sizes: dict[str, int], shape: str) -> None:
    found, written = specc.loads(OPEN).at(**sizes), specc.loads(NET.replace("SHAPE", shape))
    assert found.graph == written.graph
    assert found.summary == written.summary


def test_macs_are_a_number_and_the_exported_sizes_too(tmp_path: Path) -> None:
    model = specc.loads(OPEN).at(H=32, W=32)
    assert f"{model.macs:,}" == "277,872"
    file = model.export(tmp_path / "net.onnx")
    assert specc.import_onnx(file).model.graph.inputs[0].type.text() == "3x32x32"
    assert model.verify(model=file).passed


def test_sizes_of_inputs_that_are_computed_from_others() -> None:
    net = "model Net { input image 3xHxW; input half [3, image.height // 2, image.width + 1]; relu }"
    (_, half) = specc.loads(net).at(H=9).graph.inputs
    assert half.type.text() == "3x4x(W + 1)"


REFUSED = {
    "no open size": ({"X": 3}, "E0310", "`H`, `W`"),
    "the batch": ({"N": 3}, "E0310", "no open size `N`"),
    "none": ({"H": 0}, "E0305", "at least 1"),
    "too large": ({"H": 2**63}, "E0703", "2 ** 63"),
    "what a layer does not take": ({"H": 5, "W": 2}, "E0401", "in `conv2`, <text>:4, for H = 5, W = 2"),
}


@pytest.mark.parametrize(("sizes", "code", "text"), REFUSED.values(), ids=REFUSED)
def test_numbers_that_are_no_sizes(sizes: dict[str, int], code: str, text: str) -> None:
    with pytest.raises(specc.SpecError) as caught:
        specc.loads(OPEN).at(**sizes)
    assert caught.value.diagnostics[0].code == code
    assert text in str(caught.value)
