"""Rules that turn names in a weights file into the model's."""

import numpy as np
import pytest

from specc.ir.build import GraphBuilder
from specc.ir.graph import GraphInput
from specc.ops.conv import Conv
from specc.source import Source
from specc.types import TensorType
from specc.weights.initialisers import seeded
from specc.weights.mapping import idle, parse_rules, rename
from specc.weights.match import match
from specc.weights.tensors import Weights

RULES = r"""
# a file of two layers
net\.0\.(weight|bias) -> conv1.\1     # groups are numbered
net\.9\..*            ->
net\.(\d)\.(.*)       -> conv\1.\2
"""


def two_convolutions():
    build = GraphBuilder("Two")
    build.add_input(GraphInput(name="image", type=TensorType((1, 1, 8, 8))))
    build.add("conv1", Conv(channels=2, kernel=(3, 3)), ("image",))
    build.add("conv2", Conv(channels=4, kernel=(1, 1), bias=False), ("conv1",))
    return build.finish()


def rules(text):
    return parse_rules(Source("names.map", text))


@pytest.mark.parametrize(
    ("name", "new"),
    [("net.0.bias", "conv1.bias"), ("net.2.weight", "conv2.weight"), ("net.9.weight", None), ("other", "other")],
)
def test_the_first_rule_that_matches_the_whole_name_counts(name, new):
    found, problems = rules(RULES)
    assert not problems
    assert rename(found, [name]) == (({name: new} if new else {}), ())


def test_renamed_weights_fit_the_model():
    graph = two_convolutions()
    arrays = dict(zip(["net.0.weight", "net.0.bias", "net.2.weight"], seeded(graph).values(), strict=True))
    given = Weights.of({**arrays, "net.9.extra": np.ones(3)})
    names, _ = rename(rules(RULES)[0], given)
    weights, table, problems = match(graph, given, names)
    assert not problems
    assert table.complete
    assert list(weights) == ["conv1.weight", "conv1.bias", "conv2.weight"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("conv1.weight", "a rule is written"),
        ("-> conv1.weight", "a rule is written"),
        ("conv(1 -> x", "unterminated subpattern"),
        (r"conv(1) -> \2", "invalid group reference"),
        (r"conv -> \g<name>", "unknown group name"),
        (r"conv -> \q", "bad escape"),
    ],
)
def test_a_line_that_is_no_rule_has_its_place(line, message):
    _, (diagnostic,) = rules(f"# first\n\n{line}\n")
    assert diagnostic.code == "E0804"
    assert message in diagnostic.message
    assert (diagnostic.span.row, diagnostic.span.column) == (3, 1)


def test_batch_counts_of_pytorch_are_no_surplus_under_rules():
    graph = two_convolutions()
    found, _ = rules("nothing -> x")
    given = Weights.of({**seeded(graph), "bn1.num_batches_tracked": np.zeros(())})
    names, _ = rename(found, given.names)
    _, table, diagnostics = match(graph, given, names)
    assert (table.complete, diagnostics) == (True, ())


def test_two_tensors_cannot_become_one():
    found, _ = rules("(a|b) -> conv1.weight")
    _, (diagnostic,) = rename(found, ["a", "b"])
    assert diagnostic.code == "E0804"
    assert diagnostic.message == "`a` and `b` both become `conv1.weight`"
    _, (diagnostic,) = rename(rules("(.*) -> x")[0], [f"t{i}" for i in range(48)])
    assert diagnostic.message == "`t0`, `t1` and 46 more all become `x`"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("net.* -> conv1.weight", []),
        ("nett.* -> conv1.weight", ["the rule `nett.* -> conv1.weight` renames nothing: no tensor of the file has"]),
        ("net.* -> a\nnet.0 -> b", ["the rule `net.0 -> b` renames nothing: all names that it matches are taken by"]),
    ],
)
def test_a_rule_that_renames_nothing_is_told(text, told):
    found, _ = rules(text)
    warnings = idle(found, ["net.0", "net.1"])
    assert {warning.code for warning in warnings} <= {"W0305"}
    assert [warning.message[: len(says)] for warning, says in zip(warnings, told, strict=True)] == told
