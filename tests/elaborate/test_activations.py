"""Activations as arguments of operations and blocks, and operations with settings as values."""

from __future__ import annotations

from pathlib import Path

import pytest

import specc
from specc.errors import SpecError
from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.pipeline import check
from specc.source import Source

BLOCKS = """\
let leaky = leaky_relu(0.1)
block own(channels, kernel = 1, act = relu) { conv channels, kernel; act }
block named(channels, last = tanh) { conv channels, 1; last }
block two(channels, first = relu, second = tanh) { conv channels, 1; first; second }
block tuned(channels, act = leaky_relu(alpha=0.2)) { conv channels, 1, act=act }
block needs(channels, act) { conv channels, 1; act }
block plain(channels) { conv channels, 1 }
block slope() { leaky_relu 0.5 }
block called(channels, act = slope) { conv channels, 1; act }
"""


NORMED = "block normed(channels, norm=bn(eps=1e-3)) { conv channels, 1; norm }\n"


def operations(body: str, parameters: str = "", **values: object) -> str:
    """The operations behind the convolutions, with the slope of a leaky one."""
    text = f"{BLOCKS}model Net{parameters} {{ input x 4x8x8\n{body}\n}}"
    graph = specc.loads(text, model="Net", **values).graph
    found = [node.op for node in graph.nodes if node.op.word != "conv"]
    return " ".join(f"{op.word}({dict(op)['alpha']:g})" if "alpha" in dict(op) else op.word for op in found)


@pytest.mark.parametrize(
    ("call", "made"),
    [
        ("own 4", "relu"),
        ("own 4, tanh", "tanh"),  # in the place of `kernel`
        ("own 4, 1, tanh", "tanh"),
        ("own 4, kernel=1, tanh", "tanh"),
        ("own 4, none", ""),
        ("own 4, 1, relu, tanh", "relu tanh"),
        ("own 4, tanh, act=relu", "relu tanh"),
        ("own 4, leaky_relu(0.3)", "leaky_relu(0.3)"),
        ("own 4, act=leaky", "leaky_relu(0.1)"),
        ("named 4, sigmoid", "sigmoid"),
        ("two 4, sigmoid", "sigmoid tanh"),  # in its place
        ("two 4, relu, sigmoid", "relu sigmoid"),
        ("tuned 4", "leaky_relu(0.2)"),
        ("tuned 4, elu", "elu(1)"),
        ("needs 4, tanh", "tanh"),
        ("plain 4, tanh", "tanh"),
        ("called 4", "leaky_relu(0.5)"),
        ("called 4, tanh", "tanh"),
        ("called 4, slope", "leaky_relu(0.5)"),
        ("own 4, leaky", "leaky_relu(0.1)"),  # a name that holds one
        ("let act = sigmoid; own 4, act", "sigmoid"),
        ("let k = 1; own 4, k", "relu"),
        ("for act in [relu, none, elu] { own 4, act }", "relu elu(1)"),
        ("named 4, leaky", "leaky_relu(0.1)"),
    ],
)
def test_a_closing_activation_sets_that_of_the_block(call: str, made: str) -> None:
    assert operations(call) == made


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("leaky; leaky from=x", "leaky_relu(0.1) leaky_relu(0.1)"),
        ("a: leaky; add a, x, leaky", "leaky_relu(0.1) add leaky_relu(0.1)"),
        ("for act in [relu, leaky_relu(0.02 * 2), none, leaky] { act }", "relu leaky_relu(0.04) leaky_relu(0.1)"),
        ("if leaky == leaky_relu(0.1) and leaky != leaky_relu(0.2) { leaky } else { relu }", "leaky_relu(0.1)"),
        ("let k = 3; let act = leaky_relu(k / 10); conv 4, 1, act=act", "leaky_relu(0.3)"),
    ],
)
def test_an_activation_with_settings_is_a_value(body: str, made: str) -> None:
    assert operations(body) == made


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("normed 4", "bn(eps=0.001)"),
        ("normed 4, groupnorm(2)", "groupnorm(groups=2)"),
        ("normed 4, norm=instancenorm", "instancenorm()"),
        ("normed 4, none", ""),
        ("for norm in [bn, groupnorm(4, eps=1e-3)] { norm }", "bn() groupnorm(eps=0.001, groups=4)"),
        (
            "let groups = 4; let norm = groupnorm(groups / 2); norm relu; norm from=x",
            "groupnorm(groups=2) relu() groupnorm(groups=2)",
        ),
        ("let halves = split(2); a, b: halves; concat b, a", "split(parts=2) concat()"),
    ],
)
def test_an_operation_with_settings_is_a_value(body: str, made: str) -> None:
    text = f"{NORMED}model Net {{ input x 4x8x8\n{body}\n}}"
    ops = [node.op for node in specc.loads(text, model="Net").graph.nodes if node.op.word != "conv"]
    given = [{k: v for k, v in dict(op).items() if v != op.model_fields[k].default} for op in ops]
    shown = [", ".join(f"{name}={value}" for name, value in settings.items()) for settings in given]
    assert " ".join(f"{op.word}({settings})" for op, settings in zip(ops, shown, strict=True)) == made


