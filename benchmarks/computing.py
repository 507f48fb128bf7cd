"""How fast the interpreter computes, in float32 on one thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import specc
from benchmarks.measure import ROOT, Row, alternate, alternate_told
from specc.interpreter import interpret
from specc.kernels.convolution import convolve
from specc.onnx.emit import emit_model
from specc.runtime.session import session
from specc.types import TensorType

SLIDING = {"stride": (1, 1), "dilation": (1, 1), "rounding": "floor", "groups": 1, "border": "zeros"}
NETWORKS = (("lecture/vgg", "VGG19"), ("lecture/resnet", "ResNet34"), ("zoo/mobilenet_v2", "MobileNetV2"))
MODEL = """\
import statistics, time, numpy as np, specc
model = specc.load('specs/{file}.cnn', model='{name}')
weights = {{name: np.asarray(array) for name, array in model.weights().items()}}
(image,) = model.graph.inputs
x = np.random.default_rng(0).standard_normal((1, *image.type.shape[1:]), np.float32)
"""
INTERPRETED = """\
from specc.interpreter import interpret
run = lambda: interpret(model.graph, {image.name: x}, weights)
"""
REFERENCE = """\
from onnx.reference import ReferenceEvaluator
from specc.onnx.emit import emit_model
reference = ReferenceEvaluator(emit_model(model.graph, weights)[0])
run = lambda: reference.run(None, {image.name: x})
"""
MEDIAN = """\
run()
taken = []
for _ in range(5):
    start = time.process_time()
    run()
    taken.append(time.process_time() - start)
print(statistics.median(taken))
"""
"""Programs that print the median CPU seconds of five runs, once warmed up."""


def rows(runs: int) -> Iterator[Row]:
    """Three networks against ONNX Runtime and onnx.reference, and a convolution against a matrix product."""
    yield convolution(runs)
    for file, name in NETWORKS:
        yield from network(file, name, max(1, runs // 3))


def _sizes(kind: TensorType) -> tuple[int, ...]:
    """The shape of one item."""
    return (1, *(size for size in kind.shape[1:] if isinstance(size, int)))


def convolution(runs: int) -> Row:
    random = np.random.default_rng(0)
    x = random.standard_normal((1, 256, 28, 28), np.float32)
    weight = random.standard_normal((256, 256, 3, 3), np.float32)
    how: Any = {**SLIDING, "pad": (1, 1)}
    a, b = random.standard_normal((2, 1024, 1024), np.float32)
    ours, product = alternate(
        runs,
        lambda: [convolve(x, weight, None, how) for _ in range(4)],
        lambda: [a @ b for _ in range(4)],
    )
    flops, flops_of_product = 8 * 256 * 256 * 9 * 28 * 28, 8 * 1024**3
    return Row(
        "3x3 convolution, 256 to 256 channels of 28x28", flops / ours / 1e9, flops_of_product / product / 1e9,
        "GFLOP/s", "at least 0.6",
        "the rate of NumPy's product of two 1024x1024 matrices, which no convolution by matrix products exceeds",
    )  # fmt: skip


def network(file: str, name: str, runs: int) -> Iterator[Row]:
    model = specc.load(ROOT / "specs" / f"{file}.cnn", model=name)
    weights = {key: np.asarray(model.weights()[key]) for key in model.weights()}
    proto, _ = emit_model(model.graph, weights)
    assert proto is not None
    opened, _ = session(proto.SerializeToString(), device="cpu", optimise=False, threads=1)
    assert opened is not None
    kind = model.graph.inputs[0]
    x = np.random.default_rng(0).standard_normal(_sizes(kind.type), np.float32)
    ours, runtime = alternate(
        runs, lambda: interpret(model.graph, {kind.name: x}, weights), lambda: opened.run({kind.name: x})
    )
    yield Row(
        f"interpreter on {name}, one image", ours, runtime, "s", "2",
        "ONNX Runtime on the same graph, its optimisations off, one thread: compiled kernels for the same layers",
    )  # fmt: skip
    ours, slow = alternate_told(
        max(3, runs), *(MODEL.format(file=file, name=name) + code + MEDIAN for code in (INTERPRETED, REFERENCE))
    )
    yield Row(
        f"interpreter on {name}, one image, against onnx.reference", ours, slow, "s", "0.1",
        "onnx.reference, the other way to run a graph in NumPy; each in processes of its own, where neither meets the "
        "caches and pages that the other leaves",
    )  # fmt: skip
