"""Labels of a loop that are called like something outside of it: which of both is meant?"""

from __future__ import annotations

from collections.abc import Iterable

from specc.diagnostics import Diagnostic, Label
from specc.elaborate.bodies import Rival
from specc.elaborate.report import Reporter


def read_in_rounds(found: Iterable[Rival], report: Reporter) -> list[Rival]:
    """W0207 for what the loop's rounds read outside, before a label in them has the name; the others, unread again."""
    rest = []
    for rival in found:
        name = rival.label.id
        if not rival.outer.used:
            rest.append(rival)
            continue
        message = f"every round reads the `{name}` above the loop, not this one of the round before"
        help = (
            "what a round hands to the next is its last line, which that one reads as `in`; if the one above is meant, "
        )
        _warn(rival, report, message, f"{help}call this label otherwise")
    return rest


def read_behind(found: Iterable[Rival], report: Reporter) -> None:
    """W0207 for what is read behind the loop, and is not the list of its labels; all are read again that were."""
    for label, outer, was_used in reversed([*found]):
        if outer.used:
            message = f"behind the loop `{label.id}` is the one above it, not the list of these"
            _warn(Rival(label, outer, was_used), report, message, "call one of both otherwise")
        outer.used |= was_used


def _warn(rival: Rival, report: Reporter, message: str, help: str) -> None:
    above = Label(rival.outer.span, f"the {rival.outer.what} that is read")
    report.add(Diagnostic("W0207", message, rival.label.span, "this label", labels=(above,), help=help))
