"""Which written argument is which argument of the operation or block: known from the text alone.

A statement is planned once however often it is elaborated, so unknown and missing arguments are found in code
that no model reaches, and loops pay only for evaluating values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from specc.diagnostics import Diagnostic, Label
from specc.diagnostics.suggest import nearest
from specc.elaborate.idle import warn_of_idle
from specc.elaborate.products import warn_of_products
from specc.elaborate.report import Reporter
from specc.elaborate.signatures import Doubt, Signature, of_operation
from specc.elaborate.surplus import (
    KNOW_INPUT,
    ORDER,
    TAKE_LISTS,
    elsewhere,
    is_ambiguous,
    knows_input,
    meant,
    of_paper,
    text,
    unbracketed,
)
from specc.elaborate.tensor_names import tensors_name
from specc.elaborate.values import quoted
from specc.elaborate.words import NO_ACTIVATION, activations
from specc.ops.base import Op
from specc.source import Span
from specc.syntax import ast
from specc.types import Layout

RESERVED: Final = ("from", "act", "weights")
"""Arguments that every operation takes."""


LITERALS: Final = (ast.Number, ast.Size, ast.Text, ast.Bool, ast.List)


class Plan:
    """`fields` maps arguments to what was written for them; `inputs` are the operands of a merge (the last one may
    turn out to be an activation); `sources` is `from=`; `act` a closing or explicit activation; `weights` is
    `weights=`, and `tensors` the name that it gives.

    `operands` are what was written for arguments that are values of layers.  `moved` names a parameter of a block and
    another one, which is set instead if the first turns out to be given an activation.

    `flawed` says that an error was reported and what was most likely meant stands here instead, so that the shapes
    of the layers below can still be checked; `ok` is false where nothing can stand in.  `bound` is the operation that
    was made of arguments that are written out.  `doubt` is what the call is most likely meant to be
    instead.
    """

    def __init__(self, fields: dict[str, ast.Expr] | None = None) -> None:
        self.fields = {} if fields is None else fields
        self.operands: dict[str, ast.Expr] = {}
        self.inputs: tuple[ast.Expr, ...] = ()
        self.sources: ast.Expr | None = None
        self.act: ast.Expr | None = None
        self.weights: ast.Expr | None = None
        self.tensors: str | None = None
        self.moved: tuple[str, str] | None = None
        self.ok = True
        self.flawed = False
        self.bound: tuple[tuple[type[Op], Layout], Op] | None = None
        self.doubt: Doubt | None = None


def plan(
    args: Sequence[ast.Argument],
    signature: Signature,
    place: Span,
    bound: Callable[[str], bool],
    report: Reporter,
    holds: Callable[[str], bool] = lambda _: False,
) -> Plan:
    """Sort `args`; `place` is where the call's name stands, `bound` tells names that a scope defines, `holds` those
    that are values of layers for certain."""
    result = Plan()
    positional = [argument for argument in args if argument.key is None]
    keyed = [argument for argument in args if argument.key is not None]
    if positional and isinstance(positional[0].value, ast.List) and positional[0].span.start == place.end:
        positional = _bracketed(positional, keyed, signature, result, report)
    if positional and isinstance(positional[0].value, ast.Name):
        signature = _without_replaced(signature, keyed)
    surplus = not signature.merges and len(positional) == len(signature.positional) + 1
    own = _own_activation(positional, keyed, signature, bound)
    closing = positional and _closes(positional[-1].value, bound) and not _has_slot(len(positional), signature)
    if own is not None:
        result.fields[own] = positional.pop().value
    elif closing or (surplus and not _is_literal(positional[-1].value)):
        result.act = positional.pop().value
        if closing and signature.what == "block":
            free = _free_activations(len(positional), keyed, signature)
            result.flawed |= is_ambiguous(signature.word, result.act, free, report)
    if signature.merges:
        result.inputs = tuple(argument.value for argument in positional)
    else:
        if 0 < len(signature.positional) == len(positional) - 1:
            positional = _without_value(positional, signature, result, report, holds)
        _positional(positional, signature, result, report)
        result.moved = _perhaps_moved(positional, keyed, signature)
    places: dict[str, Span] = {}
    for argument in keyed:
        _keyed(argument, signature, result, places, report)
    warn_of_products(result.fields, report)
    if signature.what == "operation":
        warn_of_idle(signature.word, result.fields, report)
    _missing(signature, result, place, report, holds)
    return result


def _bracketed(
    positional: list[ast.Argument],
    keyed: Sequence[ast.Argument],
    signature: Signature,
    result: Plan,
    report: Reporter,
) -> list[ast.Argument]:
    """The arguments of `unit(8, 5)`, whose bracket touches the name: those in it where a block can only be called so
    (E0303); `maxpool(3, 2)` stays as it is, and is doubted."""
    value, names = positional[0].value, signature.positional
    assert isinstance(value, ast.List)
    if signature.what == "block":
        alone = len(positional) == 1 and 2 <= len(value.items) <= len(names) and names[0] not in signature.listed
        if not alone:
            return positional
        from specc.elaborate.bracketed import refuse_call

        result.flawed = True
        return refuse_call(signature.word, value, report)
    if names == ("kernel",) and "stride" in signature.names and not _gives(keyed, "stride"):
        from specc.elaborate.bracketed import doubtful

        result.doubt = doubtful(signature.word, value, signature.names)
    return positional


def _gives(keyed: Sequence[ast.Argument], name: str) -> bool:
    return any(argument.key is not None and argument.key.id == name for argument in keyed)


def is_setting(argument: ast.Argument) -> bool:
    """Whether what is written behind an operation that has its settings is neither `from=` and the like nor an
    activation."""
    return _is_literal(argument.value) if argument.key is None else argument.key.id not in RESERVED


def _is_literal(value: ast.Expr) -> bool:
    return isinstance(value.operand if isinstance(value, ast.Unary) else value, LITERALS)


def of_settings(call: ast.Call, op: type[Op], report: Reporter) -> Plan:
    """The settings of an operation in brackets: `leaky_relu(0.1)`, `bn(eps=1e-3)`."""
    signature = of_operation(op)
    names = tuple(name for name in signature.names if name not in signature.operands)
    signature = signature._replace(what="value", names=names)
    result = Plan(dict(zip(op.positional, call.args, strict=False)))
    places: dict[str, Span] = {}
    for argument in call.named:
        key = argument.key
        assert key is not None
        if key.id not in RESERVED:
            _keyed(argument, signature, result, places, report)
            continue
        help = f"`{key.id}=` stands outside of the brackets"
        report.error("E0301", key.span, f"`{op.word}(...)` has no argument `{key.id}`", "unknown argument", help=help)
        result.ok = False
    warn_of_idle(op.word, result.fields, report)
    _missing(signature, result, call.function.span, report, lambda _: False)
    return result


def _without_replaced(signature: Signature, keyed: Sequence[ast.Argument]) -> Signature:
    """`signature` without the places of arguments for which others stand: `resize like=skip, bilinear`."""
    replaced = {signature.instead.get(argument.key.id) for argument in keyed if argument.key is not None}
    if not signature.instead or replaced == {None}:
        return signature
    return signature._replace(positional=tuple(name for name in signature.positional if name not in replaced))


def _own_activation(
    positional: Sequence[ast.Argument],
    keyed: Sequence[ast.Argument],
    signature: Signature,
    bound: Callable[[str], bool],
) -> str | None:
    """The parameter of a block that an activation behind its arguments sets: `act`, or the only one that is an
    activation by its default; `None` where it is given already."""
    if signature.what != "block" or not positional:
        return None
    last, count = positional[-1].value, len(positional)
    if not _closes(last, bound) and not (isinstance(last, ast.Name) and last.id == NO_ACTIVATION):
        return None
    return None if _has_slot(count, signature) else _free_activation(count - 1, keyed, signature)


def _free_activation(count: int, keyed: Sequence[ast.Argument], signature: Signature) -> str | None:
    """`act`, or the only parameter that is an activation by its default, behind `count` arguments without names."""
    free = _free_activations(count, keyed, signature)
    return "act" if "act" in free else free[0] if len(free) == 1 else None


def _free_activations(count: int, keyed: Sequence[ast.Argument], signature: Signature) -> list[str]:
    given = {*signature.names[:count], *(argument.key.id for argument in keyed if argument.key is not None)}
    return [name for name in signature.names if name not in given and name in {"act", *signature.takes_activation}]


def _perhaps_moved(
    positional: Sequence[ast.Argument], keyed: Sequence[ast.Argument], signature: Signature
) -> tuple[str, str] | None:
    """Where the last argument of a block's call belongs, and where if it holds an activation: `cb 64, chosen`."""
    count = len(positional)
    if signature.what != "block" or not 1 <= count <= len(signature.names) or _is_literal(positional[-1].value):
        return None
    slot, own = signature.names[count - 1], _free_activation(count - 1, keyed, signature)
    return None if own in (None, slot) or slot in signature.required else (slot, own or "")


