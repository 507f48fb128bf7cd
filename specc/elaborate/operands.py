"""The values between layers that a statement works on."""

from __future__ import annotations

from typing import Final, TypeGuard

from specc.diagnostics import Diagnostic
from specc.dims import Sym
from specc.elaborate.constants import is_number
from specc.elaborate.expressions import Frame, evaluate
from specc.elaborate.plan import Plan
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.values import UNKNOWN, LayerValue, LayerValues, Value, Word, describe, show
from specc.elaborate.words import NO_ACTIVATION
from specc.ops.axes import AXIS_NAMES
from specc.ops.base import Op
from specc.source import Span
from specc.syntax import ast

_LABELLED: Final = "name a layer by a label: `name: operation ...`"
_NO_ROUNDS: Final = "this list is empty: a loop that makes no rounds leaves no values behind"


class Operands:
    """Finds values for statements.  What is no value is reported, and raises `Failed`."""

    def __init__(self, report: Reporter) -> None:
        self._report = report

    def arguments(self, op: Op, made: Plan, frame: Frame) -> list[LayerValue]:
        """The values that are arguments, in the order of the operation's inputs; `none` leaves one out that may be."""
        found = []
        for index, name in enumerate(op.operands, start=1):
            if name in made.operands and not (index >= op.arity[0] and is_none(made.operands[name], frame)):
                values = self.given(made.operands[name], frame, _no_size(name, made.operands[name], op))
                found.extend(self.alone(values, op, made.operands[name], f"`{name}` of "))
        return found

    def alone(self, values: list[LayerValue], op: Op, at: ast.Expr | ast.Operation, what: str = "") -> list[LayerValue]:
        if len(values) == 1:
            return values
        from specc.elaborate.advice import one_value, source

        place = at.name.span if isinstance(at, ast.Operation) else at.span
        raise self._report.error(
            "E0408", place, f"{what}`{op.word}` takes one value here, not {len(values)}",
            help=one_value(source(at.args) if isinstance(at, ast.Operation) else at),
        )  # fmt: skip

    def passed_on(self, made: Plan, frame: Frame) -> LayerValues | None:
        """The list that a line passes on which changes nothing: that of `from=`, or of the line before; `None` where it
        works on one value, or where more stands behind it."""
        if made.act is not None or made.weights is not None:
            return None
        if made.sources is None:
            return frame.current if isinstance(frame.current, LayerValues) else None
        value = self._report.held(evaluate(made.sources, frame, self._report), made.sources.span)
        return LayerValues(tuple(self.values(value, made.sources.span))) if isinstance(value, tuple) else None

    def given(self, expression: ast.Expr, frame: Frame, otherwise: str | None = _LABELLED) -> list[LayerValue]:
        """The values that `expression` names; of numbers in their place it is told `otherwise`."""
        value = self._report.held(evaluate(expression, frame, self._report), expression.span)
        if isinstance(expression, ast.Attribute) and isinstance(value, int | Sym | tuple):
            raise self._report.error(
                "E0208", expression.span, f"the value of a layer is needed here, not {describe(value)}",
                help=f"the value itself has the shape: leave out `.{expression.name.id}`",
            )  # fmt: skip
        numbers = value if isinstance(value, tuple) and value else (value,)
        if all(map(is_number, numbers)):
            message = f"the value of a layer is needed here, not {describe(value)}"
            raise self._report.error("E0208", expression.span, message, help=otherwise)
        return self.values(value, expression.span)

    def values(self, value: Value, span: Span) -> list[LayerValue]:
        """A value or list of values between layers."""
        if isinstance(value, LayerValue):
            return [value]
        if _is_matrix(value):
            message = "the value of a layer is needed here, not a matrix of numbers"
            raise self._report.error("E0208", span, message, help=_matrix(value))
        if isinstance(value, tuple) and value:
            return [item for part in value for item in self.values(part, span)]
        raise self._report.error(
            "E0208", span, f"the value of a layer is needed here, not {describe(value)}",
            help=_by_number(value) if is_number(value) else _LABELLED if value else _NO_ROUNDS,
        )  # fmt: skip

    def only_numbers(self, op: type[Op], statement: ast.Operation) -> Failed:
        """E0208 for numbers without a value among them."""
        from specc.elaborate.surplus import decimal

        return self._report.error(
            "E0208", statement.name.span, f"`{op.word}` needs the value of a layer among its operands",
            help=decimal(statement.args) or f"with one number it works on the line before: `{op.word} 2`",
        )  # fmt: skip

    def check_operand(self, op: type[Op], written: ast.Expr, value: Value) -> None:
        """E0208 for an axis where a merge needs values: `mean 1`, `max height`."""
        numbers = value if isinstance(value, tuple) and value else (value,)
        axis = isinstance(value, Word) and value in AXIS_NAMES
        if not axis and (op.takes_numbers or not all(map(is_number, numbers))):
            return
        from specc.elaborate.foreign_arguments import REDUCED, reduction

        if op.word in REDUCED:
            message = f"the value of a layer is needed here, not {describe(value)}"
            raise self._report.error("E0208", written.span, message, help=reduction(op.word, written))

    def no_axis(self, value: Value, op: type[Op], made: Plan, span: Span) -> Failed:
        """E0208 for the number of an axis behind the values of a merge: `concat [a, b], 1`."""
        values = ", ".join(e.span.text for e in made.inputs[:-1])
        return self._report.error(
            "E0208", span, f"the value of a layer is needed here, not {describe(value)}",
            help=f"`{op.word} {values}` joins the channels; another axis is named, as in `axis=height`",
        )  # fmt: skip

    def incoming(self, span: Span, frame: Frame, spread: bool = False) -> list[LayerValue]:
        current = frame.current
        if current is None:
            raise self.no_value(span)
        if isinstance(current, LayerValues):
            if spread or len(current.items) == 1:
                return list(current.items)
            raise self._several(current, span)
        return [current]

    def check_company(self, op: type[Op], statement: ast.Operation, made: Plan, frame: Frame) -> None:
        """E0408 for a merge of a single value; a list, which may be computed, is free to hold only one."""
        lone = frame.current
        if isinstance(made.sources, ast.Name) and made.sources.id != "in":
            lone = frame.scope.find(made.sources.id)
        elif made.sources is not None and not isinstance(made.sources, ast.Name):
            return
        if isinstance(lone, LayerValue) and lone is not UNKNOWN:
            raise self._report.error(
                "E0408", statement.name.span, f"`{op.word}` takes more than one value, and here is only one",
                help=f"name what joins the line before: `{op.word} other`, where `other:` labels a line above",
            )  # fmt: skip

    def check_single(self, values: LayerValue | LayerValues | None, given: ast.Expr) -> None:
        """E0408 for several values behind the `from=` of a `residual`, which is to add what comes in."""
        if isinstance(values, LayerValues) and len(values.items) > 1:
            from specc.elaborate.advice import one_value

            message = f"`residual` adds one value, and here are {len(values.items)}"
            raise self._report.error("E0408", given.span, message, help=one_value(given))

    def miscounted(self, statement: ast.Operation | ast.Residual, count: int) -> None:
        """E0408 for labels of a statement that has another number of values, `count`."""
        from specc.elaborate.advice import labels_meant

        labels = statement.labels
        message = f"{len(labels)} labels for {'one value' if count == 1 else f'{count} values'}"
        place = labels[0].span.to(labels[-1].span)
        self._report.error("E0408", place, message, help=labels_meant(statement, count))

    def warn_of_itself(self, op: type[Op], made: Plan, frame: Frame) -> None:
        """W0204 for a merge whose only operand is `in`, a single value: the line before with itself."""
        only = made.inputs[0] if len(made.inputs) == 1 else None
        if isinstance(only, ast.Name) and only.id == "in" and isinstance(frame.current, LayerValue):
            self._report.add(
                Diagnostic(
                    "W0204", f"`{op.word} in` takes the value of the line before twice", only.span, "this very value",
                    help=f"write `{op.word} x` with a label, `x: ...`, at the line that was meant, or `let x = in` "
                    f"above all lines for what comes into a block; where this is meant, write `{op.word} in, in`",
                )
            )  # fmt: skip

    def no_value(self, span: Span) -> Failed:
        return self._report.error(
            "E0211", span, "there is no value yet for this to work on",
            help="a model begins with its input: `input image 3x224x224`",
        )  # fmt: skip

    def _several(self, values: LayerValues, span: Span) -> Failed:
        return self._report.error(
            "E0408", span, f"the line before has {len(values.items)} values, and one is needed here",
            help="label them, `a, b: split 2`, and say which with from=a",
        )  # fmt: skip


