"""A model over many files: order, what goes wrong in the middle, and memory."""

from __future__ import annotations

import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import layer, network, shape

from specc.inference import open_inference

SIDE = 96
GRAPH = network(shape(3, "H", "W"), ("r", layer("relu")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A hundred files, each of its own number."""
    for number in range(100):
        np.save(tmp_path / f"{number:03}.npy", np.full((3, SIDE, SIDE), number, np.float32))
    return tmp_path


def answers(files, **options):
    """The first value of every result, or the code of what is wrong, from a consumer slower than the rest."""
    opened, _ = open_inference(GRAPH, {}, device="cpu", threads=1)
    assert opened is not None
    for batch, diagnostics in opened.over(files, **options):
        time.sleep(0.001)
        yield from [diagnostics[0].code] if batch is None else [int(y["r"][0, 0, 0]) for _, y in batch.items()]


@pytest.mark.parametrize(("readers", "batch"), [(1, 1), (3, 1), (2, 7)])
def test_results_come_in_the_order_of_the_files(folder, readers, batch):
    assert list(answers(sorted(folder.iterdir()), readers=readers, batch=batch)) == list(range(100))


def test_a_broken_file_in_the_middle_stops_nothing(folder):
    (folder / "042.npy").write_bytes(b"no array")
    found = list(answers(sorted(folder.iterdir()), readers=2, batch=1))
    assert found == [*range(42), "E0608", *range(43, 100)]


def test_what_the_model_refuses_names_its_files(folder):
    np.save(folder / "042.npy", np.zeros((4, SIDE, SIDE), np.float32))
    opened, _ = open_inference(GRAPH, {}, device="cpu", threads=1)
    (wrong,) = [d for _, diagnostics in opened.over(sorted(folder.iterdir())) for d in diagnostics]
    assert "042.npy" in wrong.message


def peak(files, **options) -> int:
    """The most bytes that Python and NumPy held for the whole run."""
    tracemalloc.start()
    assert len(list(answers(files, **options))) == len(files)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_number_of_files(folder):
    files = sorted(folder.iterdir())
    image = 3 * SIDE * SIDE * 4
    peak(files[:5], readers=2, batch=2)  # what is loaded once
    assert peak(files, readers=2, batch=2) < 30 * image  # a batch where read, ready, running, run and taken
