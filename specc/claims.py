"""Judging `expect` lines against what is known of a finished model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Final

from specc.diagnostics import Diagnostic, Label
from specc.dims import Sym
from specc.elaborate.arithmetic import same
from specc.elaborate.elaborator import Claim
from specc.elaborate.expressions import Frame, evaluate
from specc.elaborate.reads import names_in
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.values import Value, Word, describe, show
from specc.syntax import ast
from specc.types import TensorType

Reasons = Callable[[str], str | None]
"""Why a fact is as it is, where its name does not say it."""


_ANY: Final = Word("_")


def judge(claims: tuple[Claim, ...], facts: Mapping[str, Value], reasons: Reasons, report: Reporter) -> None:
    """Report E0502 for each claim that `facts` (see `specc.elaborate.words.FACTS`) contradict, with the `reasons`."""
    for claim in claims:
        for name, value in facts.items():
            claim.frame.scope.bind(name, value)
        try:
            _judge(claim, reasons, report)
        except Failed:
            continue


def _judge(claim: Claim, reasons: Reasons, report: Reporter) -> None:
    tree = claim.tree.claim
    if not isinstance(tree, ast.Binary) or tree.operator not in ("==", "!=", "<", "<=", ">", ">="):
        raise report.error(
            "E0502", tree.span, "an expectation is a comparison", help="such as `expect params == 61_706`"
        )  # fmt: skip
    if "+-" in tree.right.span.text:
        raise report.error(
            "E0502", tree.right.span, "`+-` adds a negative number, and is no tolerance",
            help="a share is allowed by `within 1%`, a range by two expectations with `>=` and `<=`",
        )  # fmt: skip
    tolerance = _tolerance(claim, report)
    left, right = (_side(side, claim.frame, report) for side in (tree.left, tree.right))
    if tolerance is None and _ANY in (right if isinstance(right, tuple) else ()) and tree.operator in ("==", "!="):
        holds = same(left, _filled(right, left)) is (tree.operator == "==")
    elif tolerance is None:
        holds = evaluate(tree, claim.frame, report) is True
    else:
        holds = _within(left, right, tolerance, tree, report)
    if not holds:
        _false(claim, tree, (left, right), tolerance, reasons, report)


def _side(expression: ast.Expr, frame: Frame, report: Reporter) -> Value:
    """The value of one side; in a shape `_` is any size."""
    if isinstance(expression, ast.Size) and "_" in expression.parts:
        span, parts = expression.span, expression.parts
        items = tuple(ast.Name(span, part) if isinstance(part, str) else ast.Number(span, part) for part in parts)
        expression = ast.List(span, items)
    if isinstance(expression, ast.List):
        frame.scope.bind("_", _ANY)
    return evaluate(expression, frame, report)


def _filled(shape: tuple[Value, ...], real: Value) -> tuple[Value, ...]:
    """`shape` with those sizes of `real` for which any would do."""
    if not isinstance(real, tuple) or len(real) != len(shape):
        return shape
    return tuple(size if part == _ANY else part for part, size in zip(shape, real, strict=True))


def _tolerance(claim: Claim, report: Reporter) -> float | None:
    if claim.tree.tolerance is None:
        return None
    place = claim.tree.tolerance.span
    value = evaluate(claim.tree.tolerance, claim.frame, report)
    if not _is_number(value) or not 0 <= value <= 1e300:
        raise report.error("E0304", place, f"a tolerance is a number such as `1%`, not {describe(value)}")
    if value >= 1 and not claim.tree.tolerance.span.text.endswith("%"):
        raise report.error(
            "E0305", place, f"a tolerance of {show(value)} is {value * 100:g}% of the number",
            help=f"write `within {show(value)}%`; a share without `%` is below 1, as in `within 0.01`",
        )  # fmt: skip
    if value >= 1:
        raise report.error(
            "E0305", place, f"within {value * 100:g}% of a number lies nearly every other, 0 as well",
            help="a tolerance is below 100%",
        )  # fmt: skip
    return float(value)


def _within(left: Value, right: Value, tolerance: float, tree: ast.Binary, report: Reporter) -> bool:
    if tree.operator != "==" or not all(_is_number(v) for v in (left, right)):
        raise report.error("E0304", tree.span, "`within` goes with `==` between two numbers")
    exact = Fraction(right)  # whole numbers may be larger than any float
    return abs(Fraction(left) - exact) <= Fraction(tolerance) * abs(exact)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _false(
    claim: Claim,
    tree: ast.Binary,
    sides: tuple[Value, Value],
    tolerance: float | None,
    reasons: Reasons,
    report: Reporter,
) -> None:
    fact, (left, right) = tree.left.span.text, sides
    wanted = f"not {_number(right)}" if tree.operator == "==" else f"which is not {tree.operator} {_number(right)}"
    if tree.operator == "!=":
        wanted = "which it should not be"
    notes = [*_comparison(fact, sides, tolerance)] if tree.operator != "!=" else []
    notes += filter(None, map(reasons, dict.fromkeys(name.id for name in names_in(tree))))
    if claim.model is not None:
        notes.append(f"in model `{claim.model}`, which is derived from this one")
    report.add(
        Diagnostic(
            "E0502",
            f"`{fact}` is {_number(left)}, {wanted}",
            claim.tree.span,
            labels=(Label(tree.left.span, _number(left)),),
            notes=tuple(notes),
        )
    )


def _comparison(fact: str, sides: tuple[Value, Value], tolerance: float | None) -> Iterator[str]:
    """What to say of the two sides of a comparison that does not hold."""
    left, right = sides
    if _is_number(left) and _is_number(right):
        yield from _arithmetic(left, right, tolerance)
    elif isinstance(left, tuple) and right == (1, *left):
        yield "the batch is not written"
    elif isinstance(left, Sym):
        yield f"`{fact}` depends on open sizes of the input"


def _arithmetic(left: Value, right: Value, tolerance: float | None) -> Iterator[str]:
    try:
        yield f"{_number(left)} - {_number(right)} = {_number(left - right)}"
        if tolerance is not None and right:
            yield f"off by {abs(left - right) / abs(right):.3%}, allowed is {tolerance:.3%}"
    except OverflowError:  # a whole number beyond all floats beside a float
        yield "they are of different magnitudes"


def _number(value: Value) -> str:
    """Large numbers in groups of three digits, lists of sizes as 8x30x30."""
    if isinstance(value, tuple) and value and all(isinstance(v, int | Sym) and not isinstance(v, bool) for v in value):
        return TensorType((1, *value)).text()
    return f"{value:_}" if isinstance(value, int) and not isinstance(value, bool) else show(value)
