"""What pydantic finds wrong with an argument, in an author's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from specc.diagnostics import Diagnostic
from specc.diagnostics.suggest import nearest
from specc.dims import Sym
from specc.elaborate import advice
from specc.elaborate.arithmetic_advice import arithmetic, broken_item, rounding
from specc.elaborate.expressions import Frame, unknown_name
from specc.elaborate.plan import Plan
from specc.elaborate.reads import names_in
from specc.elaborate.report import Reporter
from specc.elaborate.slips import divided, in_brackets
from specc.elaborate.surplus import NEXT_LINE
from specc.elaborate.values import ATTRIBUTES, LayerValue, LayerValues, Unbound, Word, describe, show
from specc.elaborate.words import choices, is_operation
from specc.ops.axes import AXIS_NAMES
from specc.ops.base import Op
from specc.source import Span
from specc.syntax import ast

_WHOLE: Final = "needs a whole number"
"""What `ops.fields.whole` says of other values."""
_RELATIONS: Final = {
    "greater_than": "above",
    "greater_than_equal": "at least",
    "less_than": "below",
    "less_than_equal": "at most",
}


class Refused(NamedTuple):
    """An argument that an operation refused, in a call with the evaluated `values`; `problem` is pydantic's own."""

    op: type[Op]
    problem: Any
    values: Mapping[str, Any]
    span: Span
    plan: Plan
    frame: Frame

    @property
    def argument(self) -> str:
        return str(self.problem["loc"][0])

    @property
    def value(self) -> Any:
        return self.values.get(self.argument)

    @property
    def written(self) -> ast.Expr | None:
        return self.plan.fields.get(self.argument)

    @property
    def title(self) -> str:
        return f"`{self.argument}` of `{self.op.word}`"


def complain(refused: Refused, report: Reporter) -> None:
    """Report why the argument was refused."""
    allowed = choices(refused.op.model_fields[refused.argument].annotation)
    if not (allowed or refused.problem["type"] == "specc_choice") and _complain_of_word(refused, report):
        return
    found = _open_size(refused) or _layer_value(refused) or _broken_item(refused) or _other(refused, allowed)
    report.add(found)


def _complain_of_word(refused: Refused, report: Reporter) -> bool:
    """Report a bare word that is none of the argument's, if it is a name that nothing defines, or an axis."""
    value, written = refused.value, refused.written
    if not (isinstance(value, Word) and isinstance(written, ast.Name)):
        return False
    if isinstance(value, Unbound):
        unknown_name(written, refused.frame, report)
        return True
    if str(value) in AXIS_NAMES:
        report.error(
            "E0202", refused.span, f"unknown name `{value}`", "not defined here",
            help=f"as a word `{value}` is an axis; the size of a value is `in.{value}`",
        )  # fmt: skip
        return True
    return False


def _open_size(refused: Refused) -> Diagnostic | None:
    value, written = refused.value, refused.written
    if written is None or not any(isinstance(item, Sym) for item in (value if isinstance(value, tuple) else (value,))):
        return None
    return Diagnostic(
        "E0407",
        f"{refused.title} needs a known number, not {describe(value)}",
        refused.span,
        help=_in_its_place(refused.op, refused.argument, written)
        or advice.open_sizes(refused.argument, value)
        or "give the input a number for this size",
    )


def _in_its_place(op: type[Op], argument: str, written: ast.Expr) -> str | None:
    """What takes the open size for which `argument` needs a number."""
    found = next((operand for operand, replaced in op.instead.items() if replaced == argument), None)
    value = next((name.id for name in names_in(written)), "x")
    return found and f"`{op.word} {found}={value}` takes the sizes of a value, open ones too"


def _layer_value(refused: Refused) -> Diagnostic | None:
    if not isinstance(refused.value, LayerValue | LayerValues):
        return None
    hidden = advice.hidden(refused.written, refused.frame)
    message = f"{refused.title} cannot be the value of a layer"
    help = hidden.help or _number_meant(refused)
    return Diagnostic("E0208", message, refused.span, labels=hidden.labels, help=help)