def test_a_parameter_may_be_given_an_operation_with_settings_from_python() -> None:
    model = specc.loads("model Net(norm = bn) { input x 4x8x8; norm }", norm="groupnorm(2)")
    assert [dict(node.op)["groups"] for node in model.graph.nodes] == [2]


def test_operations_with_settings_share_weights_too() -> None:
    text = "model Net { input x 4x8x8; let norm = bn(eps=1e-3); repeat 2 { norm weights=shared } }"
    assert specc.loads(text).summary.totals.params == 8


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("residual leaky { conv 4, 1 }", "add leaky_relu(0.1)"),
        ("let act = sigmoid; residual act, from=x { conv 4, 1 }", "add sigmoid"),
        ("residual leaky if true else relu { conv 4, 1 }", "add leaky_relu(0.1)"),
        ("add leaky { branch { conv 4, 1 } branch { } }", "add leaky_relu(0.1)"),
        ("residual none { conv 4, 1 }", "add"),
    ],
)
def test_a_name_behind_a_residual_or_a_merge_with_a_body_is_its_activation(body: str, made: str) -> None:
    assert operations(body) == made


def test_a_text_from_python_names_a_block() -> None:
    assert operations("unit 4", "(unit = plain)", unit="own") == "relu"


@pytest.mark.parametrize(
    ("value", "made"), [("relu", "relu"), ("leaky_relu(0.4)", "leaky_relu(0.4)"), ("leaky", "leaky_relu(0.1)")]
)
def test_a_parameter_of_the_model(value: str, made: str) -> None:
    assert operations("act", f"(act = {value})") == made
    if value != "leaky":  # a name of the file
        assert operations("act", "(act = tanh)", act=value) == made


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("let act = leaky_relu(beta=1); act", "E0301", "`leaky_relu` has no argument `beta`"),
        ('let act = leaky_relu("a"); act', "E0304", '`alpha` of `leaky_relu` needs a number, not a text ("a")'),
        ("let act = relu(1); act", "E0303", "too many arguments for `relu`"),
        ("leaky 3", "E0303", "`leaky` is `leaky_relu(0.1)` here, with its settings, and takes no others"),
        ("let act = leaky_rel(0.1); act", "E0202", "unknown function `leaky_rel`"),
        ("let act = conv(3); act", "E0302", "`conv` needs `kernel`"),
        ("let act = mul(3); act", "E0202", "unknown function `mul`"),
        ("let norm = bn(eps=1e-3); conv 4, 1, norm", "E0306", "`bn` is an operation, but not an activation"),
        ("let norm = bn(eps=1e-3); norm { branch { } }", "E0208", "`bn` takes no branches"),
        ("let norm = bn(epsilon=1e-3); norm", "E0301", "`bn` has no argument `epsilon`"),
        ("let size = resize(like=x); size", "E0301", "`resize` has no argument `like`"),
        ("let norm = groupnorm(3); norm", "E0405", "3 groups do not divide the 4 channels"),
        (
            "residual x { conv 4, 1 }",
            "E0303",
            "`residual` with a body takes no operands besides, but for one activation",
        ),
        (
            "add relu, 3 { branch { } }",
            "E0303",
            "`add` with branches takes no operands besides, but for one activation",
        ),
        ("residual conv { conv 4, 1 }", "E0306", "`conv` is an operation, but not an activation"),
        ("conv leaky, 3", "E0304", "`channels` of `conv` needs a whole number, not `leaky_relu(0.1)`"),
    ],
)
def test_refusals(body: str, code: str, said: str) -> None:
    source = Source("net.cnn", f"{BLOCKS}model Net {{ input x 4x8x8\n{body}\n}}")
    found = check(source, FileLoader(Path(), DEFAULT_LIMITS)).diagnostics
    first = next(diagnostic for diagnostic in found if diagnostic.severity == "error")
    assert (first.code, first.message) == (code, said)


def test_settings_from_python_are_judged_as_those_of_a_spec() -> None:
    with pytest.raises(SpecError, match="`alpha` of `leaky_relu` needs a number"):
        operations("act", "(act = relu)", act="leaky_relu(true)")
    with pytest.raises(SpecError, match="E0101"):
        operations("act", "(act = relu)", act="leaky_relu(0.1 0.2)")
