"""The arguments of operations: fields with types that say how a value is read, checked strictly and then frozen.

pydantic does the same and more, but takes longer to build the model of one operation than a whole check may take;
so it reads graphs from JSON (`specc.ir`), and operations are read here.
"""

from __future__ import annotations

import sys
from abc import ABCMeta
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple, Self, TypeAlias, Union, get_args, get_origin

Kind: TypeAlias = Literal["type", "range", "choice", "missing", "unknown"]
Reader: TypeAlias = Callable[[Any], Any]
_REQUIRED: Final[Any] = object()


class Unsuitable(ValueError):
    """A value that an argument cannot take; the text goes on from the argument's name: "must be at least 1"."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Problem(NamedTuple):
    """What is wrong with the argument called `argument`."""

    argument: str
    kind: Kind
    message: str


class ValidationError(ValueError):
    """Arguments that make no operation; `problems` holds one for each argument at fault."""

    def __init__(self, word: str, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"`{p.argument}` of `{word}` {p.message}" for p in problems))
        self.problems = problems


class Argument(NamedTuple):
    """One argument: its type without the functions that read it, its default, and how a value is read."""

    annotation: Any
    default: Any
    read: Reader

    def is_required(self) -> bool:
        return self.default is _REQUIRED


class _Arguments:
    """The class property `model_fields`: every argument by name, those of the most general class first."""

    def __get__(self, instance: object, owner: type) -> dict[str, Argument]:
        return _arguments(owner)


class Arguments(metaclass=ABCMeta):
    """What is made from arguments by name, checks each, and never changes.  Raises `ValidationError`."""

    model_fields: ClassVar[_Arguments] = _Arguments()

    def __init__(self, **given: Any) -> None:
        fields = type(self).model_fields
        values: dict[str, Any] = {}
        problems = [Problem(name, "unknown", "is no argument of it") for name in given if name not in fields]
        for name, argument in fields.items():
            try:
                values[name] = argument.read(given[name]) if name in given else _default(argument)
            except Unsuitable as error:
                problems.append(Problem(name, error.kind, str(error)))
        if problems:
            raise ValidationError(getattr(self, "word", type(self).__name__), problems)
        vars(self).update(values)

    def model_copy(self, *, update: dict[str, Any] | None = None) -> Self:
        """The same with some arguments changed, unchecked: for values that stem from checked ones."""
        copy = type(self).__new__(type(self))
        vars(copy).update(vars(self) | (update or {}))
        return copy

    def written(self) -> dict[str, Any]:
        """The arguments that differ from their defaults."""
        return {name: value for name, value in vars(self).items() if type(self).model_fields[name].default != value}

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: `{name}` cannot be changed")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


def _default(argument: Argument) -> Any:
    if argument.is_required():
        raise Unsuitable("missing", "is required")
    return argument.default


@cache
def _arguments(owner: type) -> dict[str, Argument]:
    found = {}
    for cls in reversed(owner.__mro__):
        for name, text in vars(cls).get("__annotations__", {}).items():
            if not str(text).startswith("ClassVar"):
                annotation = eval(text, vars(sys.modules[cls.__module__]))
                found[name] = Argument(_bare(annotation), vars(cls).get(name, _REQUIRED), reader(annotation))
    return found


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def reader(annotation: Any) -> Reader:
    """How a value of this type is read: by the functions in `Annotated`, the last one first, as one of the texts of a
    `Literal`, as true or false, or as `None`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _each(get_args(annotation)[:0:-1])
    if origin is Literal:
        return _one_of(get_args(annotation))
    if origin in (Union, UnionType):
        (some,) = (part for part in get_args(annotation) if part is not type(None))
        read = reader(some)
        return lambda value: None if value is None else read(value)
    if annotation is bool:
        return _truth
    raise TypeError(f"an argument cannot be declared as {annotation}")


def _each(functions: tuple[Reader, ...]) -> Reader:
    def read(value: Any) -> Any:
        for function in functions:
            value = function(value)
        return value

    return read


def _one_of(words: tuple[str, ...]) -> Reader:
    def read(value: Any) -> Any:
        if isinstance(value, str) and value in words:
            return value
        raise Unsuitable("choice", "takes " + ", ".join(f"`{word}`" for word in words))

    return read


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Unsuitable("type", "takes `true` or `false`")