def is_none(expression: ast.Expr, frame: Frame) -> bool:
    """Whether it is the word `none`, or a name that holds it."""
    if not isinstance(expression, ast.Name):
        return False
    value = frame.scope.find(expression.id)
    return expression.id == NO_ACTIVATION if value is None else isinstance(value, Word) and value == NO_ACTIVATION


def _is_matrix(value: Value) -> TypeGuard[tuple[tuple[Value, ...], ...]]:
    """Whether it is a list of lists of numbers."""
    if not isinstance(value, tuple) or not value:
        return False
    return all(isinstance(row, tuple) and row and all(map(is_number, row)) for row in value)


def _matrix(rows: tuple[tuple[Value, ...], ...]) -> str:
    """What to say of a matrix among operands."""
    learned = f"`m: learned {len(rows)}x{len(rows[0])}, weight=[[...]], buffer=true`"
    return (
        "a list is a number for each channel; a matrix is a value of its own, "
        f"{learned}, and its name an operand: `add x, m`"
    )


def _no_size(name: str, written: ast.Expr, op: Op) -> str:
    """What to say of `like=32x32`."""
    replaced = op.instead.get(name)
    return f"`{replaced}` takes numbers: `{op.word} {replaced}={written.span.text}`" if replaced else _LABELLED


def _by_number(value: Value) -> str:
    return f"`mul {show(value)}` multiplies by a number, `add {show(value)}` adds one"
