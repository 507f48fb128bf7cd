"""What ONNX Runtime makes of an export has no more nodes than what it makes of PyTorch's export of the same network."""

from __future__ import annotations

import io
import sys
import warnings
from pathlib import Path

import onnx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import layer, network, numbers, random_weights, shape

from specc.onnx import emit_model
from specc.runtime.session import CPU, runtime

torch = pytest.importorskip("torch", reason="compares with PyTorch's exporter")

CONV = layer("conv", channels=16, kernel=(3,), pad=(1,), bias=False)
NETWORKS = {
    "residual": [
        ("c1", CONV), ("b1", layer("bn")), ("r1", layer("relu")), ("c2", CONV), ("b2", layer("bn")),
        ("a", layer("add"), ["b2", "r1"]), ("r2", layer("relu")),
        ("p", layer("global_avgpool")), ("f", layer("flatten")), ("d", layer("dense", units=10)),
    ],
    "inception": [
        ("c1", CONV), ("r1", layer("relu")), ("n", layer("lrn")), ("p", layer("maxpool", kernel=(3,), stride=(2,))),
        ("c2", CONV), ("c3", CONV, ["p"]), ("m", layer("concat"), ["c2", "c3"]),
        ("f", layer("flatten")), ("d", layer("dense", units=10)), ("s", layer("softmax")),
    ],
    "inverted residual": [
        ("c1", CONV), ("b1", layer("bn")), ("r1", layer("relu6")),
        ("w", layer("depthwise", kernel=(3,), pad=(1,), bias=False)), ("b2", layer("bn")), ("r2", layer("relu6")),
        ("o", layer("dropout", rate=0.2)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_no_more_nodes_than_pytorchs(name, tmp_path):
    from specc.torch import module

    graph = network(shape(3, 16, 16), *NETWORKS[name])
    weights = random_weights(graph)
    model, _ = emit_model(graph, weights)
    theirs = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = torch.from_numpy(numbers(1, 3, 16, 16))
        torch.onnx.export(module(graph, weights).eval(), (x,), theirs, dynamo=False, opset_version=17)
    assert optimised(model.SerializeToString(), tmp_path) <= optimised(theirs.getvalue(), tmp_path)


def optimised(model: bytes, folder: Path) -> int:
    """The number of nodes that are left of `model`."""
    ort = runtime()
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    ort.InferenceSession(model, options, providers=[CPU])
    return len(onnx.load(options.optimized_model_filepath).graph.node)
