"""Operations as help texts, made from the classes that define them."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any

from specc.elaborate.words import choices
from specc.ops import OPS
from specc.ops.base import Op
from specc.record import RecordField
from specc.textwidth import wrap

_FIELD_DOC = re.compile(r'^    (\w+):[^\n]*\n(?:        [^\n]*\n|    \)[^\n]*\n)*?    """(.*?)"""', re.M | re.S)


def operation_list(width: int) -> str:
    """Every operation with the first line of its description."""
    lines = []
    for op in OPS:
        first = summary(op)
        head, *rest = wrap(first, max(width - 20, 20))
        lines.append(f"  {op.word:<17} {head}")
        lines.extend(f"  {'':<17} {line}" for line in rest)
    return "\n".join(lines) + "\n"


def operation_page(op: type[Op], width: int = 120) -> str:
    """What `specc explain conv` prints in `width` cells: the description and every argument with its default."""
    lines = [f"# {op.word}", ""]
    for paragraph in (inspect.getdoc(op) or "").split("\n\n"):
        lines += [*wrap(" ".join(paragraph.split()), width), ""]
    lines += [*_hanging(signature(op), width, "    ", "        "), ""]
    for name, doc, default in arguments(op):
        lines += _hanging(f"`{name}`{default}: {doc}", width)
    lines += _hanging("`from`: the value, or list of values, to work on instead of the incoming one", width)
    lines += _hanging("`act`: an activation to apply to the result; its bare name may close the arguments", width)
    return "\n".join(lines) + "\n"


def _hanging(text: str, width: int, first: str = "- ", others: str = "  ") -> list[str]:
    head, *rest = wrap(text, width - len(others))
    return [first + head, *(others + line for line in rest)]


def signature(op: type[Op]) -> str:
    """`conv channels, kernel, [stride=1], ...`: the arguments that need no name, which have no `=`, then the others."""
    parts = ["values..."] if op.arity[1] is None else []
    for name in argument_names(op):
        if name in op.operands:
            shown = name if name in op.positional else f"{name}=..."
            parts.append(shown if name in tuple(op.operands)[: op.arity[0] - 1] else f"[{shown}]")
            continue
        info = op.model_fields[name]
        shown = name if name in op.positional else f"{name}={'...' if info.is_required() else show(info)}"
        parts.append(shown if info.is_required() else f"[{shown}]")
    return f"{op.word} {', '.join(parts)}".rstrip()


def argument_names(op: type[Op]) -> list[str]:
    """The arguments an author may write, those without a name first."""
    names = dict.fromkeys((*op.positional, *op.model_fields, *op.operands))
    return [name for name in names if name not in op.context]


def arguments(op: type[Op]) -> list[tuple[str, str, str]]:
    """(name, what it means, its default as text) for every argument an author may write."""
    docs = field_docs(op)
    rows = []
    for name in argument_names(op):
        if name in op.operands:
            needed = name in tuple(op.operands)[: op.arity[0] - 1]
            rows.append((name, op.operands[name], "" if needed else " (default none)"))
            continue
        info = op.model_fields[name]
        words = sorted(choices(info.annotation))
        doc = docs.get(name, "") + (f" {_choice(words, info)}" if words else "")
        rows.append((name, doc, "" if info.is_required() else f" (default {show(info)})"))
    return rows


def _choice(words: list[str], info: RecordField) -> str:
    listed = ", ".join(f"`{word}`" for word in words)
    return f"One of {listed}, or numbers." if "tuple" in str(info.annotation) else f"One of {listed}."


def summary(op: type[Op]) -> str:
    """The first sentence of the description."""
    text = " ".join((inspect.getdoc(op) or "").split("\n\n")[0].split())
    return re.split(r"(?<=\w[.:])\s", text, maxsplit=1)[0].rstrip(":.")


def show(info: RecordField) -> str:
    """A default as it could be written in a spec."""
    return _text(info.default)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return _text(value[0]) if len(value) == 1 else f"({', '.join(map(_text, value))})"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


@cache
def field_docs(op: type[Op]) -> dict[str, str]:
    """The text under each field, in the class or those it inherits from."""
    docs: dict[str, str] = {}
    for base in reversed(op.__mro__):
        if issubclass(base, Op) and base is not Op:
            for name, text in _FIELD_DOC.findall(inspect.getsource(base)):
                docs[name] = " ".join(text.split())
    return docs