def _has_slot(count: int, signature: Signature) -> bool:
    """`block b(c, activation = relu)` called as `b 64, silu` sets the parameter instead of closing the call."""
    return count <= len(signature.positional) and signature.positional[count - 1] in signature.takes_activation


def _closes(value: ast.Expr, bound: Callable[[str], bool]) -> bool:
    name = value.function.id if isinstance(value, ast.Call) else value.id if isinstance(value, ast.Name) else None
    return name is not None and name in activations() and not bound(name)


def _without_value(
    positional: list[ast.Argument],
    signature: Signature,
    result: Plan,
    report: Reporter,
    holds: Callable[[str], bool],
) -> list[ast.Argument]:
    """The arguments of `conv image, 8, 3x3` without the value that is too much, which it works on (E0303)."""
    first = positional[0].value
    if signature.what != "operation" or not (isinstance(first, ast.Name) and holds(first.id)):
        return positional
    from specc.elaborate.slips import value_first

    message, help = f"too many arguments for `{signature.word}`", value_first(signature.word, positional)
    report.error("E0303", positional[0].span, message, "this one is too many", help=help)
    result.flawed = True
    result.sources = first
    return positional[1:]


def _positional(positional: list[ast.Argument], signature: Signature, result: Plan, report: Reporter) -> None:
    names = signature.positional
    for name, argument in zip(names, positional, strict=False):
        _given(name, signature, result)[name] = argument.value
    if len(positional) > len(names):
        closing = () if result.act is None else (result.act,)
        from specc.elaborate.slips import abbreviated, unbracketed_pair

        word, further = signature.word, positional[len(names)]
        surplus, help = (
            unbracketed_pair(further)
            or abbreviated(word, positional)
            or meant(word, positional, len(names), signature.names, closing)
            or (further, f"`{word}` takes {_taken(signature, further.value)}")
        )
        message = f"too many arguments for `{signature.word}`"
        report.error("E0303", surplus.span, message, "this one is too many", help=help)
        result.flawed = True
        if signature.word in TAKE_LISTS:  # what was meant is plain
            items = tuple(argument.value for argument in positional)
            result.fields[names[0]] = ast.List(items[0].span.to(items[-1].span), items)
        elif signature.word in KNOW_INPUT and knows_input(positional, len(names)):
            order = [*names, *(name for name in ORDER if name in signature.names)]
            result.fields.update((name, a.value) for name, a in zip(order, positional[1:], strict=False))


