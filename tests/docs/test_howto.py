"""The tables of docs/howto.md: what stands beside PyTorch's layers computes the same, beside Keras's and
Caffe's it is valid, with the shapes that it says."""

import re
from pathlib import Path

import numpy as np
import pytest

import specc

TEXT = (Path(__file__).parents[2] / "docs" / "howto.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(.*?)` \| `(.*?)`.* \| ([\dx]+) \|$", re.M)
PYTORCH, KERAS, CAFFE = (
    ROW.findall(re.search(rf"^### {heading}\n(.*?)(?=^#|\Z)", TEXT, re.M | re.S)[1])
    for heading in ("PyTorch", "Keras", "Caffe")
)


def model(lines: str, shape: str, layout: str) -> specc.Model:
    sizes = ", ".join(shape.split("x"))
    return specc.loads(f"model Row {{\n    input x [{sizes}], layout={layout}\n    {lines}\n}}\n")


def test_the_tables_have_rows() -> None:
    assert len(PYTORCH) >= 60
    assert len(KERAS) >= 20
    assert len(CAFFE) >= 25


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("theirs", "ours", "shape"), PYTORCH, ids=[f"{row[0]}-{row[2]}" for row in PYTORCH])
def test_pytorch(theirs: str, ours: str, shape: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.manual_seed(0)
    x = torch.randn(2, *(int(size) for size in shape.split("x")))
    found = eval(theirs, {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "x": x})
    weights = None
    if isinstance(found, torch.nn.Module):
        for tensor in (*found.parameters(), *found.buffers()):
            if tensor.is_floating_point():
                torch.nn.init.uniform_(tensor, 0.5, 1.5)
        weights = found.state_dict() or None
        found = found.eval()(x)
    actual = model(ours, shape, "chw").run(x.numpy(), weights=weights)
    assert actual.shape == found.shape
    np.testing.assert_allclose(actual, found.detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("theirs", "ours", "shape"), KERAS, ids=[row[0] for row in KERAS])
def test_keras(theirs: str, ours: str, shape: str) -> None:
    assert model(ours, shape, "hwc").layers, theirs


@pytest.mark.parametrize(("theirs", "ours", "shape"), CAFFE, ids=[row[0] for row in CAFFE])
def test_caffe(theirs: str, ours: str, shape: str) -> None:
    found = model(ours, shape, "chw")
    assert [warning.code for warning in found.warnings if warning.code != "W0302"] == [], theirs
