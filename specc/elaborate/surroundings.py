"""What is being elaborated where a finding is made; imported where one is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from specc.diagnostics import Diagnostic
from specc.elaborate.arithmetic_advice import with_brackets
from specc.elaborate.values import show
from specc.syntax import ast

if TYPE_CHECKING:
    from specc.elaborate.model import Instance
    from specc.elaborate.modules import BlockDefinition
    from specc.elaborate.rounds import Round
    from specc.source import Span

_LONGEST: Final = 40
"""Characters of what a loop goes through that are repeated."""
_ROUNDS: Final = 3
"""Loops within each other that are told, the innermost first."""


def notes(
    finding: Diagnostic, calls: Sequence[tuple[BlockDefinition, Span]], rounds: Sequence[Round], instance: Instance
) -> tuple[str, ...]:
    """The innermost call of a block and, for errors, the rounds of loops in it and around it, and the derived model."""
    called = [
        f"in block `{block.tree.name.id}`, called at {span.source.name}:{span.row}:{span.column}"
        for block, span in calls[-1:]
    ]
    if finding.severity != "error":
        return tuple(called)
    told = [(turn.calls, note) for turn in reversed(rounds) if (note := _told(turn)) is not None][:_ROUNDS]
    within = [note for depth, note in told if depth == len(calls)]
    around = [note for depth, note in told if depth < len(calls)]
    return (*within, *called, *around, *_derived(instance))


def _told(turn: Round) -> str | None:
    """The first round of a `repeat` is what its body is anyway."""
    loop = turn.loop
    if isinstance(loop, ast.Repeat):
        return f"in round {turn.index + 1} of `repeat {_written(loop.count)}`" if turn.index else None
    names = [target.id for target in loop.targets]
    values = turn.rows[turn.index] if turn.rows is not None else ()
    bound = ", ".join(f"{name} = {show(value)}" for name, value in zip(names, values, strict=True))
    return f"in round {turn.index + 1} of `for {', '.join(names)} in {_written(loop.iterable)}`: {bound}"


def _written(expression: ast.Expr) -> str:
    place = with_brackets(expression.span)
    return place.text if place is not None and place.end - place.start <= _LONGEST else "..."


def _derived(instance: Instance) -> list[str]:
    base = instance.tree.name.id
    if instance.name == base:
        return []
    given = ", ".join(f"{name}={show(value)}" for name, value in instance.arguments.items())
    return [f"in model `{instance.name}`, which is `{base}({given})`"]
