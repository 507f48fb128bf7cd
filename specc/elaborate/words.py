"""The words that mean something by themselves: activations and the choices of arguments."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, Literal, get_args, get_origin

from specc.core import ValidationError
from specc.diagnostics.suggest import nearest
from specc.elaborate.values import Word, quoted
from specc.ops import ACTIVATIONS, BY_WORD, CHOICES, Operations
from specc.ops.base import Op

NO_ACTIVATION: Final = "none"
FACTS: Final = (
    "params",
    "trainable",
    "buffers",
    "macs",
    "depth",
    "layers",
    "receptive_field",
    "memory",
    "weight_bytes",
    "output",
)
"""What `expect` lines may speak of."""


_FUNCTIONS: Final = {
    "zip": "lists side by side are one list of lists, `for a, b in [[16, 1], [32, 2]]`, or go by the index: "
    "`for i, a in xs`, and then `ys[i]`",
    "reversed": "`xs[-1 - i]` counts from the end: `for i in range(len(xs))`",
    "list": "a list is written `[16, 32]`, and `range(3)` is one",
    "tuple": "a list is written `[16, 32]`, and `range(3)` is one",
    "int": "`floor(x)` is the whole number below, `round(x)` the nearest",
    "pow": "a power is written `x ** 2`",
    "log2": "`log` is the natural logarithm: `round(log(8) / log(2))` is 3, the logarithm of 8 to the base 2",
    "log10": "`log` is the natural logarithm: `round(log(100) / log(10))` is 2, that of 100 to the base 10",
}
"""Functions of other languages, and how what they make is written."""


@cache
def activations() -> Operations:
    """The operations that may close an argument list."""
    return Operations(ACTIVATIONS)


@cache
def takes_settings(word: str) -> bool:
    """Whether an operation with its settings in brackets is a value: activations, and others that work on one value."""
    if word in activations() or word not in BY_WORD:
        return word in activations()
    op = BY_WORD[word]
    return op.arity[0] == 1 and not op.merges() and bool(op.model_fields.keys() - {*op.context})


def is_operation(value: object) -> bool:
    """Whether a word is an operation that closes no call, and so was meant to follow it."""
    return isinstance(value, Word) and value in BY_WORD and value not in activations()


def function_meant(name: str, functions: Iterable[str]) -> str:
    """What to say of a name in front of brackets that is neither one of the `functions` nor has settings."""
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    if name in BY_WORD:
        return f"`{name}` is an operation and stands on a line of its own; functions are {quoted(functions)}"
    guess = nearest(name, [*functions, *filter(takes_settings, BY_WORD)])
    return f"did you mean `{guess}`?" if guess else f"there are {quoted(functions)}, and operations with settings"


@cache
def known_words() -> frozenset[str]:
    """Every bare word that some argument of some operation takes."""
    return frozenset((NO_ACTIVATION, *CHOICES, *BY_WORD))


@cache
def takes_words(op: type[Op], argument: str) -> bool:
    """Whether some bare word is a value of `argument`: those whose type says so, and those that say what they take."""
    if choices(op.model_fields[argument].annotation):
        return True
    problems = []
    try:
        op.model_validate({argument: "?"})
    except ValidationError as error:
        problems = error.errors(include_url=False)
    return not any(p["loc"][:1] == (argument,) and p["type"] != "specc_choice" for p in problems)


def choices(annotation: Any) -> set[str]:
    """The texts that a type of an argument allows."""
    if get_origin(annotation) is Literal:
        return {item for item in get_args(annotation) if isinstance(item, str)}
    return {word for part in get_args(annotation) for word in choices(part)}
