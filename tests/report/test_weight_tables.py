"""The tables of `specc weights`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chains import conv, graph, image

from specc.ir.graph import Graph
from specc.report.weights import match_json, render_match, render_weights, weights_json
from specc.weights.match import MatchTable, Row


def net() -> Graph:
    edges = conv(1, 2, weight=[[1, 0], [0, -1]], bias=False)
    return graph(image(1, 8, 8), ("edges", "conv", edges), ("bn1", "bn", {}), ("c", "conv", conv(4, 3, init="zeros")))


def test_every_tensor_with_where_its_values_come_from() -> None:
    assert (
        render_weights(net(), 80)
        == """\
────────────────────────────────────────────────────
Weight            Shape    Values  Initialiser
────────────────────────────────────────────────────
edges.weight      1x1x2x2       4  fixed in the spec
bn1.weight        1             1  1
bn1.bias          1             1  0
bn1.running_mean  1             1  0
bn1.running_var   1             1  1
c.weight          4x1x3x3      36  zeros
c.bias            4             4  0
────────────────────────────────────────────────────
7 tensors, 48 values, 192.00 B
"""
    )


def test_as_json() -> None:
    told: Any = weights_json(net())["tensors"]
    assert told[0] == {
        "name": "edges.weight", "shape": [1, 1, 2, 2], "values": 4, "initialiser": "fixed in the spec",
        "kind": "parameter", "trainable": False,
    }  # fmt: skip
    assert [weight["kind"] for weight in told if not weight["trainable"]] == ["parameter", "buffer", "buffer"]


def test_a_model_without_weights() -> None:
    assert render_weights(graph(image(1, 8, 8), ("a", "relu", {}))).endswith("0 tensors, 0 values, 0.00 B\n")


TABLE = MatchTable(
    rows=(
        Row("a.weight", (8, 3, 3, 3), "matched", "conv.weight"),
        Row("a.bias", (8,), "missing", None, "nearest is conv.bias"),
        Row("b.weight", (4, 8, 1, 1), "misshapen", "b.weight", "the file has 4x8x3x3"),
    ),
    surplus=(("fc.weight", (10, 64)),),
)


def test_a_match_as_json() -> None:
    told: Any = match_json(net(), TABLE)
    assert [(tensor["status"], tensor["source"]) for tensor in told["tensors"]] == [
        ("matched", "conv.weight"), ("missing", None), ("misshapen", "b.weight"),
    ]  # fmt: skip
    assert told["surplus"] == [{"name": "fc.weight", "shape": [10, 64]}]
    assert not told["complete"]


def test_what_fits_and_what_does_not() -> None:
    assert (
        render_match(TABLE, 100)
        == """\
────────────────────────────────────────────────────────────────────────
Weight     Shape    Status     In the file  Note
────────────────────────────────────────────────────────────────────────
a.weight   8x3x3x3  matched    conv.weight
a.bias     8        missing                 nearest is conv.bias
b.weight   4x8x1x1  misshapen  b.weight     the file has 4x8x3x3
fc.weight  10x64    surplus                 the model has no such tensor
────────────────────────────────────────────────────────────────────────
1 matched, 1 missing, 1 misshapen, 1 surplus
"""
    )


def test_notes_stand_below_a_narrow_table() -> None:
    seeded = ("initialised from the seed; `classifier.6.bias` has its shape", "initialised from the seed")
    rows = [Row(f"c.{i}", (8,), "missing", None, note) for i, note in enumerate(seeded)]
    assert (
        render_match(replace(TABLE, rows=(*TABLE.rows, *rows)), 60)
        == """\
──────────────────────────────────────────
Weight     Shape    Status     In the file
──────────────────────────────────────────
a.weight   8x3x3x3  matched    conv.weight
a.bias     8        missing
b.weight   4x8x1x1  misshapen  b.weight
c.0        8        missing
c.1        8        missing
fc.weight  10x64    surplus
──────────────────────────────────────────
nearest is conv.bias: a.bias
the file has 4x8x3x3: b.weight
initialised from the seed: c.0, c.1
`classifier.6.bias` has its shape: c.0
the model has no such tensor: fc.weight
1 matched, 3 missing, 1 misshapen, 1 surplus
"""
    )
