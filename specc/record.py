"""Small frozen values, as `dataclasses` makes them, at a fraction of the price.

A dataclass costs a millisecond when its module is imported, for it compiles half a dozen methods; a check needs a
hundred such classes and lives for a tenth of a second.  A `record` compiles its `__init__` when its first instance is
made and shares the other methods.  To everything else (`dataclasses.fields`, pydantic, mypy) it is a dataclass.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, TypeVar, cast, dataclass_transform, overload

T = TypeVar("T")
_UNSET: Final[Any] = object()


class _Factory:
    """A default made anew for each instance."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], object]) -> None:
        self.make = make


def made_by(*, default_factory: Callable[[], T]) -> T:
    """The default of a field that every instance gets its own of: `made_by(default_factory=dict)`."""
    return cast(T, _Factory(default_factory))


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(*, frozen: bool = True, eq: bool = True, slots: bool = True) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(made_by,))
def record(
    cls: type[T] | None = None, /, *, frozen: bool = True, eq: bool = True, slots: bool = True
) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class with annotated fields a record: `@record`.

    `frozen` refuses assignments, `eq` compares and hashes by the fields' values, `slots` saves memory (and excludes
    cached properties).  `__post_init__` runs behind `__init__`; a record does not inherit fields.
    """

    def make(cls: type[T]) -> type[T]:
        names = tuple(n for n, text in vars(cls).get("__annotations__", {}).items() if "ClassVar" not in str(text))
        body = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
        defaults = {name: body.pop(name) for name in names if name in body}
        body |= {"__match_args__": names, "__record_defaults__": defaults, "__init__": _first_init}
        body |= {"__dataclass_fields__": _Fields(), "__repr__": _repr, "__reduce__": _reduce}
        body["__record_values__"] = staticmethod(_values(names))
        if slots:
            body["__slots__"] = names
        if frozen:
            body |= {"__setattr__": _refuse, "__delattr__": _refuse}
        if eq:
            body |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
        made: Any = type(cast(Any, cls))(cls.__name__, cls.__bases__, body)
        return cast("type[T]", made)

    return make if cls is None else make(cls)


def replace(value: T, **changes: Any) -> T:
    """`value` with some of its fields changed."""
    fields: Any = value
    old = {name: getattr(value, name) for name in fields.__match_args__ if name not in changes}
    return type(value)(**old, **changes)


def _values(names: tuple[str, ...]) -> Callable[[object], object]:
    """What gives the values of an instance, for comparing."""
    return attrgetter(*names) if names else lambda _: ()


def _first_init(self: Any, *args: Any, **keywords: Any) -> None:
    """Stands in for `__init__` until the first instance is made."""
    cls = type(self)
    cls.__init__ = _compile_init(cls)
    cls.__init__(self, *args, **keywords)


def _compile_init(cls: Any) -> Any:
    names, defaults = cls.__match_args__, cls.__record_defaults__
    space: dict[str, Any] = {"_unset": _UNSET, "_set": object.__setattr__}
    parameters, lines = [], []
    for name in names:
        default = defaults.get(name, _UNSET)
        value = name
        if isinstance(default, _Factory):
            space[f"_make_{name}"] = default.make
            value = f"_make_{name}() if {name} is _unset else {name}"
            parameters.append(f"{name}=_unset")
        elif name in defaults:
            space[f"_default_{name}"] = default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        if hasattr(cls, "__slots__"):  # a slot's own setter is the fastest way round `__setattr__`
            space[f"_set_{name}"] = cls.__dict__[name].__set__
            lines.append(f" _set_{name}(self, {value})")
        else:
            lines.append(f" _set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    exec(f"def __init__(self, {', '.join(parameters)}):\n" + "\n".join(lines or [" pass"]), space)
    space["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return space["__init__"]


def _refuse(self: object, name: str, *value: object) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen: `{name}` cannot be changed")


def _eq(self: Any, other: Any) -> Any:
    if type(self) is not type(other):
        return NotImplemented
    values = self.__record_values__
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(self.__record_values__(self))


def _repr(self: Any) -> str:
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{type(self).__qualname__}({fields})"


def _reduce(self: Any) -> tuple[object, ...]:
    return type(self), tuple(getattr(self, name) for name in self.__match_args__)


class _Fields:
    """`__dataclass_fields__`, made when somebody asks for it."""

    def __get__(self, instance: object, owner: Any) -> dict[str, Any]:
        import dataclasses

        defaults = {
            name: {"default_factory": value.make} if isinstance(value, _Factory) else {"default": value}
            for name, value in owner.__record_defaults__.items()
        }
        annotations = {name: owner.__annotations__[name] for name in owner.__match_args__}
        specified = [(n, text, dataclasses.field(**defaults.get(n, {}))) for n, text in annotations.items()]
        twin: Any = dataclasses.make_dataclass(owner.__name__, specified)
        fields: dict[str, Any] = twin.__dataclass_fields__
        return fields