def _given(name: str, signature: Signature, result: Plan) -> dict[str, ast.Expr]:
    """Where the argument `name` belongs."""
    return result.operands if name in signature.operands else result.fields


def _keyed(
    argument: ast.Argument, signature: Signature, result: Plan, places: dict[str, Span], report: Reporter
) -> None:
    key = argument.key
    assert key is not None
    if key.id in signature.names:
        given = _given(key.id, signature, result)
        if key.id in given:
            _twice(key, places.get(key.id, given[key.id].span), result, report)
            return
        given[key.id] = argument.value
        places[key.id] = key.span
    elif key.id == "from" and result.sources is None:
        result.sources = argument.value
    elif key.id == "act" and result.act is None:
        result.act = argument.value
    elif key.id == "weights" and result.weights is None:
        result.weights = argument.value
        result.tensors = tensors_name(argument.value, report)
        result.flawed |= result.tensors is None
    elif key.id in RESERVED:
        first = {"from": result.sources, "act": result.act, "weights": result.weights}[key.id]
        assert first is not None
        _twice(key, first.span, result, report)
    else:
        _unknown(key, argument.value, signature, result, report)


def _taken(signature: Signature, surplus: ast.Expr) -> str:
    """What it takes, where `surplus` is too many."""
    from specc.elaborate.examples import example

    bare = f"{quoted(signature.positional)} without names" if signature.positional else "no argument without its name"
    named = [name for name in signature.names if name not in signature.positional]
    if named:
        return f"{bare}; write others by name, as in `{example(_told_first(named), named=True)}`"
    if isinstance(surplus, ast.Name):
        return f"{bare}; the value that it works on stands behind `from=`, as in `from={surplus.id}`"
    return f"{bare}, and a closing activation" if signature.positional else "nothing but a closing activation"


