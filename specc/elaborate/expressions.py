"""Evaluating compile-time expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from specc.diagnostics import Diagnostic
from specc.diagnostics.suggest import nearest
from specc.dims import Sym
from specc.elaborate.arithmetic import FUNCTIONS, NoResult, binary, bounded, truth, unary
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.rounds import of_this_round
from specc.elaborate.rows import rows
from specc.elaborate.scope import Naming, Scope
from specc.elaborate.values import (
    ATTRIBUTES,
    BROKEN,
    LayerValue,
    LayerValues,
    Namespace,
    Tuned,
    Value,
    Word,
    attribute,
    describe,
    kind,
    quoted,
    whole,
)
from specc.elaborate.words import function_meant, known_words, takes_settings
from specc.source import Span
from specc.syntax import ast
from specc.types import Layout, TensorType


class Frame:
    """Where elaboration stands in one body: names, how layers are called, the incoming value, and in the body of a
    merge the values of its branches so far; in a block the values that it returns so far, where it says which."""

    __slots__ = ("branches", "current", "layout", "naming", "results", "scope")

    def __init__(
        self,
        scope: Scope,
        naming: Naming,
        current: LayerValue | LayerValues | None = None,
        layout: Layout = "chw",
        branches: list[LayerValue] | None = None,
        results: list[LayerValue] | None = None,
    ) -> None:
        self.scope = scope
        self.naming = naming
        self.current = current
        self.layout = layout
        self.branches = branches
        self.results = results

    def nested(self, naming: Naming | None = None) -> Frame:
        """A frame for a body within this one."""
        return Frame(Scope(self.scope), naming or self.naming, self.current, self.layout, self.branches, self.results)


def evaluate(expression: ast.Expr, frame: Frame, report: Reporter) -> Value:
    """The value of `expression`.  Raises `Failed` after reporting why there is none."""
    return _EVALUATE[type(expression)](expression, frame, report)


def condition(expression: ast.Expr, frame: Frame, report: Reporter) -> bool:
    """A value that must be true or false."""
    value = evaluate(expression, frame, report)
    with _located(expression.span, report, help=lambda: _comparison(expression, value)):
        return truth(value)


def _comparison(expression: ast.Expr, value: Value) -> str | None:
    from specc.elaborate.arithmetic_advice import comparison

    return comparison(expression, value)


class _located:
    """Turns `NoResult` into a diagnostic at a place."""

    def __init__(
        self, span: Span, report: Reporter, prefix: str = "", help: Callable[[], str | None] = lambda: None
    ) -> None:
        self._span, self._report, self._prefix, self._help = span, report, prefix, help

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, NoResult):
            message = f"{self._prefix}{error}"
            raise self._report.error(error.code, self._span, message, help=self._help()) from None
        if isinstance(error, OverflowError):
            raise self._report.error("E0703", self._span, f"{self._prefix}gives a number that is too large") from None


def lookup(name: ast.Name, frame: Frame, report: Reporter) -> Value:
    """What `name` is bound to, or the word itself where it is one.  Several values are a list."""
    if name.id == "in":
        if frame.current is None:
            raise report.error("E0211", name.span, "there is no incoming value yet", "no `input` before this line")
        return as_list(frame.current)
    value = frame.scope.find(name.id)
    if value is BROKEN:
        raise Failed
    if value is not None:
        return as_list(value)
    if name.id in known_words():
        return Word(name.id)
    raise unknown_name(name, frame, report)


def as_list(value: Value) -> Value:
    """Several values as a list."""
    return value.items if isinstance(value, LayerValues) else value


def unknown_name(
    name: ast.Name, frame: Frame, report: Reporter, extra: tuple[str, ...] = (), otherwise: str | None = None
) -> Failed:
    """Report E0202 with the name, or one `extra` to those in sight, that is likely meant, or what helps `otherwise`."""
    known: list[str] = list(extra)
    scope: Scope | None = frame.scope
    while scope is not None:
        known.extend(scope.names)
        scope = scope.parent
    from specc.elaborate.untaken import untaken

    guess = nearest(name.id, ["true", "false", *known, *(word for word in known_words() if word != name.id)])
    help = f"did you mean `{guess}`?" if guess else otherwise
    told = report.full or any(found.span == name.span for found in report.diagnostics)
    skipped = None if told else untaken(name)
    return report.error(
        "E0202",
        name.span,
        f"unknown name `{name.id}`",
        "not defined here",
        help=help if skipped is None else skipped.help,
        labels=() if skipped is None else (skipped.label,),
    )


def _name(e: ast.Name, frame: Frame, report: Reporter) -> Value:
    return lookup(e, frame, report)


def _literal(e: Any, frame: Frame, report: Reporter) -> Value:
    return e.value


def _size(e: ast.Size, frame: Frame, report: Reporter) -> Value:
    parts = tuple([_bound_size(part, frame) for part in e.parts])
    for part in parts:
        if not isinstance(part, int | Sym):
            raise report.error(
                "E0304",
                e.span,
                f"`{part}` cannot stand in a size here",
                help="only numbers can; with names write a list, such as [k, k]",
            )
    return parts


def _bound_size(part: int | str, frame: Frame) -> Value:
    """A part of a size, where it is the name of an open size that size."""
    bound = frame.scope.find(part) if isinstance(part, str) else None
    return bound if isinstance(bound, Sym) else part


def _list(e: ast.List, frame: Frame, report: Reporter) -> Value:
    return report.held(tuple(evaluate(item, frame, report) for item in e.items), e.span)


def _comprehension(e: ast.Comprehension, frame: Frame, report: Reporter) -> Value:
    """The items that the rule makes; it fails as soon as they are more than a list may hold."""
    items = report.held(evaluate(e.iterable, frame, report), e.iterable.span)
    rounds = rows(e.targets, items, e.iterable.span, "a list by a rule", report)
    report.spend(len(rounds), e.span)
    inner = frame.nested()
    made: list[Value] = []
    size = 0
    for row in rounds:
        for target, value in zip(e.targets, row, strict=True):
            inner.scope.bind(target.id, value, target.span)
        if e.test is None or condition(e.test, inner, report):
            made.append(evaluate(e.item, inner, report))
            size += 1 + report.size(made[-1], e.span)
            if size > report.limits.elements:
                raise report.too_large(made, e.span)
    return report.held(tuple(made), e.span)


def _attribute(e: ast.Attribute, frame: Frame, report: Reporter) -> Value:
    value = evaluate(e.value, frame, report)
    if isinstance(value, Namespace):
        return _member(value, e.name, report)
    if not isinstance(value, LayerValue):
        raise report.error("E0208", e.span, f"{kind(value)} has no `.{e.name.id}`")
    if e.name.id not in ATTRIBUTES:
        guess = nearest(e.name.id, ATTRIBUTES)
        help = f"did you mean `{guess}`?" if guess else f"they have {quoted(ATTRIBUTES)}"
        if not guess and "." in value.layer:
            help += "; what a block names within is not seen outside, unless its `output` lines return it"
        raise report.error("E0202", e.name.span, f"values have no `.{e.name.id}`", help=help)
    if value.type is None:
        raise Failed
    return _size_of(value.type, e.name, frame.layout, report)


def _member(module: Namespace, name: ast.Name, report: Reporter) -> Value:
    if name.id in module.members:
        return module.members[name.id]
    guess = nearest(name.id, module.members)
    help = f"did you mean `{guess}`?" if guess else f"it defines {quoted(module.members)}"
    raise report.error("E0202", name.span, f"`{module.name}` defines no `{name.id}`", help=help)


def _size_of(x: TensorType, name: ast.Name, layout: Layout, report: Reporter) -> Value:
    found = attribute(x, name.id, layout)
    if found is not None:
        return found
    has = [other for other in ATTRIBUTES if attribute(x, other, layout) is not None]
    message = f"a value of shape {x.text(layout)} has no {name.id}"
    raise report.error("E0404", name.span, message, help=f"it has {quoted(has)}")


def _index(e: ast.Index, frame: Frame, report: Reporter) -> Value:
    value = evaluate(e.value, frame, report)
    if not isinstance(value, tuple):
        raise _no_list("can be indexed", value, e.value, frame, report)
    index = _whole(e.index, frame, report)
    if not -len(value) <= index < len(value):
        help = "items are counted from 0, `[-1]` is the last" if value else "it has no items"
        raise report.error("E0305", e.index.span, f"there is no item {index} in a list of {len(value)}", help=help)
    return value[index]


def _no_list(does: str, value: Value, written: ast.Expr, frame: Frame, report: Reporter) -> Failed:
    """Report that `value` is no list; nothing is known of the value of a call that failed, so it is no echo."""
    if isinstance(value, LayerValue) and value.type is None:
        return Failed()
    help = of_this_round(written, value, frame.naming)
    return report.error("E0304", written.span, f"only a list {does}, not {describe(value)}", help=help)


def _slice(e: ast.Slice, frame: Frame, report: Reporter) -> Value:
    value = evaluate(e.value, frame, report)
    if not isinstance(value, tuple):
        raise _no_list("has a part", value, e.value, frame, report)
    bounds = [None if bound is None else _whole(bound, frame, report) for bound in (e.start, e.stop)]
    return value[slice(*bounds)]


def _whole(e: ast.Expr, frame: Frame, report: Reporter) -> int:
    """The number of an item."""
    index = whole(evaluate(e, frame, report))
    if isinstance(index, bool) or not isinstance(index, int):
        raise report.error("E0304", e.span, f"an index is a whole number, not {describe(index)}")
    return index


def _tuned(e: ast.Call, frame: Frame, report: Reporter) -> Value:
    """An operation with settings, which are judged where it is used."""
    report.spend(1, e.span)
    arguments = [*e.args, *(argument.value for argument in e.named)]
    return Tuned(e, {id(x): report.held(evaluate(x, frame, report), x.span) for x in arguments})


def _call(e: ast.Call, frame: Frame, report: Reporter) -> Value:
    function = FUNCTIONS.get(e.function.id)
    if function is None and takes_settings(e.function.id):
        return _tuned(e, frame, report)
    if function is None:
        help = function_meant(e.function.id, FUNCTIONS)
        raise report.error("E0202", e.function.span, f"unknown function `{e.function.id}`", help=help)
    for argument in e.named:
        name = argument.key.id if argument.key is not None else ""
        help = "values in the brackets of a function have no names"
        raise report.error("E0301", argument.span, f"`{e.function.id}` has no argument `{name}`", help=help)
    report.spend(1, e.span)
    arguments = [report.held(evaluate(argument, frame, report), argument.span) for argument in e.args]
    with _located(e.span, report, f"`{e.function.id}` "):
        result = function(*arguments)
        if isinstance(result, range):
            return _listed(result, e.span, report)
        return report.held(bounded(result), e.span)


def _listed(items: range, span: Span, report: Reporter) -> Value:
    """A range as a list, unless it is too long."""
    most = report.limits.elements
    return report.held(tuple(items[: most + 1]), span)


def _unary(e: ast.Unary, frame: Frame, report: Reporter) -> Value:
    report.spend(1, e.span)
    operand = report.held(evaluate(e.operand, frame, report), e.operand.span)
    with _located(e.span, report, help=lambda: _operand(e, operand)):
        return unary(e.operator, operand)


def _operand(e: ast.Unary, operand: Value) -> str | None:
    from specc.elaborate import arithmetic_advice

    return arithmetic_advice.operand(e, operand)


def _binary(e: ast.Binary, frame: Frame, report: Reporter) -> Value:
    if e.operator == "and":
        return condition(e.left, frame, report) and condition(e.right, frame, report)
    if e.operator == "or":
        return condition(e.left, frame, report) or condition(e.right, frame, report)
    report.spend(1, e.span)
    left = report.held(evaluate(e.left, frame, report), e.left.span)
    right = report.held(evaluate(e.right, frame, report), e.right.span)
    if e.operator in ("==", "!=") and (isinstance(e.left, ast.Text) or isinstance(e.right, ast.Text)):
        _warn_of_quoted_number(e, left, right, report)
    if e.operator == "*" and (isinstance(left, tuple) or isinstance(right, tuple)):
        _check_repetition(e, report)
    with _located(e.span, report, help=lambda: _operands(e, left, right)):
        return report.held(binary(e.operator, left, right), e.span)


def _warn_of_quoted_number(e: ast.Binary, left: Value, right: Value, report: Reporter) -> None:
    """W0106 for `in.channels == "3"`, whatever the number is."""
    from specc.elaborate.arithmetic_advice import quoted_number

    if help := quoted_number(e, left, right):
        never = "always" if e.operator == "!=" else "never"
        report.add(Diagnostic("W0106", f"this is {never} true: a number equals no text", e.span, help=help))


def _check_repetition(e: ast.Binary, report: Reporter) -> None:
    """E0305 for `[256] * 4`, which elsewhere is a list of four."""
    for items, times in ((e.left, e.right), (e.right, e.left)):
        if isinstance(items, ast.List) and len(items.items) == 1 and not isinstance(times, ast.List):
            item = items.items[0].span.text
            raise report.error(
                "E0305", e.span, f"`{e.span.text}` multiplies the item of the list, and makes no more of it",
                help=f"a list of equal items is `[{item} for _ in range({times.span.text})]`; to multiply, write "
                "the number without the list",
            )  # fmt: skip


def _operands(e: ast.Binary, left: Value, right: Value) -> str | None:
    from specc.elaborate.arithmetic_advice import operands

    return operands(e, left, right)


def _conditional(e: ast.Conditional, frame: Frame, report: Reporter) -> Value:
    return evaluate(e.then if condition(e.test, frame, report) else e.orelse, frame, report)


_EVALUATE: dict[type, Callable[[Any, Frame, Reporter], Value]] = {
    ast.Number: _literal,
    ast.Text: _literal,
    ast.Bool: _literal,
    ast.Size: _size,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Index: _index,
    ast.Slice: _slice,
    ast.Call: _call,
    ast.List: _list,
    ast.Comprehension: _comprehension,
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.Conditional: _conditional,
}
