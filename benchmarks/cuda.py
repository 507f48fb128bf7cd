"""Images a second on a GPU: the exported graph in ONNX Runtime beside PyTorch, eager and compiled."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import specc
from benchmarks.exported import NETWORKS
from benchmarks.measure import ROOT, Row, times_of
from specc.onnx.precision import Name as Precision
from specc.runtime.session import Device, cuda_available, runtime, session

BATCH = 64
PRECISIONS: tuple[Precision, ...] = ("float32", "float16")
CALLS = 10
"""Batches between two looks at the clock: the GPU works while Python goes on."""


def rows(runs: int) -> Iterator[Row]:
    """Five networks in two precisions, where there is a GPU that PyTorch and ONNX Runtime can use."""
    if lacking := _lacking():
        print(f"no rows of the group cuda: {lacking}", file=sys.stderr)
        return
    for file, name in NETWORKS:
        for precision in PRECISIONS:
            yield from network(file, name, precision, runs)


def network(
    file: str, name: str, precision: Precision, runs: int, *, device: Device = "cuda", batch: int = BATCH
) -> Iterator[Row]:
    """The rows of one network: float32 without TF32 on both sides."""
    model = specc.load(ROOT / "specs" / f"{file}.cnn", model=name)
    sizes = (batch, *(size for size in model.graph.inputs[0].type.shape[1:] if isinstance(size, int)))
    x = np.random.default_rng(0).standard_normal(sizes, np.float32)
    eager = _eager(model, x, precision, device)
    works = _exported(model, x, precision, device), eager(False), eager(True)
    ours, *theirs = (CALLS * batch / times.wall for times in times_of(runs, *works))
    for rival, how in zip(theirs, ("eager", "compiled"), strict=True):
        yield Row(
            f"the exported {name} on the GPU, {precision}, {batch} images, by the clock", ours, rival, "images/s",
            "at least 1", f"PyTorch {how} on the same network and GPU, input and output on the GPU on both sides",
        )  # fmt: skip


def _lacking() -> str | None:
    try:
        import torch
    except ImportError:
        return "PyTorch is not installed"
    if not torch.cuda.is_available():
        return "PyTorch finds no GPU"
    return None if cuda_available() else "ONNX Runtime finds no GPU"


def _exported(model: specc.Model, x: np.ndarray[Any, Any], precision: Precision, device: Device) -> Callable[[], None]:
    """The exported file on values that stay on the device; every batch is finished before the next call returns."""
    with TemporaryDirectory() as folder:
        opened, problems = session(model.export(Path(folder) / "it.onnx", dtype=precision), device=device)
    assert opened is not None, problems
    binding = opened.handle.io_binding()
    value = runtime().OrtValue.ortvalue_from_numpy(x.astype(precision), device, 0)
    binding.bind_ortvalue_input(opened.inputs[0], value)
    for output in opened.outputs:
        binding.bind_output(output, device)

    def work() -> None:
        for _ in range(CALLS):
            opened.handle.run_with_iobinding(binding)
        binding.synchronize_outputs()

    return work


def _eager(
    model: specc.Model, x: np.ndarray[Any, Any], precision: Precision, device: Device
) -> Callable[[bool], Callable[[], None]]:
    """PyTorch on the same values, compiled or not."""
    import torch

    from specc.torch import module

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True  # as ONNX Runtime, which tries all algorithms too
    kind = getattr(torch, precision)
    weights = {key: np.asarray(model.weights()[key]) for key in model.weights()}
    plain = module(model.graph, weights).eval().to(device=device, dtype=kind)
    images = torch.from_numpy(x).to(device=device, dtype=kind)

    def choose(compiled: bool) -> Callable[[], None]:
        called = torch.compile(plain) if compiled else plain

        def work() -> None:
            with torch.inference_mode():
                for _ in range(CALLS):
                    called(images)
            if device == "cuda":
                torch.cuda.synchronize()

        return work

    return choose
