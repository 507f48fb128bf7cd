"""Help for a merge or residual whose values have different shapes, from the lines that made them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from specc.dims import Dim
from specc.elaborate import shortcut
from specc.ops.base import Types
from specc.source import Span
from specc.syntax import ast


class Made(shortcut.Step, Protocol):
    """An operation that was applied, and where."""

    @property
    def span(self) -> Span:
        """The place of its name."""


def remedy(
    statement: ast.Operation | ast.Residual, values: Types, origins: Sequence[Made | None], made: Iterable[Made]
) -> str | None:
    """What helps where the `values`, which came from these `origins`, do not meet in `statement`; `made` are all
    operations so far."""
    if isinstance(statement, ast.Residual):
        within = _within(statement.span, made)
        return None if statement.shortcut is not None else shortcut.remedy(within, values[1], values[0])
    ways = [[] if origin is None else [origin] for origin in origins]
    branches = [branch for branch in statement.branches or () if isinstance(branch, ast.Branch)]
    if len(branches) == len(values):
        ways = [_within(branch.span, made) for branch in branches]
    wanted = {x.spatial for x in values}
    found = (_stepping(steps, wanted - {x.spatial}) for steps, x in zip(ways, values, strict=True))
    return next(filter(None, found), None)


def channels_meant(axis: ast.Expr | None, values: Types) -> str | None:
    """What to say of axis 1 or -1 where the channels alone differ, which are those axes where the batch is counted, or
    channels are last."""
    if axis is None or axis.span.text not in ("1", "-1") or len({x.spatial for x in values}) > 1 or values[0].rank < 3:
        return None
    return f"axis {axis.span.text} is not that of the channels, as the batch is not counted: it is `axis=channels`"


def _within(place: Span, made: Iterable[Made]) -> list[Made]:
    """Those that stand in `place`, each once."""
    within = [one for one in made if one.span.source is place.source and place.start < one.span.start < place.end]
    return list({id(one): one for one in within}.values())


def _stepping(steps: Sequence[Made], wanted: set[tuple[Dim, ...]]) -> str | None:
    """How the pools among `steps`, each of which works on the one before, come to one of the sizes `wanted` where they
    do not step by their window."""
    real = kept = steps[0].inputs[0] if steps and steps[0].inputs else None
    help = None
    for step in steps:
        if step.op is None or real is None or kept is None or step.inputs != (real,):
            return None
        op, keeping = step.op, step.op.keeping()
        if keeping is not None and "stride" in keeping[1]:
            help = f"`{keeping[1]}` for `{op.word}`: a pool steps by its window where no `stride=` says otherwise"
            op = keeping[0]
        real, kept = shortcut.result(step.op, real), shortcut.result(op, kept)
    return help if kept is not None and kept.spatial in wanted else None
