"""A graph that was read from JSON is as sound as one that elaboration makes."""

from __future__ import annotations

import pytest
from chains import graph, image

from specc.ir.graph import Graph

SOUND = graph(image(1, 2, 2), ("a", "relu", {}), ("b", "tanh", {})).model_dump_json()


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        ('"inputs":["a"]', '"inputs":["c"]', "node b reads c, which no earlier node makes"),
        ('"outputs":["b"]', '"outputs":["a"]', "node b makes a value that exists already"),
        ('"value":"b"', '"value":"c"', "output b is c, which no node makes"),
        ('"conditions":[]', '"conditions":[{"divisor":2,"value":"4"}]', "not an open size"),
    ],
)
def test_what_does_not_hang_together_is_refused(written: str, instead: str, says: str) -> None:
    assert Graph.model_validate_json(SOUND).values
    assert written in SOUND
    with pytest.raises(ValueError, match=says):
        Graph.model_validate_json(SOUND.replace(written, instead))
