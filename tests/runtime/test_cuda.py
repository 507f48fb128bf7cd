"""What only a GPU can show; without one these tests skip themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import specc
from specc.runtime.session import CUDA, cuda_available

pytestmark = pytest.mark.skipif(not cuda_available(), reason="ONNX Runtime finds no GPU")

SPECS = Path(__file__).parents[2] / "specs"
OPEN_SIZES = """
model OpenSizes {
    input image 3xHxW
    conv 8, 3x3, stride=2, pad=1
    groupnorm 4; relu
    conv 8, 3x3, pad=same, stride=2
    global_avgpool; flatten; dense 5
}
"""


@pytest.fixture
def lenet():
    return specc.load(SPECS / "lecture/lenet5.cnn")


def test_every_layer_keeps_its_bound_on_the_gpu_without_tf32(lenet):
    report = lenet.verify(device="cuda")
    assert report.passed
    assert report.tf32 is False
    assert set(report.devices.values()) == {CUDA}


def test_float16_keeps_its_own_bounds(lenet, tmp_path):
    path = lenet.export(tmp_path / "half.onnx", dtype="float16")
    assert lenet.verify(model=path, device="cuda").passed


def test_batch_after_batch_gives_what_the_cpu_gives(lenet):
    random = np.random.default_rng(0)
    for count in (4, 4, 7):
        images = random.standard_normal((count, 1, 32, 32), np.float32)
        np.testing.assert_allclose(lenet.run(images, device="cuda"), lenet.run(images, device="cpu"), atol=1e-5)


def test_sizes_worked_out_in_the_graph_are_no_fallback(tmp_path):
    spec = tmp_path / "open.cnn"
    spec.write_text(OPEN_SIZES)
    assert specc.load(spec).verify(device="cuda").passed
