"""Random valid models: the author, specc, ONNX and ONNX Runtime agree on them; `python -m tests.property` runs more."""

from __future__ import annotations

from dataclasses import replace

import pytest

import specc
from specc.ir import Graph
from tests.property.generate import network
from tests.property.judge import judge, opinions, shortest

SEED = 0


@pytest.mark.parametrize("first", range(0, 150, 10))
def test_everybody_agrees(first):
    for number in range(first, first + 10):
        assert judge(SEED, number).disagreement == "", network(SEED, number).text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"params": 10**6}, "parameters: "),
        ({"outputs": ((7, 7, 7),)}, "shape: "),
        ({"text": "model Net { input x 3x8x8\nconv 4, 9x9 }"}, "refused: E0401 the kernel spans 9"),
    ],
)
def test_a_wrong_expectation_shows(wrong, told):
    assert opinions(replace(network(SEED, 0), **wrong)).disagreement.startswith(told)


def test_what_is_left_of_a_network_is_valid():
    made = network(SEED, 3)
    for step in made.steps:
        fewer = tuple(other for other in made.steps if other != step)
        assert opinions(network(SEED, 3, fewer)).disagreement == ""


def test_a_disagreement_is_made_short(monkeypatch):
    """As if every model with a pool were refused."""
    number = next(n for n in range(100) if "maxpool" in network(SEED, n).text and len(network(SEED, n).steps) > 5)
    loads = specc.loads
    monkeypatch.setattr(specc, "loads", lambda text: loads("?" if "maxpool" in text else text))
    kept = shortest(SEED, number, "refused")
    assert "maxpool" in kept.text
    assert len(kept.steps) < 5


def test_a_graph_survives_json_and_elaboration_is_deterministic():
    for number in range(60):
        text = network(SEED, number).text
        graph = specc.loads(text).graph
        assert Graph.model_validate_json(graph.model_dump_json()) == graph
        assert specc.loads(text).graph == graph
