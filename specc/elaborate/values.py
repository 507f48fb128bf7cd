"""Values that exist while a spec is elaborated: numbers, words, lists, and the values between layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from specc.dims import Dim, Sym
from specc.syntax import ast
from specc.types import SPATIAL_NAMES, Layout, TensorType


class Word(str):
    """A bare word with a fixed meaning, such as `same` or `relu`."""

    __slots__ = ()


class Unbound(Word):
    """A bare word that nothing defines; only a choice with a typing error may turn out to be one."""

    __slots__ = ()


class Tuned(Word):
    """An operation with settings: the value of `leaky_relu(0.1)`, or of `groupnorm(32)`.

    `given` are the values of the arguments of `call`, by the `id` of their expressions.
    """

    def __new__(cls, call: ast.Call, given: Mapping[int, Value]) -> Tuned:
        made = super().__new__(cls, call.function.id)
        made.call = call
        made.given = given
        return made

    call: ast.Call
    given: Mapping[int, Value]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tuned) and show(self) == show(other)

    __hash__ = Word.__hash__


class LayerValue:
    """A value between layers.

    `type` is `None` after an error: whatever depends on it is skipped in silence, so that no error has an echo.
    `claimed` is the shape that a false `->` asserted, carried along: what holds for it is not reported again.
    `layer` is what tables call it.
    """

    __slots__ = ("claimed", "layer", "name", "type")

    def __init__(self, name: str, layer: str, type: TensorType | None, claimed: TensorType | None = None) -> None:
        self.name: Final = name
        self.layer: Final = layer
        self.type: Final = type
        self.claimed: Final = claimed

    def claiming(self, claimed: TensorType | None) -> LayerValue:
        """The same value, of which a `->` says that."""
        return LayerValue(self.name, self.layer, self.type, claimed)


UNKNOWN = LayerValue("", "", None)

BROKEN: Final = object()
"""What a `let` is bound to whose value failed: looking it up fails again, in silence."""


class LayerValues:
    """What an operation with several results makes, before they are given labels or indexed.

    `leads` says that the first is the value of the line, and the others come beside it.
    """

    def __init__(self, items: tuple[LayerValue, ...], leads: bool = False) -> None:
        self.items: Final = items
        self.leads: Final = leads


class Namespace:
    """An imported module, by the names it defines."""

    def __init__(self, name: str, members: Mapping[str, object]) -> None:
        self.name: Final = name
        self.members: Final = members


Value: TypeAlias = Any
"""int, float, bool, str, Word, Sym, LayerValue, LayerValues, Namespace, a definition, or a tuple of them."""


def kind(value: object) -> str:
    """What an author would call it."""
    match value:
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case Word():
            return "a word"
        case str():
            return "a text"
        case Sym():
            return "an open size"
        case tuple():
            return "a list"
        case LayerValue() | LayerValues():
            return "the value of a layer"
        case Namespace():
            return "a module"
    return "a block" if type(value).__name__ == "BlockDefinition" else "a model"


_SHOWN_ITEMS: Final = 20
_SHOWN_CHARACTERS: Final = 200
_SHOWN_DIGITS: Final = 40


def show(value: object) -> str:
    """A value as it could be written in a spec."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return _told_apart(value)
        case Tuned():
            return f"{value}({', '.join(_settings(value))})"
        case Word():
            return str(value)
        case str():
            return f'"{value}"' if len(value) <= _SHOWN_CHARACTERS else f'"{value[:_SHOWN_CHARACTERS]}..."'
        case tuple() if len(value) > _SHOWN_ITEMS:
            return f"[{', '.join(map(show, value[:3]))}, ..., {show(value[-1])}] ({len(value)} items)"
        case tuple():
            return f"[{', '.join(map(show, value))}]"
        case LayerValue(layer=layer):
            return f"`{layer}`"
        case int() | Sym():
            return _shortened(str(value))
    return kind(value)


def _told_apart(value: float) -> str:
    """Six digits, or all where those would make a whole number of it."""
    short = f"{value:.6g}"
    return short if value.is_integer() or not float(short).is_integer() else repr(value)


def _settings(value: Tuned) -> Iterator[str]:
    for argument in value.call.args:
        yield show(value.given[id(argument)])
    for named in value.call.named:
        yield f"{named.key.id if named.key is not None else ''}={show(value.given[id(named.value)])}"


def _shortened(digits: str) -> str:
    """A number so long that nobody reads it, by its first and last digits."""
    if len(digits) <= _SHOWN_DIGITS or not digits.removeprefix("-").isdigit():
        return digits
    return f"{digits[:10]}...{digits[-3:]} ({len(digits.removeprefix('-'))} digits)"


def whole(value: Value) -> Value:
    """`value`, and 16 for 16.0, which is meant by `0.5 * 32`."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def describe(value: object) -> str:
    """A value for a message: numbers and lists speak for themselves, of others it says what they are."""
    match value:
        case bool() | Word():
            return f"`{show(value)}`"
        case int() | float() | tuple():
            return show(value)
        case LayerValue():
            return f"the value of {show(value)}"
    return f"{kind(value)} ({show(value)})" if isinstance(value, str | Sym) else kind(value)


def quoted(names: Iterable[str]) -> str:
    """Names for a message: `a`, `b`, `c`."""
    return ", ".join(f"`{name}`" for name in names)


ATTRIBUTES = ("channels", "features", "height", "width", "depth", "length", "shape", "rank")


def attribute(x: TensorType, name: str, layout: Layout) -> Value | None:
    """`in.channels` and the like; `None` where the value has no such size."""
    if name == "channels":
        return x.channels
    if name == "features":
        return x.channels if x.rank == 1 else None
    if name == "rank":
        return x.rank
    if name == "shape":
        return x.spoken(layout)[1:]
    return _spatial(x, name)


def _spatial(x: TensorType, name: str) -> Dim | None:
    names = SPATIAL_NAMES.get(len(x.spatial), ())
    return x.spatial[names.index(name)] if name in names else None
