"""Records mean what pydantic's own models of the same fields mean."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from copy import copy, deepcopy
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model
from pydantic_core import ValidationError

import specc
from specc.ir.graph import Graph
from specc.ops import OPS
from specc.ops.base import Op
from specc.record import Before, Record, Within
from specc.types import TensorType

VALUES = (
    0, 1, 3, -1, 2**63, 0.5, 2.0, -0.0, 1e300, True, False, None, "same", "zeros", "channels", "?", "he_normal",
    (), (1,), (1, 2), (0, 1), (1.5, 2), (1, 2, 3, 4), ((1, 2), (3, 4)), (None, 2.0), [3, 3], b"", TensorType((1, 2)),
)  # fmt: skip


def theirs(op: type[Op]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (field.annotation, ... if field.is_required() else field.default)
        for name, field in op.model_fields.items()
    }
    return create_model(op.__name__, __config__=ConfigDict(strict=True, extra="forbid"), **fields)


def outcome(make: Any, values: dict[str, Any]) -> object:
    """The validated values with their types, or every complaint."""
    try:
        made = dict(make(**values))
    except ValidationError as error:
        return [(found["loc"], found["type"], found["msg"]) for found in error.errors(include_url=False)]
    return {name: (repr(value), type(value)) for name, value in made.items()}


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.word)
def test_operations_take_and_refuse_what_pydantic_does(op: type[Op]) -> None:
    model = theirs(op)
    required = {name: 1 for name, field in op.model_fields.items() if field.is_required()}
    for name in (*op.model_fields, "unknown"):
        for value in VALUES:
            values = {**required, name: value}
            assert outcome(op, values) == outcome(model, values), values
    assert outcome(op, {}) == outcome(model, {})


def test_pydantic_reads_writes_and_describes_a_graph() -> None:
    graph = specc.loads("model Tiny { input image 3xHxW; conv 8, 3x3, pad=same, relu; global_avgpool }").graph
    adapter = TypeAdapter(Graph)
    text = adapter.dump_json(graph).decode()
    assert text == graph.model_dump_json()
    assert adapter.validate_json(text) == graph == Graph.model_validate_json(text)
    assert adapter.dump_python(graph, mode="json") == graph.model_dump(mode="json") == json.loads(text)

    class Report(BaseModel):
        graph: Graph

    assert Report(graph=graph).graph is graph


class Size(Record):
    """A record of a test."""

    width: Annotated[float, Within(gt=0), Before(float)]
    name: str = "small"


class Box(Size):
    depth: int | None = None


def test_a_record_is_frozen_and_compares_by_its_fields() -> None:
    box = Box(width="2.5", depth=3)  # type: ignore[arg-type]
    assert repr(box) == "Box(width=2.5, name='small', depth=3)"
    assert box == Box(width=2.5, depth=3) != Box(width=2.5)
    assert hash(box) == hash(Box(width=2.5, depth=3))
    assert Size(width=2.5) != Box(width=2.5)
    with pytest.raises(AttributeError, match="Box is frozen"):
        box.width = 3.0  # type: ignore[misc]
    with pytest.raises(AttributeError, match="Box is frozen"):
        del box.width


def test_a_copy_has_other_values_and_nothing_that_was_computed_from_the_old() -> None:
    graph = specc.loads("model Tiny { input image 3x8x8; relu }").graph
    assert list(graph.values) == ["image", "relu1"]
    copy = graph.model_copy(update={"nodes": (), "outputs": ()})
    assert list(copy.values) == ["image"]
    assert graph.model_copy(update={}) == graph


@pytest.mark.parametrize(
    "copied",
    [copy, deepcopy, lambda graph: pickle.loads(pickle.dumps(graph)), lambda graph: graph.model_copy(update={})],
    ids=["copy", "deepcopy", "pickle", "model_copy"],
)
def test_a_copy_is_whole(copied: Callable[[Graph], Graph]) -> None:
    graph = specc.loads("model Tiny { input image 3xHx8; conv 4, 3x3, relu }").graph
    other = copied(graph)
    assert other == graph
    assert hash(other) == hash(graph)
    assert other.model_dump_json() == graph.model_dump_json()
    assert TypeAdapter(Graph).validate_python(other) is other


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({}, ("width", "missing")),
        ({"width": 0}, ("width", "greater_than")),
        ({"width": 1, "depth": "deep"}, ("depth", "int_parsing")),
        ({"width": 1, "height": 1}, ("height", "extra_forbidden")),
    ],
    ids=["left out", "not within", "another type", "unknown"],
)
def test_what_a_record_does_not_take(values: dict[str, Any], complaint: tuple[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        Box(**values)
    (found,) = caught.value.errors()
    assert (found["loc"][0], found["type"]) == complaint
