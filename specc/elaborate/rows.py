"""What the names behind `for` stand for, in loops and in lists by a rule."""

from __future__ import annotations

from collections.abc import Sequence

from specc.elaborate.report import Failed, Reporter
from specc.elaborate.values import Value, describe
from specc.source import Span
from specc.syntax import ast


def rows(
    targets: Sequence[ast.Name], items: Value, place: Span, what: str, report: Reporter
) -> list[tuple[Value, ...]]:
    """What the names are bound to, round by round, `items` being written at `place`, for `what` there is `for`.

    Raises `Failed` (E0304, E0408).
    """
    if not isinstance(items, tuple):
        help = f"did you mean `range({items})`?" if isinstance(items, int) and not isinstance(items, bool) else None
        raise report.error("E0304", place, f"{what} needs a list, not {describe(items)}", help=help)
    if len(targets) == 1:
        return [(item,) for item in items]
    found = [item if isinstance(item, tuple) else (item,) for item in items]
    counted = bool(found) and len(found[0]) == len(targets) - 1
    for index, row in enumerate(found):
        if len(row) != len(targets) - counted:
            raise _unlike(targets, items, index, counted, place, report)
    return [(index, *row) for index, row in enumerate(found)] if counted else found


def _unlike(
    targets: Sequence[ast.Name], items: tuple[Value, ...], index: int, counted: bool, place: Span, report: Reporter
) -> Failed:
    """E0408 for an item that does not fit the names as the first item does, or as no item could."""
    names = [target.id for target in targets]
    message = f"item {index} of the list is {describe(items[index])}, and there are {len(names)} names"
    if index:
        first = f"which `{names[0]}` counts" if counted else f"a value for each of {len(names)} names"
        message = f"item {index} of the list is {describe(items[index])}, and item 0 {describe(items[0])}, {first}"
    help = "an item is a list with a value for each name; with one name more, the first is the index"
    if len(names) == 2:
        help += f". The index and the whole item: `for {', '.join(names)} in enumerate(...)`"
    return report.error("E0408", place, message, help=help)
