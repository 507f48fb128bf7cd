"""Specs exported and read back, and ONNX models written as text."""

import importlib.util
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

from specc.decompile import spec_of
from specc.decompile.align import adopted
from specc.diagnostics import Diagnostic
from specc.ir.graph import Graph, Node
from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.onnx.emit import emit
from specc.onnx.importer import Imported, ImportLimits, annotated, read_model
from specc.onnx.importer.load import take_apart
from specc.onnx.importer.read import convert
from specc.onnx.lower import lower_layer
from specc.onnx.program import Program, Step
from specc.pipeline import check
from specc.source import Source
from specc.verify import Report, verify
from specc.weights import seeded

SCRIPT = pytest.mark.skipif(importlib.util.find_spec("onnxscript") is None, reason="onnxscript is not installed")
"""Of tests of PyTorch's newer exporter, which writes its models with it."""
NOTHING = ("dropout", "identity")
"""Layers that compute nothing and leave no node in the exported graph."""


def compiled(text: str) -> Graph:
    """The graph of a spec without errors."""
    outcome = check(Source("test.cnn", text), FileLoader(Path(), DEFAULT_LIMITS))
    assert outcome.models, outcome.diagnostics
    return outcome.models[0].graph


def read_back(graph: Graph, opset: int = 21) -> Imported:
    """What is read from the export of `graph`, whose weights have no data."""
    model, diagnostics = emit(graph, opset=opset)
    assert model is not None, diagnostics
    imported, diagnostics = convert(take_apart(model, None, ImportLimits()), "test.onnx", ImportLimits())
    assert imported is not None, diagnostics
    return imported


def words(graph: Graph) -> list[str]:
    return [node.op.word for node in graph.nodes]


def meaning(graph: Graph, opset: int = 21) -> list[Any]:
    """What stays of a graph without names, places, layers that compute nothing, and the spelling of arguments:
    for each layer its operation, which values it reads, its types, and the ONNX nodes that it exports to."""
    numbers = {item.name: index for index, item in enumerate(graph.inputs)}
    fresh = count(len(numbers))
    layers: list[Any] = []
    for node in graph.nodes:
        if node.op.word in NOTHING:
            numbers[node.name] = numbers[node.inputs[0]]
            continue
        reads = [numbers[name] for name in node.inputs]
        numbers.update({name: next(fresh) for name in node.outputs})
        layers.append((node.op.word, reads, node.types, lowered(graph, node, opset)))
    return [*layers, [numbers[output.value] for output in graph.outputs]]


def lowered(graph: Graph, node: Node, opset: int) -> list[Any]:
    """The ONNX operators of one layer with their attributes, and the constants among their operands."""
    program = Program(tensors={name: name for name in node.inputs})
    lower_layer(program, graph, node, opset)
    constants = {name: array.tobytes() for name, array in program.constants.items()}
    return [(s.op_type, attributes(s), [constants.get(name) for name in s.inputs]) for s in program.steps]


def attributes(step: Step) -> dict[str, object]:
    """Attributes as float32 keeps them, empty padding left out."""
    single = {k: float(np.float32(v)) if isinstance(v, float) else v for k, v in step.attributes.items()}
    return {k: v for k, v in single.items() if k != "pads" or (isinstance(v, tuple) and any(v))}


def model_of(text: str, weights: Sequence[tuple[str, tuple[int, ...]]] = (), opset: int = 17) -> bytes:
    """An ONNX model from its textual syntax, with random weights."""
    model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : {opset}]> {text}')
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name))
    random = np.random.default_rng(0)
    for name, shape in weights:
        values = random.standard_normal(shape).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    return model.SerializeToString()


def imported(data: bytes) -> Imported:
    found, diagnostics = read_model(data)
    assert found is not None, diagnostics
    return found


def assert_verified(data: bytes) -> None:
    """What is read from a model of one input computes what ONNX Runtime makes of the model, layer by layer."""
    found = imported(data)
    (given,) = found.graph.inputs
    sizes = given.type.spoken(found.graph.layout)[1:]
    inputs = {given.name: np.random.default_rng(1).standard_normal((2, *sizes)).astype(np.float32)}
    report, diagnostics = verify(
        found.graph, found.weights, annotated(onnx.load_from_string(data), found.held), inputs=inputs
    )
    assert report is not None, diagnostics
    assert all(output.passed for output in report.end_to_end)
    assert [layer.note for layer in report.layers if layer.status == "failed"] == []


def refusal(data: bytes) -> str:
    """Why a model is not read."""
    found, diagnostics = read_model(data)
    assert found is None
    assert [d.code for d in diagnostics] == ["E0907"]
    return diagnostics[0].message


def round_trip(data: bytes, folder: Path, judged: bytes | None = None) -> tuple[Report | None, tuple[Diagnostic, ...]]:
    """What `specc verify SPEC --model FILE` finds, where `specc import` made the spec and its weights of `data`; the
    file is `data` too, or `judged`."""
    given = imported(data)
    spec, diagnostics = spec_of(given.graph, "test.cnn")
    assert spec is not None, diagnostics
    graph = spec.checked.graph
    file = folder / "judged.onnx"
    file.write_bytes(judged or data)
    weights = dict(seeded(graph)) | {new: given.weights[old] for new, old in spec.names.items()}
    found, model, unread = adopted(graph, file)
    return (None, unread) if unread else verify(found, weights, model)
