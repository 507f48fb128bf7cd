"""What the batch is called, and that no size of an item is called so too."""

from __future__ import annotations

import pytest

import specc


@pytest.mark.parametrize(
    ("inputs", "shapes"),
    [
        ("input a 3x8x8", ["Nx3x8x8"]),
        ("input a [B, 3, H, W]", ["Bx3xHxW"]),
        ("input a 1xN", ["batchx1xN"]),
        ("input a 3x8x8; input b NxN", ["batchx3x8x8", "batchxNxN"]),
        ("input a [B, 3, N, 8]; input b 4", ["Bx3xNx8", "batchx4"]),
        ("input a [batch, N]; input b [batch, 4]", ["batchxN", "batchx4"]),
        ("input a [3, N, batch]", ["batch1x3xNxbatch"]),
        ("let N = 5; input a NxN", ["Nx5x5"]),
    ],
)
def test_the_batch_has_a_name_of_its_own(inputs: str, shapes: list[str]) -> None:
    model = specc.loads(f"model Net {{ {inputs}; identity from=a }}")
    assert ["x".join(map(str, item.type.shape)) for item in model.graph.inputs] == shapes
    assert model.verify(kinds="normal").passed


@pytest.mark.parametrize(
    ("inputs", "both"),
    [
        ("input a [N, 3, N, 8]", "N"),
        ("input a [N, 3, 8, 8]; input b NxN", "N"),
        ("input a NxN; input b [N, 3, 8, 8]", "N"),
    ],
)
def test_the_batch_is_no_size_of_an_item(inputs: str, both: str) -> None:
    with pytest.raises(specc.SpecError, match=f"`{both}` is the batch and the size of an item"):
        specc.loads(f"model Net {{ {inputs}; relu }}")
