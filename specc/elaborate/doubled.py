"""Warnings about merges that take one value twice, or have a single branch.

Behind a line labelled `x`, `add x` adds the value to itself: it is the incoming value and the operand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from specc.diagnostics import Diagnostic
from specc.elaborate.report import Reporter
from specc.elaborate.scope import Scope
from specc.ops import BY_WORD
from specc.syntax import ast
from specc.types import TensorType

_SETTLED: Final = frozenset({"flatten", "global_avgpool", "global_maxpool"})
"""Operations that leave as it is what they have made."""
_SILENT = (ast.Let, ast.Expect, ast.Output)
"""Statements that leave the incoming value as it is."""


def warn_of_doubled(statements: Sequence[ast.Statement], module: Scope, report: Reporter) -> None:
    """Report W0204 for merges of this body that take the value of the line before twice, by its name and as what comes
    in, or whose branches are all empty; W0106 for those with a single branch, and for what is done twice on end.

    `known` are the names of that value, where it is a single one for certain; `None` where it may be several.
    """
    known: frozenset[str] | None = None
    before: ast.Statement | None = None
    for statement in statements:
        if isinstance(statement, ast.Operation) and statement.name.id in _SETTLED:
            _check_repeated(before, statement, module, report)
        before = statement
        _check_bodies(statement, module, report)
        if known and isinstance(statement, ast.Operation):
            _check(statement, known, module, report)
        if isinstance(statement, ast.Let):
            keeps = known is not None and isinstance(statement.value, ast.Name) and statement.value.id in {"in", *known}
            known = known | {statement.name.id} if keeps and known is not None else known
        elif not isinstance(statement, _SILENT):
            known = _names(statement, module)


def _check_repeated(before: ast.Statement | None, statement: ast.Operation, module: Scope, report: Reporter) -> None:
    """`flatten; flatten`."""
    word = statement.name.id
    if isinstance(before, ast.Operation) and before.name.id == word and not statement.args and not module.find(word):
        message = f"`{word}` changes nothing behind `{word}`"
        report.add(Diagnostic("W0106", message, statement.name.span, help="leave out one of the two"))


def _check(statement: ast.Operation, known: frozenset[str], module: Scope, report: Reporter) -> None:
    """W0204 where two of the operands, one of which may be the line before, are its value under different names: the
    same name twice is a square that is meant."""
    if statement.branches is not None or not _is_merge(statement.name.id, module):  # beside branches stands no operand
        return
    written = [part for argument in statement.args if argument.key is None for part in _parts(argument.value)]
    sources = [part for a in statement.args if a.key is not None and a.key.id == "from" for part in _parts(a.value)]
    same = [part for part in (*sources, *written) if isinstance(part, ast.Name) and part.id in {"in", *known}]
    names = [*dict.fromkeys(part.id for part in same)]
    if len(written) == 1 and not sources:
        if names and names != ["in"]:  # of `mul in` elaboration knows whether the line before has several values
            _warn(statement.name.id, same[-1], "", names[0], report)
    elif len(names) > 1:
        _warn(statement.name.id, same[-1], f", as {' and as '.join(f'`{name}`' for name in names)}", names[-1], report)


def _warn(word: str, place: ast.Name, told: str, name: str, report: Reporter) -> None:
    called = word if told else f"{word} {name}"
    meant = (
        f"write `{word} x` with a label, `x: ...`, at the line that was meant, or `let x = in` above all lines for "
        "what comes into a block"
    )
    if told:
        meant = (
            "`in` is always the line before: label the line that was meant, or keep its value by `let x = in` below it"
        )
    message = f"`{called}` takes the value of the line before twice{told}"
    help = f"{meant}; where this is meant, write `{word} {name}, {name}`"
    report.add(Diagnostic("W0204", message, place.span, "this very value", help=help))


def _parts(written: ast.Expr) -> Iterator[ast.Expr]:
    """The operands that a list among them holds."""
    if isinstance(written, ast.List):
        for item in written.items:
            yield from _parts(item)
    else:
        yield written


def _check_bodies(statement: ast.Statement, module: Scope, report: Reporter) -> None:
    match statement:
        case ast.Residual(keyword=place, body=(), shortcut=None | ()):
            help = "its body is what is added: `residual { conv 64, 3x3, pad=1 }`; twice the value is `add in, in`"
            report.add(Diagnostic("W0204", "`residual` without a body adds the value to itself", place, help=help))
        case ast.Operation(name=name, branches=(ast.Branch(), *_) as branches) if _is_merge(name.id, module):
            if len(branches) == 1 and BY_WORD[name.id].arity[0] == 1:
                message = f"`{name.id}` of a single branch is that branch, without what comes in"
                help = "`residual { ... }` adds it" if name.id == "add" else "a second `branch { }` stands for it"
                report.add(Diagnostic("W0106", message, name.span, help=help))
            elif len(branches) > 1 and all(isinstance(b, ast.Branch) and not b.body for b in branches):
                message = f"`{name.id}` of empty branches takes the value before it {len(branches)} times"
                help = "what a branch does stands in its braces: `branch { conv 64, 3x3, pad=1 }`"
                report.add(Diagnostic("W0204", message, name.span, help=help))


def _is_merge(word: str, module: Scope) -> bool:
    return word in BY_WORD and BY_WORD[word].merges() and module.find(word) is None


def _names(statement: ast.Statement, module: Scope) -> frozenset[str] | None:
    """The names of a statement's value, where that is a single one for certain."""
    match statement:
        case ast.Input(name=name):
            return frozenset({name.id})
        case ast.Residual(labels=labels):
            return frozenset(label.id for label in labels)
        case ast.Operation(name=name, labels=labels) if name.id in BY_WORD and module.find(name.id) is None:
            op = BY_WORD[name.id]
            return None if op.several or op.passes_on or len(labels) > 1 else frozenset(label.id for label in labels)
    return None


def warn_of_stretched(statement: ast.Residual, sides: Sequence[TensorType], report: Reporter) -> None:
    """Report W0109 for a residual of which one of the two `sides`, body and shortcut, has a single channel and the
    other has more: the one would be added to each."""
    if len(sides) < 2 or len({side.rank for side in sides}) > 1 or sides[0].rank < 2:
        return
    body, shortcut = (side.channels for side in sides)
    if 1 not in (body, shortcut) or body == shortcut:
        return
    many = shortcut if body == 1 else body
    what = "body" if body == 1 else "shortcut" if statement.shortcut else "incoming value"
    message = f"the {what} has a single channel, which is added to each of {many}"
    help = f"`shortcut {{ conv {many}, 1x1 }}` has as many channels; where each is meant to get the same, `add` says so"
    if body == 1:
        help = f"its last layer makes 1 channel, not {many}; where each is meant to get the same, `add` says so"
    report.add(Diagnostic("W0109", message, statement.keyword, help=help))
