"""Frozen classes of annotated attributes, equal where all of these are.

They are the dataclasses of what every check imports: `dataclasses` reads signatures with `inspect`, and so imports a
compiler's half of the standard library, a fifth of all that a check imports.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def frozen(cls: type[T]) -> type[T]:
    """What `dataclass(frozen=True)` makes of a class without bases, but for a `__hash__` that it has already."""
    names = (*cls.__annotations__,)
    values = attrgetter(*names)

    def equal(self: object, other: object) -> Any:
        return values(self) == values(other) if type(self) is type(other) else NotImplemented

    def shown(self: object) -> str:
        return f"{cls.__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    methods: dict[str, object] = {
        "__eq__": equal,
        "__hash__": lambda self: hash(values(self)),
        "__repr__": shown,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__match_args__": names,
        "__dataclass_fields__": _Fields(),
    }
    for name, method in methods.items():
        if name not in vars(cls):
            setattr(cls, name, method)
    return made_when_called(cls, "self.__dict__[{name!r}] = {name}")


class _Fields:
    """What makes a class a dataclass to `dataclasses` and to pydantic: the fields by name, made when they ask."""

    def __get__(self, _: object, cls: type) -> dict[str, Any]:
        from dataclasses import MISSING, field, make_dataclass

        fields = [
            (name, kind, field(default=getattr(cls, name, MISSING))) for name, kind in cls.__annotations__.items()
        ]
        made: dict[str, Any] = vars(make_dataclass(cls.__name__, fields))["__dataclass_fields__"]
        return made


def _refuse(self: object, name: str, *_: object) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen: {name} stays what it is")


def changed(value: T, /, **fields: Any) -> T:
    """A copy of a value of a frozen class with other values for some attributes."""
    return type(value)(**{name: getattr(value, name) for name in type(value).__annotations__} | fields)


def made_when_called(cls: type[T], assignment: str) -> type[T]:
    """Give the class a constructor that takes its attributes and does `assignment` for each.

    The constructor is compiled when it is first called: a run uses few of the classes.
    """

    def first(self: object, *values: object, **named: object) -> None:
        made = _constructor(cls, assignment)
        setattr(cls, "__init__", made)  # noqa: B010, type checkers know another
        made(self, *values, **named)

    setattr(cls, "__init__", first)  # noqa: B010
    return cls


def _constructor(cls: type, assignment: str) -> Callable[..., None]:
    names = [*cls.__annotations__]
    parameters = ", ".join(f"{name}=_cls.{name}" if hasattr(cls, name) else name for name in names)
    lines = [assignment.format(name=name) for name in names]
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    made: dict[str, Any] = {"_cls": cls}
    exec(f"def __init__(self, {parameters}):\n    " + "\n    ".join(lines), made)
    constructor: Callable[..., None] = made["__init__"]
    return constructor
