"""Frozen classes whose annotated fields pydantic's core validates and writes.

    class Point(Record):
        x: Annotated[int, Before(whole)]
        y: float = 0.0

They are pydantic models without `pydantic.BaseModel`: importing that and one model of it takes longer than parsing,
checking and printing a network (`python -m benchmarks checking`), and a checker is started at every keystroke.  What
fields mean is pydantic's own protocol in both directions: metadata and types that have
`__get_pydantic_core_schema__` are asked for it, and records answer it, so `TypeAdapter(Graph)` and fields of models
work.  Methods are called as pydantic's are and mean the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    NamedTuple,
    Self,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
)

from specc.core import CoreSchema, SchemaSerializer, SchemaValidator, ValidationInfo, before, schema

_REQUIRED: Final = object()


class Before(NamedTuple):
    """Metadata of an annotation: a function that the value goes through before the type looks at it."""

    function: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        return before(self.function, handler(source))


class BeforeIn(NamedTuple):
    """`Before` for a function that is also told whether the value comes from JSON."""

    function: Callable[[Any, bool], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        def call(value: Any, info: ValidationInfo) -> Any:
            return self.function(value, info.mode == "json")

        return before(call, handler(source), info=True)


class Within(NamedTuple):
    """Metadata of the annotation of a number: the interval that it lies in."""

    ge: float | None = None
    gt: float | None = None
    lt: float | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        limits = {name: limit for name, limit in self._asdict().items() if limit is not None}
        return cast(CoreSchema, {**handler(source), **limits})


class RecordField(NamedTuple):
    """A field of a record: its type, evaluated, and its default."""

    annotation: Any
    default: Any = _REQUIRED

    def is_required(self) -> bool:
        return self.default is _REQUIRED


class _Plan:
    """What is made of a class of records when it is first needed."""

    def __init__(self, cls: type[Record]) -> None:
        self.cls = cls

    @cached_property
    def fields(self) -> dict[str, RecordField]:
        """All fields, those of base classes first."""
        found: dict[str, RecordField] = {}
        for base in reversed(self.cls.__mro__):
            if issubclass(base, Record):
                names = vars(sys.modules[base.__module__])
                for name, text in base.__annotations__.items():
                    if not text.startswith("ClassVar"):
                        found[name] = RecordField(eval(text, names), vars(base).get(name, _REQUIRED))
        return found

    @cached_property
    def schema(self) -> CoreSchema:
        fields = {name: schema("model-field", schema=_field_schema(field)) for name, field in self.fields.items()}
        after = {"post_init": "model_post_init"} if hasattr(self.cls, "model_post_init") else {}
        inner = schema("model-fields", fields=fields, extra_behavior="forbid")
        return schema("model", cls=self.cls, schema=inner, config={"strict": self.cls.strict}, **after)

    @cached_property
    def validator(self) -> SchemaValidator:
        return SchemaValidator(self.schema)

    @cached_property
    def serializer(self) -> SchemaSerializer:
        return SchemaSerializer(self.schema)


class _Fields:
    """`model_fields` of the class it is asked of."""

    def __get__(self, _: object, cls: type[Record]) -> Mapping[str, RecordField]:
        return cls._plan.fields


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Record:
    """The base of all records.  A subclass may set `strict`, and check itself in `model_post_init`.

    Raises `pydantic_core.ValidationError` for values that its fields do not take.
    """

    __slots__ = ("__dict__", "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__")  # as core fills

    strict: ClassVar[bool] = False
    """Whether a field takes values of its own type only: `True` is no number."""
    model_fields: ClassVar[Mapping[str, RecordField]] = _Fields()  # type: ignore[assignment]
    _plan: ClassVar[_Plan]

    def __init_subclass__(cls) -> None:
        cls._plan = _Plan(cls)

    def __init__(self, **values: Any) -> None:
        self._plan.validator.validate_python(values, self_instance=self)

    @classmethod
    def model_validate(cls, values: Mapping[str, Any]) -> Self:
        return cls(**values)

    @classmethod
    def model_validate_json(cls, text: str | bytes) -> Self:
        made: Self = cls._plan.validator.validate_json(text)
        return made

    def model_dump(self, *, mode: str = "python", exclude_defaults: bool = False) -> dict[str, Any]:
        written: dict[str, Any] = self._plan.serializer.to_python(self, mode=mode, exclude_defaults=exclude_defaults)
        return written

    def model_dump_json(self, *, indent: int | None = None) -> str:
        return self._plan.serializer.to_json(self, indent=indent).decode()

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """A copy with other values for some fields, which are not validated."""
        made = object.__new__(type(self))
        values = self.__dict__  # with what `cached_property` keeps, which is not copied
        made.__dict__.update({name: values[name] for name in self._plan.fields})
        made.__dict__.update(update)
        return made

    def __getstate__(self) -> dict[str, Any]:
        """For `pickle` and `copy`: the fields."""
        return dict(self)

    def __setstate__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """The fields with their values."""
        values = self.__dict__  # holds what `cached_property` keeps as well
        return iter([(name, values[name]) for name in self._plan.fields])

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self.__dict__ == other.__dict__ or [*self] == [*other]

    def __hash__(self) -> int:
        return hash((type(self), *(value for _, value in self)))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen; `model_copy` makes another")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self)})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        return cls._plan.schema


def _field_schema(field: RecordField) -> CoreSchema:
    inner = schema_of(field.annotation)
    return inner if field.is_required() else schema("default", schema=inner, default=field.default)


def schema_of(annotation: Any) -> CoreSchema:
    """What pydantic's core is to do with values of a type."""
    if annotation in _PLAIN:
        return schema(_PLAIN[annotation])
    if get_origin(annotation) in _GENERIC:
        return _GENERIC[get_origin(annotation)](*get_args(annotation))
    if annotation is Fraction:  # in JSON a text: 3/5
        return schema("is-instance", cls=Fraction, serialization=schema("to-string"))
    made: CoreSchema = annotation.__get_pydantic_core_schema__(annotation, _HANDLER)
    return made


class _Handler:
    """What pydantic gives to those that are asked for their schema."""

    def __call__(self, source: Any) -> CoreSchema:
        return schema_of(source)

    generate_schema = __call__


_HANDLER: Final = _Handler()


def _annotated(source: Any, *metadata: Any) -> CoreSchema:
    made = schema_of(source)
    for item in metadata:
        made = item.__get_pydantic_core_schema__(source, lambda _, inner=made: inner)
    return made


def _union(*members: Any) -> CoreSchema:
    schemas = [schema_of(member) for member in members if member is not NoneType]
    made: CoreSchema = schemas[0] if len(schemas) == 1 else schema("union", choices=schemas)
    return schema("nullable", schema=made) if NoneType in members else made


def _tuple(*members: Any) -> CoreSchema:
    items = [schema_of(member) for member in members if member is not ...]
    return schema("tuple", items_schema=items, **{"variadic_item_index": 0} if members[-1] is ... else {})


def _literal(*values: Any) -> CoreSchema:
    return schema("literal", expected=[*values])


_PLAIN: Final[dict[Any, str]] = {int: "int", float: "float", str: "str", bool: "bool", Any: "any"}
_GENERIC: Final[dict[Any, Callable[..., CoreSchema]]] = {
    Annotated: _annotated,
    Literal: _literal,
    Union: _union,
    UnionType: _union,
    tuple: _tuple,
}
