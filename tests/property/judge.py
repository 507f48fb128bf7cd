"""Do specc, ONNX's shape inference, ONNX Runtime and the model's author agree on a random model?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from random import Random

import onnx

import specc
from specc.dims import evaluate, names
from specc.ir import Graph
from specc.onnx.emit import OPSETS, emit
from specc.onnx.expose import held_values
from specc.onnx.write import filled, to_bytes
from specc.types import speak
from specc.verify import verify
from specc.weights import seeded
from tests.fuzz.examine import within
from tests.onnx_check import check_shapes
from tests.property.generate import Network, network

BATCH = 2
DEFAULT_OPSET = 21
INFERS_GROUPS = 20
"""From opset 21 on a GroupNormalization of ONNX stands for ours, whose shape onnx 1.23 cannot infer
(https://github.com/onnx/onnx/issues/7157, mended by pull request 8356): shapes are compared at this opset instead."""
INFERS_RESHAPES = 14
"""Before this opset onnx does not infer the shape of a Reshape to the Shape of another value, even of known sizes."""
RANKLESS = "ONNX infers , "
"""A shape that ONNX computes from another of unknown sizes: with numbers for them it is inferred, and compared."""


@dataclass
class Verdict:
    """What disagrees, in one line, or nothing; what the model consists of; and what an older opset could not say."""

    disagreement: str = ""
    operations: Counter[str] = field(default_factory=Counter)
    declined: str = ""


def judge(seed: int, number: int, steps: tuple[int, ...] | None = None) -> Verdict:
    """Every opinion on the network of that number, or on what is left of it with these `steps` alone."""
    random = Random(f"{seed}/{number}/opset")
    made = network(seed, number, steps)
    opset = DEFAULT_OPSET if random.random() < 0.6 else random.choice(OPSETS)
    return opinions(made, opset, preprocess="mean=" in made.text and random.random() < 0.5)


def opinions(made: Network, opset: int = DEFAULT_OPSET, preprocess: bool = False, seconds: float = 120) -> Verdict:
    """What specc, ONNX and ONNX Runtime say of a network, against what its author expects."""
    verdict = Verdict()
    try:
        with within(seconds):
            verdict.disagreement = _disagreement(made, opset, preprocess, verdict)
    except specc.SpecError as error:
        first = next(found for found in error.diagnostics if found.code.startswith("E"))
        verdict.disagreement = f"refused: {first.code} {first.message}"
    if verdict.disagreement:
        verdict.disagreement += f" (opset {opset})"
    return verdict


def shortest(seed: int, number: int, kind: str) -> Network:
    """The network of that number with as few steps as still give a disagreement of the same kind."""
    steps = network(seed, number).steps
    at = len(steps) - 1
    while at >= 0:
        fewer = steps[:at] + steps[at + 1 :]
        if judge(seed, number, fewer).disagreement.split(":")[0] == kind:
            steps = fewer
        at -= 1
    return network(seed, number, steps)


def _disagreement(made: Network, opset: int, preprocess: bool, verdict: Verdict) -> str:
    model = specc.loads(made.text)
    graph, totals = model.graph, model.summary.totals
    verdict.operations.update(node.op.word for node in graph.nodes)
    shapes = tuple(
        tuple(evaluate(size, made.sizes) for size in output.type.shape[1:]) for output in model.summary.outputs
    )
    if shapes != made.outputs:
        return f"shape: specc has {shapes}, the author {made.outputs}"
    if (totals.params, totals.buffers) != (made.params, made.buffers):
        return f"parameters: specc has {totals.params} + {totals.buffers}, the author {made.params} + {made.buffers}"
    emitted, problems = emit(graph, opset=opset, preprocess=preprocess)
    if emitted is None:
        verdict.declined = problems[0].message
        return "" if opset < DEFAULT_OPSET or "open size" in verdict.declined else f"declined: {verdict.declined}"
    inferable = _inferable_opset(opset, verdict, bool(made.sizes))
    other = None if inferable == opset else emit(graph, opset=inferable, preprocess=preprocess)[0]
    return _as_onnx(graph, emitted, other or emitted, made)


def _inferable_opset(opset: int, verdict: Verdict, has_open_sizes: bool) -> int:
    if opset > INFERS_GROUPS and verdict.operations["groupnorm"]:
        return INFERS_GROUPS
    return max(opset, INFERS_RESHAPES) if has_open_sizes else opset


def _as_onnx(graph: Graph, emitted: onnx.ModelProto, inferable: onnx.ModelProto, made: Network) -> str:
    weights = seeded(graph, made.params)
    data, problems = to_bytes(emitted, weights)
    assert data is not None, problems
    whole = onnx.load_from_string(data)
    held = {weight.name: prod(weight.dims) for weight in whole.graph.initializer if weight.name in weights}
    if sum(held.values()) != made.params + made.buffers:
        return f"parameters: the ONNX model has {sum(held.values())}, the author {made.params + made.buffers}"
    shaped, problems = filled(inferable, weights)
    assert shaped is not None, problems
    told = [line for line in check_shapes(shaped, graph) if not (made.sizes and RANKLESS in line)]
    for line in told or _with_numbers(shaped, graph, made.sizes):
        return f"inference: {line}"
    report, problems = verify(graph, weights, data, seed=made.buffers, batch=BATCH, sizes=made.sizes, optimised=True)
    if report is None:
        return f"not run: {problems[0].message}"
    return "" if report.passed else f"values: {report.diagnostics[0].message}"


def _with_numbers(model: onnx.ModelProto, graph: Graph, sizes: dict[str, int]) -> list[str]:
    """Strict shape inference of a model whose open inputs got numbers, and that has no shapes of its own."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    del fixed.graph.value_info[:]
    for item in fixed.graph.input:
        for dim in item.type.tensor_type.shape.dim:
            if dim.HasField("dim_param"):
                dim.dim_value = sizes.get(dim.dim_param, BATCH)
    for output in fixed.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(fixed, strict_mode=True, data_prop=True).graph
    theirs = {
        item.name: [dim.dim_value for dim in item.type.tensor_type.shape.dim]
        for item in (*inferred.input, *inferred.value_info, *inferred.output)
    }
    return list(_differences(model, graph, theirs, sizes))


def _differences(
    model: onnx.ModelProto, graph: Graph, theirs: dict[str, list[int]], sizes: dict[str, int]
) -> Iterator[str]:
    for value, held in held_values(model, graph).items():
        shape = speak(graph.values[value].shape, held.layout)
        ours = [evaluate(size, dict.fromkeys(names(size), BATCH) | sizes) for size in shape]
        if theirs.get(held.tensor) != ours:
            yield f"{value}: with numbers ONNX infers {theirs.get(held.tensor)}, the graph says {ours}"