def _number_meant(refused: Refused) -> str:
    """What was meant by a layer's value for a number."""
    name = refused.written.id if isinstance(refused.written, ast.Name) else "..."
    if refused.argument == "weight":
        return f"did you mean `weights={name}`, which shares those of `{name}`?"
    instead = next((operand for operand, replaced in refused.op.instead.items() if replaced == refused.argument), None)
    if instead is not None:
        return f"`{refused.op.word} {instead}={name}` takes the size of `{name}`; `from={name}` is what it works on"
    attribute = refused.argument if refused.argument in ATTRIBUTES else "channels"
    return f"did you mean `{name}.{attribute}`, or `from={name}`?"


def _broken_item(refused: Refused) -> Diagnostic | None:
    """Of a number that should be whole, the arithmetic that it came from."""
    if refused.problem["msg"] != _WHOLE or refused.written is None:
        return None
    broken = broken_item(refused.written, refused.value)
    if broken is None:
        return None
    written, number = broken
    message = f"{refused.title} {_WHOLE}, not {show(number)}"
    help = divided(refused.argument, written) or rounding(written, number) or _other_help(refused)
    return Diagnostic("E0304", message, written.span, arithmetic(written, number), help=help)


def _other(refused: Refused, allowed: set[str]) -> Diagnostic:
    value = refused.value
    code, wants = _judge(refused.problem, allowed)
    is_choice = code == "E0306"
    guess = nearest(str(value), sorted(allowed or _listed(wants))) if is_choice and isinstance(value, str) else None
    message = f"cannot be {describe(value)}" if is_choice else f"{wants}, not {describe(value)}"
    return Diagnostic(
        code,
        f"{refused.title} {message}",
        refused.span,
        notes=(f"it {wants}",) if is_choice else (),
        help=f"did you mean `{guess}`?" if guess else _other_help(refused),
    )


def _judge(problem: Any, allowed: set[str]) -> tuple[str, str]:
    """The code for a problem, and what the argument must be instead."""
    kind = problem["type"]
    message = str(problem["msg"])
    if kind == "specc_choice":
        return "E0306", message
    if kind == "specc_range":
        return "E0305", message
    if kind in _RELATIONS:
        limit = next(iter(problem["ctx"].values()))
        return "E0305", f"must be {_RELATIONS[kind]} {limit:g}"
    if kind == "literal_error" and not allowed:
        return "E0305", f"must be {problem['ctx']['expected']}"
    if allowed:
        return "E0306", "takes " + _or([f"`{word}`" for word in sorted(allowed)])
    if kind == "bool_type":
        return "E0304", "takes `true` or `false`"
    return "E0304", message


def _or(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _listed(text: str) -> list[str]:
    return text.replace(",", " ").replace("`", " ").split()


def _other_help(refused: Refused) -> str | None:
    if is_operation(refused.value):
        return NEXT_LINE
    if called := in_brackets(
        refused.op.word, refused.plan.fields, lambda n: isinstance(refused.frame.scope.find(n), LayerValue)
    ):
        return called
    if stride := divided(refused.argument, refused.written):
        return stride
    if called := _without_brackets(refused):
        return called
    counted = advice.enumerated(refused.written, refused.frame) if isinstance(refused.value, tuple) else None
    return counted or advice.other(refused.op, refused.argument, refused.written, refused.value, refused.values)


def _without_brackets(refused: Refused) -> str | None:
    """`dense(10, softmax)`, and `maxpool((3, 3), 2)`."""
    written, op = refused.written, refused.op
    if not isinstance(written, ast.List) or len(refused.plan.fields) != 1 or len(written.items) < 2:
        return None
    if all(isinstance(item, ast.Number) for item in written.items):
        return None
    from specc.elaborate.bracketed import meant

    call = meant(op.word, written.items, len(op.positional), tuple(op.model_fields))
    return call and f"the arguments of an operation stand without brackets: `{call}`"
