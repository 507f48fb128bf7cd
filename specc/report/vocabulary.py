"""What `specc explain` says of a word of the language: operation, statement, function, argument or value of one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final, get_args

from specc.diagnostics.explain import STATEMENTS, explain_statement, other_words, topics
from specc.elaborate.words import choices
from specc.ops import BY_WORD, OPS
from specc.ops.base import Op
from specc.ops.weights import Initialiser
from specc.report.operations import argument_names, arguments, operation_page
from specc.report.pages import wrapped

_INITIALISERS: Final = frozenset(get_args(Initialiser))


def known_words() -> set[str]:
    """Every word that has a page."""
    return {*BY_WORD, *STATEMENTS, *other_words(), *_arguments(), *_values()}


def word_page(word: str, width: int) -> str | None:
    """All that is known of `word`, in lines of at most `width` cells; `None` for one of which nothing is said."""
    parts = list(_told(word, width))
    if not parts:
        return None
    heading = [] if parts[0].startswith("# ") else [f"# {word}"]
    return "\n\n".join([*heading, *(part.strip() for part in parts)]) + "\n"


def _told(word: str, width: int) -> Iterator[str]:
    if word in BY_WORD:
        yield operation_page(BY_WORD[word], width)
    elif word in STATEMENTS:
        yield wrapped(explain_statement(word), width)
    for text in (*other_words().get(word, ()), *topics().get(word, ())):
        yield wrapped(text, width)
    if word in _arguments():
        yield "Argument of operations:"
        yield wrapped("\n".join(_meanings(word)), width)
    if word in _values():
        yield wrapped(f"`{word}` is a value of " + "; ".join(_uses(word)) + ".", width)


def _uses(word: str) -> Iterator[str]:
    for name, ops in _values()[word].items():
        yield f"`{name}=` in {_names(ops)}"


def _meanings(name: str) -> Iterator[str]:
    """An item for each meaning of an argument, with the operations that have it."""
    found: dict[str, list[str]] = {}
    for op in _arguments()[name]:
        meaning = next(meaning for argument, meaning, _ in arguments(op) if argument == name)
        found.setdefault(meaning, []).append(op.word)
    for meaning, ops in found.items():
        yield f"- {_names(ops)}: {meaning}"


def _names(ops: list[str]) -> str:
    return ", ".join(f"`{op}`" for op in ops)


@cache
def _arguments() -> dict[str, list[type[Op]]]:
    """For each argument the operations that take it."""
    found: dict[str, list[type[Op]]] = {}
    for op in OPS:
        for name in argument_names(op):
            found.setdefault(name, []).append(op)
    return found


@cache
def _values() -> dict[str, dict[str, list[str]]]:
    """For each word that arguments take which arguments, and in which operations."""
    found: dict[str, dict[str, list[str]]] = {}
    for op in OPS:
        for name in argument_names(op):
            for word in _words(op, name):
                found.setdefault(word, {}).setdefault(name, []).append(op.word)
    return found


def _words(op: type[Op], name: str) -> set[str]:
    if name in op.operands:
        return set()
    return set(_INITIALISERS) if name == "init" else choices(op.model_fields[name].annotation)
