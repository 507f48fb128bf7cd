"""Random valid models: what specc says of them is what ONNX and ONNX Runtime say, and the interpreter agrees."""

from __future__ import annotations

import onnx
from generate import drafts, specs
from hypothesis import HealthCheck, given, settings
from onnx.checker import check_model
from onnx.shape_inference import infer_shapes

import specc
from specc.ir import Graph
from specc.onnx.emit import emit
from specc.onnx.write import to_bytes
from specc.verify import verify
from specc.weights import seeded

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SETTINGS
@given(drafts())
def test_a_valid_spec_is_accepted_and_has_the_shape_that_its_author_expects(
    draft: tuple[str, tuple[int, ...]],
) -> None:
    text, shape = draft
    model = specc.loads(text)
    assert model.summary.outputs[0].type.shape[1:] == shape


@settings(SETTINGS, max_examples=40)
@given(specs())
def test_onnx_infers_our_shapes_and_onnx_runtime_computes_what_the_interpreter_does(text: str) -> None:
    graph = specc.loads(text).graph
    weights = seeded(graph, 1)
    model, problems = emit(graph)
    assert model is not None, problems
    data, problems = to_bytes(model, weights)
    assert data is not None, problems
    check_model(data, full_check=True)
    inferred = infer_shapes(onnx.load_from_string(data), strict_mode=True)
    for value in inferred.graph.output:
        ours = next(graph.values[o.value] for o in graph.outputs if o.name == value.name)
        theirs = [d.dim_value or d.dim_param for d in value.type.tensor_type.shape.dim]
        assert theirs[1:] == list(ours.shape[1:])
    report, problems = verify(graph, weights, data, seed=1)
    assert report is not None, problems
    assert report.passed, report.first_failure


@SETTINGS
@given(specs())
def test_a_graph_survives_json_and_elaboration_is_deterministic(text: str) -> None:
    graph = specc.loads(text).graph
    assert Graph.model_validate_json(graph.model_dump_json()) == graph
    assert specc.loads(text).graph == graph
