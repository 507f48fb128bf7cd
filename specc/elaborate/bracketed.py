"""Calls with all their arguments in brackets, as other languages write them: `maxpool(3, 2)`.

Here such brackets are a list, which is the first argument.  Imported where a bracket touches a name.
"""

from __future__ import annotations

from collections.abc import Sequence

from specc.diagnostics import Diagnostic
from specc.elaborate.report import Reporter
from specc.elaborate.signatures import Doubt
from specc.elaborate.surplus import ORDER, text
from specc.elaborate.words import activations
from specc.syntax import ast


def meant(word: str, items: Sequence[ast.Expr], taken: int, names: Sequence[str]) -> str | None:
    """The call of the operation `word` with these items for its arguments, of which it takes the first `taken` without
    and those in `names` with a name; `None` where they cannot be its arguments."""
    last = items[-1]
    act = isinstance(last, ast.Name | ast.Call) and _word(last) in activations()
    closing = items[-1:] if act and len(items) > taken else ()
    plain = items[: len(items) - len(closing)]
    order = [name for name in ORDER if name in names]
    further = plain[taken:]
    if len(further) > len(order) or not all(isinstance(item, ast.Number | ast.Size | ast.List) for item in further):
        return None
    named = [f"{name}={text(item)}" for name, item in zip(order, further, strict=False)]
    return f"{word} {', '.join([*map(text, plain[:taken]), *named, *map(text, closing)])}"


def _word(item: ast.Name | ast.Call) -> str:
    return item.id if isinstance(item, ast.Name) else item.function.id


def doubtful(word: str, value: ast.List, names: Sequence[str]) -> Doubt | None:
    """W0102 for `maxpool(3, 2)`, whose second number elsewhere is the stride; equal ones come to the same."""
    numbers = [item.value for item in value.items if isinstance(item, ast.Number)]
    call = meant(word, value.items, 1, names)
    if len(numbers) < max(len(value.items), 2) or len({*numbers}) == 1 or call is None:
        return None
    size = "x".join(map(str, numbers))
    message = f"the brackets are one list here, a `kernel` of {size}"
    help = f"did you mean `{call}`? Where the kernel is meant, write `{word} {size}`"
    return Doubt(call, Diagnostic("W0102", message, value.span, help=help))


def refuse_call(word: str, value: ast.List, report: Reporter) -> list[ast.Argument]:
    """The arguments of the block `word` that `unit(8, 5)` means, which would be one list, after E0303."""
    items = ", ".join(map(text, value.items))
    report.error(
        "E0303", value.span, f"the brackets are one list here, the first argument of `{word}`",
        help=f"arguments stand without brackets: `{word} {items}`; for a list write `{word} [{items}]`",
    )  # fmt: skip
    return [ast.Argument(item.span, None, item) for item in value.items]