def _told_first(names: Sequence[str]) -> str:
    return "stride" if "stride" in names else names[0]


def _twice(key: ast.Name, first: Span, result: Plan, report: Reporter) -> None:
    report.add(
        Diagnostic(
            "E0307", f"`{key.id}` is given twice", key.span, "again here", labels=(Label(first, "first given here"),)
        )
    )
    result.flawed = True


def _unknown(key: ast.Name, value: ast.Expr, signature: Signature, result: Plan, report: Reporter) -> None:
    from specc.elaborate.foreign_arguments import SIZES_KNOWN, counted, renamed, spoils_shape, unwritten

    reserved = [word for word in RESERVED if word != "weights" or signature.learns]
    known = signature.names if signature.what == "value" else (*signature.names, *reserved)
    guess = renamed(signature.word, key.id, known) or (None if key.id in SIZES_KNOWN else nearest(key.id, known))
    unlike = None if guess else unwritten(signature.word, key, value, known)
    report.add(
        Diagnostic(
            "E0301",
            f"`{signature.word}` has no argument `{key.id}`",
            key.span,
            "unknown argument",
            help=elsewhere(signature.word, key, value)
            or counted(key.id, value, known)
            or (f"did you mean `{guess}`?" if guess else unlike or f"it takes {quoted(known) or 'none'}"),
        )
    )
    result.flawed = True
    if guess is None:
        result.ok &= unlike is not None and not spoils_shape(signature.word, key.id)
    elif guess in signature.names:
        _given(guess, signature, result).setdefault(guess, value)


def _missing(signature: Signature, result: Plan, place: Span, report: Reporter, holds: Callable[[str], bool]) -> None:
    missing = [name for name in signature.required if name not in _given(name, signature, result)]
    if not missing or not result.ok:
        return
    from specc.elaborate.slips import in_brackets, incomplete

    shown = " and ".join(f"`{name}`" for name in missing)
    report.add(
        Diagnostic(
            "E0302",
            f"`{signature.word}` needs {shown}",
            place,
            f"{shown} missing",
            help=in_brackets(signature.word, result.fields, holds)
            or unbracketed(signature.word, result.fields)
            or incomplete(signature.word, result.fields, result.operands)
            or of_paper(place)
            or f"write `{_call(signature, result)}`",
        )
    )
    result.ok = False


def _call(signature: Signature, result: Plan) -> str:
    """The call as it could be written: what stands there, and likely values for what is missing."""
    from specc.elaborate.examples import example

    parts = []
    for name in dict.fromkeys((*signature.positional, *signature.required)):
        written = _given(name, signature, result).get(name)
        if written is not None:
            parts.append(text(written))
        elif name in signature.required:
            parts.append(example(name, name not in signature.positional, result.act))
    arguments = ", ".join(parts)
    return f"{signature.word}({arguments})" if signature.what == "value" else f"{signature.word} {arguments}"
