"""From evaluated arguments to a validated operation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from specc.core import ValidationError
from specc.diagnostics.suggest import nearest
from specc.elaborate.arithmetic import FUNCTIONS
from specc.elaborate.expressions import Frame, evaluate
from specc.elaborate.foreign import NO_ACTIVATION_HELP, activation_meant
from specc.elaborate.plan import Plan, of_settings
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.surplus import NEXT_LINE
from specc.elaborate.values import Tuned, Unbound, Value, Word, describe, quoted
from specc.elaborate.words import NO_ACTIVATION, activations, is_operation, known_words
from specc.ops import BY_WORD
from specc.ops.axes import AXIS_NAMES
from specc.ops.base import Op
from specc.source import Span
from specc.syntax import ast

_FOLLOWING: Final = "one activation closes a line, and what follows it stands behind `;`: `conv 8, 3x3, relu; bn`"
NOTHING: Final[Mapping[int, Value]] = MappingProxyType({})


class Mended(Failed):
    """Arguments in error were reported that change no shape; `op` is the operation without them."""

    def __init__(self, op: Op) -> None:
        self.op = op


def bind(op: type[Op], plan: Plan, frame: Frame, report: Reporter, given: Mapping[int, Value] = NOTHING) -> Op:
    """The operation with its arguments, some values of which may be `given` by the `id` of their expressions.

    Raises `Failed`; every argument at fault is reported.
    """
    values: dict[str, Any] = {}
    lost = set()
    for name, expression in plan.fields.items():
        try:
            value = given[id(expression)] if id(expression) in given else _value(name, expression, frame, report)
        except Failed:
            lost.add(name)
            continue
        if not (isinstance(value, Word) and value == NO_ACTIVATION and op.model_fields[name].default is None):
            values[name] = value  # `none` stands for the argument that is not given
    if not (plan.ok and _can_be_left_out(lost, op)):
        raise Failed
    if "layout" in op.context:
        values["layout"] = frame.layout
    made = make(op, values, {name: e.span for name, e in plan.fields.items()}, plan, frame, report)
    if lost:
        raise Mended(made)
    return made


def make(
    op: type[Op], values: Mapping[str, Any], places: Mapping[str, Span], plan: Plan, frame: Frame, report: Reporter
) -> Op:
    """Validate `values`; raises `Failed` after reporting each that does not suit."""
    plain = {name: _plain(value) for name, value in values.items()}
    try:
        if all(map(_is_simple, plain.values())):
            return _validated(op, tuple(plain), tuple(plain.values()), tuple(map(type, plain.values())))
        return op(**plain)
    except ValidationError as error:
        from specc.elaborate.complaints import Refused, complain

        problems = error.errors(include_url=False)
        for problem in problems:
            complain(Refused(op, problem, values, places[str(problem["loc"][0])], plan, frame), report)
        wrong = {problem["loc"][0] for problem in problems}
        if not _can_be_left_out(wrong, op):
            raise Failed from None
        raise Mended(op(**{name: value for name, value in plain.items() if name not in wrong})) from None


def _can_be_left_out(names: Collection[object], op: type[Op]) -> bool:
    """Whether the operation has the same shapes without these arguments."""
    return all(name in _SHAPELESS and not op.model_fields[str(name)].is_required() for name in names)


@lru_cache(maxsize=4096)
def _validated(op: type[Op], names: tuple[str, ...], values: tuple[Any, ...], _: tuple[type, ...]) -> Op:
    """`op` with its arguments.  Calls repeat within a spec, and from one check of it to the next."""
    return op(**dict(zip(names, values, strict=True)))


def _is_simple(value: Any) -> bool:
    """Whether equal values of this type are the same: not so `(1, 2)` and `(1.0, 2)`, or `0.0` and `-0.0`."""
    kind = type(value)
    if kind is tuple:
        return {*map(type, value)} <= {int}
    return kind in _SIMPLE or (kind is float and value != 0.0)


_SHAPELESS: Final = frozenset({"init", "bias", "weight", "eps", "alpha", "rate", "border"})
"""Arguments that no shape depends on."""
_SHORT: Final = (ast.Number, ast.Size, ast.Bool)
"""What the limit on digits keeps small."""
_SIMPLE: Final = frozenset({int, bool, str})


def _value(field: str, expression: ast.Expr, frame: Frame, report: Reporter) -> Value:
    """What is given for a field; a word for an axis is one even where a parameter has that name, as `channels` often
    does."""
    if field == "axis" and isinstance(expression, ast.Name) and expression.id in AXIS_NAMES:
        return Word(expression.id)
    return _argument(expression, frame, report)


def _argument(expression: ast.Expr, frame: Frame, report: Reporter) -> Value:
    if isinstance(expression, _SHORT):
        return evaluate(expression, frame, report)
    name = expression.id if isinstance(expression, ast.Name) else "in"
    if name != "in" and not frame.scope.binds(name) and name not in known_words():
        return Unbound(name)
    return report.held(evaluate(expression, frame, report), expression.span)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Word) else value


def bind_activation(expression: ast.Expr, frame: Frame, report: Reporter, target: type[Op] | None = None) -> Op | None:
    """The activation that `expression` names or calls behind the arguments of `target`, `None` for `none`.  Raises
    `Failed`."""
    if isinstance(expression, ast.Call) and expression.function.id in activations():
        return _called(expression, frame, report, NOTHING)
    if isinstance(expression, ast.Call) and expression.function.id not in FUNCTIONS:
        raise no_activation(expression.function.span, Word(expression.function.id), report)
    value = _argument(expression, frame, report)
    if isinstance(value, Tuned) and str(value) in activations():
        return tuned(value, frame, report)
    if isinstance(expression, ast.Binary) and isinstance(value, str):
        raise report.error("E0306", expression.span, "no sign joins activations", help=_FOLLOWING)
    value = Word(value) if isinstance(value, str) else value
    if value == NO_ACTIVATION:
        return None
    op = activations().get(value) if isinstance(value, Word) else None
    if op is None and not isinstance(value, Word):
        raise _no_word(expression, value, frame, report)
    if op is None:
        raise no_activation(expression.span, value, report, target)
    return make(op, {"layout": frame.layout} if "layout" in op.context else {}, {}, Plan(), frame, report)


def _settings(op: type[Op]) -> str:
    """What stands in the brackets behind an operation."""
    if not op.positional and set(op.model_fields) <= set(op.context):
        return f"it has no settings: write `{op.word}` without brackets"
    named = [name for name in op.model_fields if name not in (*op.positional, *op.context)]
    bare = f"{quoted(op.positional)} without names" if op.positional else ""
    return f"it takes {' and '.join(filter(None, [bare, f'{quoted(named)} by name' if named else '']))}"


def tuned(value: Tuned, frame: Frame, report: Reporter) -> Op:
    """The operation with its settings.  Raises `Failed`."""
    return _called(value.call, frame, report, value.given)


def _called(call: ast.Call, frame: Frame, report: Reporter, given: Mapping[int, Value]) -> Op:
    op = BY_WORD[call.function.id]
    names = op.positional
    if len(call.args) > len(names):
        raise report.error(
            "E0303", call.args[len(names)].span, f"too many arguments for `{op.word}`",
            help=_settings(op),
        )  # fmt: skip
    return bind(op, of_settings(call, op, report), frame, report, given)


def _ended_by_comma(span: Span) -> str | None:
    """What to say of a word that begins a line, and so belongs to a comma at the end of the one above."""
    text = span.source.text
    begins = not text[text.rfind("\n", 0, span.start) + 1 : span.start].strip()
    return "the line above ends with a comma and goes on here: remove the comma" if begins else None


def _no_word(written: ast.Expr, value: Value, frame: Frame, report: Reporter) -> Failed:
    """Report E0306 for a value that plainly is no activation, perhaps because its name hides one."""
    from specc.elaborate import advice

    hidden = advice.hidden(written, frame)
    return report.error(
        "E0306", written.span, f"{describe(value)} is not an activation", "the last argument can only be an activation",
        help=hidden.help or advice.worked_on(written, value) or (NO_ACTIVATION_HELP if value is False else None),
        labels=hidden.labels,
    )  # fmt: skip


def no_activation(span: Span, value: Word, report: Reporter, op: type[Op] | None = None) -> Failed:
    """Report E0306 for a word behind the arguments of `op`, with what was likely meant."""
    if is_operation(value):
        return report.error(
            "E0306", span, f"`{value}` is an operation, but not an activation",
            help=_ended_by_comma(span) or NEXT_LINE,
        )  # fmt: skip
    from specc.elaborate.advice import named

    guess = nearest(str(value), activations())
    known = f"did you mean `{guess}`?" if guess else f"there are {quoted(sorted(activations()))}"
    help = named(str(value), op) or activation_meant(str(value)) or known
    return report.error("E0306", span, f"unknown activation `{value}`", "not an activation", help=help)
