"""Outputs of torchvision's networks for which `functional.json` has none, in NumPy and in ONNX Runtime.

Weights are closed forms of the specs' own tensor names, so that these must not change either.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from bundled import model
from oracle import ORDERS, SUMS, assert_same_output, read, symmetric, torch_values

from specc.interpreter import interpret
from specc.onnx.emit import emit_model
from specc.runtime.session import session
from specc.weights.axes import targets

CASES = read("torchvision")["cases"]


@pytest.fixture(scope="module", params=CASES)
def case(request):
    stored = CASES[request.param]
    graph = model(stored["spec"], stored["model"]).graph
    return SimpleNamespace(
        stored=stored,
        graph=graph,
        weights={name: torch_values(name, target.shape) for name, target in targets(graph).items()},
        inputs={"image": symmetric("input", stored["input"], 1)},
    )


def test_interpreter(case):
    (output,) = interpret(case.graph, case.inputs, case.weights, dtype=np.float64).values()
    assert_same_output(case.stored, output, SUMS)


def test_onnx_runtime(case):
    written, diagnostics = emit_model(case.graph, case.weights)
    assert not diagnostics
    loaded, diagnostics = session(written.SerializeToString(), device="cpu", threads=1)
    assert not diagnostics
    results, diagnostics = loaded.run(case.inputs)
    assert not diagnostics
    float32 = case.stored["torch_float32_max_abs_dev"] / case.stored["out_rms"]
    (output,) = results.values()
    assert_same_output(case.stored, output, ORDERS * float32)
