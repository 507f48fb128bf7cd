"""Compile-time arithmetic: what expressions are worth, and what is said of those that are worth nothing."""

from contextlib import suppress
from pathlib import Path

import pytest

from specc.diagnostics import Diagnostic
from specc.elaborate import evaluated as settled
from specc.elaborate import open_project, parse_setting
from specc.elaborate.report import Failed, Reporter
from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.source import Source


def evaluated(expression: str) -> tuple[object, tuple[Diagnostic, ...]]:
    """What an empty file makes of `--set x=expression`."""
    report = Reporter()
    source = Source("net.cnn", "")
    pair = parse_setting(f"x={expression}", report)
    project = open_project(source, FileLoader(Path(), DEFAULT_LIMITS), report)
    assert project is not None
    with suppress(Failed):
        return settled(project, dict([pair] if pair else []), report).get("x"), report.sorted()
    return None, report.sorted()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("7 % 4", 3),
        ("-7 // 2", -4),
        ("6 / 3", 2),
        ("7 / 2", 3.5),
        ("2 ** 10", 1024),
        ("2 ** -1", 0.5),
        ("-2 ** 2", -4),
        ("-[1, 2]", (-1, -2)),
        ("not false", True),
        ("[1, 2] + [3]", (1, 2, 3)),
        ("[1, 2] * 2", (2, 4)),
        ("'block' + 'house'", "blockhouse"),
        ("2 * [1, 2]", (2, 4)),
        ("[[4, 8], [12, 16]] / 4", ((1, 2), (3, 4))),
        ("1 == 1.0", True),
        ("true == 1", False),
        ("[1, 2] == [1, 2]", True),
        ("[2, 2] == 2", True),
        ("[2, 3] == 2", False),
        ("[4, 5] >= 4", True),
        ("'a' == 'a'", True),
        ("1 < 2 and not 2 < 1 or false", True),
        ("3 if 1 > 2 else 4", 4),
        ("min(3, 1, 2) + max([3, 1])", 4),
        ("sum([]) + sum([1, 2.5])", 3.5),
        ("abs(-3) + ceil(1.2) + floor(1.8) + round(2.6)", 9),
        ("sqrt(16)", 4.0),
        ("len([1, 2]) + len('abc')", 5),
        ("range(3)", (0, 1, 2)),
        ("range(1, 7, 3)", (1, 4)),
        ("round_to(30, 8)", 32),
        ("round_to(18, 8)", 24),
        ("[1, [2, 3]][-1][0]", 2),
        ("[1, 2, 3][1:]", (2, 3)),
        ("[1, 2, 3][:-1]", (1, 2)),
        ("[1, 2, 3][5:]", ()),
        ("[1, 2, 3][:]", (1, 2, 3)),
        ("3x5", (3, 5)),
    ],
)
def test_values(expression: str, value: object) -> None:
    assert evaluated(expression) == (value, ())


@pytest.mark.parametrize(
    ("expression", "code", "message"),
    [
        ("1 / 0", "E0308", "1 / 0 divides by zero"),
        ("[1] + true", "E0308", "`+` cannot join a whole number and true or false"),
        ("[1, 2] * [3, 4]", "E0308", "`*` cannot join two lists"),
        ("1 < 'a'", "E0308", "`<` cannot compare a whole number with a text"),
        ("true < 1", "E0308", "`<` cannot compare true or false with a whole number"),
        ("(-8) ** 0.5", "E0308", "(-8) ** 0.5 is not a real number"),
        ("2 ** 2 ** 20", "E0703", "this number needs more than"),
        ("10.0 ** 308 * 10", "E0703", "this number is too large"),
        ("10.0 ** 400", "E0703", "10 ** 400 is too large"),
        ("ceil(10.0 ** 308 * 1) * 10 ** 4000", "E0703", "this number needs more than"),
        ("-'a'", "E0308", "`-` needs a number, not a text"),
        ("min()", "E0308", "`min` needs at least one number"),
        ("min([])", "E0308", "needs at least one number"),
        ("max(1, 'a')", "E0308", "needs numbers"),
        ("abs([1])", "E0308", "takes one number"),
        ("len(3)", "E0308", "takes one list"),
        ("range(1, 2.5)", "E0308", "takes one to three whole numbers"),
        ("range(0, 9, 0)", "E0308", "needs a step other than 0"),
        ("round_to(8, 0)", "E0308", "takes a number and a positive divisor"),
        ("5[0]", "E0304", "only a list can be indexed, not 5"),
        ("[1][true]", "E0304", "an index is a whole number, not `true`"),
        ("[1][1]", "E0305", "there is no item 1 in a list of 1"),
        ("3 if 3 else 4", "E0308", "a condition must be `true` or `false`, not 3"),
        ("1 and true", "E0308", "a condition must be `true` or `false`, not 1"),
        ("(1).height", "E0208", "a whole number has no `.height`"),
        ("(1.5).height", "E0208", "a number has no `.height`"),
        ("true.height", "E0208", "true or false has no `.height`"),
        ("[1].height", "E0208", "a list has no `.height`"),
        ("'a'.height", "E0208", "a text has no `.height`"),
        ("same.height", "E0208", "a word has no `.height`"),
        ("nothing", "E0202", "unknown name `nothing`"),
        ("medn(1)", "E0202", "unknown function `medn`"),
    ],
)
def test_refusals(expression: str, code: str, message: str) -> None:
    value, (diagnostic, *_) = evaluated(expression)
    assert value is None
    assert diagnostic.code == code
    assert message in diagnostic.message
