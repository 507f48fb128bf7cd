"""The words that mean something by themselves: activations and the choices of arguments."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import ValidationError

from specc.ops import BY_WORD, OPS
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


@cache
def activations() -> dict[str, type[Op]]:
    """The operations that may close an argument list."""
    return {op.word: op for op in OPS if op.is_activation}


@cache
def known_words() -> frozenset[str]:
    """Every bare word that some argument of some operation takes."""
    words = {NO_ACTIVATION, "chw", "hwc", "channels", "height", "width", "depth", "length"} | set(BY_WORD)
    for op in OPS:
        for name, field in op.model_fields.items():
            words |= choices(field.annotation) if name not in op.context else set()
    return frozenset(words)


@cache
def takes_words(op: type[Op], argument: str) -> bool:
    """Whether some bare word is a value of `argument`: those whose type says so, and those that say what they take."""
    if choices(op.model_fields[argument].annotation):
        return True
    try:
        op.model_validate({argument: "?"})
    except ValidationError as error:
        problems = error.errors(include_url=False)
        return not any(p["loc"][:1] == (argument,) and p["type"] != "specc_choice" for p in problems)
    return True


def choices(annotation: Any) -> set[str]:
    """The texts that a type of an argument allows."""
    if get_origin(annotation) is Literal:
        return {item for item in get_args(annotation) if isinstance(item, str)}
    return {word for part in get_args(annotation) for word in choices(part)}
