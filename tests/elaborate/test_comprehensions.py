"""Lists by a rule: `[2 * x for x in xs]`."""

from __future__ import annotations

import pytest

import specc
from specc.elaborate.expressions import Frame, evaluate
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.scope import Naming, Scope
from specc.limits import DEFAULT_LIMITS
from specc.source import Source
from specc.syntax import ast
from specc.syntax.parser import parse

X = "model Net { input x 4x8x8; "


def value(text: str, report: Reporter | None = None, **names: object) -> object:
    """What the list `text` holds."""
    file, found = parse(Source("test.cnn", f"let a = {text}"))
    assert file is not None, found
    (let,) = file.items
    assert isinstance(let, ast.Let)
    return evaluate(let.value, Frame(Scope(None, dict(names)), Naming(set())), report or Reporter())


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("[2 * x for x in [3, 4]]", (6, 8)),
        ("[x for x in []]", ()),
        ("[n for _ in range(3)]", (5, 5, 5)),
        ("[x for x in range(10) if x % 3 == 1 and x > 1]", (4, 7)),
        ("[i * x for i, x in [3, 4, 5]]", (0, 4, 10)),
        ("[a - b for a, b in [[3, 1], [9, 2]]]", (2, 7)),
        ("[i + a * b for i, a, b in [[3, 1], [9, 2]]]", (3, 19)),
        ("[row[i] for i, row in enumerate([[1, 2], [3, 4]])]", (1, 4)),
        ("[[1 if i == j else 0 for j in range(3)] for i in range(3)]", ((1, 0, 0), (0, 1, 0), (0, 0, 1))),
        ("[[i for i in range(i)] for i in range(4)]", ((), (0,), (0, 1), (0, 1, 2))),
        ("[n for n in [n, n + 1]]", (5, 6)),  # the list is of the names around
        ("[round(sin(t) + cos(t)) for t in range(3)]", (1, 1, 0)),
        ("[round(log(exp(t))) for t in range(3)]", (0, 1, 2)),
    ],
)
def test_what_a_list_by_a_rule_holds(text: str, items: tuple[object, ...]) -> None:
    assert value(text, n=5) == items


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[x for x in range(11)]", "a list of more than 10 items"),
        ("[[x for _ in range(3)] for x in range(4)]", "a list of more than 10 items"),
        ("[[[0 for _ in range(2)] for _ in range(2)] for _ in range(2)]", "a list of more than 10 items"),
        ("[range(8) for _ in range(3)]", "a list of more than 10 items"),
        ("[t for _ in range(3)]", "a list of more than 10 items"),
        ("[log(x) for x in [1, 0]]", "`log` needs a number above 0"),
    ],
)
def test_a_list_ends_where_it_gets_too_long(text: str, message: str) -> None:
    report = Reporter(DEFAULT_LIMITS._replace(elements=10))
    with pytest.raises(Failed):
        value(text, report, t="texts")
    assert [found.message for found in report.diagnostics] == [message]


def test_the_rounds_of_a_list_are_work() -> None:
    report = Reporter(DEFAULT_LIMITS._replace(steps=500))
    with pytest.raises(Failed):
        value("[[[0 for _ in range(9)] for _ in range(9)] for _ in range(9)]", report)
    assert [found.code for found in report.diagnostics] == ["E0702"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("let w = [c for a in [8]]; conv w, 1x1", ["E0202 unknown name `c`"]),
        ("let w = [c for c in b]; conv w, 1x1", ["E0202 unknown name `b`"]),
        ("let w = [c for c in [8] if b]; conv w, 1x1", ["E0202 unknown name `b`"]),
        ("let w = [c for c in [8]]; conv c, 1x1; conv w[0], 1x1", ["E0202 unknown name `c`"]),
        ("let w = [f(c) for c in [8]]; conv w, 1x1", ["E0202 unknown function `f`"]),
        ("let w = [c for c, c in [8]]; conv w[0], 1x1", ["E0203 `c` is defined twice"]),
        ("let w = [c for c in 8]; conv w[0], 1x1", ["E0304 a list by a rule needs a list, not 8"]),
        ("let w = [c for c in [8] if c]; conv w[0], 1x1", ["E0308 a condition must be `true` or `false`, not 8"]),
        ("let w = [1 / c for c in [0, 0]]; conv w[0], 1x1", ["E0308 1 / 0 divides by zero"]),
        ("let w = [8 for c in [1]]; conv w[0], 1x1", ["W0202 variable of a list `c` is never used"]),
        ("let c = 3; let w = [c for c in [8]]; conv w[0], 1x1", ["W0202 constant `c` is never used"]),
        ("let c = 3; let w = [c for c in [8]]; conv w[0] + c, 1x1", []),
        ("let w = [c for _ in [8] for c in [8]]; conv w[0], 1x1", ["E0101 unexpected `for`"]),
    ],
)
def test_the_names_of_a_list_by_a_rule(body: str, found: list[str]) -> None:
    try:
        told = specc.loads(X + body + " }").warnings
    except specc.SpecError as refusal:
        told = refusal.diagnostics
    assert [f"{one.code} {one.message}" for one in told] == found


def test_values_of_layers_are_chosen_by_a_rule() -> None:
    model = specc.loads(X + "repeat 4 { y: relu }; z: concat [y[i] for i in range(4) if i % 2 == 1] }")
    assert {node.name: node.inputs for node in model.graph.nodes}["z"] == ("y.1", "y.3")


def test_in_is_the_incoming_value() -> None:
    model = specc.loads(
        X + "conv [in.channels * i for i in range(4)][3], 1x1 -> [s + d for s, d in [[12, 0], [7, 1], [7, 1]]] }"
    )
    assert model.graph.nodes[0].types[0].channels == 12
