"""How fast ONNX Runtime runs what specc exports, beside what PyTorch exports of the same network."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import specc
from benchmarks.measure import ROOT, Row, alternate
from specc.onnx.emit import emit_model
from specc.runtime.session import CPU, runtime, session
from specc.types import TensorType

NETWORKS = (
    ("lecture/resnet", "ResNet18"),
    ("lecture/vgg", "VGG11"),
    ("lecture/googlenet", "GoogLeNet"),
    ("zoo/mobilenet_v2", "MobileNetV2"),
    ("zoo/densenet", "DenseNet121"),
)


def rows(runs: int) -> Iterator[Row]:
    """Five networks, where PyTorch is installed: time and nodes."""
    for file, name in NETWORKS:
        yield from network(file, name, runs)


def network(file: str, name: str, runs: int) -> Iterator[Row]:
    from specc.torch import module

    model = specc.load(ROOT / "specs" / f"{file}.cnn", model=name)
    weights = {key: np.asarray(model.weights()[key]) for key in model.weights()}
    proto, _ = emit_model(model.graph, weights)
    assert proto is not None
    kind = model.graph.inputs[0]
    x = np.random.default_rng(0).standard_normal(_sizes(kind.type), np.float32)
    files = proto.SerializeToString(), _exported(module(model.graph, weights), x)
    ours, theirs = map(_opened, files)
    seconds, rival = alternate(runs, lambda: ours.run({ours.inputs[0]: x}), lambda: theirs.run({theirs.inputs[0]: x}))
    yield Row(
        f"the exported {name} in ONNX Runtime, one image", seconds, rival, "s", "1",
        "what PyTorch's own exporter (TorchScript) makes of the same network, optimised by ONNX Runtime as ours is",
    )  # fmt: skip
    nodes, others = map(_nodes, files)
    yield Row(
        f"the exported {name} in ONNX Runtime, nodes", nodes, others, "nodes", "1",
        "the nodes that are left of PyTorch's export when ONNX Runtime has optimised it",
    )  # fmt: skip


def _sizes(kind: TensorType) -> tuple[int, ...]:
    """The shape of one item."""
    return (1, *(size for size in kind.shape[1:] if isinstance(size, int)))


def _opened(model: bytes) -> Any:
    opened, problems = session(model, device="cpu", threads=1)
    assert opened is not None, problems
    return opened


def _nodes(model: bytes) -> int:
    """How many nodes ONNX Runtime makes of `model`."""
    import onnx

    ort = runtime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    with TemporaryDirectory() as folder:
        options.optimized_model_filepath = f"{folder}/optimised.onnx"
        ort.InferenceSession(model, options, providers=[CPU])
        return len(onnx.load(options.optimized_model_filepath).graph.node)


def _exported(network: Any, x: np.ndarray[Any, Any]) -> bytes:
    import torch

    with warnings.catch_warnings(), TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        path = Path(folder) / "theirs.onnx"
        torch.onnx.export(network.eval(), (torch.from_numpy(x),), path, dynamo=False, opset_version=17)
        return path.read_bytes()
